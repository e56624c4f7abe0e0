# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of the declaration read one by one: each returns what it read, or notes a finding and returns None."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from .findings import Finding


class Reader:
    """Reads one mapping of the declaration; all readers of a declaration share the list of findings."""

    def __init__(self, where: str, data: Any, known: Collection[str], findings: list[Finding]) -> None:
        self.where = where
        self.findings = findings
        self.data: Mapping[str, Any] = data if isinstance(data, Mapping) else {}
        if data is not None and not isinstance(data, Mapping):
            self.refuse(
                "BAD_TYPE", f"{_shown(data)} is no mapping", "It has keys of its own.", f"Known keys: {_list(known)}."
            )
        for key in self.data:
            if key not in known:
                self._unknown(str(key), known)

    def _unknown(self, key: str, known: Collection[str]) -> None:
        near = difflib.get_close_matches(key, list(known), 1)
        mend = f"Did you mean {near[0]}?" if near else f"Known keys: {_list(known)}."
        self.refuse(
            "UNKNOWN_KEY", f"unknown key {key}", "A key that nobody reads would be a change that nobody makes.", mend
        )

    def refuse(self, rule: str, what: str, why: str, mend: str) -> None:
        """Note a finding."""
        self.findings.append(Finding(self.where, rule, what, why, mend))

    def text(self, key: str) -> str | None:
        """Return a text; numbers and booleans are findings, because YAML made them of something else."""
        value = self.data.get(key)
        if value is None or isinstance(value, str):
            return None if value is None else str(value)
        self._type(key, "a text")
        return None

    def line(self, key: str) -> str | None:
        """Return a text of one line, as a description is."""
        value = self.text(key)
        if value is not None and any(ord(character) < 32 for character in value):
            self.refuse(
                "BAD_VALUE",
                f"{key} has a line break or another control character",
                "Junos keeps one line.",
                "Take it out.",
            )
            return None
        return value

    def number(self, key: str, low: int, high: int, unit: str, why: str) -> int | None:
        """Return a whole number in low..high; a text of digits is one (Jinja makes texts)."""
        value = self.data.get(key)
        if isinstance(value, str) and value.strip().isdigit():
            value = int(value)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int):
            self._type(key, "a whole number")
            return None
        if not low <= value <= high:
            self.refuse(
                "OUT_OF_RANGE", f"{key} {value} is not within {low}..{high}{unit}", why, "Give a number in that range."
            )
            return None
        return value

    def flag(self, key: str) -> bool | None:
        """Return a truth; texts are findings, because "no" would be true somewhere."""
        value = self.data.get(key)
        if value is None or isinstance(value, bool):
            return value
        self._type(key, "true or false")
        return None

    def choice(self, key: str, choices: Collection[str]) -> str | None:
        """Return one of the words."""
        value = self.data.get(key)
        if value is None:
            return None
        if not isinstance(value, str) or value not in choices:
            why = (
                "YAML reads off, no and false without quotes as a boolean."
                if isinstance(value, bool)
                else "It is no such word."
            )
            self.refuse("BAD_VALUE", f"{key} {_shown(value)} is unknown", why, f"Give one of {_list(choices)}.")
            return None
        return str(value)

    def vlan(self, key: str) -> str | None:
        """Return a VLAN's name or id as text; an empty text is NO_VLAN."""
        value = self.data.get(key)
        if value is None or (isinstance(value, str) and not value):
            return value
        return self._vlan(key, value)

    def vlans(self, key: str) -> tuple[str, ...] | None:
        """Return a list of VLAN names or ids as texts, without repetitions."""
        values = self.items(key)
        if values is None:
            return None
        found = (self._vlan(key, value) for value in values)
        return tuple(dict.fromkeys(value for value in found if value is not None))

    def _vlan(self, key: str, value: Any) -> str | None:
        if isinstance(value, bool) or not isinstance(value, (int, str)) or not str(value).strip():
            self._type(key, "a VLAN's name or id")
            return None
        name = str(value).strip()
        if name.isdigit() and not 1 <= int(name) <= 4094:
            self.refuse(
                "VLAN_ID",
                f"{key} {name} is not within 1..4094",
                "802.1Q reserves 0 and 4095.",
                "Give a VLAN's name or id.",
            )
            return None
        return name

    def items(self, key: str) -> list[Any] | None:
        """Return a list as it is."""
        value = self.data.get(key)
        if value is None:
            return None
        if not isinstance(value, (list, tuple)):
            self._type(key, "a list")
            return None
        return list(value)

    def _type(self, key: str, wanted: str) -> None:
        found = self.data.get(key)
        self.refuse(
            "BAD_TYPE", f"{key} {_shown(found)} is not {wanted}", "It is not guessed what was meant.", f"Give {wanted}."
        )


def _shown(value: Any) -> str:
    return f"({type(value).__name__}) {value!r}"


def _list(words: Iterable[str]) -> str:
    return ", ".join(words)
