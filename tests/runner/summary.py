# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run says at its end; the last line is `N passed, N failed, N skipped`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from .outcome import Outcome
from .parts import Part
from .skips import KnownSkip, Skip

TAIL = 60


def failures(outcomes: list[Outcome], logs: Path) -> Iterator[str]:
    """Yield the last lines of each part that failed, and what is wrong beside its failed tests."""
    for outcome in outcomes:
        if not outcome.bad:
            continue
        log = logs / f"{outcome.part}.log"
        yield f"==> The end of {log.name}"
        yield from (log.read_text(errors="replace").splitlines()[-TAIL:] if log.exists() else [])
        yield from (f"{outcome.part}: {problem}" for problem in outcome.problems)
        yield from (f"skipped, and not in tests/known_skips.yml: {text}" for _skip, text in grouped(outcome.refused))


def grouped(skips: list[Skip]) -> Iterator[tuple[Skip, str]]:
    """Yield the first skip of each reason in each part, and the text that says how many more there are."""
    numbers = Counter((skip.part, skip.reason) for skip in skips)
    for skip in skips:
        if number := numbers.pop((skip.part, skip.reason), 0):
            yield skip, f"{skip} (and {number - 1} more)" if number > 1 else str(skip)


def skipped(outcomes: list[Outcome], known: list[KnownSkip]) -> Iterator[str]:
    """Yield each skip with its reason, and whether CI accepts it; the same reason in one part is one line."""
    skips = [skip for outcome in outcomes for skip in outcome.skips]
    if skips:
        yield "==> Skipped"
    for skip, text in grouped(skips):
        accepted = any(entry.covers(skip) for entry in known)
        yield f"{text} [{'known' if accepted else 'a failure where CI=true'}]"


def table(outcomes: list[Outcome]) -> Iterator[str]:
    """Yield a line for each part; the processor time is without that of containers."""
    yield "==> What each part took"
    for each in outcomes:
        word = "FAILED" if each.bad else "ok" if each.passed else "skipped"
        counts = f"{each.passed:5} passed {each.bad:3} failed {len(each.skips):3} skipped"
        yield f"{each.part:24} {word:8}{counts} {each.seconds:6.0f} s, processor {each.processor:5.0f} s"


def totals(outcomes: list[Outcome]) -> tuple[int, int, int]:
    """Return passed, failed, skipped."""
    passed, bad = sum(each.passed for each in outcomes), sum(each.bad for each in outcomes)
    return passed, bad, sum(len(each.skips) for each in outcomes)


def not_run(parts: list[Part]) -> list[Outcome]:
    """Return what a part comes to that a stop kept from starting."""
    return [Outcome(part.name, problems=["not run: the run was stopped"]) for part in parts]


def write_results(outcomes: list[Outcome], file: Path) -> None:
    """Keep the seconds of each part, for `python -m runner.pages`."""
    file.write_text(json.dumps({each.part: round(each.seconds) for each in outcomes if each.seconds}))
