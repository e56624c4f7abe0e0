# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/dev/option.md is true: its example, taken out of a copy and applied again, is three files and a whole option."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "dev" / "option.md"
PATCH = re.search(r"```diff\n(.*?)```", PAGE.read_text(), re.DOTALL)[1]
KEY = "system_priority"
TESTS = "tests/unit/junos/test_leaves.py"
RENEW = "import sys; sys.path.insert(0, 'docs'); import options; [p.write_text(t) for p, t in options.pages().items()]"
KNOWN = (
    "from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.declared import declaration as d;"
    f"print(*d.read(None, {{'ae0': {{'members': ['ge-0/0/0'], 'lacp': 'active', '{KEY}': 5}}}}, None)[1])"
)


class Copy:
    """The tracked files that the option can touch, in a place of their own."""

    def __init__(self, place: Path) -> None:
        self.place = place / "ansible_collections" / "netstack" / "datacenter"
        for name in ("plugins", "docs", "tests/unit/junos", "roles"):
            shutil.copytree(ROOT / name, self.place / name, ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("pyproject.toml", "tests/unit/__init__.py"):
            shutil.copy(ROOT / name, self.place / name)
        self.path = os.pathsep.join([str(place), str(self.place / "tests")])

    def apply(self, *arguments: str) -> str:
        command = ["git", "apply", "--verbose", "-C1", *arguments, "-"]
        # without a repository: one above the copy would take the paths for its own, and leave all of them out
        environment = {**os.environ, "GIT_CEILING_DIRECTORIES": str(self.place.parent)}
        done = subprocess.run(
            command, cwd=self.place, input=PATCH, env=environment, check=True, capture_output=True, text=True
        )
        return done.stdout

    def python(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": self.path, "PYTHONDONTWRITEBYTECODE": "1"}
        command = [sys.executable, *arguments]
        return subprocess.run(command, cwd=self.place, env=environment, capture_output=True, text=True, check=False)

    def tested(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the tests of the table; the simulators of the other tests are not needed."""
        return self.python("-m", "pytest", "-q", "--noconftest", "-p", "no:cacheprovider", TESTS, *arguments)

    def texts(self) -> dict[Path, str]:
        return {path: path.read_text() for path in sorted(self.place.rglob("*")) if path.suffix in (".py", ".yml")}


@pytest.fixture
def without(tmp_path):
    """The tree without the option, with all that is generated made anew."""
    copy = Copy(tmp_path)
    copy.apply("--reverse")
    assert copy.python("-c", RENEW).returncode == 0
    return copy


def test_the_page_has_at_most_80_lines():
    assert len(PAGE.read_text().splitlines()) <= 80


def test_three_files_edited_by_hand_are_a_whole_option_rendered_validated_verified_and_documented(without):
    assert f"unknown key {KEY}" in without.python("-c", KNOWN).stdout
    assert without.tested("-k", KEY).returncode == 5, "no test is of it"
    before = without.texts()

    without.apply()
    edited = [path for path, text in without.texts().items() if before[path] != text]
    assert len(edited) == 3

    assert without.python("-c", RENEW).returncode == 0
    assert without.python("-c", KNOWN).stdout.strip() == ""
    done = without.tested("-k", KEY)
    assert done.returncode == 0, done.stdout
    assert re.search(r"(\d+) passed", done.stdout)[1] == "11"
    assert without.texts() == {path: path_in_tree(path, without).read_text() for path in without.texts()}


@pytest.mark.parametrize("file", [1, 2])
def test_without_the_documentation_or_the_row_the_option_is_refused_by_its_own_tests(without, file):
    parts = re.split(r"(?=^diff --git)", PATCH, flags=re.MULTILINE)[1:]
    left_out = parts[file - 1].split()[2].removeprefix("a/")
    without.apply(f"--exclude={left_out}")
    assert without.tested().returncode == 1


def path_in_tree(path: Path, copy: Copy) -> Path:
    return ROOT / path.relative_to(copy.place)
