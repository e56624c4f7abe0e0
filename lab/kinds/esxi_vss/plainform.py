# SPDX-License-Identifier: GPL-3.0-or-later
"""A host's networking as plain data, as the control port gives and takes it.

    {"switches": {NAME: {"ports", "mtu", "uplinks", "beacon", "discovery", "policy": {...}}},
     "groups": {NAME: {"switch", "vlan", "policy": {...}}},
     "vmks": {NAME: {"port_group", "address", "mask", "mac", "mtu", "services"}}}

A VMkernel interface that names no services is selected for management.

A policy has the API's own names ({"nicTeaming": {"policy": "loadbalance_ip", "nicOrder": {"activeNic": [...]}}}); only
what is set is there.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from . import policy
from .host import MTU, Host, Network, Nic, Switch, Vmk, add_group, put_switch
from .host import PortGroup as Group
from .vmomi import vim

CDP = vim.host.LinkDiscoveryProtocolConfig


def write(host: Host) -> dict[str, Any]:
    """Give a host's networking; `computed` beside a port group's policy is what takes effect."""
    net = host.net
    return {
        "switches": {name: _switch(spec) for name, spec in net.switches.items()},
        "groups": {
            name: {
                "switch": spec.vswitchName,
                "vlan": spec.vlanId,
                "policy": plain(spec.policy),
                "computed": plain(net.computed(name)),
            }
            for name, spec in net.groups.items()
        },
        "vmks": {
            name: {key: value for key, value in asdict(vmk).items() if key != "device"}
            for name, vmk in net.vmks.items()
        },
        "nics": {name: _nic(nic) for name, nic in host.nics.items()},
    }


def _nic(nic: Nic) -> dict[str, Any]:
    return {"mac": nic.mac, "link": nic.link, "lit": nic.lit, "speed": nic.speed}


def _switch(spec: Any) -> dict[str, Any]:
    bridge = spec.bridge
    discovery = bridge.linkDiscoveryProtocolConfig if bridge is not None else None
    return {
        "ports": spec.numPorts,
        "mtu": spec.mtu or MTU,
        "uplinks": list(bridge.nicDevice) if bridge is not None else [],
        "beacon": bridge.beacon.interval if bridge is not None and bridge.beacon is not None else None,
        "discovery": [discovery.protocol, discovery.operation] if discovery is not None else None,
        "policy": plain(spec.policy),
    }


def plain(data: Any) -> dict[str, Any]:
    """Give the set fields of a data object; an empty object in it stays out, but an empty NIC order is something."""
    found: dict[str, Any] = {}
    for field in data._GetPropertyList():
        value = getattr(data, field.name)
        if field.name.startswith("dynamic") or value is None:
            continue
        if hasattr(value, "_GetPropertyList"):
            value = plain(value)
            if not value and field.name != "nicOrder":
                continue
        found[field.name] = list(value) if isinstance(value, list) else value
    return found


def read(host: Host, state: dict[str, Any]) -> Network:
    """Make the networking that `state` describes; the host itself stays as it is.

    Raises:
        MethodFault: the host would refuse it.
        ValueError: a field is unknown.
    """
    net = Network()
    for name, given in state.get("switches", {}).items():
        put_switch(host, net, name, _switch_spec(**given))
    for name, given in state.get("groups", {}).items():
        spec = Group.Specification(name=name, vlanId=given.get("vlan", 0), vswitchName=given["switch"])
        spec.policy = policy.Policy() if not given.get("policy") else objects(policy.Policy, given["policy"])
        add_group(host, net, spec)
    for name, given in state.get("vmks", {}).items():
        net.vmks[name] = Vmk(name, **given)
    return net


def _switch_spec(
    ports: int = 128,
    mtu: int | None = None,
    uplinks: list[str] | None = None,
    beacon: int | None = None,
    discovery: list[str] | None = None,
    policy: dict[str, Any] | None = None,
) -> Any:
    """Make the specification of a virtual switch."""
    spec = Switch.Specification(numPorts=ports, mtu=mtu)
    if uplinks:
        spec.bridge = Switch.BondBridge(nicDevice=list(uplinks))
        spec.bridge.beacon = Switch.BeaconConfig(interval=beacon) if beacon is not None else None
        if discovery is not None:
            spec.bridge.linkDiscoveryProtocolConfig = CDP(protocol=discovery[0], operation=discovery[1])
    spec.policy = objects(vim.host.NetworkPolicy, policy) if policy else None
    return spec


def objects(kind: Any, values: dict[str, Any]) -> Any:
    """Make a data object of `kind` from plain data."""
    made = kind()
    for name, value in values.items():
        field = kind._GetPropertyInfo(name)
        setattr(made, name, objects(field.type, value) if isinstance(value, dict) else value)
    return made
