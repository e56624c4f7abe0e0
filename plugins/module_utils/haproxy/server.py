# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""State and weight of one server of the running HAProxy."""

from __future__ import annotations

import re
import time

from .answers import ServerState, parse_stat
from .runtime import RefusedError, Runtime

__all__ = ["change", "commands", "find", "wanted_weight"]

_MAXIMUM = 256


def find(runtime: Runtime, backend: str, name: str) -> ServerState:
    """Return one server. Raises RefusedError where the running configuration has none of that name."""
    everything = runtime.servers()
    here = [server for server in everything if server.backend == backend]
    if not here:
        known = ", ".join(sorted({server.backend for server in everything})) or "none"
        raise RefusedError(f"HAProxy has no backend {backend} with servers; it has {known}")
    for server in here:
        if server.name == name:
            return server
    raise RefusedError(f"backend {backend} has no server {name}; it has {', '.join(server.name for server in here)}")


def wanted_weight(text: str, server: ServerState) -> int:
    """Return the absolute weight (0 to 256) that a number, or a percentage of the configured weight, means.

    Raises RefusedError for anything else, and where a percentage above zero would come out as zero: HAProxy rounds
    down, so 50% of weight 1 takes the server out of service, which nobody means who asks for half.
    """
    found = re.fullmatch(r"([0-9]+)(%?)", text.strip())
    if not found:
        raise RefusedError(f"weight: must be 0 to {_MAXIMUM} or a percentage, not {text!r}")
    number = int(found.group(1))
    weight = server.initial_weight * number // 100 if found.group(2) else number
    if weight > _MAXIMUM:
        raise RefusedError(f"weight: {text} is {weight}, HAProxy's highest is {_MAXIMUM}")
    if number and not weight:
        raise RefusedError(
            f"weight: {text} of {server.backend}/{server.name}'s configured weight {server.initial_weight} is 0, which "
            "would take it out of service. Configure a weight of 100, or give an absolute weight (0 to drain by weight)"
        )
    return weight


def commands(server: ServerState, state: str | None, weight: str | None) -> list[str]:
    """Return the commands that bring a server to a state and a weight; what already is so is left out."""
    target = f"{server.backend}/{server.name}"
    lines = []
    if weight is not None and wanted_weight(weight, server) != server.weight:
        lines.append(f"set weight {target} {wanted_weight(weight, server)}")
    if state is not None and state != server.state:
        lines.append(f"set server {target} state {state}")
    return lines


def change(runtime: Runtime, server: ServerState, lines: list[str]) -> ServerState:
    """Send the commands and return the server as it is then. Raises RefusedError with HAProxy's words."""
    for line in lines:
        runtime.do(line)
    return find(runtime, server.backend, server.name)


def sessions(runtime: Runtime, server: ServerState) -> int:
    """Return how many sessions the server has now."""
    for row in parse_stat(runtime.ask("show stat")):
        if (row["pxname"], row.get("svname")) == (server.backend, server.name):
            return int(row.get("scur") or 0)
    return 0


def wait_until_idle(runtime: Runtime, server: ServerState, seconds: int) -> int:
    """Wait until the server has no session left, ``seconds`` at most; return how many remain."""
    end = time.monotonic() + seconds
    left = sessions(runtime, server)
    while left and time.monotonic() < end:
        time.sleep(0.5)
        left = sessions(runtime, server)
    return left
