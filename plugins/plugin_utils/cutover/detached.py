# SPDX-License-Identifier: GPL-3.0-or-later
"""Work in a process of its own session, which outlives whoever asked for it: a killed playbook leaves nothing half-way.

What it needs comes to it by the fork, so that no secret is written anywhere. It watches a pipe of which the asking
process holds the other end: when that process is gone, however it went, the pipe ends.
"""

from __future__ import annotations

import fcntl
import json
import os
import select
import signal
import time
import traceback
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any, NoReturn

Result = dict[str, Any]
PAUSE = 0.2


class DetachedError(Exception):
    """The process ended without a result."""


class Journal:
    """Watches who asked for the work, and writes what happens into a file that only this user can read.

    The file is the lock as well: while one process works on a host, the next one waits.
    """

    def __init__(self, life: int, file: Path, patience: float) -> None:
        self.life, self.file, self.patience = life, file, patience
        self.handle = -1

    def alive(self) -> bool:
        """Tell whether the asking process is still there."""
        return not select.select([self.life], [], [], 0)[0]

    def report(self, text: str) -> None:
        """Write a line."""
        if self.handle >= 0:
            os.write(self.handle, f"{time.strftime('%Y-%m-%dT%H:%M:%S%z')} {text}\n".encode())

    def lock(self) -> str:
        """Take the lock, and return why not where it is held too long or nobody waits any more."""
        self.handle = os.open(self.file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        deadline = time.monotonic() + self.patience
        while True:
            try:
                fcntl.flock(self.handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return ""
            except BlockingIOError:
                if not self.alive():
                    return "The run that asked for this is gone."
                if time.monotonic() > deadline:
                    return f"Another conversion of this host is under way, see {self.file}."
            time.sleep(PAUSE)


def run(
    work: Callable[[Journal], Result],
    file: Path,
    patience: float = 300,
    waiting: Callable[[str], object] = lambda _line: None,
    every: float = 15.0,
) -> Result:
    """Do the work in a process of its own session, and return what it returns (plain data).

    `waiting` is told the last line of the journal while it takes, every so many seconds.

    Raises:
        DetachedError: the process died.

    """
    before = os.umask(0o077)  # those above it too are of this user alone, whatever the umask is
    file.parent.mkdir(parents=True, exist_ok=True)
    os.umask(before)
    life, held = os.pipe()
    answer, out = os.pipe()
    first = os.fork()
    if first == 0:
        os.close(held)
        os.close(answer)
        _second(work, Journal(life, file, patience), out)
    os.close(life)
    os.close(out)
    try:
        os.waitpid(first, 0)
        while not select.select([answer], [], [], every)[0]:
            waiting(_last_line(file))
        with os.fdopen(answer, "rb") as stream:
            text = stream.read()
    finally:
        os.close(held)
    if not text:
        raise DetachedError(f"The process that converts the links died; {file} tells how far it came. Run it again.")
    found: Result = json.loads(text)
    return found


def _last_line(file: Path) -> str:
    """Return what the journal says last, without its time."""
    lines = file.read_text(errors="replace").splitlines() if file.exists() else []
    return lines[-1].partition(" ")[2] if lines else "begins"


def _second(work: Callable[[Journal], Result], journal: Journal, out: int) -> NoReturn:
    """Leave the session and its terminal, fork once more so that nobody is the parent, and work."""
    try:
        os.setsid()
        if os.fork():
            os._exit(0)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
            signal.signal(number, signal.SIG_IGN)
        _close_all_but({journal.life, out})
        _answer(out, _result(work, journal))
    finally:
        os._exit(0)


def _close_all_but(kept: set[int]) -> None:
    """Close what the asking process had open: whoever waits for the end of its output shall not wait for us."""
    ends = [2, *sorted(kept), os.sysconf("SC_OPEN_MAX")]
    for low, high in pairwise(ends):
        os.closerange(low + 1, high)
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    os.close(nothing)


def _result(work: Callable[[Journal], Result], journal: Journal) -> Result:
    why = journal.lock()
    if why:
        return {"failed": True, "msg": why}
    journal.report(f"process {os.getpid()}")
    try:
        return work(journal)
    except Exception as error:  # there is nobody else who could tell of it
        journal.report(traceback.format_exc())
        return {"failed": True, "msg": f"{type(error).__name__}: {error}; see {journal.file}"}


def _answer(out: int, result: Result) -> None:
    """Send the result; where nobody waits for it any more the journal has it."""
    try:
        with os.fdopen(out, "wb") as stream:
            stream.write(json.dumps(result).encode())
    except OSError:
        return
