# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs one command to its end: output into a file and, line by line, to the terminal; ends all of it on request."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from .outcome import Ended

LOOK = 0.2
GRACE = float(os.environ.get("NETSTACK_TEST_GRACE", "20"))
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)
"""A stop begins as Ctrl-C does, for pytest then lets its fixtures clean up; each signal has GRACE seconds to work."""
OWN_SESSION = os.geteuid() == 0
"""So that Ctrl-C reaches the runner alone. Who is not root needs the terminal, where sudo may ask for a password."""
QUIET = 60.0
"""After so many seconds without a line the runner says that the part is still at work."""
Say = Callable[[str], None]


class Follower:
    """Prints the lines that a growing file has got since the last look."""

    def __init__(self, log: Path, say: Say) -> None:
        """Read the file from its beginning."""
        self.file = log.open("rb")
        self.say, self.rest, self.last = say, b"", time.monotonic()

    def look(self) -> None:
        """Print the whole lines that are new."""
        *lines, self.rest = (self.rest + self.file.read()).split(b"\n")
        for line in lines:
            self.say(line.decode(errors="replace"))
            self.last = time.monotonic()

    def close(self) -> None:
        """Print the rest."""
        self.look()
        if self.rest:
            self.say(self.rest.decode(errors="replace"))
        self.file.close()


class Command:
    """A command at work; its output is a file, so that a child that stays behind holds nobody up."""

    def __init__(self, words: list[str], log: Path, folder: Path, environment: Mapping[str, str]) -> None:
        """Start it; raises OSError where the program cannot be started."""
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env=environment,
                start_new_session=OWN_SESSION,
            )
        self.began, self.processor = time.monotonic(), 0.0

    def ended(self) -> bool:
        """Tell whether it has ended; the processor time of what it waited for is known then."""
        if self.process.returncode is None:
            pid, status, usage = os.wait4(self.process.pid, os.WNOHANG)
            if pid:
                self.process.returncode = os.waitstatus_to_exitcode(status)
                self.processor = usage.ru_utime + usage.ru_stime
        return self.process.returncode is not None

    def end(self) -> None:
        """End it and all that it started and did not detach."""
        if self.ended():
            return  # what it left behind is for others: a lab outlives its part
        family = descendants(self.process.pid)
        for number in SIGNALS:
            if not alive(family) and self.ended():
                return
            for pid in alive(family):
                signal_one(pid, number)
            until = time.monotonic() + GRACE
            while time.monotonic() < until and not (self.ended() and not alive(family)):
                family |= descendants(self.process.pid)
                time.sleep(LOOK)


def run(command: Command, follower: Follower, limit: float, stop: threading.Event, about: str) -> Ended:
    """Wait for a command's end; end it when it is over its limit, the run is stopped, or nobody reads any more."""
    try:
        stopped = _wait(command, follower, limit, stop, about)
        follower.close()
    finally:
        command.end()
    status = command.process.returncode
    took = time.monotonic() - command.began
    return Ended(-signal.SIGKILL if status is None else status, took, command.processor, stopped)


def _wait(command: Command, follower: Follower, limit: float, stop: threading.Event, about: str) -> str:
    """Wait until it ended or is to be ended; return why it is."""
    while not command.ended():
        follower.look()
        took = time.monotonic() - command.began
        if stop.is_set() or took > limit:
            reason = "stopped" if stop.is_set() else f"did not end within {limit:.0f} s"
            command.end()
            return reason
        if time.monotonic() - follower.last > QUIET:
            follower.say(f"... {took:.0f} s {about}")
            follower.last = time.monotonic()
        stop.wait(LOOK)
    return ""


def _stat(pid: int) -> tuple[int, str, str]:
    """Return a process's parent, state and start, by which a number that was used again is told apart."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[1]), fields[0], fields[19]


def descendants(root: int) -> set[tuple[int, str]]:
    """Return a process and all its descendants, also those in sessions of their own."""
    seen: dict[int, tuple[int, str]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                parent, _state, start = _stat(int(entry.name))
                seen[int(entry.name)] = (parent, start)
    found, grown = {root} & seen.keys(), True
    while grown:
        more = {pid for pid, (parent, _start) in seen.items() if parent in found} - found
        found, grown = found | more, bool(more)
    return {(pid, seen[pid][1]) for pid in found}


def alive(family: set[tuple[int, str]]) -> list[int]:
    """Return those processes that have not ended."""
    found = []
    for pid, start in family:
        with contextlib.suppress(OSError):
            _parent, state, now = _stat(pid)
            if now == start and state != "Z":
                found.append(pid)
    return found


def signal_one(pid: int, number: int) -> None:
    """Send a signal to a process, which may have ended by now or be root's."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)
