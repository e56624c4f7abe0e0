# SPDX-License-Identifier: GPL-3.0-or-later
"""Which statements have their place in the shape of the declaration (gather.py): their change is told there."""

from __future__ import annotations

from collections.abc import Collection

from .layout import STP_PROTOCOLS
from .members import OPTIONS
from .statements import Path

_OF_INTERFACE = frozenset({"description", "mtu", "disable", "native-vlan-id"})
_OF_MEMBER = frozenset({"description", "disable"})
_OF_BUNDLE = frozenset({"lacp", "minimum-links", "link-speed"})
_OF_LACP = frozenset({"active", "passive", "periodic"})
_OF_FAMILY = frozenset({"interface-mode", "port-mode", "native-vlan-id", "vlan"})
_OF_VLAN = frozenset({"vlan-id", "description", "l3-interface"})


def structured_here(item: Path, shown: Collection[str], members: Collection[str]) -> bool:
    """Tell whether a structure shows this statement; `shown` are its bundles and ports, `members` its member links."""
    tags = [step.tag for step in item]
    if tags[:2] == ["vlans", "vlan"]:
        return len(tags) == 2 or (len(tags) == 3 and tags[2] in _OF_VLAN)
    if tags[:2] == ["interfaces", "interface"]:
        if item[1].key in shown:
            return _of_interface(item[2:], tags[2:])
        return item[1].key in members and _of_member(tags[2:])
    if tags[0] == "protocols" and tags[1:2] and tags[1] in STP_PROTOCOLS:
        return tags[2:3] == ["interface"] and tags[3:] in ([], ["edge"])
    return tags == ["chassis", "aggregated-devices", "ethernet", "device-count"]


def _of_member(tags: list[str]) -> bool:
    return tags[1:2] == ["ieee-802.3ad"] or (len(tags) == 1 and tags[0] in _OF_MEMBER)


def _of_interface(rest: Path, tags: list[str]) -> bool:
    if not tags:
        return True
    if tags[0] in OPTIONS:
        return tags[1:2] == ["ieee-802.3ad"] and tags[2:] == ["bundle"]
    if tags[0] == "aggregated-ether-options":
        lacp = tags[1:2] != ["lacp"] or set(tags[2:]) <= _OF_LACP
        return len(tags) == 1 or (tags[1] in _OF_BUNDLE and lacp)
    if tags[0] == "unit":
        family = tags[1:3] == ["family", "ethernet-switching"] and (len(tags) == 3 or tags[3] in _OF_FAMILY)
        return rest[0].key == "0" and (len(tags) == 1 or family)
    return len(tags) == 1 and tags[0] in _OF_INTERFACE
