# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of the declaration read one by one: each returns what it read, or notes a finding and returns None."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from ..contract.finding import Finding


class Reader:
    """Reads one mapping of the declaration; all readers of a declaration share the list of findings."""

    def __init__(self, where: str, data: Any, known: Collection[str], findings: list[Finding]) -> None:
        self.where = where
        self.findings = findings
        self.data: Mapping[str, Any] = data if isinstance(data, Mapping) else {}
        if data is not None and not isinstance(data, Mapping):
            self.refuse(
                "BAD_TYPE", f"{shown(data)} is no mapping", "It has keys of its own.", f"Known keys: {listed(known)}."
            )
        for key in self.data:
            if key not in known:
                self._unknown(str(key), known)

    def _unknown(self, key: str, known: Collection[str]) -> None:
        near = difflib.get_close_matches(key, list(known), 1)
        mend = f"Did you mean {near[0]}?" if near else f"Known keys: {listed(known)}."
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
        self.wrong_type(key, "a text")
        return None

    def number(self, key: str, low: int, high: int, unit: str, why: str) -> int | None:
        """Return a whole number in low..high; a text of digits is one (Jinja makes texts)."""
        value = self.data.get(key)
        if isinstance(value, str) and value.strip().isdigit():
            value = int(value)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int):
            self.wrong_type(key, "a whole number")
            return None
        if not low <= value <= high:
            self.refuse(
                "OUT_OF_RANGE", f"{key} {value} is not within {low}..{high}{unit}", why, "Give a number in that range."
            )
            return None
        return value

    def flag(self, key: str) -> bool | None:
        """Return a boolean; the texts that Jinja makes of one are taken too."""
        value = self.data.get(key)
        if isinstance(value, str) and value.lower() in ("true", "false"):
            return value.lower() == "true"
        if value is None or isinstance(value, bool):
            return value
        self.wrong_type(key, "true or false")
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
            self.refuse("BAD_VALUE", f"{key} {shown(value)} is unknown", why, f"Give one of {listed(choices)}.")
            return None
        return str(value)

    def items(self, key: str) -> list[Any] | None:
        """Return a list as it is."""
        value = self.data.get(key)
        if value is None:
            return None
        if not isinstance(value, (list, tuple)):
            self.wrong_type(key, "a list")
            return None
        return list(value)

    def wrong_type(self, key: str, wanted: str) -> None:
        """Note that a value is of another type."""
        found = self.data.get(key)
        self.refuse(
            "BAD_TYPE", f"{key} {shown(found)} is not {wanted}", "It is not guessed what was meant.", f"Give {wanted}."
        )


def shown(value: Any) -> str:
    """Return a value with its type."""
    return f"({type(value).__name__}) {value!r}"


def listed(words: Iterable[str]) -> str:
    """Return words as a list to read."""
    return ", ".join(words)


def named(where: str, data: Any, findings: list[Finding]) -> list[tuple[str, Any]]:
    """Return the pairs of a mapping by name; a plain list of names has no further keys."""
    if data is None:
        return []
    if isinstance(data, (list, tuple)) and all(isinstance(item, str) for item in data):
        return [(str(item), None) for item in data]
    if not isinstance(data, Mapping):
        why = "Each object has a name, so that a later layer of variables can change one of them."
        findings.append(
            Finding(where, "BAD_TYPE", "this is no mapping by name", why, f"Write {where}: {{NAME: {{...}}}}.")
        )
        return []
    return [(str(name), value) for name, value in data.items()]
