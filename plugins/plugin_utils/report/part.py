# SPDX-License-Identifier: GPL-3.0-or-later
"""What one host's part of the report holds, and what is wrong with a file that somebody else may have written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .links import SEEN, STATES

_TEXTS = [object]  # of any kind: the page shows each as text
_END = {"host": str, "state": STATES, "by": str, "why": _TEXTS}
_PAIR = {
    **{"vlan": str, "source": str, "server": str, "destination": str},
    **{"cable": (int, None), "group": str, "why": str},
}
_LINK = {
    **{"link": str, "bundle": tuple(SEEN), "lag": (str, None), "ports": [str], "mtu": object, "end": _END},
    **{"peer": str, "peer_kind": str, "peer_lag": (str, None), "peer_ports": _TEXTS, "provisioned": bool},
    **{"vlans": dict, "failures": _TEXTS, "verified": _TEXTS, "unverified": _TEXTS, "address_pairs": [_PAIR]},
}
_BACKENDS = [{"name": object, "address": object}]
_SERVICE = {"name": str, "vip": str, "port": object, "scheme": object, "backends": _BACKENDS}
_PROBE = {"name": str, "url": str, "failures": _TEXTS, "verified": _TEXTS, "unverified": _TEXTS}
_HOP = {"to": str, "link": str, "tagged": bool, "mtu": int}
_PATH = {
    **{"vlan": str, "id": int, "mtu": int, "on": str, "lacking": [str]},
    **{"links": [_HOP], "ends": [{"on": str, **_HOP}]},
}
_PART = {
    **{"host": str, "run": str, "time": str, "vips": dict, "links": [_LINK], "services": [_SERVICE], "paths": dict},
    **{
        "probes": [_PROBE],
        **dict.fromkeys(("changes", "diffs", "failures", "notes"), _TEXTS),
        **dict.fromkeys(("unjudged", "unverified", "waived", "warnings"), _TEXTS),
    },
}


def fault(part: Any) -> str:
    """Return what keeps a part off the page, "" where nothing does."""
    return next(_faults(part, _PART, ""), "") or next(_loose(part), "")


def _faults(value: Any, shape: Any, where: str) -> Iterator[str]:
    """Yield where a value is not of its shape: a type, the values or types that may be, [items] or {key: its shape}."""
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            yield f"{where or 'the part'} is no dictionary"
            return
        for key, inner in shape.items():
            yield from (
                _faults(value[key], inner, f"{where}.{key}".lstrip(".")) if key in value else _missing(where, key)
            )
    elif isinstance(shape, list):
        if not isinstance(value, list):
            yield f"{where} is no list"
            return
        for number, each in enumerate(value):
            yield from _faults(each, shape[0], f"{where}.{number}")
    elif not any(isinstance(value, each) if isinstance(each, type) else value == each for each in _choices(shape)):
        yield f"{where} is of the wrong kind"


def _missing(where: str, key: str) -> Iterator[str]:
    yield f"{where or 'the part'} has no {key}"


def _choices(shape: Any) -> tuple[Any, ...]:
    return shape if isinstance(shape, tuple) else (shape,)


def _loose(part: dict[str, Any]) -> Iterator[str]:
    """Yield what has its shape and means nothing all the same."""
    known = {service["name"] for service in part["services"]}
    yield from (
        f"{probe['name']} was probed, which is no service of it"
        for probe in part["probes"]
        if probe["name"] not in known
    )
    for service in part["services"]:
        if not isinstance(service.get("server_names", []), list):
            yield "services.server_names is no list"
    yield from _loose_paths(part["paths"])
    for seen in part["vips"].values():
        yield from _faults(seen, {"local": bool}, "vips")
    for link in part["links"]:
        tagged = link["vlans"].get("tagged") or []
        yield from _faults(tagged, [str], "links.vlans.tagged")
        if any(pair["cable"] not in (None, *range(len(link["ports"]))) for pair in link["address_pairs"]):
            yield f"an address pair takes a cable that {link['link']} does not have"


def _loose_paths(paths: dict[str, Any]) -> Iterator[str]:
    """Yield what is wrong with the paths of a load balancer; other hosts have none."""
    if paths:
        yield from _faults(paths, {"clients": [_PATH], "backends": dict}, "paths")
        backends = paths.get("backends")
        for each in backends.values() if isinstance(backends, dict) else ():
            yield from _faults(each, [_PATH], "paths.backends")
