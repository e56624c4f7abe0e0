# SPDX-License-Identifier: GPL-3.0-or-later
"""What a part came to: its counts, from the records of its pytest sessions and from how its command ended."""

from __future__ import annotations

import json
import signal
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .parts import Part
from .skips import KnownSkip, Skip


@dataclass(frozen=True)
class Ended:
    """How a command ended: its status (negative: the signal), seconds, processor seconds of it and its children."""

    status: int
    seconds: float = 0.0
    processor: float = 0.0
    stopped: str = ""
    """Why the runner ended it; empty when it ended by itself."""


@dataclass
class Outcome:
    """The counts of a part. A problem is what no test reported; it and a refused skip count as a failure each."""

    part: str
    passed: int = 0
    failed: int = 0
    skips: list[Skip] = field(default_factory=list)
    refused: list[Skip] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    seconds: float = 0.0
    processor: float = 0.0

    @property
    def bad(self) -> int:
        """Return how many failures this part adds to the last line."""
        return self.failed + len(self.problems) + len(self.refused)

    def refuse_unknown_skips(self, known: list[KnownSkip]) -> None:
        """Turn each skip that is not on the list into a failure, as CI wants it."""
        self.refused = [skip for skip in self.skips if not any(entry.covers(skip) for entry in known)]
        self.skips = [skip for skip in self.skips if skip not in self.refused]


def _ending(ended: Ended) -> str:
    if ended.stopped:
        return ended.stopped
    if ended.status < 0:
        return f"killed by {signal.Signals(-ended.status).name}"
    return f"ended with status {ended.status}"


def _add(outcome: Outcome, record: dict[str, Any]) -> None:
    outcome.passed += record["passed"]
    outcome.failed += record["failed"]
    outcome.skips += [Skip(outcome.part, test, reason) for test, reason in record["skips"]]
    if record["status"] is None:
        outcome.problems.append("a pytest session did not end")
    elif record["status"] not in (0, 1):
        outcome.problems.append(f"pytest ended with status {record['status']}")


def settle(part: Part, ended: Ended, records: Path) -> Outcome:
    """Return what a part came to. What pytest does not run counts as one test; no test at all is a failure."""
    outcome = Outcome(part.name, seconds=ended.seconds, processor=ended.processor)
    for file in sorted(records.glob("*.json")):
        _add(outcome, json.loads(file.read_text()))
    if ended.stopped or (ended.status and not outcome.bad):
        outcome.problems.append(_ending(ended))
    if part.counts == "one":
        outcome.passed += not outcome.bad
    elif not outcome.passed and not outcome.bad:
        outcome.problems.append("no test was executed")
    return outcome
