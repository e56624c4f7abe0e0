# SPDX-License-Identifier: GPL-3.0-or-later
"""One ESXi host's networking: what it holds, and the operations of HostNetworkSystem upon it.

Specifications are replaced as a whole: what a caller leaves out is gone, not kept.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any

from . import policy
from .faults import Faults
from .policy import invalid
from .reach import Reach
from .releases import NEWEST
from .vmomi import vim

Switch = vim.host.VirtualSwitch
PortGroup = vim.host.PortGroup
MTU = 1500
NAME_LONGEST = 32


@dataclass
class Nic:
    """A physical NIC.

    `link`: its cable is whole; `dark`: the other end sends no light; `hint`: what a CDP neighbour says.
    """

    device: str
    mac: str
    speed: int = 1000
    link: bool = True
    dark: bool = False
    hint: dict[str, Any] = field(default_factory=dict)

    @property
    def lit(self) -> bool:
        """Tell whether it has light."""
        return self.link and not self.dark


@dataclass
class Vmk:
    """A VMkernel interface; `services` are those that it is selected for (HostVirtualNicManagerNicType)."""

    device: str
    port_group: str
    address: str
    mask: str
    mac: str
    mtu: int = 1500
    services: list[str] = field(default_factory=lambda: ["management"])


@dataclass
class Network:
    """The part that a change replaces, and that a rollback brings back."""

    switches: dict[str, Any] = field(default_factory=dict)
    groups: dict[str, Any] = field(default_factory=dict)
    vmks: dict[str, Vmk] = field(default_factory=dict)

    def uplinks(self, switch: str) -> list[str]:
        """Give the uplinks of a virtual switch."""
        bridge = self.switches[switch].bridge
        return list(bridge.nicDevice) if bridge is not None else []

    def beacon(self, switch: str) -> bool:
        """Tell whether a virtual switch sends beacons."""
        bridge = self.switches[switch].bridge
        return bridge is not None and bridge.beacon is not None and bridge.beacon.interval > 0

    def mtu(self, switch: str) -> int:
        """Give the MTU of a virtual switch; its specification need not name one."""
        return int(self.switches[switch].mtu or MTU)

    def members(self, switch: str) -> list[str]:
        """Give the port groups of a virtual switch."""
        return [name for name, spec in self.groups.items() if spec.vswitchName == switch]

    def computed(self, group: str) -> Any:
        """Give the policy that takes effect in a port group."""
        spec = self.groups[group]
        return policy.computed(spec.policy, self.switches[spec.vswitchName].policy)


@dataclass
class Host:
    """One host.

    `revision` grows with every change; `license` is `full` or `free` (writes are refused); `rights` are the roles that
    users have here and not elsewhere; `version` is its release (releases.py).
    """

    name: str
    number: int
    nics: dict[str, Nic] = field(default_factory=dict)
    net: Network = field(default_factory=Network)
    license: str = "full"
    version: str = NEWEST
    revision: int = 0
    maintenance: bool = False
    rights: dict[str, str] = field(default_factory=dict)
    faults: Faults = field(default_factory=Faults)
    reach: Reach = field(default_factory=Reach)

    @property
    def address(self) -> str:
        """Give the address of the management interface."""
        return self.net.vmks["vmk0"].address if "vmk0" in self.net.vmks else "0.0.0.0"

    def replace(self, net: Network) -> None:
        """Put another networking in place of this one."""
        self.net = net
        self.revision += 1

    def draft(self) -> Network:
        """Give a copy to change; only `replace` makes it the host's."""
        return copy.deepcopy(self.net)


def add_switch(host: Host, net: Network, name: str, spec: Any) -> None:
    """Make a virtual switch; without a specification it has 128 ports and no uplink."""
    made = copy.deepcopy(spec) if spec is not None else Switch.Specification(numPorts=128)
    policy.refuse_a_part(made.policy)
    made.policy = made.policy or policy.of_a_new_switch()
    put_switch(host, net, name, made)


def put_switch(host: Host, net: Network, name: str, spec: Any) -> None:
    """Make a virtual switch whose policy may be a part, as a state for tests may say it."""
    if name in net.switches:
        raise vim.fault.AlreadyExists(msg=f"The name '{name}' already exists.", name=name)
    if not 1 <= len(name) <= NAME_LONGEST:
        raise invalid("vswitchName", f"1 to {NAME_LONGEST} characters")
    if "/" in name:
        text = "An error occurred during host configuration."
        raise vim.fault.PlatformConfigFault(msg=text, text=f"SIM TEXT: no portset can be called {name}")
    net.switches[name] = _settled_switch(host, net, name, spec)


def update_switch(host: Host, net: Network, name: str, spec: Any) -> None:
    """Replace a virtual switch's specification, without a policy all but that; port groups forget lost uplinks."""
    old = _switch(net, name, "vswitchName")
    if spec.policy is None:
        spec = copy.deepcopy(spec)
        spec.policy = _kept_policy(old, spec.bridge)
    net.switches[name] = _settled_switch(host, net, name, spec)
    nics = net.uplinks(name)
    for group in net.members(name):
        _forget_lost(net.groups[group].policy.nicTeaming, nics)


