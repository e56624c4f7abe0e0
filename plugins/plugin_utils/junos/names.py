# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of interfaces and what they say."""

from __future__ import annotations

import re

_PORT = re.compile(r"(ge|xe|et|mge|fe)-(\d+)/(\d+)/(\d+)")
_BUNDLE = re.compile(r"ae(\d{1,3})")
_SPLIT = re.compile(r"(\d+)")

AE_HIGHEST = 127
"""Highest ae index that an EX accepts: `device value outside range 0..127` (EX 11.4, internap/fake-switches)."""


def is_port(name: str) -> bool:
    """Tell whether the name is a physical port such as ge-0/0/3 (FPC or virtual chassis member, PIC, port)."""
    return _PORT.fullmatch(name) is not None


def bundle_index(name: str) -> int | None:
    """Return N of aeN, or None when the name is no aggregated interface of an EX."""
    match = _BUNDLE.fullmatch(name)
    return int(match[1]) if match and int(match[1]) <= AE_HIGHEST and str(int(match[1])) == match[1] else None


def physical(name: str) -> str:
    """Return the physical interface of a logical one: ge-0/0/3.0 -> ge-0/0/3."""
    return name.split(".", 1)[0]


def in_order(name: str) -> tuple[tuple[int, int | str], ...]:
    """Return a key that sorts ge-0/0/10 behind ge-0/0/9."""
    return tuple((0, int(part)) if part.isdigit() else (1, part) for part in _SPLIT.split(name) if part)


def between(name: str, first: str, last: str) -> bool:
    """Tell whether a port lies in the member-range first..last of an interface-range (the same FPC and PIC)."""
    found, low, high = (_PORT.fullmatch(item) for item in (name, first, last))
    if not (found and low and high) or found.group(1, 2, 3) != low.group(1, 2, 3):
        return False
    return int(low[4]) <= int(found[4]) <= int(high[4]) and low.group(1, 2, 3) == high.group(1, 2, 3)


def neighbour(name: str, step: int) -> str:
    """Return the port whose number is `step` further."""
    head, number = name.rsplit("/", 1)
    return f"{head}/{int(number) + step}"
