# SPDX-License-Identifier: GPL-3.0-or-later
"""A host's networking as plain data in the shape of the declaration, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..declared.declaration import INHERIT
from ..declared.model import GroupState, HostState, Security, SwitchState, Teaming, said


def structured(host: HostState) -> dict[str, Any]:
    """Return a host's networking; a port group shows what is its own."""
    return {
        "vswitches": {name: switch(state) for name, state in sorted(host.switches.items())},
        "port_groups": {name: group(state) for name, state in sorted(host.groups.items())},
    }


def switch(state: SwitchState) -> dict[str, Any]:
    """Return a virtual switch."""
    return {
        "uplinks": list(state.uplinks),
        "mtu": state.mtu,
        "teaming": part(state.teaming),
        "security": part(state.security),
    }


def group(state: GroupState) -> dict[str, Any]:
    """Return a port group."""
    return {
        "vswitch": state.vswitch,
        "vlan": state.vlan,
        "teaming": part(state.teaming) or INHERIT,
        "security": part(state.security) or INHERIT,
    }


def part(policy: Teaming | Security) -> dict[str, Any]:
    """Return what a policy says."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in said(policy).items()}


def computed(host: HostState) -> dict[str, Any]:
    """Return what takes effect in each port group, as the host says."""
    return {
        name: {"teaming": part(teaming), "security": part(security)}
        for name, (teaming, security) in sorted(host.computed.items())
    }


def switch_from(name: str, data: Mapping[str, Any]) -> SwitchState:
    """Return the virtual switch that `switch` made this data of."""
    return SwitchState(
        name,
        uplinks=tuple(data["uplinks"]),
        mtu=int(data["mtu"]),
        teaming=_teaming(data["teaming"]),
        security=Security(**data["security"]),
    )


def group_from(name: str, data: Mapping[str, Any]) -> GroupState:
    """Return the port group that `group` made this data of."""
    teaming, security = data["teaming"], data["security"]
    return GroupState(
        name,
        str(data["vswitch"]),
        int(data["vlan"]),
        Teaming() if teaming == INHERIT else _teaming(teaming),
        Security() if security == INHERIT else Security(**security),
    )


def _teaming(data: Mapping[str, Any]) -> Teaming:
    values: dict[str, Any] = {name: tuple(each) if isinstance(each, list) else each for name, each in data.items()}
    return Teaming(**values)


def vmks(host: HostState) -> dict[str, Any]:
    """Return the VMkernel interfaces; what is None is not told by the host."""
    return {
        name: {
            "address": vmk.address,
            "prefix": vmk.prefix,
            "mtu": vmk.mtu,
            "mac": vmk.mac,
            "port_group": vmk.port_group,
            "distributed_port": vmk.place,
            "netstack": vmk.netstack,
        }
        for name, vmk in sorted(host.vmks.items())
    }


def nics(host: HostState) -> dict[str, Any]:
    """Return the physical NICs, with the speed of their links in Mbit/s (0: no link)."""
    return {name: {"speed": nic.speed, "mac": nic.mac} for name, nic in host.nics.items()}
