# SPDX-License-Identifier: GPL-3.0-or-later
"""Text of devices and backends as a person may see it: what would steer a terminal, or turn the order of the letters
around, is shown as the escape that stands for it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any

_STEERING = re.compile(
    "["
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters of ASCII and Latin-1, but tab and the end of a line
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f"  # direction of writing
    "\u2028\u2029\ufff9-\ufffb"  # ends of lines, and notes between them; joiners, which names may have, stay
    "\ud800-\udfff"  # halves of a character, which no file takes
    "\U000e0000-\U000e007f"  # tags: text that is not seen
    "]"
)


def readable(value: Any) -> Any:
    """Return a text, or data with texts in it, with each such character as `\\x1b` or `\\u202e`.

    What holds none comes back as it is, so that Ansible's marks on texts stay where nothing is replaced.
    """
    if isinstance(value, str):
        return readable_text(value)
    if isinstance(value, Mapping):
        pairs = [(readable(key), readable(each)) for key, each in value.items()]
        return value if _same(pairs, value.items()) else dict(pairs)
    if isinstance(value, (list, tuple)):
        items = [readable(each) for each in value]
        return value if _same([items], [value]) else tuple(items) if isinstance(value, tuple) else items
    if is_dataclass(value) and not isinstance(value, type):  # ansible-core has failures as such since 2.19
        given = {each.name: getattr(value, each.name) for each in fields(value) if each.init}
        made = {name: readable(each) for name, each in given.items()}
        return value if _same([list(made.values())], [list(given.values())]) else replace(value, **made)
    return value


def readable_text(text: str) -> str:
    """Return one text so."""
    return _STEERING.sub(_escape, text) if _STEERING.search(text) else text


def _same(made: Iterable[Sequence[Any]], given: Iterable[Sequence[Any]]) -> bool:
    return all(each is old for row, rows in zip(made, given, strict=True) for each, old in zip(row, rows, strict=True))


def _escape(found: re.Match[str]) -> str:
    code = ord(found.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
