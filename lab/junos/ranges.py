# SPDX-License-Identifier: GPL-3.0-or-later
"""What `interface-range` stands for: its statements at each of its members."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .tree import Node, active, ensure, merge
from .values import PORT


def expand(root: Node) -> Node:
    """Copy the active configuration with all interface-ranges put in; what an interface says itself wins."""
    made = active(root)
    interfaces = made.child("interfaces")
    if interfaces is None:
        return made
    for group in interfaces.entries("interface-range"):
        del interfaces.children["interface-range", group.key]
        for port in members(group):
            _apply(interfaces, group, port)
    return made


def _apply(interfaces: Node, group: Node, port: str) -> None:
    """Put the range's statements below what the interface says itself."""
    own = interfaces.child("interface", port)
    below = Node(interfaces.schema.children["interface"], interfaces, port)
    for (name, key), child in group.children.items():
        if name not in ("member", "member-range"):
            merge(ensure(below, below.schema.children[name], key), child)
    if own is not None:
        merge(below, own)
    interfaces.children["interface", port] = below


def members(group: Node) -> list[str]:
    """Give the ports of an interface-range."""
    found: list[str] = []
    for entry in group.entries("member"):
        found += pattern(entry.key)
    for entry in group.entries("member-range"):
        found += list(between(entry.key, entry.text("end-range", default=entry.key)))
    return found


def pattern(text: str) -> list[str]:
    """Give the ports that `ge-0/0/[0-3,7]` or `ge-0/0/*` stands for (`*`: ports 0 to 47)."""
    match = re.search(r"\[([\d,\-]+)\]|\*", text)
    if match is None:
        return [text]
    numbers: list[int] = []
    for part in (match[1] or "0-47").split(","):
        low, _, high = part.partition("-")
        numbers += range(int(low), int(high or low) + 1)
    return [port for number in numbers for port in pattern(text[: match.start()] + str(number) + text[match.end() :])]


def between(first: str, last: str) -> Iterator[str]:
    """Give the ports from `first` to `last`, which differ in the port number."""
    one, other = PORT.match(first), PORT.match(last)
    if one is None or other is None or one.groups()[:3] != other.groups()[:3]:
        yield first
        return
    for number in range(int(one[4]), int(other[4]) + 1):
        yield f"{one[1]}-{one[2]}/{one[3]}/{number}"
