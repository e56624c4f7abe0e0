# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Contradictions in a configuration that Pound accepts silently or explains badly; each becomes one message."""

from __future__ import annotations

import re
from typing import Any, Iterator, Mapping

__all__ = ["faults", "seconds"]

_UNITS = {"us": 0, "ms": 0, "s": 1, "m": 60, "h": 3600, "d": 86400}


def seconds(duration: str) -> int:
    """Return a duration in whole seconds, the only unit that Pound has; 0 for one that it cannot express."""
    found = re.fullmatch(r"([0-9]+)(us|ms|s|m|h|d)", duration)
    return int(found.group(1)) * _UNITS[found.group(2)] if found else 0


def faults(configuration: Mapping[str, Any]) -> list[str]:
    """Return all contradictions of a clean configuration."""
    listeners = configuration["listeners"]
    found = [] if listeners else ["listeners: is empty, so Pound would have nothing to do"]
    found += [
        f"{path}: Pound counts whole seconds, from 1s on" for path, value in _durations(configuration) if not value
    ]
    found += _shared(configuration)
    for name, listener in listeners.items():
        if name.startswith("netstack-"):
            found.append(f"listeners.{name}: names that begin with netstack- are kept for the role's own listener")
        found += _services(f"listeners.{name}.services", listener["services"])
    return found


def _durations(configuration: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    yield "global.alive", seconds(configuration["global"]["alive"])
    for key, value in configuration["timeouts"].items():
        yield f"timeouts.{key}", seconds(value)
    for name, listener in configuration["listeners"].items():
        yield from _given(f"listeners.{name}", listener, ("client_timeout",))
        for service in listener["services"]:
            for index, backend in enumerate(service["backends"]):
                path = f"listeners.{name}.services.{service['name']}.backends[{index}]"
                yield from _given(path, backend, ("timeout", "connect_timeout", "websocket_timeout"))


def _given(path: str, node: Mapping[str, Any], keys: tuple[str, ...]) -> Iterator[tuple[str, int]]:
    for key in keys:
        if node[key] is not None:
            yield f"{path}.{key}", seconds(node[key])


def _shared(configuration: Mapping[str, Any]) -> list[str]:
    """Two listeners on one address: Pound does not start with the second."""
    seen = {("127.0.0.1", configuration["health"]["port"]): "health"}
    found = []
    for name, listener in configuration["listeners"].items():
        place = (listener["address"], listener["port"])
        if place in seen:
            found.append(f"listeners.{name}: {place[0]}:{place[1]} is already bound by {seen[place]}")
        seen.setdefault(place, f"listeners.{name}")
    return found


def _services(path: str, services: list[dict[str, Any]]) -> list[str]:
    """Pound takes the first service that fits, so what stands behind one that fits all is never asked."""
    found, names, fits_all = [], set(), ""
    for service in services:
        if service["name"] in names:
            found.append(f"{path}: the name {service['name']} occurs twice")
        if fits_all:
            found.append(f"{path}.{service['name']}: is never reached, for {fits_all} before it takes every host")
        names.add(service["name"])
        if not service["hosts"] and not service["raw"]:
            fits_all = service["name"]
    return found
