# SPDX-License-Identifier: GPL-3.0-or-later
"""What a command costs: processor time of all its processes, the daemons that it leaves behind included, and memory.

Linux only. The meter makes itself the reaper of orphans (prctl(2), PR_SET_CHILD_SUBREAPER), so that a process that
detaches itself is waited for here as well and its time is counted by wait4(2) like that of any child.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_SUBREAPER = 36
_TICK = os.sysconf("SC_CLK_TCK")
_SAMPLE = 0.5  # seconds between two looks at the memory


@dataclass(frozen=True)
class Cost:
    """Processor time and wall time in seconds, peak of the summed proportional set sizes in MiB, and the output."""

    cpu: float
    wall: float
    peak: float
    code: int
    output: str


def run(command: list[str], environment: Mapping[str, str], apart: frozenset[int]) -> Cost:
    """Run a command to its end and return what it cost; `apart` are children of ours that are not part of it."""
    ctypes.CDLL(None, use_errno=True).prctl(_SUBREAPER, 1)
    before, began = _children(), time.monotonic()
    with subprocess.Popen(
        command, env=dict(environment), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        peak = Peak(apart)
        peak.start()
        output = process.communicate()[0]
    wall = time.monotonic() - began
    peak.end()
    _reap(apart)
    return Cost(_children() - before, wall, peak.most, process.returncode, output)


def spent(pid: int) -> float:
    """Return the processor time, in seconds, of a process that still runs, without its children."""
    return named(Path(f"/proc/{pid}/stat").read_text())[1]


def named(stat: str) -> tuple[str, float]:
    """Return a process's name and processor time, in seconds and without its children; `stat` is its /proc/PID/stat."""
    head, _, tail = stat.rpartition(")")
    fields = tail.split()
    return head.partition("(")[2], (int(fields[11]) + int(fields[12])) / _TICK


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _reap(apart: frozenset[int]) -> None:
    """End and wait for what the command left behind."""
    left = descendants(os.getpid()) - apart
    for pid in left:
        _kill(pid, signal.SIGTERM)
    end = time.monotonic() + 10
    while left := {pid for pid in left if not _gone(pid)}:
        if time.monotonic() > end:
            for pid in left:
                _kill(pid, signal.SIGKILL)
        time.sleep(0.05)


def _kill(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _gone(pid: int) -> bool:
    """Wait for an orphan that has ended; one that is not our child goes to its own parent."""
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:
        return not Path(f"/proc/{pid}").exists()


def descendants(pid: int) -> set[int]:
    """Return the processes below one."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found: set[int] = set()
    fresh = {pid}
    while fresh := {child for child, parent in parents.items() if parent in fresh} - found:
        found |= fresh
    return found


class Peak(threading.Thread):
    """Looks at the memory of everything below this process, twice a second."""

    def __init__(self, apart: frozenset[int]) -> None:
        super().__init__(daemon=True)
        self.most = 0.0
        self._apart = apart
        self._over = threading.Event()

    def run(self) -> None:
        """Keep the greatest sum."""
        while not self._over.wait(_SAMPLE):
            self.most = max(self.most, sum(_proportional(pid) for pid in descendants(os.getpid()) - self._apart))

    def end(self) -> None:
        """Look no more."""
        self._over.set()
        self.join()


def _proportional(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
