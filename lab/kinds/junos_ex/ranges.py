# SPDX-License-Identifier: GPL-3.0-or-later
"""What `interface-range` stands for: its ports, its statements at each of them, its name in other places.

Juniper, "Interface Ranges for Physical Interfaces": the ranges are expanded first, so that groups apply to their
members as to any interface that is written; an interface that is not configured is made; of two ranges over one
interface the first in the configuration has priority.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from .models import Model
from .tree import Node, natural
from .underlay import Note, give_all
from .values import PORT

OWN = ("member", "member-range")
REFERRING = ("interface", "interfaces")


def expand(root: Node, model: Model, fpcs: int, note: Note) -> dict[str, list[str]]:
    """Put all ranges into the interfaces of `root` (without what is inactive) and take them away; give their ports.

    Until 14.1X53-D15 what an interface says itself overrides the range's, from it on the range's is appended: lists of
    values become one, single values stay the interface's own.
    """
    interfaces = root.child("interfaces")
    found: dict[str, list[str]] = {}
    for group in interfaces.entries("interface-range") if interfaces is not None else []:
        assert interfaces is not None
        del interfaces.children["interface-range", group.key]
        found[group.key] = members(group, model.ports(fpcs))
        for port in found[group.key]:
            _apply(interfaces, group, port, model.appends, note)
    return found


def _apply(interfaces: Node, group: Node, port: str, union: bool, note: Note) -> None:
    """Put the range's statements below what the interface says itself."""
    own = interfaces.child("interface", port)
    if own is None:
        own = Node(interfaces.schema.children["interface"], interfaces, port)
        interfaces.children["interface", port] = own
    for child in group.ordered():
        if child.schema.name not in OWN:
            give_all(own, child, union, note)


def members(group: Node, ports: Sequence[str]) -> list[str]:
    """Give the ports of an interface-range at a chassis that has `ports`."""
    found: list[str] = []
    for entry in group.entries("member"):
        found += pattern(entry.key)
    for entry in group.entries("member-range"):
        found += between(entry.key, entry.text("end-range", default=entry.key), ports)
    return list(dict.fromkeys(found))


def pattern(text: str) -> list[str]:
    """Give the ports that `ge-0/0/[0-3,7]` or `ge-*/0/1` stands for.

    A `*` is 0 to 47 in every place, whatever the switch has: Juniper warns of it.
    """
    match = re.search(r"\[([\d,\- ]+)\]|\*", text)
    if match is None:
        return [text]
    numbers: list[int] = []
    for part in (match[1] or "0-47").split(","):
        low, _, high = part.strip().partition("-")
        numbers += range(int(low), int(high or low) + 1)
    return [port for number in numbers for port in pattern(text[: match.start()] + str(number) + text[match.end() :])]


def between(first: str, last: str, ports: Sequence[str]) -> list[str]:
    """Give the ports from `first` to `last`, by FPC, PIC, port and channel.

    Within one PIC (or one channelised port) these are all numbers; beyond it, what the chassis has of that type.
    """
    one, other = PORT.fullmatch(first), PORT.fullmatch(last)
    if one is None or other is None or one[1] != other[1]:
        return [first]
    low, high = _place(one), _place(other)
    for depth in (2, 3):
        alone = low[depth + 1 :] == high[depth + 1 :] == [-1] * (3 - depth) and low[depth] >= 0
        if low[:depth] == high[:depth] and alone:
            stem = first[: len(first) - len(str(low[depth]))]
            return [f"{stem}{number}" for number in range(low[depth], high[depth] + 1)]
    placed = [(match, port) for port in ports if (match := PORT.fullmatch(port)) and match[1] == one[1]]
    return [port for match, port in placed if low <= _place(match) <= high]


def _place(match: re.Match[str]) -> list[int]:
    """Give FPC, PIC, port and channel (-1 without one)."""
    return [int(number) if number is not None else -1 for number in match.groups()[1:]]


def refer(root: Node, ranges: dict[str, list[str]]) -> None:
    """Put the ports of a range wherever its name (with or without a unit) stands for an interface.

    Juniper, "Interface Ranges for Switches": a range can be named where an interface can, and is expanded there too.
    """
    for top in list(root.children.values()):
        if top.schema.name != "interfaces" and ranges:
            _refer(top, ranges)


def _refer(node: Node, ranges: dict[str, list[str]]) -> None:
    """Replace the names of ranges below `node`."""
    for child in list(node.children.values()):
        _refer(child, ranges)
        name, dot, unit = child.key.partition(".")
        if child.schema.kind == "list" and child.schema.name in REFERRING and name in ranges:
            del node.children[child.schema.name, child.key]
            for port in sorted(ranges[name], key=natural):
                copy = child.clone(node)
                copy.key = port + dot + unit
                give_all(node, copy, True, lambda *_: None)
