# SPDX-License-Identifier: GPL-3.0-or-later
"""VMkernel interfaces: what is declared of them, and how those of a host differ. They are judged and never written."""

from __future__ import annotations

import ipaddress
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.finding import Finding
from ansible_collections.netstack.datacenter.plugins.plugin_utils.declared.fields import Reader, named, shown

from .model import GroupState, HostState, Vmk, Vmkernel

_KEYS = ("address", "mtu", "vlans", "management")
MTU_LOWEST, MTU_HIGHEST = 576, 9216
"""Payload in octets of a VLAN; a VMkernel interface of a standard switch has up to 9000."""
VLAN_HIGHEST = 4094
Level = Literal["refused", "wrong", "hint"]
"""How grave a difference is: a plan is refused, a verification fails, or it is told."""
LEVELS: tuple[Level, ...] = ("refused", "wrong", "hint")


@dataclass(frozen=True)
class Difference:
    """How an interface differs; `vswitches` are those that it concerns."""

    finding: Finding
    level: Level
    vswitches: tuple[str, ...] = ()


def read(where: str, data: Any, findings: list[Finding]) -> tuple[Vmkernel, ...]:
    """Return the declared interfaces; `where` is the name of the mapping in messages."""
    return tuple(_interface(f"{where}.{name}", name, given, findings) for name, given in named(where, data, findings))


def _interface(where: str, name: str, data: Any, findings: list[Finding]) -> Vmkernel:
    reader = Reader(where, data, _KEYS, findings)
    address, prefix = _address(reader)
    return Vmkernel(
        name,
        address=address,
        prefix=prefix,
        mtu=reader.number("mtu", MTU_LOWEST, MTU_HIGHEST, " octets", "It is the payload that the VLAN carries."),
        vlans=_vlans(reader),
        management=reader.flag("management") or False,
    )


def _address(reader: Reader) -> tuple[str | None, int | None]:
    """Return address and prefix length; an address alone says nothing about the length."""
    text = reader.text("address")
    if text is None:
        return None, None
    try:
        made = ipaddress.IPv4Interface(text)
    except ValueError:
        why = "An interface has an IPv4 address, and the length of its prefix behind a slash where that is judged too."
        reader.refuse("BAD_VALUE", f"address {shown(text)} is no IPv4 address", why, "Write it as 192.0.2.11/24.")
        return None, None
    return str(made.ip), made.network.prefixlen if "/" in text else None


def _vlans(reader: Reader) -> dict[str, int]:
    """Return the VLAN id of the interface's port group by the virtual switches on which it may be."""
    given = reader.data.get("vlans")
    names = given if isinstance(given, Mapping) else ("the names of virtual switches",)
    inner = Reader(f"{reader.where}.vlans", given, names, reader.findings)
    why = "0 takes untagged frames (HostPortGroupSpec.vlanId)."
    found = {str(name): inner.number(name, 0, VLAN_HIGHEST, "", why) for name in inner.data}
    return {name: number for name, number in found.items() if number is not None}


def judge(host: HostState, declared: tuple[Vmkernel, ...], at: str = "") -> list[Difference]:
    """Return how the declared interfaces differ at a host; one that nobody declares is not looked at."""
    return [found for one in declared for found in _judge(host, one, f"{at}vmkernel.{one.name}")]


def told(found: Iterable[Difference]) -> dict[str, list[str]]:
    """Return the messages by level, as the result of a task."""
    differing = list(found)
    return {level: [str(each.finding) for each in differing if each.level == level] for level in LEVELS}


def _judge(host: HostState, one: Vmkernel, where: str) -> Iterator[Difference]:
    found = host.vmks.get(one.name)
    if found is None:
        there = ", ".join(sorted(host.vmks)) or "none"
        why = f"{host.name} has {there}. An interface is read and judged here, and not made." if host.name else there
        finding = Finding(where, "VMKERNEL_MISSING", f"there is no {one.name}", why, _making(host, one))
        yield Difference(finding, "refused" if one.management else "wrong", tuple(one.vlans))
        return
    group = host.groups.get(found.port_group)
    on = (group.vswitch,) if group is not None else tuple(one.vlans)
    for finding in _addressed(found, one, where):
        yield Difference(finding, "wrong", on)
    for finding in _placed(host, found, group, one, where):
        yield Difference(finding, "refused" if one.management else "wrong", on)
    for finding, level in _sized(host, found, group, one, where):
        yield Difference(finding, level, on)


def _addressed(found: Vmk, one: Vmkernel, where: str) -> Iterator[Finding]:
    """Compare address and prefix length."""
    if one.address is None or (found.address == one.address and one.prefix in (None, found.prefix)):
        return
    expected = one.address if one.prefix is None else f"{one.address}/{one.prefix}"
    has = f"{found.address}/{found.prefix}" if found.address and found.prefix is not None else found.address
    why = "Who looks for the host at its declared address does not find it, or it takes neighbours for strangers."
    what = f"{one.name} has {has or 'no IPv4 address'}, not {expected}"
    yield Finding(where, "VMKERNEL_ADDRESS", what, why, f"Mend it with {_addressing(one)}, or the declaration.")


