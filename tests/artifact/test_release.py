# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that a release has the changelog of its fragments, and that what is none is refused with nothing changed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest
import yaml
from unit.runner import graph

VERSION = "99.0.0"
LAST = max(yaml.safe_load((graph.ROOT / "changelogs/changelog.yaml").read_text())["releases"])
WHO = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}


class Checkout:
    """A repository of its own with the files of this checkout, in whose environment it runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in graph.tracked():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(graph.ROOT / name, folder / name)
        (folder / ".cache").mkdir()
        (folder / ".cache/venv").symlink_to((graph.ROOT / ".cache/venv").resolve())
        self.git("init", "--quiet")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "All")

    def git(self, *arguments: str) -> str:
        command = ["git", *arguments]
        done = subprocess.run(
            command, cwd=self.folder, env={**os.environ, **WHO}, capture_output=True, text=True, check=True
        )
        return done.stdout

    def release(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, **WHO}
        environment.pop("ANSIBLE_GALAXY_TOKEN", None)
        command = [str(self.folder / "script/release"), *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    def state(self) -> tuple[str, str, str]:
        return self.git("rev-parse", "HEAD"), self.git("tag"), self.git("status", "--porcelain")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory) -> Checkout:
    return Checkout(tmp_path_factory.mktemp("release"))


def in_artifact(checkout: Checkout) -> tuple[str, str, set[str]]:
    """Return the version, the changelog and the names of the files of the artifact."""
    with tarfile.open(checkout.folder / f".cache/release/netstack-datacenter-{VERSION}.tar.gz") as archive:
        manifest = json.load(archive.extractfile("MANIFEST.json"))
        text = archive.extractfile("CHANGELOG.rst").read().decode()
        return manifest["collection_info"]["version"], text, set(archive.getnames())


def told() -> list[str]:
    """Return the beginning of each entry of the fragments, as far as it is plain text."""
    files = [graph.ROOT / name for name in graph.below("changelogs/fragments")]
    entries = (entry for file in files for each in yaml.safe_load(file.read_text()).values() for entry in each)
    return [entry.split("`")[0].split("\n")[0][:40].strip() for entry in entries]


@pytest.mark.parametrize("mode", ["--dry-run", ""])
def test_the_artifact_has_its_version_and_what_the_fragments_tell(checkout, mode):
    before = checkout.state()
    done = checkout.release(*filter(None, [mode, VERSION]))
    assert done.returncode == 0, done.stderr
    version, changelog, names = in_artifact(checkout)
    assert version == VERSION
    assert f"\nv{VERSION}\n" in changelog
    assert [entry for entry in told() if entry not in changelog] == []
    assert not any(name.startswith("changelogs/fragments/") and name.endswith(".yml") for name in names)
    if mode:
        assert checkout.state() == before
        return
    assert checkout.git("tag").split() == [VERSION]
    assert checkout.git("log", "-1", "--format=%s").strip() == f"Release {VERSION}"
    assert checkout.state()[2] == ""
    checkout.git("tag", "--delete", VERSION)
    checkout.git("reset", "--quiet", "--hard", "HEAD~")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "name the version"),
        (["1.2"], "name the version"),
        (["--dry-run", "1.2.3-rc1"], "name the version"),
        ([LAST], "is not higher than"),
        (["0.0.1"], "is not higher than"),
        (["--publish", VERSION], "needs a token in ANSIBLE_GALAXY_TOKEN"),
    ],
)
def test_what_is_no_release_is_refused_and_nothing_is_changed(checkout, arguments, said):
    before = checkout.state()
    done = checkout.release(*arguments)
    assert done.returncode == 1
    assert said in done.stderr
    assert checkout.state() == before


def test_what_is_not_committed_is_in_no_release(checkout):
    new = checkout.folder / "new.py"
    new.write_text("")
    try:
        assert "not committed" in checkout.release(VERSION).stderr
    finally:
        new.unlink()


def test_a_version_that_has_its_tag_is_refused(checkout):
    checkout.git("tag", VERSION)
    try:
        assert f"a tag {VERSION} already" in checkout.release(VERSION).stderr
    finally:
        checkout.git("tag", "--delete", VERSION)
