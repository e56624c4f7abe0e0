# SPDX-License-Identifier: GPL-3.0-or-later
"""The program behind script/test."""

from __future__ import annotations

import argparse
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import pages, summary
from .changed import changed_files, parts_for
from .parts import Part, PartsError, Table, load
from .schedule import Run
from .skips import known_skips

ROOT = Path(__file__).resolve().parents[2]


def say(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)


def arguments(words: list[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="script/test", description="Runs the tests of the project.")
    parser.add_argument("part", nargs="*", help="only these parts (see --list)")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--quick", action="store_true", help="lint without sanity, and the unit tests")
    which.add_argument("--changed", metavar="BASE", help="what the change since BASE (a branch, a commit) can break")
    which.add_argument("--list", action="store_true", help="print the parts, what each proves and how long it takes")
    parser.add_argument("--all", action="store_true", help="everything, and no part as a slice of itself")
    given = parser.parse_args(words)
    if given.part and (given.quick or given.changed is not None or given.list):
        parser.error("parts go with --all only")
    return given


def chosen(table: Table, given: argparse.Namespace, root: Path) -> list[Part]:
    """Return the parts that the command line asks for; raises PartsError."""
    if given.part:
        return table.named(given.part)
    if given.changed is not None:
        files = changed_files(root, given.changed)
        parts, lines = parts_for(table, files)
        say("\n".join(["==> What the change leads to", *(lines or [f"nothing changed since {given.changed}"])]))
        return parts
    if given.quick:
        return table.quick()
    return table.whole() if given.all else table.default()


@contextmanager
def only_run(folder: Path) -> Iterator[None]:
    """Hold the checkout's run; raises PartsError where another one is at work."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "test.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise PartsError("another script/test is at work in this checkout") from None
        yield


def stop_on_signals(run: Run) -> list[int]:
    """Let Ctrl-C and SIGTERM end what the run started; return a list that gets the signal."""
    came: list[int] = []

    def note(number: int, _frame: object) -> None:
        came.append(number)
        run.stop.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, note)
    return came


def finish(run: Run, parts: list[Part]) -> int:
    """Print the summary; return how many failures there are."""
    known = known_skips(run.root)
    outcomes = [run.outcomes[part.name] for part in parts if part.name in run.outcomes]
    outcomes += summary.not_run([part for part in parts if part.name not in run.outcomes])
    if os.environ.get("CI") == "true":
        for outcome in outcomes:
            outcome.refuse_unknown_skips(known)
    lines = [*summary.failures(outcomes, run.logs), *summary.skipped(outcomes, known)]
    lines += [] if run.everything or run.quick else pages.left_to_all(run.table, parts, run.root)
    say("\n".join([*lines, *summary.table(outcomes)]))
    summary.write_results(outcomes, run.logs / "seconds.json")
    passed, failed, skips = summary.totals(outcomes)
    say(f"{passed} passed, {failed} failed, {skips} skipped")
    return failed


def work(table: Table, parts: list[Part], given: argparse.Namespace, root: Path) -> int:
    """Run the parts and return the exit status."""
    run = Run(root, table, root / ".cache" / "test", say, quick=given.quick, everything=given.all)
    began = time.monotonic()
    came = stop_on_signals(run)
    shutil.rmtree(run.logs, ignore_errors=True)
    run.logs.mkdir(parents=True)
    if table.setup and not given.quick and subprocess.run(table.setup.split(), cwd=root, check=False).returncode:
        say(f"{table.setup} failed\n0 passed, 1 failed, 0 skipped")
        return 1
    run.run(parts)
    say(f"==> {time.monotonic() - began:.0f} s in all")
    failed = finish(run, parts)
    return 128 + came[0] if came else int(failed > 0)


def main(words: list[str], root: Path = ROOT) -> int:
    """Do what the command line says; what is asked wrongly is one sentence and status 2."""
    try:
        table = load(root)
        given = arguments(words)
        if given.list:
            say("\n".join(pages.listing(table)))
            return 0
        with only_run(root / ".cache"):
            return work(table, chosen(table, given, root), given, root)
    except PartsError as error:
        print(f"script/test: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
