# SPDX-License-Identifier: GPL-3.0-or-later
"""`interfaces interface-range`: what a range says is merged into each of its ports, so a member link must leave it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .names import between, is_port, neighbour, physical
from .statements import Config, Path, entry, leaf, path

_PATTERN = re.compile(r"[*?\[\]]")


@dataclass(frozen=True)
class Membership:
    """How a range holds a port: by `member PORT`, by `member-range`, or by a pattern that cannot be cut."""

    name: str
    pattern: str | None


def holding(config: Config, port: str) -> list[Membership]:
    """Return the ranges that hold the port; `pattern` is set where it is held by a pattern."""
    found: list[Membership] = []
    for name in config.entries("interfaces", tag="interface-range"):
        where = ("interfaces", entry("interface-range", name))
        members = config.entries(*where, tag="member")
        patterns = [text for text in members if _PATTERN.search(text) and _matches(port, text)]
        if port in members or any(between(port, *span) for span in _spans(config, name)) or patterns:
            found.append(Membership(name, patterns[0] if patterns else None))
    return found


def _matches(port: str, pattern: str) -> bool:
    """Tell whether a wildcard of Junos matches: `ge-0/0/*`, `ge-0/0/[0-23]`, `ge-*/0/[1,3]`."""
    parts = re.split(r"(\[[^\]]*\])", pattern)
    expression = "".join(f"({_bracket(part)})" if part.startswith("[") else _plain(part) for part in parts)
    return re.fullmatch(expression, port) is not None


def _plain(part: str) -> str:
    return re.escape(part).replace(r"\*", ".*").replace(r"\?", ".")


def _bracket(part: str) -> str:
    numbers: list[str] = []
    for piece in part[1:-1].split(","):
        low, _dash, high = piece.partition("-")
        if low.isdigit() and (high or low).isdigit():
            numbers += [str(number) for number in range(int(low), int(high or low) + 1)]
    return "|".join(numbers) or r"\d+"


def _spans(config: Config, name: str) -> list[tuple[str, str]]:
    where = ("interfaces", entry("interface-range", name))
    firsts = config.entries(*where, tag="member-range")
    return [(first, config.value(*where, entry("member-range", first), "end-range") or first) for first in firsts]


def ports_of(config: Config, name: str) -> set[str]:
    """Return the ports that a range names one by one or by `member-range`; a pattern names nobody."""
    found = {
        text for text in config.entries("interfaces", entry("interface-range", name), tag="member") if is_port(text)
    }
    for first, last in _spans(config, name):
        port = first
        while between(port, first, last):
            found.add(port)
            port = neighbour(port, 1)
    return found


def leave(config: Config, port: str, name: str) -> None:
    """Take the port out of the range; a range without ports goes, and so does what names it."""
    where = ("interfaces", entry("interface-range", name))
    config.remove(*where, entry("member", port))
    for first, last in _spans(config, name):
        if between(port, first, last):
            config.remove(*where, entry("member-range", first))
            _keep(config, where, first, neighbour(port, -1), port != first)
            _keep(config, where, neighbour(port, 1), last, port != last)
    if not config.entries(*where, tag="member") and not _spans(config, name):
        config.remove(*where)
        for item in [item for item in config.statements if _names(item, name)]:
            del config.statements[item]


def _keep(config: Config, where: tuple[object, ...], first: str, last: str, wanted: bool) -> None:
    if not wanted:
        return
    above: Path = path(*where)
    if first == last:
        config.add(*above, entry("member", first))
    else:
        config.add(*above, entry("member-range", first), leaf("end-range", last))


def _names(item: Path, name: str) -> bool:
    return item[0].tag in ("vlans", "protocols", "ethernet-switching-options") and any(
        step.tag == "interface" and step.key is not None and physical(step.key) == name for step in item
    )
