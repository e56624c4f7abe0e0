# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is wrong with a declared site, and where it stands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

Severity = Literal["error", "warning", "note"]
"""A note is no fault: what follows from the site and surprises; it stands in the report."""
Path = tuple[str | int, ...]
"""The way to a value in the declared site: ("services", "web", "backends", 0)."""
_LISTED = 3
"""Objects of a range that are named one by one; of more the first and the last."""
NAMED = 3
"""Devices that a message names; of more the number."""
_DIGITS = re.compile(r"(\d+)")


@dataclass(frozen=True)
class Place:
    """A line of a file; `line` counts from 1, 0 means the file as a whole."""

    file: str
    line: int

    def __str__(self) -> str:
        """Return `file:line`, as editors and compilers write it."""
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True)
class Fault:
    """What a rule yields: the value that is wrong, and the text that the user reads.

    `also` names the other objects that take part, as (section, name): a waiver at any of them counts.
    """

    path: Path
    text: str
    also: tuple[tuple[str, str], ...] = ()

    def objects(self) -> tuple[tuple[str, str], ...]:
        """Return the objects concerned, the one that is reported first."""
        own = tuple(str(part) for part in self.path[:2])
        return (*(((own[0], own[1]),) if len(own) > 1 else ()), *self.also)


@dataclass(frozen=True)
class Finding:
    """A fault with its rule, its severity and its place."""

    rule: str
    severity: Severity
    place: Place
    fault: Fault

    def __str__(self) -> str:
        """Return `file:line: object: what, why; how to mend it [RULE]`."""
        return f"{self.place}: {spoken(self.fault.path)}: {self.fault.text} [{self.rule}]"


def spoken(path: Path) -> str:
    """Write a path as people do: services.web.backends[0]."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text or "site"


class Positions:
    """Where each value of the declared site was written, kept by object, so that copying one needs no search."""

    def __init__(self, default: Place) -> None:
        """Answer `default` for what has no place of its own."""
        self._default = default
        self._objects: dict[Path, dict[Path, Place]] = {}
        self._ranges: dict[Path, Path] = {}

    def put(self, path: Path, place: Place) -> None:
        """Remember where the value at `path` was written."""
        self._objects.setdefault(path[:2], {})[path[2:]] = place

    def exact(self, path: Path) -> Place | None:
        """Return the place only when this very value was written somewhere."""
        return self._objects.get(path[:2], {}).get(path[2:])

    def at(self, path: Path) -> Place:
        """Return the place of the value, or of the nearest value around it."""
        for length in range(len(path), 0, -1):
            place = self.exact(path[:length])
            if place is not None:
                return place
        return self._default

    def take(self, other: Positions, path: Path) -> None:
        """Take over the places that `other` has for the section or object at `path`."""
        self._objects[path] = other._objects.get(path, {})

    def alias(self, source: Path, target: Path, renamed: Mapping[str, str] | None = None) -> None:
        """Let the object `target` have the places of the object `source`, out of whose range it came.

        `renamed` are keys inside the object that hold a range, with what they became.
        """
        places = self._objects.get(source, {})
        if renamed:
            places = {tuple(renamed.get(str(step), step) for step in path): place for path, place in places.items()}
        self._objects[target] = places
        self._ranges[target] = source

    def range_of(self, path: Path) -> Path | None:
        """Return the object with a range in its name out of which the object of this value came."""
        return self._ranges.get(path[:2])

    def copy(self, source: Path, target: Path) -> None:
        """Give the value at `target` the place of the one at `source`."""
        self.put(target, self.at(source))


def once(findings: Iterable[Finding], positions: Positions) -> list[Finding]:
    """Leave one finding of those that the objects of one range share: they stand in one line and are mended there.

    The others are named behind it, and stay objects that it concerns.
    """
    shared: dict[object, list[Finding]] = {}
    count: dict[object, int] = {}
    for item in findings:
        own, of_range = item.fault.path[:2], positions.range_of(item.fault.path)
        nth = count[item.rule, item.place, own] = count.get((item.rule, item.place, own), -1) + 1
        key = (item.rule, item.place, of_range, nth) if of_range and item.place.line else id(item)
        shared.setdefault(key, []).append(item)
    return [found[0] if len(found) == 1 else _with_others(sorted(found, key=_counted)) for found in shared.values()]


def _counted(finding: Finding) -> list[tuple[int, str]]:
    """Sort web9 before web10."""
    return [(int(part), "") if part.isdigit() else (0, part) for part in _DIGITS.split(str(finding.fault.path[1]))]


def _with_others(found: list[Finding]) -> Finding:
    first, names = found[0], [str(item.fault.path[1]) for item in found]
    told = f"{names[1]} to {names[-1]}" if len(names) > _LISTED else " and ".join(names[1:])
    also = dict.fromkeys(owner for item in found for owner in item.fault.objects())
    fault = replace(first.fault, text=f"{first.fault.text} (likewise {told})", also=tuple(also))
    return replace(first, fault=fault)


def ordered(findings: Iterable[Finding]) -> list[Finding]:
    """Sort findings as a reader walks through the files; the text settles the rest, so that the order never changes."""
    return sorted(set(findings), key=lambda item: (item.place.file, item.place.line, str(item)))


def some(names: Sequence[str], count: int) -> str:
    """Return the first of `count` names, and how many there are more."""
    shown = names[:NAMED]
    more = count - len(shown)
    if more:
        return f"{', '.join(shown)} and {more} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else "".join(shown)
