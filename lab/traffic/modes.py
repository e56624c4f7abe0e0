# SPDX-License-Identifier: GPL-3.0-or-later
"""The kinds of load: new connections, kept connections, held downloads, a fixed rate, many clients.

Each takes a Target and a Plan, runs until the plan's end or until it is told to stop, and returns a JSON-able result.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from traffic.content import pattern
from traffic.http1 import IDEMPOTENT, Connection, accepted, fetch, request_bytes
from traffic.tally import Tally, progress
from traffic.target import ClosedUnansweredError, RequestFailedError, Target


@dataclass
class Plan:
    """How much load: ends after `requests` (0: no such end) or `seconds` (0: likewise), or when `stop` is set.

    `pause` is the time in seconds that a worker waits between two requests of its own.
    """

    workers: int = 8
    requests: int = 0
    seconds: float = 0.0
    pause: float = 0.0
    method: str = "GET"
    stop: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        """Start the clock."""
        self.end = time.monotonic() + self.seconds if self.seconds else float("inf")
        self.left = self.requests or float("inf")
        self.lock = threading.Lock()

    def take(self) -> bool:
        """Tell whether one more request is to be made, and count it."""
        with self.lock:
            if self.stop.is_set() or self.left <= 0 or time.monotonic() >= self.end:
                return False
            self.left -= 1
        return True


def _all_workers(plan: Plan, work: Callable[[], None], tally: Tally) -> dict[str, Any]:
    told = threading.Event()
    progress(tally, told)
    with ThreadPoolExecutor(plan.workers) as pool:
        running = [pool.submit(work) for _ in range(plan.workers)]
        for worker in running:
            worker.result()
    told.set()
    return tally.result()


def fresh(target: Target, plan: Plan) -> dict[str, Any]:
    """One new connection, with its whole TLS handshake, for each request."""
    tally = Tally()

    def work() -> None:
        while plan.take():
            began = time.monotonic()
            try:
                answer = fetch(target, plan.method)
                tally.succeed(time.monotonic() - began, answer.backend)
            except RequestFailedError as failure:
                tally.fail(str(failure))
            plan.stop.wait(plan.pause)

    return _all_workers(plan, work, tally)


class KeepAliveClient:
    """A client that keeps its connection and retries only where RFC 9110, section 9.2.2, lets it.

    That is: the method is idempotent, the connection was used before, and the server closed it before any byte of the
    answer; once, as "a client SHOULD NOT automatically retry a failed automatic retry". A first use that is closed
    counts as failed, which is stricter than the RFC. An idle connection whose end has arrived already is simply
    replaced before use.
    """

    def __init__(self, target: Target, method: str, tally: Tally) -> None:
        """Make no connection yet."""
        self.target, self.method, self.tally = target, method, tally
        self.request = request_bytes(target, method, keep_alive=True)
        self.connection: Connection | None = None

    def ask(self) -> str:
        """Make one request and return the backend that answered. Raises RequestFailedError."""
        if self.connection is not None and self.connection.closed_by_server():
            self.tally.count(reopened=1)
            self.drop()
        used_before = self.connection is not None
        try:
            return self._once()
        except ClosedUnansweredError:
            if not used_before or self.method not in IDEMPOTENT:
                raise
            self.tally.count(retries=1)
            return self._once()

    def _once(self) -> str:
        if self.connection is None:
            self.connection = Connection(self.target)
        try:
            answer = self.connection.exchange(self.request, head_only=self.method == "HEAD")
        except RequestFailedError:
            self.drop()
            raise
        if not self.connection.reusable:
            self.drop()
        return accepted(answer).backend

    def drop(self) -> None:
        """Close the connection, if there is one."""
        if self.connection is not None:
            self.connection.close()
        self.connection = None


def keepalive(target: Target, plan: Plan) -> dict[str, Any]:
    """Requests on kept connections, one per worker."""
    tally = Tally()

    def work() -> None:
        client = KeepAliveClient(target, plan.method, tally)
        while plan.take():
            began = time.monotonic()
            try:
                backend = client.ask()
                tally.succeed(time.monotonic() - began, backend)
            except RequestFailedError as failure:
                tally.fail(str(failure))
            plan.stop.wait(plan.pause)
        client.drop()

    return _all_workers(plan, work, tally)


def download(target: Target, stop: threading.Event) -> tuple[int, str]:
    """Fetch one download and check its every byte; return its length and the backend.

    Raises:
        RequestFailedError: it was cut, wrong, or stopped by `stop` before its end.
    """
    connection = Connection(target)
    try:
        answer = accepted(connection.begin(request_bytes(target, "GET", keep_alive=False)))
        seen = 0
        for piece in connection.body(answer):
            if piece != pattern(seen, len(piece)):
                raise RequestFailedError(f"wrong content after byte {seen}")
            seen += len(piece)
            if stop.is_set():
                raise RequestFailedError("stopped before its end")
    finally:
        connection.close()
    return seen, answer.backend


def downloads(target: Target, plan: Plan) -> dict[str, Any]:
    """As many downloads at once as there are workers, each once; only `stop` ends them early."""
    tally = Tally()
    lengths: list[int] = []

    def work() -> None:
        began = time.monotonic()
        try:
            length, backend = download(target, plan.stop)
            lengths.append(length)
            tally.succeed(time.monotonic() - began, backend)
        except RequestFailedError as failure:
            tally.fail(str(failure))

    result = _all_workers(plan, work, tally)
    return result | {"whole": result["ok"], "started": plan.workers, "bytes": lengths}
