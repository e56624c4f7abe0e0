# SPDX-License-Identifier: GPL-3.0-or-later
"""Applies mutations to a copy of HEAD, one at a time, and tells whether the command of each goes red.

    script/mutations                  all that need no containers
    script/mutations --lab            and those that do
    script/mutations --before [...]   whether the whole parts, which script/test runs less of, notice theirs
    script/mutations ID ...           these

A command must be green before its file is changed, and its tests must fail afterwards: one that cannot even be
collected (pytest's exit status 2 and above) proves nothing. The exit status is 1 unless every mutation was noticed.
What takes minutes to make (.cache/venv and the like) is this checkout's, where it is there.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from .mutation import ROOT, Mutation, mutations

TAIL = 15  # lines of a command that did not do what it should
MADE = ("venv", "haproxy", "nginx", "matrix/core-*", "peers", "vm")
"""What scripts make below .cache: large, and the same for every copy of a commit."""
LABS = (Path("lab/demo.yml"), Path("lab/exchange.yml"))


@contextmanager
def copy_of_head() -> Iterator[Path]:
    """Give a worktree of HEAD that is set up as this checkout is; it is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="mutations-") as folder:
        copy = Path(folder) / "copy"
        git = ["git", "-C", str(ROOT), "worktree"]
        subprocess.run([*git, "add", "--quiet", "--detach", str(copy), "HEAD"], check=True)
        try:
            link_to(copy / ".cache" / "collections" / "ansible_collections" / "netstack" / "datacenter", copy)
            for made in [made for pattern in MADE for made in (ROOT / ".cache").glob(pattern) if made.is_dir()]:
                link_to(copy / made.relative_to(ROOT), made)
            yield copy
        finally:
            end_labs(copy)
            subprocess.run([*git, "remove", "--force", str(copy)], check=True)


def end_labs(copy: Path) -> None:
    """End what commands left running for the next one: the labs that several parts use."""
    for lab in LABS:
        if (copy / ".cache" / "lab" / lab.stem).is_dir():
            subprocess.run(
                [sys.executable, "lab/lab.py", "down", str(lab)], cwd=copy, env=environment(copy), check=True
            )


def link_to(link: Path, target: Path) -> None:
    """Make a link to a folder, and the folders above it."""
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(target, target_is_directory=True)


def environment(copy: Path, whole: bool = False) -> dict[str, str]:
    """Return the environment in which the copy is the collection, and pytest runs the whole of each test or a slice."""
    cache_of_copy = copy / ".cache"
    return {
        **{name: value for name, value in os.environ.items() if name != "NETSTACK_ALL"},
        **({"NETSTACK_ALL": "1"} if whole else {}),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "ANSIBLE_COLLECTIONS_PATH": str(cache_of_copy / "collections"),
        "ANSIBLE_HOME": str(cache_of_copy / "home"),
        "PYTHONPATH": str(cache_of_copy / "collections"),
        "NETSTACK_LAB": str(cache_of_copy / "lab"),
        "JUNOS_YANG": os.environ.get("JUNOS_YANG", str(ROOT.parent / "shared" / "junos-yang")),  # beside the checkout
    }


class Runner:
    """Runs commands in the copy."""

    def __init__(self, copy: Path, whole: bool = False) -> None:
        self.copy, self.whole = copy, whole
        self.green = cache(self._green)

    def _run(self, command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-c", command],
            cwd=self.copy,
            env=environment(self.copy, self.whole),
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


def chosen(ids: list[str], lab: bool, whole: bool) -> list[Mutation]:
    """Return the mutations to try. Raises SystemExit for an id that is none, or none of a part that was thinned."""
    known = {each.id: each.by_the_whole() if whole else each for each in mutations() if each.before or not whole}
    if unknown := [id for id in ids if id not in known]:
        raise SystemExit(f"script/mutations: no mutation is called {', '.join(unknown)}; there are {', '.join(known)}")
    return [known[id] for id in ids] or [each for each in known.values() if lab or not each.lab]


def main() -> int:
    """Try the mutations that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ids", nargs="*", metavar="ID")
    parser.add_argument("--lab", action="store_true", help="also those whose command starts containers")
    parser.add_argument("--before", action="store_true", help="by the whole parts: the key `before`")
    asked = parser.parse_args()
    tried, noticed = chosen(asked.ids, asked.lab, asked.before), []
    with copy_of_head() as copy:
        runner = Runner(copy, asked.before)
        for mutation in tried:
            began = time.monotonic()
            verdict = runner.verdict(mutation)
            noticed.append(verdict == "red")
            print(f"{mutation.id} ({time.monotonic() - began:.0f} s): {verdict}", flush=True)
    print(f"{sum(noticed)} of {len(noticed)} mutations were noticed")
    return 0 if all(noticed) else 1


if __name__ == "__main__":
    sys.exit(main())
