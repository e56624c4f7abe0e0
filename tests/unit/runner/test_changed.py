# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves which files count as changed since a base, and that `--changed` runs what they can break and says why."""

from __future__ import annotations

import os
import re
import subprocess

import pytest
from runner.changed import changed_files
from runner.parts import PartsError

ONE = {"counts": "one", "command": "true"}


@pytest.fixture
def repository(checkout):
    def git(*words):
        settings = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", "-C", checkout.root, *settings, *words], check=True, capture_output=True)

    checkout.git = git
    checkout.write(".gitignore", ".cache\n")
    for name in ("docs/page.md", "lab/old.py", "plugins/one.py", "plugins/two.py", "plugins/three.py"):
        checkout.write(name, f"# {name}, with enough of its own to be found when renamed\n")
    checkout.parts(
        {"name": "lint", "any_change": True, "paths": ["*.md"], **ONE},
        {"name": "unit", "paths": ["plugins/*", "tests/*", "pytest.ini"], **ONE},
        {"name": "pages", "paths": ["docs/*"], "default": False, "within": "unit", **ONE},
        {"name": "vm", "paths": ["plugins/two.py"], "default": False, "only_all": "long", **ONE},
        {"name": "site", "paths": ["lab/*"], "counts": "one", "command": "false"},
        everything=["setup"],
    )
    git("init", "-q", "-b", "main")
    git("add", "-A")
    git("commit", "-qm", "first")
    git("checkout", "-qb", "work")
    return checkout


def test_each_state_of_a_change_is_seen(repository):
    repository.write("plugins/one.py", "committed")
    repository.git("commit", "-qam", "second")
    repository.write("plugins/two.py", "staged")
    repository.git("add", "-A")
    repository.write("plugins/three.py", "unstaged")
    repository.write("plugins/new.py", "untracked")
    repository.git("mv", "lab/old.py", "lab/renamed.py")
    (repository.root / "docs/page.md").unlink()
    expected = ["docs/page.md", "lab/old.py", "lab/renamed.py", "plugins/new.py"]
    expected += ["plugins/one.py", "plugins/three.py", "plugins/two.py"]
    assert changed_files(repository.root, "main") == sorted(expected)


def test_what_is_staged_and_not_in_the_work_tree_counts(repository):
    repository.write("plugins/two.py", "staged")
    repository.git("add", "-A")
    repository.write("plugins/two.py", "# plugins/two.py, with enough of its own to be found when renamed\n")
    assert changed_files(repository.root, "main") == ["plugins/two.py"]


def test_what_the_base_got_meanwhile_does_not_count(repository):
    repository.git("checkout", "-q", "main")
    repository.write("lab/old.py", "of somebody else")
    repository.git("commit", "-qam", "theirs")
    repository.git("checkout", "-q", "work")
    assert changed_files(repository.root, "main") == []


def test_names_with_blanks_and_letters_of_other_languages_are_whole(repository):
    repository.write("plugins/ein Gerät.py", "")
    assert changed_files(repository.root, "main") == ["plugins/ein Gerät.py"]


def test_a_name_that_is_no_text_leads_to_what_its_folder_leads_to(repository):
    (repository.root / os.fsdecode(b"plugins/\xff.py")).touch()
    done = repository.run("--changed", "main")
    assert "plugins/\ufffd.py: lint unit" in done.output.splitlines()


@pytest.mark.parametrize("name", ["light", "heavy"])
def test_a_base_may_be_a_tag(repository, name):
    repository.git("tag", *(["-a", "-m", "a tag"] if name == "heavy" else []), name)
    repository.write("plugins/one.py", "committed")
    repository.git("commit", "-qam", "second")
    assert changed_files(repository.root, name) == ["plugins/one.py"]


@pytest.mark.parametrize("base", ["nosuch", "", "--all", "HEAD:docs"])
def test_a_base_that_is_no_commit_is_told_and_runs_nothing(repository, base):
    with pytest.raises(PartsError, match="(?s)git merge-base: .*fatal: .*" + base):
        changed_files(repository.root, base)
    done = repository.run(f"--changed={base}")
    assert (done.code, "==>" in done.output) == (2, False)


def test_a_base_without_a_common_commit_is_told(repository):
    repository.git("checkout", "-q", "--orphan", "other")
    repository.git("commit", "-qm", "unrelated")
    with pytest.raises(PartsError, match="git merge-base: the two have no commit in common"):
        changed_files(repository.root, "main")


@pytest.mark.parametrize(
    ("files", "line", "parts"),
    [
        (["docs/page.md"], "docs/page.md: lint pages", ["lint", "pages"]),
        (["plugins/one.py"], "plugins/one.py: lint unit", ["lint", "unit"]),
        (["plugins/two.py"], "plugins/two.py: lint unit vm", ["lint", "unit", "vm"]),
        (["plugins/one.py", "docs/page.md"], "docs/page.md: lint pages", ["lint", "unit"]),
    ],
)
def test_a_change_runs_what_it_can_break_and_says_which_file_led_to_it(repository, files, line, parts):
    for file in files:
        repository.write(file, "changed")
    done = repository.run("--changed", "main")
    assert line in done.output.splitlines()
    assert done.last == f"{len(parts)} passed, 0 failed, 0 skipped"
    started = re.findall(r"(?m)^==> (\w+): ", done.output)
    assert sorted(started) == sorted(parts)


@pytest.mark.parametrize("file", ["setup", "a/thing/that/no/rule.knows"])
def test_a_change_that_can_break_everything_runs_everything(repository, file):
    repository.write(file, "new")
    done = repository.run("--changed", "main")
    assert f"{file}: everything" in done.output.splitlines()
    assert done.last == "3 passed, 1 failed, 0 skipped"


def test_no_change_runs_nothing(repository):
    done = repository.run("--changed", "main")
    assert (done.code, done.last) == (0, "0 passed, 0 failed, 0 skipped")
    assert "nothing changed since main" in done.output
