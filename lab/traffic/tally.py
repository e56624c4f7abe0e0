# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts what became of requests, from many threads, and tells it as one JSON object."""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

SAMPLES = 20  # failures told with the moment at which they happened


def quantile(values: list[float], part: float) -> float:
    """Return the value below which `part` (0..1) of sorted values lie; 0 for none."""
    return values[min(len(values) - 1, int(part * len(values)))] if values else 0.0


@dataclass
class Tally:
    """Outcomes of one run."""

    began: float = field(default_factory=time.monotonic)
    ok: int = 0
    retries: int = 0
    reopened: int = 0
    causes: Counter[str] = field(default_factory=Counter)
    backends: Counter[str] = field(default_factory=Counter)
    samples: list[dict[str, Any]] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def failed(self) -> int:
        """How many requests failed."""
        return sum(self.causes.values())

    @property
    def requests(self) -> int:
        """How many requests have ended."""
        return self.ok + self.failed

    def succeed(self, seconds: float, backend: str) -> None:
        """Count a request that took `seconds` and was answered by `backend`."""
        with self.lock:
            self.ok += 1
            self.backends[backend or "unknown"] += 1
            self.latencies.append(seconds)

    def fail(self, why: str) -> None:
        """Count a failed request."""
        with self.lock:
            self.causes[why] += 1
            if len(self.samples) < SAMPLES:
                self.samples.append({"at": round(time.monotonic() - self.began, 3), "time": time.time(), "cause": why})

    def count(self, *, retries: int = 0, reopened: int = 0) -> None:
        """Count what is no failure: RFC 9110 retries, and idle connections that the server had closed."""
        with self.lock:
            self.retries += retries
            self.reopened += reopened

    def result(self) -> dict[str, Any]:
        """Return the outcome so far; latencies in milliseconds."""
        with self.lock:
            seconds, sorted_latencies = time.monotonic() - self.began, sorted(self.latencies)
            shown = {"median": 0.5, "p99": 0.99, "max": 1.0}
            return {
                "requests": self.requests,
                "ok": self.ok,
                "failed": self.failed,
                "causes": dict(self.causes),
                "retries": self.retries,
                "reopened": self.reopened,
                "backends": dict(self.backends),
                "seconds": round(seconds, 3),
                "rate": round(self.requests / seconds, 1) if seconds else 0.0,
                "latency_ms": {name: round(quantile(sorted_latencies, q) * 1000, 1) for name, q in shown.items()},
                "samples": list(self.samples),
            }


def progress(tally: Tally, stop: threading.Event, every: float = 5.0) -> threading.Thread:
    """Start a thread that says on stderr, every few seconds, how far the run is, until `stop`."""

    def tell() -> None:
        while not stop.wait(every):
            print(f"load: {tally.requests} requests, {tally.failed} failed, {tally.retries} retried", file=sys.stderr)

    thread = threading.Thread(target=tell, daemon=True)
    thread.start()
    return thread
