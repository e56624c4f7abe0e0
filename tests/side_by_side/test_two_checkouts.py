# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that two clean clones of HEAD run the demo and tests on one machine at once, and end nothing of each other.

It makes both environments and takes about half an hour on two cores; changes that are not committed are not in it.
The tests build on one another in the order of this file.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONTAINERS = 6
OWN = {"VIRTUAL_ENV", "PYTHONPATH", "PYTEST_CURRENT_TEST"}  # of this run, not of a clone's
OUTER = {
    name: value
    for name, value in os.environ.items()
    if name not in OWN and not name.startswith(("NETSTACK_", "ANSIBLE_"))
}


class Clone:
    """A clean clone of this checkout, and what its scripts print."""

    def __init__(self, folder: Path) -> None:
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
        self.folder = folder

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        with self.log(command).open("wb") as log:
            return subprocess.Popen(
                command, cwd=self.folder, env=OUTER, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )

    def log(self, command: tuple[str, ...]) -> Path:
        return self.folder.with_name(f"{self.folder.name}-{'-'.join(command).replace('/', '-')}.log")

    def lab(self, action: str, *words: str) -> subprocess.CompletedProcess[str]:
        """Run lab.py on the demo's lab."""
        command = [".cache/venv/bin/python", "lab/lab.py", action, "lab/demo.yml", *words]
        return subprocess.run(command, cwd=self.folder, env=OUTER, capture_output=True, text=True, check=False)

    def running(self) -> int:
        """Count the hosts and devices of the demo's lab that run."""
        return self.lab("status").stdout.count(" running ")


def both(clones: list[Clone], *command: str) -> list[str]:
    """Run a script in both at once; return what each printed. Both must succeed."""
    started = [clone.start(*command) for clone in clones]
    codes = [each.wait() for each in started]
    printed = [clone.log(command).read_text(errors="replace") for clone in clones]
    ends = [text[-3000:] for code, text in zip(codes, printed, strict=True) if code]
    assert codes == [0, 0], "\n\n".join(ends)
    return printed


@pytest.fixture(scope="module")
def clones(tmp_path_factory):
    folder = tmp_path_factory.mktemp("side-by-side")
    made = [Clone(folder / name) for name in ("one", "two")]
    yield made
    for clone in made:
        subprocess.run(["script/demo", "--down"], cwd=clone.folder, env=OUTER, check=True, capture_output=True)


def test_both_run_the_demo_at_once_and_have_their_labs_afterwards(clones):
    for clone, printed in zip(clones, both(clones, "script/demo"), strict=True):
        assert printed.count("HTTP 200, 0 certificate errors") == 3
        assert clone.running() == CONTAINERS + 4
    statuses = [clone.lab("status").stdout for clone in clones]
    addresses = [{word for word in text.split() if word.startswith(("10.", "127."))} for text in statuses]
    assert addresses[0] and not addresses[0] & addresses[1]


def test_the_demo_installs_nothing_that_only_tests_need(clones):
    for clone in clones:
        there = {path.name.partition("-")[0] for path in clone.folder.glob(".cache/venv/lib/python3*/site-packages/*")}
        assert {"ansible_core", "asyncssh"} <= there
        assert not there & {"mypy", "sphinx", "ansible_lint", "pytest", "ruff", "hypothesis"}


def test_both_test_their_site_at_once(clones):
    for printed in both(clones, "script/test", "site"):
        assert " passed, 0 failed" in printed.splitlines()[-1]
    assert [clone.running() for clone in clones] == [0, 0]


def test_what_one_ends_the_other_still_has(clones):
    one, two = clones
    for clone in clones:
        assert clone.lab("up").returncode == 0
    assert one.lab("down").returncode == 0
    assert (one.running(), two.running()) == (0, CONTAINERS + 4)
    assert "lb1" in two.lab("run", "lb1", "--", "hostname").stdout


def test_a_second_user_of_the_same_lab_is_told_who_has_it(clones):
    two = clones[1]
    with subprocess.Popen(
        [".cache/venv/bin/python", "lab/lab.py", "hold", "lab/demo.yml", "cat"],
        cwd=two.folder,
        env=OUTER,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as holder:
        holder.stdin.write(b"\n")
        holder.stdin.flush()
        holder.stdout.readline()  # by now it holds
        refused = two.lab("down")
        holder.stdin.close()
    assert refused.returncode == 1
    assert f"lab: the lab demo of this checkout is in use by process {holder.pid} (cat)" in refused.stderr
    assert two.running() == CONTAINERS + 4
