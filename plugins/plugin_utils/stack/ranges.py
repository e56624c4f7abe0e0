# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Ranges: `web[01:40]` stands for forty names, and a range inside the object, in a key or a value, walks along."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.catalogue import reading

_RANGE = re.compile(r"\[(\d+):(\d+)(?::(\d+))?\]")
LIMIT = 10_000
"""More steps than this are a slip of the finger."""


class RangeError(ValueError):
    """A range that cannot be walked; its text is the message."""


@reading("RANGE")
def bad_range(text: str, problem: str) -> str:
    """A range is empty, too long, or does not fit the one that it walks along with.

    Breaks: names or addresses would be missing or made up.
    Why: `web[01:40]` counts like Ansible's own host ranges, both ends included.
    Mend: count upwards, at most 10,000 steps, and give the ranges of one object the same number of steps.
    """
    return (
        f"the range in {text!r} {problem}; write it like web[01:40], counting upwards, with as many steps as the "
        "name has"
    )


def has_range(text: object) -> bool:
    """Tell whether the text holds a range."""
    return isinstance(text, str) and _RANGE.search(text) is not None


def expand(text: str) -> list[str]:
    """Return the texts that the range stands for; a text without one stands for itself.

    Raises RangeError.
    """
    return list(_expanded(text))


@lru_cache(maxsize=1024)
def _expanded(text: str) -> tuple[str, ...]:
    """Return the texts; kept, for each step of a range asks for the same ones."""
    match = _RANGE.search(text)
    if match is None:
        return (text,)
    steps = _steps(text, match)
    return tuple(f"{text[: match.start()]}{step}{text[match.end() :]}" for step in steps)


def _steps(text: str, match: re.Match[str]) -> list[str]:
    first, last, step = int(match[1]), int(match[2]), int(match[3] or 1)
    if _RANGE.search(text, match.end()):
        raise RangeError(bad_range(text, "is one of two, and only one can be counted"))
    if step == 0 or last < first:
        raise RangeError(bad_range(text, "counts nothing"))
    if (last - first) // step >= LIMIT:
        raise RangeError(bad_range(text, f"has more than {LIMIT} steps"))
    width = len(match[1]) if match[1].startswith("0") else 0
    return [str(number).zfill(width) for number in range(first, last + 1, step)]


def walk_along(value: Any, index: int, count: int) -> Any:
    """Return the object with each of its ranges at step `index` of `count`.

    Raises RangeError when a range has another number of steps.
    """
    if isinstance(value, dict):
        return {_at_step(key, index, count): walk_along(item, index, count) for key, item in value.items()}
    if isinstance(value, list):
        return [walk_along(item, index, count) for item in value]
    return _at_step(value, index, count) if has_range(value) else value


def _at_step(text: str, index: int, count: int) -> str:
    if not has_range(text):
        return text
    texts = _expanded(text)
    if len(texts) != count:
        raise RangeError(bad_range(text, f"has {len(texts)} steps where the name has {count}"))
    return texts[index]


def keys_with_range(value: Any) -> Iterator[str]:
    """Yield the keys, at any depth, that hold a range."""
    if isinstance(value, dict):
        for key, item in value.items():
            if has_range(key):
                yield key
            yield from keys_with_range(item)


def spread(items: list[Any]) -> list[tuple[int, Any]]:
    """Return the items with every range written out, each with the index where it was written.

    Raises RangeError.
    """
    found: list[tuple[int, Any]] = []
    for index, item in enumerate(items):
        if isinstance(item, dict) and has_range(item.get("host")):
            found += [(index, {**item, "host": host}) for host in expand(item["host"])]
        elif isinstance(item, str):
            found += [(index, text) for text in expand(item)]
        else:
            found.append((index, item))
    return found
