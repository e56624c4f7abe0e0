# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs parts in three lanes, for a lab mostly waits; then those that want the machine alone.

Of the parts on a lab that several use one is at work at a time, and of those with a lab of their own one.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from . import process
from .caller import RUN_OF_THE_CALLER
from .outcome import Ended, Outcome, settle
from .parts import Part, Table
from .recorder import FOLDER
from .skips import Skip

LANES = 3
OWN = "a lab of its own"


@dataclass
class Run:
    """One run of script/test. The log of each part is LOGS/PART.log."""

    root: Path
    table: Table
    logs: Path
    say: Callable[[str], None]
    quick: bool = False
    everything: bool = False
    stop: threading.Event = field(default_factory=threading.Event)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    _preparing: threading.Lock = field(default_factory=threading.Lock)
    _choosing: threading.Lock = field(default_factory=threading.Lock)
    _in_use: set[str] = field(default_factory=set)

    def run(self, parts: list[Part]) -> None:
        """Run these parts; what was started is over when it returns, also after a stop."""
        waiting = [part for part in parts if not part.alone]
        lanes = [threading.Thread(target=self._lane, args=(waiting,)) for _number in range(LANES)]
        for lane in lanes:
            lane.start()
        for lane in lanes:
            while lane.is_alive():
                lane.join(0.5)  # in pieces, for a signal is handled between two of them
        self._lane([part for part in parts if part.alone])
        self._end_labs([part for part in parts if part.lab and part.name in self.outcomes])

    def _lane(self, waiting: list[Part]) -> None:
        while part := self._next(waiting):
            try:
                self.outcomes[part.name] = self._one(part)
            except Exception as error:  # a lane that dies would lose its parts in silence
                self.outcomes[part.name] = Outcome(part.name, problems=[f"the runner failed: {error!r}"])
            finally:
                with self._choosing:
                    self._in_use.discard(self._lab_of(part))

    def _next(self, waiting: list[Part]) -> Part | None:
        """Take the next part: one on a lab where that is free, else one without."""
        with self._choosing:
            ready = [part for part in waiting if part.lab and self._lab_of(part) not in self._in_use]
            ready = ready or [part for part in waiting if not part.lab]
            if not ready or self.stop.is_set():
                return None
            waiting.remove(ready[0])
            if ready[0].lab:
                self._in_use.add(self._lab_of(ready[0]))
            return ready[0]

    def _lab_of(self, part: Part) -> str:
        return part.lab if part.lab in self.table.shared_labs() else OWN

    def _one(self, part: Part) -> Outcome:
        """Run one part, or skip it where what it needs cannot be had."""
        if part.prepare and (reason := self._unprepared(part)):
            return Outcome(part.name, skips=[Skip(part.name, part.name, f"{part.without} ({reason})")])
        words = part.words(self.quick)
        self.say(f"==> {part.name}: {' '.join(words)}")
        records = self.logs / f"{part.name}.records"
        records.mkdir()
        about, limit = f"of about {part.expected(self.everything)} s", part.hangs_after(self.everything)
        ended = self._command(words, part.name, limit, about, {FOLDER: str(records)})
        return settle(part, ended, records)

    def _unprepared(self, part: Part) -> str:
        """Return why a part cannot run here. One at a time, for two cannot install packages at once."""
        with self._preparing:
            ended = self._command(["bash", "-c", part.prepare], part.name, part.limit or 1200, "preparing", {})
        lines = (self.logs / f"{part.name}.log").read_text(errors="replace").split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), "no output")
        return last[:100] if ended.status or ended.stopped else ""

    def _command(self, words: list[str], name: str, limit: float, about: str, more: dict[str, str]) -> Ended:
        log = self.logs / f"{name}.log"
        environment = {**os.environ, **({"NETSTACK_ALL": "1"} if self.everything else {}), **more}
        # What a -k in it leaves out nobody would count; and each run of a playbook is a run of its own.
        for variable in ("PYTEST_ADDOPTS", *RUN_OF_THE_CALLER):
            environment.pop(variable, None)
        try:
            command = process.Command(words, log, self.root, environment)
        except OSError as error:
            log.write_text(f"{error}\n")
            return Ended(127, stopped=f"cannot be started: {error}")
        follower = process.Follower(log, lambda line: self.say(f"[{name}] {line}"))
        return process.run(command, follower, limit, self.stop, about)

    def _end_labs(self, parts: list[Part]) -> None:
        """End the labs that parts share, and those that a part which did not end well may have left."""
        shared = self.table.shared_labs()
        for lab in sorted({part.lab for part in parts if part.lab in shared or self.outcomes[part.name].bad}):
            done = subprocess.run(
                [sys.executable, "lab/lab.py", "down", lab],
                cwd=self.root,
                start_new_session=process.OWN_SESSION,  # a second Ctrl-C does not leave half a lab
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                self.say(f"{lab} could not be ended: {done.stderr.strip()[-500:]}")
