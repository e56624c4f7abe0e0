# SPDX-License-Identifier: GPL-3.0-or-later
"""Which VLAN a name, an id or a range in `vlan members` means on one switch."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ..declared.model import Declared
from .names import number_of
from .statements import Config, entry, path

_RANGE = re.compile(r"([0-9]{1,18})-([0-9]{1,18})")
EVERY = "all"
"""`vlan members all`: every VLAN of the switch."""
ALL = frozenset(range(1, 4095))


def span_of(member: str) -> tuple[int, int] | None:
    """Return the first and the last id of a range, None for any other member."""
    match = _RANGE.fullmatch(member)
    return (int(match[1]), int(match[2])) if match else None


@dataclass(frozen=True)
class VlanTable:
    """Ids by name; None where a VLAN has a name and no single id (the default VLAN, a VLAN of a range).

    `more` are the ids of VLANs that have several, by `vlan-range` or `vlan-id-list`.
    """

    ids: Mapping[str, int | None]
    more: frozenset[int] = frozenset()

    def knows(self, member: str) -> bool:
        """Tell whether the switch will have this VLAN; an id counts as known where some VLAN has it, a range by one."""
        if member in self.ids or member == EVERY:
            return True
        low, high = span_of(member) or _alone(member) or (1, 0)
        return any(low <= number <= high for number in (*self.more, *self.ids.values()) if number is not None)

    def id_of(self, member: str) -> int | None:
        """Return the id of a name or of an id written as text."""
        number = number_of(member)
        return self.ids.get(member) if number is None else number

    def covers(self, members: Iterable[str], wanted: str) -> bool:
        """Tell whether the VLAN is among the members under any of its names."""
        held = set(members)
        number = self.id_of(wanted)
        return wanted in held or (number is not None and number in self.numbers(held))

    def numbers(self, members: Iterable[str]) -> frozenset[int]:
        """Return the ids of all members that have one."""
        found: set[int] = set()
        for member in members:
            match = _RANGE.fullmatch(member)
            if match:
                found.update(_within(int(match[1]), int(match[2])))
            elif member == EVERY:
                found |= ALL
            else:
                number = self.id_of(member)
                found.update(() if number is None else (number,))
        return frozenset(found)

    def without(self, members: Iterable[str], unwanted: str) -> list[str]:
        """Return the members without one VLAN; a range around it is split."""
        number = self.id_of(unwanted)
        kept: list[str] = []
        for member in members:
            match = _RANGE.fullmatch(member)
            if member == unwanted or (number is not None and not match and self.id_of(member) == number):
                continue
            if match and number is not None and int(match[1]) <= number <= int(match[2]):
                kept += [*_span(int(match[1]), number - 1), *_span(number + 1, int(match[2]))]
            else:
                kept.append(member)
        return kept

    def same(self, left: Iterable[str], right: Iterable[str]) -> bool:
        """Tell whether two lists of members mean the same VLANs."""
        one, two = list(left), list(right)
        nameless = {m for m in (*one, *two) if self.id_of(m) is None and not _RANGE.fullmatch(m) and m != EVERY}
        return self.numbers(one) == self.numbers(two) and nameless & set(one) == nameless & set(two)


def _span(low: int, high: int) -> list[str]:
    if low > high:
        return []
    return [str(low) if low == high else f"{low}-{high}"]


def table(config: Config, declared: Declared) -> VlanTable:
    """Return the VLANs of the switch as they will be."""
    ids: dict[str, int | None] = {}
    for name in config.entries("vlans", tag="vlan"):
        ids[name] = _vlan_id(config, name)
    for vlan in declared.vlans:
        ids[vlan.name] = vlan.id if vlan.id is not None else ids.get(vlan.name)
    return VlanTable(ids, frozenset(_more_ids(config)))


def _more_ids(config: Config) -> Iterator[int]:
    for item in config.statements.near(path("vlans")):
        if item[0].tag == "vlans" and item[-1].tag in ("vlan-range", "vlan-id-list") and item[-1].value:
            yield from _within(*(span_of(item[-1].value) or _alone(item[-1].value) or (1, 0)))


def _alone(member: str) -> tuple[int, int] | None:
    """Return an id as the range of one; None for any other member."""
    number = number_of(member)
    return None if number is None else (number, number)


def _within(low: int, high: int) -> range:
    """Return what a VLAN can have of a range of ids, however far that goes."""
    return range(max(low, min(ALL)), min(high, max(ALL)) + 1)


def _vlan_id(config: Config, name: str) -> int | None:
    return number_of(config.value("vlans", entry("vlan", name), "vlan-id"))
