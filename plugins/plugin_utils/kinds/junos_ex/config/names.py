# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of interfaces and what they say."""

from __future__ import annotations

import re
from functools import lru_cache

from ..platform import AE_HIGHEST, PORT, bundle_index, is_port

__all__ = ["AE_HIGHEST", "between", "bundle_index", "in_order", "is_port", "neighbour", "number_of", "physical"]
_SPLIT = re.compile(r"([0-9]{1,18})")
_NUMBER = re.compile(r"[0-9]{1,18}")


def physical(name: str) -> str:
    """Return the physical interface of a logical one: ge-0/0/3.0 -> ge-0/0/3."""
    return name.split(".", 1)[0]


def number_of(text: str | None) -> int | None:
    """Return a whole number that a switch says; None for any other text: `isdigit` has digits that `int` refuses."""
    return int(text) if text is not None and _NUMBER.fullmatch(text) else None


@lru_cache(maxsize=4096)
def in_order(name: str) -> tuple[tuple[int, int | str], ...]:
    """Return a key that sorts ge-0/0/10 behind ge-0/0/9."""
    return tuple((0, int(part)) if _NUMBER.fullmatch(part) else (1, part) for part in _SPLIT.split(name) if part)


def between(name: str, first: str, last: str) -> bool:
    """Tell whether a port lies in the member-range first..last of an interface-range (the same FPC and PIC)."""
    found, low, high = (PORT.fullmatch(item) for item in (name, first, last))
    if not (found and low and high) or found.group(1, 2, 3) != low.group(1, 2, 3):
        return False
    return int(low[4]) <= int(found[4]) <= int(high[4]) and low.group(1, 2, 3) == high.group(1, 2, 3)


def neighbour(name: str, step: int) -> str:
    """Return the port whose number is `step` further."""
    head, number = name.rsplit("/", 1)
    return f"{head}/{int(number) + step}"
