# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A line of HAProxy's configuration as the words that HAProxy makes of it (its `parse_line`)."""

from __future__ import annotations

import re

_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|([ \\#'\"$tnr]))")
_LETTERS = {"t": "\t", "n": "\n", "r": "\r"}


def words(line: str) -> tuple[list[str], bool]:
    """Return the words, and whether the environment of the process has a say in them.

    Quotes may begin anywhere in a word; a variable (`$NAME`, `${NAME}`) counts in double quotes only, and a backslash
    everywhere but in single ones.
    """
    found: list[str] = []
    word, quote, expanded, at = None, "", False, 0
    while at < len(line):
        char, taken, at = _next(line, at, quote)
        if not taken:
            if char == "#" and not quote:
                break
            if char in "'\"" and quote in ("", char):
                quote, word = ("" if quote else char), word or ""
                continue
            expanded = expanded or (char == "$" and quote == '"')
            if char.isspace() and not quote:
                found += [] if word is None else [word]
                word = None
                continue
        word = (word or "") + char
    return [*found, *([] if word is None else [word])], expanded


def _next(line: str, at: int, quote: str) -> tuple[str, bool, int]:
    """Return the next character, whether an escape made it plain text, and where the rest begins."""
    escape = _ESCAPE.match(line, at) if quote != "'" else None
    if escape is None:
        return line[at], False, at + 1
    digits, letter = escape.groups()
    return (chr(int(digits, 16)) if digits else _LETTERS.get(letter, letter)), True, escape.end()
