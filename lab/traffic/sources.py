# SPDX-License-Identifier: GPL-3.0-or-later
"""Many clients, each with an address of its own: which server does each reach, and does it stay there?"""

from __future__ import annotations

import ipaddress
import json
import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from traffic.http1 import fetch
from traffic.modes import Plan
from traffic.target import RequestFailedError, Target


def addresses(text: str) -> list[str]:
    """Return the addresses of a list such as "10.0.0.1-10.0.0.40,10.0.1.7". Raises ValueError."""
    found: list[str] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        begin, end = ipaddress.ip_address(first.strip()), ipaddress.ip_address((last or first).strip())
        found += [str(begin + step) for step in range(int(end) - int(begin) + 1)]
    return found


@dataclass
class Client:
    """One client: its address, the cookie it was given last, the servers that answered it, its failures."""

    address: str
    cookie: str = ""
    servers: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    @property
    def moved(self) -> int:
        """How many answers came from another server than the first."""
        return sum(server != self.servers[0] for server in self.servers)


def _ask(target: Target, client: Client, times: int, cookies: bool, plan: Plan) -> None:
    for _ in range(times):
        if plan.stop.is_set():
            return
        try:
            answer = fetch(target, plan.method, client.address, client.cookie if cookies else "")
        except RequestFailedError as failure:
            client.failures.append(str(failure))
            continue
        client.servers.append(answer.backend or "unknown")
        if answer.cookies:
            client.cookie = "; ".join(cookie.partition(";")[0] for cookie in answer.cookies)


def sources(target: Target, plan: Plan, clients: list[str], times: int, jar: Path | None) -> dict[str, Any]:
    """Let each client ask `times`, on a new connection each time, and tell the servers that each one met.

    With a `jar` (a JSON file: address -> cookie) clients keep cookies, also from an earlier run; without one they
    ignore them, so that only the address can bind them to a server. They come in another order each time: in the same
    one a round robin that begins anew would send them where they were before.
    """
    kept: dict[str, str] = json.loads(jar.read_text()) if jar and jar.exists() else {}
    everyone = [Client(address, kept.get(address, "")) for address in clients]
    with ThreadPoolExecutor(plan.workers) as pool:
        order = random.sample(everyone, len(everyone))
        running = [pool.submit(_ask, target, client, times, jar is not None, plan) for client in order]
        for worker in running:
            worker.result()
    if jar:
        jar.write_text(json.dumps({client.address: client.cookie for client in everyone}))
    causes = Counter(failure for client in everyone for failure in client.failures)
    return {
        "requests": sum(len(client.servers) + len(client.failures) for client in everyone),
        "failed": sum(causes.values()),
        "causes": dict(causes),
        "moved": sum(client.moved for client in everyone),
        "backends": dict(Counter(server for client in everyone for server in client.servers)),
        "clients": {client.address: client.servers for client in everyone},
    }
