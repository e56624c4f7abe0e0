# SPDX-License-Identifier: GPL-3.0-or-later
"""The set form read back, for `parsed`: the parts of the configuration that this package writes."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from .statements import Config, Path, Segment, entry, leaf

_HIDDEN_LISTS = {"interfaces": "interface", "vlans": "vlan"}
_OPEN_LISTS = {"unit", "interface-range", "member", "member-range", "interface"}
_VALUES = frozenset(
    {
        *(
            "mtu",
            "description",
            "vlan-id",
            "l3-interface",
            "device-count",
            "native-vlan-id",
            "port-mode",
            "interface-mode",
        ),
        *(
            "members",
            "minimum-links",
            "link-speed",
            "periodic",
            "bundle",
            "end-range",
            "speed",
            "encapsulation",
        ),
    }
)
KNOWN = ("interfaces", "vlans", "chassis", "protocols")


def from_set(lines: Iterable[str]) -> Config:
    """Return the statements of `set` lines below chassis, interfaces, vlans and protocols; other lines are passed over.

    Raises:
        ValueError: a line of these parts is neither set nor deactivate.

    """
    config = Config()
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        verb, *rest = shlex.split(line)
        if rest and rest[0] in KNOWN:
            if verb not in ("set", "deactivate"):
                raise ValueError(f"line {number}: {line.strip()!r} is no set or deactivate line")
            for item in _paths(rest):
                if verb == "set":
                    config.statements[item] = None
                else:
                    config.inactive.add(item)
    return config


def _paths(given: list[str]) -> list[Path]:
    """Return the statements of a line: more than one where a leaf has values in brackets."""
    steps: list[Segment] = []
    todo = list(given)
    while todo:
        word = todo.pop(0)
        if word == "to" and steps and steps[-1].tag == "member-range":
            word = "end-range"
        if word in _VALUES and todo:
            values = _bracketed(todo)
            return [(*steps, leaf(word, value)) for value in values]
        steps += _step(word, steps, todo)
    return [tuple(steps)]


def _bracketed(words: list[str]) -> list[str]:
    return [word for word in words if word not in ("[", "]")]


def _step(word: str, above: list[Segment], todo: list[str]) -> list[Segment]:
    if word == "802.3ad":
        inner = Segment("ieee-802.3ad")
        return [inner, leaf("bundle", todo.pop(0))] if todo and todo[0].startswith("ae") else [inner]
    hidden = _HIDDEN_LISTS.get(above[-1].tag) if len(above) == 1 else None
    if hidden and word not in ("interface-range",):
        return [entry(hidden, word)]
    if word in _OPEN_LISTS and todo:
        return [entry(word, todo.pop(0))]
    return [Segment(word)]