def _placed(host: HostState, found: Vmk, group: GroupState | None, one: Vmkernel, where: str) -> Iterator[Finding]:
    """Compare the virtual switch and the VLAN of the port group."""
    if not one.vlans:
        return
    expected = " or ".join(f"{_vlan(number)} on {name}" for name, number in one.vlans.items())
    why = "Its frames leave the host in another VLAN than the one in which its address is declared."
    if group is None:
        what = f"{one.name} is on no port group of a standard switch ({found.port_group or found.place or 'none'})"
    elif group.vswitch not in one.vlans:
        what = f"{one.name} is in {group.name} on {group.vswitch}"
        why = "No declared link of that virtual switch carries its VLAN."
    elif group.vlan != one.vlans[group.vswitch]:
        what = f"{one.name} is in {group.name}, {_vlan(group.vlan)} on {group.vswitch}"
    else:
        return
    yield Finding(where, "VMKERNEL_VLAN", f"{what}, not in {expected}", why, _moving(host, group, one))


def _sized(
    host: HostState, found: Vmk, group: GroupState | None, one: Vmkernel, where: str
) -> Iterator[tuple[Finding, Level]]:
    """Compare the MTU with what the VLAN and the virtual switch carry; a smaller one works, and wastes."""
    if found.mtu is None:
        return
    if one.mtu is not None and found.mtu != one.mtu:
        larger = found.mtu > one.mtu
        why = "Larger frames are lost on their way." if larger else "It works, with more and smaller frames."
        what = f"{one.name} has MTU {found.mtu}, and its VLAN {one.mtu}"
        mend = f"Mend it with {_sizing(one.name, one.mtu)}, or the mtu of the VLAN."
        yield Finding(where, "VMKERNEL_MTU", what, why, mend), "wrong" if larger else "hint"
    carrier = host.switches.get(group.vswitch) if group is not None else None
    if carrier is not None and found.mtu > carrier.mtu:
        what = f"{one.name} has MTU {found.mtu}, and {carrier.name} {carrier.mtu}"
        command = f"esxcli network vswitch standard set --vswitch-name={shlex.quote(carrier.name)} --mtu={found.mtu}"
        mend = f"Declare the mtu of {carrier.name}, or mend it with {command}."
        yield Finding(where, "VMKERNEL_VSWITCH_MTU", what, "Larger frames are lost in the switch.", mend), "wrong"


def _vlan(number: int) -> str:
    return f"VLAN {number}" if number else "untagged frames (VLAN 0)"


def _right(host: HostState, one: Vmkernel) -> list[str]:
    """Return the port groups in which the interface would be right."""
    return [group.name for group in host.groups.values() if one.vlans.get(group.vswitch) == group.vlan]


def _moving(host: HostState, group: GroupState | None, one: Vmkernel) -> str:
    """Return how to mend where an interface is; one that carries management is never removed by a command."""
    if one.management:
        mend = "Move it at the console (DCUI, Configure Management Network) or in the vSphere Client"
        retag = ""
        if group is not None and group.vswitch in one.vlans:
            retag = f", or give its port group the VLAN: {_tagging(group.name, one.vlans[group.vswitch])}"
        return f"{mend}{retag}; or mend the declaration."
    return f"Take it away and make it anew: esxcli network ip interface remove --interface-name={one.name}; " + _making(
        host, one
    )


def _making(host: HostState, one: Vmkernel) -> str:
    """Return the commands that make an interface."""
    group = next(iter(_right(host, one)), "PORT_GROUP")
    size = f" --mtu={one.mtu}" if one.mtu is not None else ""
    add = f"esxcli network ip interface add --interface-name={one.name} --portgroup-name={shlex.quote(group)}{size}"
    return "; ".join([f"Make it with {add}", *([_addressing(one)] if one.address is not None else [])]) + "."


def _addressing(one: Vmkernel) -> str:
    mask = ipaddress.IPv4Network(f"0.0.0.0/{one.prefix}").netmask if one.prefix is not None else "NETMASK"
    return (
        f"esxcli network ip interface ipv4 set --interface-name={one.name} --ipv4={one.address} --netmask={mask} "
        "--type=static"
    )


def _sizing(name: str, mtu: int) -> str:
    return f"esxcli network ip interface set --interface-name={name} --mtu={mtu}"


def _tagging(group: str, vlan: int) -> str:
    name = shlex.quote(group)
    return f"esxcli network vswitch standard portgroup set --portgroup-name={name} --vlan-id={vlan}"
