# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Declared mappings, checked: a key that nobody reads is a fault, and so is a value that does not fit. Pure.

Who checks has words of its own; what is unknown, and what was likely meant, is found here for all of them.
"""

from __future__ import annotations

import difflib
from typing import Any, Callable, Iterable, Mapping, Sequence

__all__ = ["Note", "Reader", "nearest", "suggest", "unknown"]

Note = Callable[[str], None]


def unknown(data: Mapping[Any, Any], known: Iterable[str]) -> list[tuple[str, str]]:
    """Return the keys that are not known, each with the known one that was likely meant, "" where none is like it."""
    names = list(known)
    return [(str(key), nearest(str(key), names)) for key in data if key not in names]


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the known word that is most like a misspelt one, "" where none is."""
    return next(iter(difflib.get_close_matches(word, list(known), 1)), "")


def suggest(word: str, known: Sequence[str]) -> str:
    """Return "; did you mean ...?" for a misspelt word, or what is known."""
    close = nearest(word, known)
    return f"; did you mean `{close}`?" if close else ", only {}".format(", ".join(known))


class Reader:
    """Takes values out of one declared mapping; ``fault`` is told of each that does not fit."""

    def __init__(self, data: Any, keys: Sequence[str], fault: Note) -> None:
        self.fault = fault
        self.data: dict[str, Any] = data if isinstance(data, dict) else {}
        if not isinstance(data, dict):
            fault(f"must be a mapping of settings, not {type(data).__name__}")
        for key, _close in unknown(self.data, keys):
            fault(f"knows no `{key}`{suggest(key, keys)}")

    def get(self, key: str, default: Any) -> Any:
        """Return a value as it is; the default in place of null, which YAML makes of nothing."""
        value = self.data.get(key)
        return default if value is None else value

    def required(self, key: str) -> bool:
        """Note a fault unless the key has a value."""
        if self.data.get(key) in (None, "", []):
            self.fault(f"lacks `{key}`")
            return False
        return True

    def number(self, key: str, default: float, low: float, high: float, kind: Callable[[Any], Any] = int) -> Any:
        """Return a number between ``low`` and ``high``, or the default after a fault."""
        value = self.data.get(key)
        if value is None:
            return kind(default)
        try:
            result = kind(value)
            fits = low <= result <= high and not isinstance(value, bool) and float(value) == float(result)
        except (TypeError, ValueError):
            fits = False
        if fits:
            return result
        words = "a whole number" if kind is int else "a number"
        self.fault(f"`{key}` is {value}, but must be {words} from {low:g} to {high:g}")
        return kind(default)

    def choice(self, key: str, choices: Sequence[str], default: str) -> str:
        """Return one of the words, or the default after a fault."""
        value = str(self.get(key, default))
        if value in choices:
            return value
        self.fault(f"`{key}` is {value}, but must be one of {', '.join(choices)}")
        return default
