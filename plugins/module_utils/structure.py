# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checks a nested structure against a specification and reports every fault at once.

A specification node is a dict like an Ansible argument spec (``type``, ``required``, ``default``, ``choices``,
``elements``, ``options``) and adds what that lacks: ``values`` (a map of free names to one kind of object),
``minimum``/``maximum``, and text types with the meaning they have in a HAProxy configuration (``line``, ``token``,
``name``, ``address``, ``endpoint``, ``ports``, ``duration``, ``size``, ``path``). Ansible's own validator knows no maps
of free names and stops at the first bad branch.
"""

from __future__ import annotations

import re
from typing import Any, Callable, Dict

from .mapping import unknown

__all__ = ["check"]

Node = Dict[str, Any]

_TEXT = {
    "line": (r"[^\x00-\x1f\x7f]*", "must be one line of text"),
    "token": (r"[^\x00-\x20\x7f\"'#\\]+", "must be one word without blanks, quotes, '#' or backslashes"),
    "name": (r"[A-Za-z0-9_.:-]+", "may hold letters, digits and _ . : - only"),
    "address": (r"[A-Za-z0-9_.:*%-]+", "must be an IP address (IPv6 without brackets), a host name or *"),
    "endpoint": (
        r"[A-Za-z0-9_.:*%-]+|unix@/[^\x00-\x20\x7f\"'#\\,]+|abns@[A-Za-z0-9_.-]+",
        "must be an IP address (IPv6 without brackets), a host name, * or a socket (unix@/PATH, abns@NAME)",
    ),
    "path": (r"/[^\x00-\x20\x7f\"'#\\]*", "must be an absolute path without blanks"),
    "duration": (r"[0-9]+(us|ms|s|m|h|d)", "needs a number with its unit, for example 30s (us, ms, s, m, h or d)"),
    "size": (r"[0-9]+[kmgKMG]?", "must be a number, with k, m or g where wanted"),
}
_LAST_PORT = 65535
_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


def check(node: Node, value: Any, path: str) -> tuple[Any, list[str]]:
    """Return ``value`` in its clean form, with defaults filled in, and its faults; ``path`` names it in messages."""
    faults: list[str] = []
    clean = _any(node, value, path, faults)
    return clean, faults


def _any(node: Node, value: Any, path: str, faults: list[str]) -> Any:
    kind = node["type"]
    compound: dict[str, Callable[..., Any]] = {"dict": _dict, "list": _list, "map": _map}
    if kind in compound:
        return compound[kind](node, value, path, faults)
    clean = _scalar(kind, value, path, faults)
    return _within(node, clean, path, faults)


def _dict(node: Node, value: Any, path: str, faults: list[str]) -> Any:
    options = node["options"]
    if not isinstance(value, dict):
        faults.append(f"{path}: must be a dictionary with the keys {_some(options)}, not {_shown(value)}")
        return None
    if node.get("dashes"):  # HAProxy writes http-request, YAML users write both
        value = {str(key).replace("-", "_"): item for key, item in value.items()}
    if "on" in options:  # YAML 1.1 reads the bare word on as true, also in the place of a key
        value = {"on" if str(key).lower() == "true" else key: item for key, item in value.items()}
    for key, close in unknown(value, options):
        meant = f"did you mean {close}?" if close else f"there are {_some(options)}"
        faults.append(f"{path}.{key}: unknown key; {meant}")
    return {key: _option(sub, key, value, path, faults) for key, sub in options.items()}


def _option(node: Node, key: str, value: dict[str, Any], path: str, faults: list[str]) -> Any:
    """Return one option's clean value. A null counts as not given, as Ansible's omitted values do."""
    given = value.get(key)
    if given is None and node.get("required"):
        faults.append(f"{path}.{key}: is missing")
        return None
    if given is None:
        given = node.get("default", [] if node["type"] == "list" else None)
    return None if given is None else _any(node, given, f"{path}.{key}", faults)


def _list(node: Node, value: Any, path: str, faults: list[str]) -> Any:
    if not isinstance(value, (list, tuple)):
        faults.append(f"{path}: must be a list, not {_shown(value)}")
        return []
    if node.get("filled") and not value:
        faults.append(f"{path}: must not be empty")
    return [_any(node["elements"], item, f"{path}[{index}]", faults) for index, item in enumerate(value)]


def _map(node: Node, value: Any, path: str, faults: list[str]) -> Any:
    if not isinstance(value, dict):
        faults.append(f"{path}: must be a dictionary of names, not {_shown(value)}")
        return {}
    for key in value:
        _text("name", str(key), f"{path}.{key}: the name", faults)
    return {str(key): _any(node["values"], value[key], f"{path}.{key}", faults) for key in sorted(value, key=str)}


def _scalar(kind: str, value: Any, path: str, faults: list[str]) -> Any:
    if kind == "int":
        return _int(value, path, faults)
    if kind == "bool":
        return _bool(value, path, faults)
    if kind == "ports":
        return _ports(value, path, faults)
    if isinstance(value, (bool, dict, list, tuple)):
        faults.append(f"{path}: must be text, not {_shown(value)}")
        return None
    return _text(kind, str(value), path, faults)


def _text(kind: str, value: str, path: str, faults: list[str]) -> str | None:
    pattern, rule = _TEXT[kind]
    if re.fullmatch(pattern, value):
        return value
    joint = " " if path.endswith("the name") else ": "
    faults.append(f"{path}{joint}{rule}, not {_shown(value)}")
    return None


def _int(value: Any, path: str, faults: list[str]) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return int(value)
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]+", value):
        return int(value)
    faults.append(f"{path}: must be a whole number, not {_shown(value)}")
    return None


def _ports(value: Any, path: str, faults: list[str]) -> int | str | None:
    """Return a port, or a range of them as text."""
    found = re.fullmatch(r"([0-9]+)(?:-([0-9]+))?", str(value)) if not isinstance(value, bool) else None
    if not found:
        faults.append(f"{path}: must be a port or a range of ports, for example 8000-8010, not {_shown(value)}")
        return None
    first, last = int(found.group(1)), int(found.group(2) or found.group(1))
    if not 1 <= first <= last <= _LAST_PORT or (found.group(2) and first == last):
        faults.append(
            f"{path}: must lie between 1 and {_LAST_PORT}, a range from the smaller to the larger, not {value}"
        )
    return f"{first}-{last}" if found.group(2) else first


def _bool(value: Any, path: str, faults: list[str]) -> bool | None:
    if isinstance(value, bool):
        return bool(value)
    if str(value).lower() in _TRUE + _FALSE:
        return str(value).lower() in _TRUE
    faults.append(f"{path}: must be true or false, not {_shown(value)}")
    return None


def _within(node: Node, value: Any, path: str, faults: list[str]) -> Any:
    """Check choices and bounds of a scalar that has the right type."""
    if value is None:
        return None
    choices = node.get("choices")
    if choices and value not in choices:
        faults.append(f"{path}: must be one of {', '.join(map(str, choices))}, not {_shown(value)}")
    low, high = node.get("minimum"), node.get("maximum")
    if (low is not None and value < low) or (high is not None and value > high):
        faults.append(f"{path}: must lie between {low} and {high}, not {value}")
    return value


def _some(options: Any) -> str:
    return ", ".join(sorted(options))


def _shown(value: Any) -> str:
    """Return a value as messages quote it, cut to what a line can hold."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
