# SPDX-License-Identifier: GPL-3.0-or-later
"""Read what is declared for a host; everything that needs no host is refused here, all of it at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.finding import Finding
from ansible_collections.netstack.datacenter.plugins.plugin_utils.declared.fields import Reader, named, shown

from . import rules
from . import vmkernel as vmkernels
from .model import BALANCING, BEACON, LINK_STATUS, Bundle, Half, PortGroup, Security, Teaming, Vswitch

_HOST_KEYS = ("vswitches", "port_groups", "vmkernel")
_SWITCH_KEYS = ("uplinks", "mtu", "teaming", "security", "bundle")
_GROUP_KEYS = ("vswitch", "vlan", "teaming", "security")
_TEAMING_KEYS = (
    *("load_balancing", "failure_detection", "notify_switches", "failback"),
    *("active_uplinks", "standby_uplinks"),
)
_SECURITY_KEYS = ("promiscuous", "mac_changes", "forged_transmits")
_BUNDLE_KEYS = ("mode", "ports")
INHERIT = "inherit"
MTU_LOWEST, MTU_HIGHEST = 1280, 9000
"""Payload in octets of a standard switch (the vSphere Client refuses other numbers)."""
VLAN_ALL = 4095
"""HostPortGroupSpec.vlanId: 0 takes untagged frames, 4095 hands all tags on to the guest."""
NAME_LONGEST = 32
"""Characters of a virtual switch's name (HostVirtualSwitch.name)."""


def read(
    vswitches: Any,
    port_groups: Any,
    vmkernel: Any = None,
    *,
    state: str = "merged",
    where: str = "",
    findings: list[Finding],
) -> Half:
    """Return what is declared for one host and add to `findings` what is wrong with it.

    `where` stands before the names of the objects; with `state` deleted a name alone is enough.
    """
    at = f"{where}." if where else ""
    half = Half(
        tuple(
            _vswitch(f"{at}vswitches.{name}", name, data, findings)
            for name, data in named(f"{at}vswitches", vswitches, findings)
        ),
        tuple(
            _port_group(f"{at}port_groups.{name}", name, data, findings)
            for name, data in named(f"{at}port_groups", port_groups, findings)
        ),
        vmkernels.read(f"{at}vmkernel", vmkernel, findings),
    )
    findings += rules.judge_declared(half, state, at)
    return half


def read_hosts(hosts: Any, state: str, findings: list[Finding]) -> dict[str, Half]:
    """Return what is declared for the hosts of a vCenter, by name."""
    found: dict[str, Half] = {}
    for name, data in named("hosts", hosts, findings):
        reader = Reader(f"hosts.{name}", data, _HOST_KEYS, findings)
        given = [reader.data.get(key) for key in _HOST_KEYS]
        found[name] = read(*given, state=state, where=f"hosts.{name}", findings=findings)
    return found


def _vswitch(where: str, name: str, data: Any, findings: list[Finding]) -> Vswitch:
    reader = Reader(where, data, _SWITCH_KEYS, findings)
    if not 1 <= len(name) <= NAME_LONGEST:
        why = f"ESXi takes 1 to {NAME_LONGEST}."
        reader.refuse("NAME", f"the name has {len(name)} characters", why, "Choose another name.")
    if not name.isprintable():
        what, why = f"the name {name!r} holds what cannot be printed", "Nobody could type it at a console."
        reader.refuse("NAME", what, why, "Choose another name.")
    why = "That is what a standard switch takes; it counts payload, as the MTU of a VMkernel interface does."
    return Vswitch(
        name,
        uplinks=_nics(reader, "uplinks"),
        mtu=reader.number("mtu", MTU_LOWEST, MTU_HIGHEST, " octets", why),
        teaming=_teaming(reader),
        security=_security(reader),
        bundle=_bundle(reader),
    )


def _port_group(where: str, name: str, data: Any, findings: list[Finding]) -> PortGroup:
    reader = Reader(where, data, _GROUP_KEYS, findings)
    why = "0 takes untagged frames, 4095 hands all tags on to the guest (HostPortGroupSpec.vlanId)."
    return PortGroup(
        name,
        vswitch=reader.text("vswitch"),
        vlan=reader.number("vlan", 0, VLAN_ALL, "", why),
        teaming=Teaming() if _inherits(reader, "teaming") else _teaming(reader),
        security=Security() if _inherits(reader, "security") else _security(reader),
        inherit_teaming=_inherits(reader, "teaming"),
        inherit_security=_inherits(reader, "security"),
    )


def _inherits(reader: Reader, key: str) -> bool:
    return reader.data.get(key) == INHERIT


def _teaming(outer: Reader) -> Teaming:
    reader = Reader(f"{outer.where}.teaming", outer.data.get("teaming"), _TEAMING_KEYS, outer.findings)
    return Teaming(
        load_balancing=reader.choice("load_balancing", BALANCING),
        failure_detection=reader.choice("failure_detection", (LINK_STATUS, BEACON)),
        notify_switches=reader.flag("notify_switches"),
        failback=reader.flag("failback"),
        active_uplinks=_nics(reader, "active_uplinks"),
        standby_uplinks=_nics(reader, "standby_uplinks"),
    )


def _security(outer: Reader) -> Security:
    reader = Reader(f"{outer.where}.security", outer.data.get("security"), _SECURITY_KEYS, outer.findings)
    return Security(reader.flag("promiscuous"), reader.flag("mac_changes"), reader.flag("forged_transmits"))


def _nics(reader: Reader, key: str) -> tuple[str, ...] | None:
    """Return a list of NICs; a text is no list, and a NIC stands once."""
    values = reader.items(key)
    if values is None:
        return None
    for value in values:
        if not isinstance(value, str) or not value:
            reader.refuse("BAD_TYPE", f"{key} has {shown(value)}", "A NIC has a name.", "Give names such as vmnic0.")
    names = [str(value) for value in values]
    for name in sorted({name for name in names if names.count(name) > 1}):
        reader.refuse("NIC_TWICE", f"{key} has {name} twice", "A NIC has one place.", "Take it out of one.")
    return tuple(dict.fromkeys(names))


def _bundle(outer: Reader) -> Bundle | None:
    data = outer.data.get("bundle")
    if isinstance(data, (list, tuple)):
        why = "A standard switch supports one EtherChannel (VMware KB 1001938)."
        outer.refuse("TWO_BUNDLES", f"bundle has {len(data)} entries", why, "Declare one, on a switch of its own each.")
        return None
    if data is None:
        return None
    reader = Reader(f"{outer.where}.bundle", data, _BUNDLE_KEYS, outer.findings)
    return _read_bundle(reader) if isinstance(data, Mapping) else None


def _read_bundle(reader: Reader) -> Bundle | None:
    if reader.data.get("mode") == "lacp":
        why = "A standard switch speaks no LACP, so the bundle never comes up (VMware KB 1001938)."
        reader.refuse("LACP_STANDARD_SWITCH", "mode lacp", why, "Make the bundle static, or use a distributed switch.")
        return None
    mode = reader.choice("mode", ("static", "none"))
    if mode is None and reader.data.get("mode") is None:
        why = "The teaming has to suit the far end."
        reader.refuse("BUNDLE_MODE_MISSING", "mode is not said", why, "Say static or none.")
    ports = reader.number("ports", 1, 32, "", "It counts the ports of the switch that the uplinks are cabled to.")
    return None if mode is None else Bundle("static" if mode == "static" else "none", ports)
