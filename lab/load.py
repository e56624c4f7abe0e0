#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The load client: makes requests in one of five ways and tells what became of them as JSON on stdout.

    fresh       one new connection (and TLS handshake) per request
    keepalive   kept connections, retried only as RFC 9110 allows; retries are counted apart from failures
    downloads   held downloads (/download?bytes=N&rate=R), each checked byte by byte
    gap         a fixed rate; the longest time without an answer and the requests lost
    sources     many client addresses; which server each of them meets

It needs Python 3.11 and nothing else. Progress goes to stderr. SIGTERM, SIGINT or (with --until-eof) the end of stdin
stop it; what was counted so far is told. Exit status 0 whatever was counted, 2 for a command line that is wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from traffic.gap import gap
from traffic.modes import Plan, downloads, fresh, keepalive
from traffic.sources import addresses, sources
from traffic.target import Target


def parser() -> argparse.ArgumentParser:
    """Return the command line's description."""
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("mode", choices=["fresh", "keepalive", "downloads", "gap", "sources"])
    made.add_argument("url", help="what to ask for; the certificate is checked against its name")
    made.add_argument("--connect", default="", metavar="ADDRESS[:PORT]", help="where to connect to instead")
    made.add_argument("--ca", default="", help="file with the CA certificates to trust instead of the system's")
    made.add_argument("--timeout", type=float, default=5.0, help="seconds for each connect, handshake and read")
    made.add_argument("--requests", type=int, default=0, help="end after so many (0: no such end)")
    made.add_argument("--seconds", type=float, default=0.0, help="end after this time (0: no such end)")
    made.add_argument("--workers", type=int, default=8, help="how many at once")
    made.add_argument("--pause", type=float, default=0.0, help="seconds that a worker waits between two requests")
    made.add_argument("--method", default="GET")
    made.add_argument("--rate", type=float, default=100.0, help="gap: requests a second")
    made.add_argument(
        "--sources", default="", metavar="A-B,C", help="sources: the clients' addresses, all on this host"
    )
    made.add_argument("--times", type=int, default=3, help="sources: requests of each client")
    made.add_argument("--jar", type=Path, help="sources: file that keeps the clients' cookies; none: no cookies")
    made.add_argument("--until-eof", action="store_true", help="stop when stdin ends")
    return made


def stop_on_request(stop: threading.Event, until_eof: bool) -> None:
    """Set `stop` on SIGTERM, SIGINT and, when wanted, the end of stdin."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if until_eof:

        def wait() -> None:
            while os.read(0, 4096):  # not sys.stdin: its lock, held by this thread, would break the interpreter's exit
                pass
            stop.set()

        threading.Thread(target=wait, daemon=True).start()


def main() -> int:
    """Run the command line."""
    options = parser().parse_args()
    target = Target(options.url, options.connect, options.ca, options.timeout)
    plan = Plan(options.workers, options.requests, options.seconds, options.pause, options.method)
    stop_on_request(plan.stop, options.until_eof)
    runs: dict[str, Callable[[], dict[str, Any]]] = {
        "fresh": lambda: fresh(target, plan),
        "keepalive": lambda: keepalive(target, plan),
        "downloads": lambda: downloads(target, plan),
        "gap": lambda: gap(target, plan, options.rate),
        "sources": lambda: sources(target, plan, addresses(options.sources), options.times, options.jar),
    }
    print(json.dumps({"mode": options.mode, "url": options.url} | runs[options.mode]()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
