# SPDX-License-Identifier: GPL-3.0-or-later
"""Applies mutations to a copy of HEAD, one at a time, and tells whether the command of each goes red.

    script/mutations            all that need no containers
    script/mutations --lab      and those that do
    script/mutations ID ...     these

A command must be green before its file is changed, and its tests must fail afterwards: one that cannot even be
collected (pytest's exit status 2 and above) proves nothing. The exit status is 1 unless every mutation was noticed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from mutation import ROOT, Mutation, mutations

TAIL = 15  # lines of a command that did not do what it should


@contextmanager
def copy_of_head() -> Iterator[Path]:
    """Give a worktree of HEAD that is set up as this checkout is; it is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="mutations-") as folder:
        copy = Path(folder) / "copy"
        git = ["git", "-C", str(ROOT), "worktree"]
        subprocess.run([*git, "add", "--quiet", "--detach", str(copy), "HEAD"], check=True)
        try:
            link = copy / ".cache" / "collections" / "ansible_collections" / "netstack" / "datacenter"
            link.parent.mkdir(parents=True)
            link.symlink_to(copy, target_is_directory=True)
            yield copy
        finally:
            subprocess.run([*git, "remove", "--force", str(copy)], check=True)


def environment(copy: Path) -> dict[str, str]:
    """Return the environment in which the copy is the collection."""
    cache_of_copy = copy / ".cache"
    return {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "ANSIBLE_COLLECTIONS_PATH": str(cache_of_copy / "collections"),
        "ANSIBLE_HOME": str(cache_of_copy / "ansible"),
        "PYTHONPATH": str(cache_of_copy / "collections"),
        "NETSTACK_LAB": str(cache_of_copy / "lab"),
        "JUNOS_YANG": os.environ.get("JUNOS_YANG", str(ROOT.parent / "shared" / "junos-yang")),  # beside the checkout
    }


class Runner:
    """Runs commands in the copy."""

    def __init__(self, copy: Path) -> None:
        self.copy = copy
        self.green = cache(self._green)

    def _run(self, command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-c", command],
            cwd=self.copy,
            env=environment(self.copy),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    def _green(self, command: str) -> str:
        """Return how the command fails on the product as it is, "" where it does not."""
        done = self._run(command)
        return f"exit status {done.returncode}\n{end_of(done.stdout)}" if done.returncode else ""

    def verdict(self, mutation: Mutation) -> str:
        """Return "red", or why the mutation proves nothing."""
        if said := self.green(mutation.command):
            return f"NOT GREEN without it: {said}"
        file = self.copy / mutation.file
        before = file.read_text()
        file.write_text(mutation.applied(before))
        try:
            done = self._run(mutation.command)
        finally:
            file.write_text(before)
        if done.returncode == 1:
            return "red"
        word = "GREEN with it" if done.returncode == 0 else f"exit status {done.returncode}, not that of a failed test"
        return f"{word}:\n{end_of(done.stdout)}"


def end_of(text: str) -> str:
    """Return the last lines, indented."""
    return "\n".join(f"    {line}" for line in text.splitlines()[-TAIL:])


def chosen(ids: list[str], lab: bool) -> list[Mutation]:
    """Return the mutations to try. Raises SystemExit for an id that is none."""
    known = {each.id: each for each in mutations()}
    if unknown := [id for id in ids if id not in known]:
        raise SystemExit(f"script/mutations: no mutation is called {', '.join(unknown)}; there are {', '.join(known)}")
    return [known[id] for id in ids] or [each for each in known.values() if lab or not each.lab]


def main() -> int:
    """Try the mutations that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ids", nargs="*", metavar="ID")
    parser.add_argument("--lab", action="store_true", help="also those whose command starts containers")
    asked = parser.parse_args()
    noticed = []
    with copy_of_head() as copy:
        runner = Runner(copy)
        for mutation in chosen(asked.ids, asked.lab):
            verdict = runner.verdict(mutation)
            noticed.append(verdict == "red")
            print(f"{mutation.id}: {verdict}", flush=True)
    print(f"{sum(noticed)} of {len(noticed)} mutations were noticed")
    return 0 if all(noticed) else 1


if __name__ == "__main__":
    sys.exit(main())
