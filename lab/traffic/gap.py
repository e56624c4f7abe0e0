# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures an outage: requests at a fixed rate, each on its own connection, and the longest gap between answers."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

from traffic.http1 import fetch
from traffic.modes import Plan
from traffic.tally import Tally, progress
from traffic.target import RequestFailedError, Target


def longest_gap(answered: list[float], began: float, ended: float) -> tuple[float, float]:
    """Return the longest time without an answer and when it began, both in seconds of the clock of the moments.

    The run's own beginning and end count as answers, so that a service that never came back has a gap up to the end.
    """
    moments = [began, *sorted(answered), ended]
    gaps = [(later - earlier, earlier) for earlier, later in pairwise(moments)]
    return max(gaps)


def gap(target: Target, plan: Plan, rate: float) -> dict[str, Any]:
    """Ask `rate` times a second whatever becomes of earlier requests, and tell the longest gap in milliseconds.

    `gap_at` is the wall clock (seconds since the epoch) at the last answer before that gap.
    """
    tally = Tally()
    answered: list[float] = []
    told = threading.Event()
    progress(tally, told)

    def ask() -> None:
        began = time.monotonic()
        try:
            backend = fetch(target, plan.method).backend
        except RequestFailedError as failure:
            tally.fail(str(failure))
            return
        answered.append(time.monotonic())
        tally.succeed(answered[-1] - began, backend)

    began = time.monotonic()
    with ThreadPoolExecutor(int(rate * target.timeout * 3) + 10) as pool:
        due = began
        while plan.take():
            pool.submit(ask)
            due += 1 / rate
            plan.stop.wait(max(0.0, due - time.monotonic()))
        last = time.monotonic()
    told.set()
    longest, at = longest_gap([moment for moment in answered if moment <= last], began, last)
    clock = time.time() - time.monotonic()
    figures = {"longest_gap_ms": round(longest * 1000, 1), "gap_at": round(at + clock, 3), "asked_per_second": rate}
    return tally.result() | figures | {"lost": tally.failed}
