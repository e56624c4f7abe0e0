# SPDX-License-Identifier: GPL-3.0-or-later
"""The console of an ESX(i) 4, read: esxcfg-vswitch, esxcfg-nics and esxcfg-vmknic, and what vim-cmd prints.

esxcfg tells no policy, so that a copy of it alone is known in part; `vim-cmd hostsvc/net/info` tells all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from ..declared.model import GroupState, HostState, Nic, Security, SwitchState, Teaming, Vmk, said
from ..device import errors, specs
from . import vimobjects
from .console import Line, LineError, Output

INFO, SWITCH = "vim-cmd hostsvc/net/info", "vim-cmd hostsvc/net/vswitch_info"
SWITCHES, NICS, VMKS = LISTS = ("esxcfg-vswitch -l", "esxcfg-nics -l", "esxcfg-vmknic -l")
_MTUS = range(1280, 9001)

_SWITCH_HEAD = re.compile("Switch Name +Num Ports +Used Ports +Configured Ports +MTU +Uplinks")
_SWITCH = re.compile(r"(\S.*?) {2,}(\d+) +(\d+) +(\d+) +(\d+)(?: +([\w,]+))?")
_GROUP_HEAD = re.compile("PortGroup Name +VLAN ID +Used Ports +Uplinks")
_GROUP = re.compile(r"(\S.*?) {2,}(\d+) +(\d+)(?: +([A-Za-z][\w,]*))?")
_OTHER_HEAD = re.compile("DVS Name +Num Ports +Used Ports +Configured Ports +MTU +Uplinks")
_OTHER_PORT = re.compile(r"DVPort ID +In Use +Client|\S+ +[01](?: +\S.*)?")
_NIC = re.compile(r"(\S+) +\S+ +\S+ +(Up|Down) +(\d+)Mbps +(?:Full|Half) +([0-9a-f:]{17}) +\d+(?: .*)?")
_VMK = re.compile(r"(vmk\d+) +(\S.*?) +(IPv[46]) +(\S+) +\S+ +(?:\S+ +)?[0-9a-f:]{17} +\d+ +\d+ +(?:true|false) +\S.*")


def is_meant(outputs: Mapping[str, Output]) -> bool:
    """Tell whether a copy is one of these commands."""
    return INFO in outputs or SWITCHES in outputs


def host_state(outputs: Mapping[str, Output]) -> tuple[HostState, tuple[str, ...]]:
    """Return the state, and of which objects its policies are not known.

    Raises:
        errors.RefusedError: an output is missing, or a line is not understood.

    """
    if INFO in outputs:
        (info, *more), line = vimobjects.read(outputs[INFO]), outputs[INFO].line
        if more:
            raise LineError(line, "it prints one object, and here are more")
        found = _judged(specs.host_state("", vars(info)), line)
        _agreeing(found, info, line)
        return found, ()
    missing = [command for command in LISTS if command not in outputs]
    if missing:
        raise errors.RefusedError(f"The output of {', '.join(missing)} is missing.", "Give it as well.")
    nics = {each.name: each for each in _nics(outputs[NICS].lines)}
    switches, groups = _switches(outputs[SWITCHES].lines)
    told = _policies(outputs, switches)
    made = HostState("", {**switches, **told}, groups, nics, _vmks(outputs[VMKS].lines, groups))
    untold = ("port_groups",) if told.keys() == switches.keys() else ("vswitches", "port_groups")
    return _judged(made, outputs[SWITCHES].line), untold


def _policies(outputs: Mapping[str, Output], switches: Mapping[str, SwitchState]) -> dict[str, SwitchState]:
    """Return the virtual switches of which vim-cmd tells the policies; they must be those of esxcfg."""
    found: dict[str, SwitchState] = {}
    for command, output in outputs.items():
        objects = vimobjects.read(output) if command.split(" ")[:2] == SWITCH.split(" ") else []
        for name, each in specs.host_state("", {"vswitch": objects}).switches.items():
            seen = switches.get(_once(output.line, name, found))
            if seen is None or (seen.uplinks, seen.mtu) != (each.uplinks, each.mtu):
                raise LineError(output.line, f"{SWITCHES} has another {name}")
            found[name] = each
    return found


def _judged(host: HostState, line: Line) -> HostState:
    """Refuse what names something that is not there, and what no host has: a line is missing or cut."""
    for switch in host.switches.values():
        unknown = sorted(set(switch.uplinks) - set(host.nics))
        if unknown or switch.mtu not in _MTUS:
            what = f"no NIC {', '.join(unknown)}" if unknown else f"no MTU {switch.mtu}"
            raise LineError(line, f"there is {what}, which {switch.name} has")
    for group in host.groups.values():
        if group.vswitch not in host.switches:
            raise LineError(line, f"there is no {group.vswitch}, on which {group.name} is")
    return host


def _agreeing(host: HostState, info: Any, line: Line) -> None:
    """Hold what the host computes, and the NICs and port groups by their keys, against the specifications."""
    for each in info.vswitch:
        switch = host.switches[each.name]
        nics = [str(key).removeprefix("key-vim.host.PhysicalNic-") for key in each.pnic or ()]
        groups = [str(key).removeprefix("key-vim.host.PortGroup-") for key in each.portgroup or ()]
        if sorted(nics) != sorted(switch.uplinks):
            raise LineError(
                line, f"{switch.name} has the NICs {', '.join(nics)}, its bridge {', '.join(switch.uplinks)}"
            )
        if sorted(groups) != sorted(group.name for group in host.groups_of(switch.name)):
            raise LineError(line, f"{switch.name} has the port groups {', '.join(groups)}, and they are not all there")
    for group in host.groups.values():
        for expected, found in zip(host.effective(group), host.computed[group.name], strict=True):
            differing = [name for name, value in said(expected).items() if value != getattr(found, name)]
            if differing:
                raise LineError(line, f"the host computes another {', '.join(differing)} for {group.name}")


def _rows(lines: list[Line], head: str, row: re.Pattern[str]) -> Iterator[tuple[Line, re.Match[str]]]:
    """Yield the rows of a table whose head begins so."""
    if not lines or not lines[0].text.split() or " ".join(lines[0].text.split()[:2]) != head:
        raise LineError(lines[0] if lines else Line(0, ""), f"the head of the table, {head}, is missing")
    for line in lines[1:]:
        match = row.fullmatch(line.text.strip())
        if match is None:
            raise LineError(line, "it is no row of the table above it")
        yield line, match


def _once(line: Line, name: str, found: Mapping[str, Any]) -> str:
    if name in found:
        raise LineError(line, f"{name} stands twice")
    return name


def _nics(lines: list[Line]) -> Iterator[Nic]:
    seen: dict[str, Line] = {}
    for line, match in _rows(lines, "Name PCI", _NIC):
        seen[_once(line, match[1], seen)] = line
        yield Nic(match[1], int(match[3]) if match[2] == "Up" else 0, match[4])


def _vmks(lines: list[Line], groups: Mapping[str, GroupState]) -> dict[str, Vmk]:
    found: dict[str, Vmk] = {}
    for line, match in _rows(lines, "Interface Port", _VMK):
        name, group, family, address = match.groups()
        if group not in groups and not group.isdigit():
            raise LineError(line, f"there is no port group {group}")
        if family == "IPv4":
            found[_once(line, name, {key: each for key, each in found.items() if each.address})] = Vmk(
                name, group, address
            )
        found.setdefault(name, Vmk(name, group))
    return found


def _switches(lines: list[Line]) -> tuple[dict[str, SwitchState], dict[str, GroupState]]:
    """Return virtual switches and their port groups; distributed ones are passed over, line by line."""
    switches: dict[str, SwitchState] = {}
    groups: dict[str, GroupState] = {}
    heads = [at for at, line in enumerate(lines) if re.match(r"\s*\S+ Name +Num Ports", line.text)]
    if heads[:1] != [0]:
        raise LineError(lines[0] if lines else Line(0, ""), "the head of a virtual switch is missing")
    for start, end in pairwise([*heads, len(lines)]):
        head, *rows = lines[start:end]
        if _OTHER_HEAD.fullmatch(head.text.strip()):
            _distributed(rows, head)
            continue
        made = _switch(head, rows)
        switches[_once(rows[0], made.name, switches)] = made
        for group in _groups(rows, made):
            groups[_once(rows[0], group.name, groups)] = group
    return switches, groups


def _switch(head: Line, rows: list[Line]) -> SwitchState:
    match = _SWITCH.fullmatch(rows[0].text.strip()) if rows else None
    if _SWITCH_HEAD.fullmatch(head.text.strip()) is None or match is None:
        raise LineError(rows[0] if rows else head, "it is no standard virtual switch")
    return SwitchState(match[1], _nics_of(match[6]), int(match[5]), Teaming(), Security())


def _groups(rows: list[Line], switch: SwitchState) -> Iterator[GroupState]:
    if len(rows) < 2 or _GROUP_HEAD.fullmatch(rows[1].text.strip()) is None:
        raise LineError(rows[-1], "the head of its port groups does not follow")
    for line in rows[2:]:
        match = _GROUP.fullmatch(line.text.strip())
        if match is None or not set(_nics_of(match[4])) <= set(switch.uplinks):
            raise LineError(line, f"it is no port group on the uplinks of {switch.name}")
        yield GroupState(match[1], switch.name, int(match[2]), users=int(match[3]))


def _distributed(rows: list[Line], head: Line) -> None:
    if not rows or _SWITCH.fullmatch(rows[0].text.strip()) is None:
        raise LineError(rows[0] if rows else head, "it is no distributed switch")
    for line in rows[1:]:
        if _OTHER_PORT.fullmatch(line.text.strip()) is None:
            raise LineError(line, "it is no port of a distributed switch")


def _nics_of(text: str | None) -> tuple[str, ...]:
    return tuple(text.split(",")) if text else ()
