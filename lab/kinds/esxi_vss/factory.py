# SPDX-License-Identifier: GPL-3.0-or-later
"""A host as delivered (README.md, "Known"), and a host from the plain form that the control port gives and takes."""

from __future__ import annotations

from typing import Any

from . import plainform, policy
from .host import Host, Network, Nic, Switch, Vmk
from .host import PortGroup as Group
from .vmomi import vim

Policy = vim.host.NetworkPolicy
CDP = vim.host.LinkDiscoveryProtocolConfig


def make(name: str, number: int, nics: int = 2, state: dict[str, Any] | None = None) -> Host:
    """Make a host with that many NICs; `number` tells its addresses apart.

    Raises:
        ValueError: it has no NIC, or more than 32.
    """
    if not 1 <= nics <= 32:
        raise ValueError(f"{name}: a host has 1 to 32 NICs")
    host = Host(name, number)
    host.nics = {f"vmnic{index}": Nic(f"vmnic{index}", address(number, index)) for index in range(nics)}
    host.net = as_delivered(host) if state is None else plainform.read(host, state)
    return host


def reset(host: Host, state: dict[str, Any] | None = None) -> None:
    """Give a host the networking it was delivered with, or that of `state`."""
    host.replace(as_delivered(host) if state is None else plainform.read(host, state))


def address(number: int, index: int) -> str:
    """Give the MAC address of a host's NIC."""
    return f"00:50:56:{number // 256 % 256:02x}:{number % 256:02x}:{index:02x}"


def as_delivered(host: Host) -> Network:
    """vSwitch0 on vmnic0, `VM Network` with an empty policy, `Management Network` with an override of its own."""
    net = Network()
    first = next(iter(host.nics))
    bridge = Switch.BondBridge(
        nicDevice=[first],
        beacon=Switch.BeaconConfig(interval=1),
        linkDiscoveryProtocolConfig=CDP(protocol="cdp", operation="listen"),
    )
    spec = Switch.Specification(numPorts=128, bridge=bridge)
    spec.policy = policy.settled(None, [first])
    net.switches["vSwitch0"] = spec
    net.groups["VM Network"] = Group.Specification(
        name="VM Network", vlanId=0, vswitchName="vSwitch0", policy=policy.spread(None)
    )
    override = Policy.NicTeamingPolicy(
        policy="loadbalance_srcid",
        notifySwitches=True,
        rollingOrder=False,
        failureCriteria=Policy.NicFailureCriteria(checkBeacon=False),
        nicOrder=Policy.NicOrderPolicy(activeNic=[first]),
    )
    net.groups["Management Network"] = Group.Specification(
        name="Management Network",
        vlanId=0,
        vswitchName="vSwitch0",
        policy=policy.spread(Policy(nicTeaming=override)),
    )
    number = host.number
    ip = f"192.0.2.{number}" if number < 255 else f"198.18.{number // 254}.{number % 254 + 1}"
    net.vmks["vmk0"] = Vmk("vmk0", "Management Network", ip, "255.255.255.0", host.nics[first].mac)
    return net