def _kept_policy(old: Any, bridge: Any) -> Any:
    """Give the policy that stays when an update brings none: uplinks that go leave its order, new ones are active."""
    kept = copy.deepcopy(old.policy)
    nics, former = ([*each.nicDevice] if each is not None else [] for each in (bridge, old.bridge))
    order = kept.nicTeaming.nicOrder
    policy.without_lost(order, nics)
    order.activeNic = [*order.activeNic, *(nic for nic in nics if nic not in former)]
    return kept


def remove_switch(host: Host, net: Network, name: str) -> None:
    """Remove a virtual switch that no VMkernel interface uses, with its port groups."""
    _switch(net, name, "vswitchName")
    for group in net.members(name):
        _refuse_used(net, group)
    for group in net.members(name):
        del net.groups[group]
    del net.switches[name]


def add_group(host: Host, net: Network, spec: Any) -> None:
    """Make a port group."""
    if spec.name in net.groups:
        raise vim.fault.AlreadyExists(msg=f"The name '{spec.name}' already exists.", name=spec.name)
    net.groups[spec.name] = _settled_group(net, spec)


def update_group(host: Host, net: Network, name: str, spec: Any) -> None:
    """Replace a port group's specification; it can be renamed, and moved while nothing uses it."""
    _group(net, name)
    if spec.name != name and spec.name in net.groups:
        raise vim.fault.AlreadyExists(msg=f"The name '{spec.name}' already exists.", name=spec.name)
    if spec.vswitchName != net.groups[name].vswitchName:
        _refuse_used(net, name)
    made = _settled_group(net, spec)
    net.groups = {
        (spec.name if key == name else key): (made if key == name else old) for key, old in net.groups.items()
    }
    for vmk in net.vmks.values():
        if vmk.port_group == name:
            vmk.port_group = spec.name


def remove_group(host: Host, net: Network, name: str) -> None:
    """Remove a port group that nothing uses."""
    _group(net, name)
    _refuse_used(net, name)
    del net.groups[name]


def _switch(net: Network, name: str, what: str) -> Any:
    if name not in net.switches:
        raise vim.fault.NotFound(msg=f"The object or item referred to could not be found: {what} {name}")
    return net.switches[name]


def _group(net: Network, name: str) -> Any:
    if name not in net.groups:
        raise vim.fault.NotFound(msg=f"The object or item referred to could not be found: pgName {name}")
    return net.groups[name]


def _refuse_used(net: Network, group: str) -> None:
    users = [vmk.device for vmk in net.vmks.values() if vmk.port_group == group]
    if users:
        text = f"The resource '{group}' is in use: {', '.join(users)}"
        raise vim.fault.ResourceInUse(msg=text, type=PortGroup, name=group)


def _settled_switch(host: Host, net: Network, name: str, given: Any) -> Any:
    """Check a virtual switch's specification and give it with all that the host fills in."""
    spec = copy.deepcopy(given)
    if not 1 <= spec.numPorts <= 4096:
        raise invalid("spec.numPorts", "1 to 4096")
    if spec.mtu is not None and not 1280 <= spec.mtu <= 9000:
        raise invalid("spec.mtu", "1280 to 9000")
    nics = _checked_bridge(host, net, name, spec.bridge)
    beacon = spec.bridge is not None and spec.bridge.beacon is not None and spec.bridge.beacon.interval > 0
    policy.check(spec.policy, nics, beacon, "spec")
    spec.policy = policy.settled(spec.policy, nics)
    return spec


def _checked_bridge(host: Host, net: Network, name: str, bridge: Any) -> list[str]:
    """Give the uplinks of a bridge.

    Raises:
        InvalidArgument: it is no bond bridge, or has another discovery than CDP, or a NIC stands twice.
        NotFound: there is no such NIC.
        ResourceInUse: another virtual switch has it.
    """
    if bridge is None:
        return []
    if not isinstance(bridge, Switch.BondBridge):
        raise invalid("spec.bridge", "only a bond bridge can be made")
    discovery = bridge.linkDiscoveryProtocolConfig
    if discovery is not None and discovery.protocol != "cdp":
        raise invalid("spec.bridge.linkDiscoveryProtocolConfig.protocol", "a standard switch has CDP only")
    nics = list(bridge.nicDevice)
    for nic in nics:
        if nic not in host.nics:
            raise vim.fault.NotFound(msg=f"The object or item referred to could not be found: {nic}")
        for other in net.switches:
            if other != name and nic in net.uplinks(other):
                text = f"The resource '{nic}' is in use."
                raise vim.fault.ResourceInUse(msg=text, type=vim.host.PhysicalNic, name=nic)
    if len(set(nics)) != len(nics):
        raise invalid("spec.bridge.nicDevice", "a NIC stands twice")
    return nics


def _settled_group(net: Network, given: Any) -> Any:
    """Check a port group's specification and give it with all parts of its policy."""
    spec = copy.deepcopy(given)
    if not spec.name:
        raise invalid("portgrp.name", "it has no name")
    if not 0 <= spec.vlanId <= 4095:
        raise invalid("portgrp.vlanId", "0 to 4095")
    _switch(net, spec.vswitchName, "portgrp.vswitchName")
    policy.check(spec.policy, net.uplinks(spec.vswitchName), net.beacon(spec.vswitchName), "portgrp")
    spec.policy = policy.spread(spec.policy)
    return spec


def _forget_lost(teaming: Any, nics: list[str]) -> None:
    """Take uplinks that are gone out of a port group's own order."""
    if teaming is not None and teaming.nicOrder is not None:
        policy.without_lost(teaming.nicOrder, nics)
