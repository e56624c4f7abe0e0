# SPDX-License-Identifier: GPL-3.0-or-later
"""Which VLANs an interface carries, and with which tags, from its entry in the shape of the declaration."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..declared.model import Style
from .vlans import VlanTable, span_of

DEFAULT = "default"
"""Junos's VLAN of a switched port that names none."""


@dataclass(frozen=True, order=True)
class Vlan:
    """One VLAN; without a name of its own it is called by its id, or by a range of ids that no VLAN has."""

    name: str
    id: int | None = None

    @property
    def key(self) -> int | str:
        """Return what the far end knows it by."""
        return self.name if self.id is None else self.id


@dataclass(frozen=True)
class Carried:
    """What leaves an interface without a tag, and with one."""

    untagged: Vlan | None = None
    tagged: frozenset[Vlan] = frozenset()

    @property
    def names(self) -> set[str]:
        """Return the names of all."""
        return {vlan.name for vlan in (*self.tagged, *([self.untagged] if self.untagged else []))}


def table(structure: Mapping[str, Any]) -> VlanTable:
    """Return the VLANs of a configuration in the shape of the declaration."""
    ids = {name: entry.get("id") for name, entry in structure["vlans"].items()}
    return VlanTable({name: number if isinstance(number, int) else None for name, number in ids.items()})


def of(entry: Mapping[str, Any] | None, known: VlanTable, style: Style) -> Carried:
    """Return what an interface carries; None is one that is not switched."""
    if entry is None:
        return Carried()
    native = entry.get("untagged") or None
    if entry.get("mode") in (None, "access"):
        return Carried(_vlan(native or DEFAULT, known))
    tagged = frozenset(_vlans(entry.get("tagged") or (), known))
    untagged = _vlan(native, known) if native else None
    if untagged is None:
        return Carried(None, tagged)
    if style == "els":
        return Carried(untagged, frozenset(vlan for vlan in tagged if vlan.key != untagged.key))
    # Without ELS what is listed leaves with a tag, the native VLAN too.
    return Carried(None if untagged.key in {vlan.key for vlan in tagged} else untagged, tagged)


def _vlan(member: str, known: VlanTable) -> Vlan:
    """Return a member as the VLAN that it means; an id that no VLAN has carries nothing that has the id."""
    number = known.id_of(member)
    found = number if number in known.ids.values() else None
    return Vlan(_name(found, known, member), found)


def _name(number: int | None, known: VlanTable, member: str) -> str:
    return next((name for name, each in known.ids.items() if number is not None and each == number), member)


def _vlans(members: Iterable[str], known: VlanTable) -> Iterator[Vlan]:
    for member in members:
        limits = span_of(member)
        if member == "all":
            yield from (Vlan(name, number) for name, number in known.ids.items())
        elif limits is not None:
            yield from _in_range(*limits, known)
        else:
            yield _vlan(member, known)


def _in_range(low: int, high: int, known: VlanTable) -> Iterator[Vlan]:
    """Yield the VLANs of a range, and what lies between them as ranges: a VLAN without an id may be in there."""
    held = sorted((number, name) for name, number in known.ids.items() if number is not None and low <= number <= high)
    for number, name in held:
        if low < number:
            yield Vlan(f"{low}-{number - 1}")
        yield Vlan(name, number)
        low = number + 1
    if low <= high:
        yield Vlan(f"{low}-{high}")
