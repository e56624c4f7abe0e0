# SPDX-License-Identifier: GPL-3.0-or-later
"""Is a console's copy whole? What one command prints is held against what the others print of the same things."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from . import printed
from .console import LineError, Output, Record, records

_OF_ONE = re.compile(r".* policy (?:failover|security) get --(?P<kind>portgroup|vswitch)-name=(?P<name>.*)")
_MTUS = range(1280, 9001)
"""What a standard virtual switch and its VMkernel interfaces can have (VMware Configuration Maximums)."""
_MAC = re.compile("[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}")


def check(outputs: Mapping[str, Output]) -> None:
    """Hold the outputs of esxcli against each other.

    Raises:
        LineError: one lacks what another has, so that lines are missing or cut.

    """
    switches, groups, nics, vmks = (_by_name(outputs, command) for command in printed.LISTS[:4])
    for name, switch in switches.items():
        _uplinks_exist(switch, nics)
        _mtu_is_possible(switch, "virtual switch")
        _same_groups(switch, [key for key, each in groups.items() if each.get("virtualswitch") == name])
    for name, group in groups.items():
        if group.get("virtualswitch") not in switches:
            raise LineError(group.line, f"there is no virtual switch of {name}")
    for name, vmk in vmks.items():
        if vmk.get("portset") in switches and vmk.get("portgroup") not in groups:
            raise LineError(vmk.line, f"there is no port group of {name}")
        _mtu_is_possible(vmk, "VMkernel interface")
        if not _MAC.fullmatch(str(vmk.get("macaddress"))):
            raise LineError(vmk.line, f"{vmk.get('macaddress')} is no MAC address")
    _addresses_belong(outputs, vmks)
    for command, output in outputs.items():
        _policy_belongs(command, output, switches, groups)


def _mtu_is_possible(found: Record, kind: str) -> None:
    if not str(found.get("mtu")).isdigit() or int(found["mtu"]) not in _MTUS:
        raise LineError(found.line, f"no {kind} has the MTU {found.get('mtu')}")


def _by_name(outputs: Mapping[str, Output], command: str) -> dict[str, Record]:
    found: dict[str, Record] = {}
    for each in records(outputs[command]) if command in outputs else []:
        name = str(each.get("name"))
        if name in found:
            raise LineError(each.line, f"{name} stands in line {found[name].line.number} too")
        found[name] = each
    return found


def _names(value: Any) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else re.split(r", *", str(value)) if value else []


def _uplinks_exist(switch: Record, nics: Iterable[str]) -> None:
    unknown = set(_names(switch.get("uplinks"))) - set(nics)
    if unknown:
        raise LineError(switch.line, f"there is no NIC {', '.join(sorted(unknown))}")


def _same_groups(switch: Record, groups: Sequence[str]) -> None:
    """Compare the port groups of both lists; a name may hold a comma, so a text is compared by what is left of it."""
    said = switch.get("portgroups", "")
    text = ", ".join(sorted(said)) if isinstance(said, list) else str(said)
    lost = [name for name in groups if name not in text]
    if lost or len(text) != len(", ".join(groups)):
        raise LineError(switch.line, f"its port groups are {text or 'none'}, in the list of them {', '.join(groups)}")


def _addresses_belong(outputs: Mapping[str, Output], vmks: Mapping[str, Record]) -> None:
    addresses = _by_name(outputs, printed.LISTS[4])
    for name, each in addresses.items():
        if name not in vmks:
            raise LineError(each.line, f"there is no VMkernel interface {name}")
    if vmks and not addresses and printed.LISTS[4] in outputs:
        raise LineError(outputs[printed.LISTS[4]].line, "it printed no address")


def _policy_belongs(command: str, output: Output, switches: Mapping[str, Record], groups: Mapping[str, Record]) -> None:
    """Find whose policy it is, and that its NICs are all of the virtual switch's uplinks."""
    match = _OF_ONE.fullmatch(command)
    if match is None:
        return
    found = (groups if match["kind"] == "portgroup" else switches).get(match["name"])
    if found is None:
        raise LineError(output.line, f"no list has {match['name']}")
    switch = switches.get(str(found.get("virtualswitch")), found)
    for each in records(output):
        lists = [_names(each.get(f"{use}adapters")) for use in ("active", "standby", "unused")]
        nics = [nic for names in lists for nic in names]
        if "unusedadapters" in each and sorted(nics) != sorted(_names(switch.get("uplinks"))):
            raise LineError(each.line, f"its adapters are not the uplinks of {switch.get('name')}")
