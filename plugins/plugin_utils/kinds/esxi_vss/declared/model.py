# SPDX-License-Identifier: GPL-3.0-or-later
"""Virtual switches and port groups: what is declared (None: not asked for), and what a host has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from ipaddress import IPv4Network
from typing import Any, Literal, TypeVar

IP_HASH = "loadbalance_ip"
EXPLICIT = "failover_explicit"
BALANCING = (IP_HASH, "loadbalance_srcid", "loadbalance_srcmac", EXPLICIT)
"""HostNicTeamingPolicy.policy of a standard switch; `loadbalance_loadbased` is one of distributed switches only."""

LINK_STATUS, BEACON = "link_status", "beacon_probing"

Part = TypeVar("Part", "Teaming", "Security")


@dataclass(frozen=True)
class Teaming:
    """NIC teaming; at a port group None means that the switch's value holds."""

    load_balancing: str | None = None
    failure_detection: str | None = None
    notify_switches: bool | None = None
    failback: bool | None = None
    active_uplinks: tuple[str, ...] | None = None
    standby_uplinks: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Security:
    """Layer 2 security; at a port group None means that the switch's value holds."""

    promiscuous: bool | None = None
    mac_changes: bool | None = None
    forged_transmits: bool | None = None


DEFAULT_TEAMING = Teaming("loadbalance_srcid", LINK_STATUS, True, True)
DEFAULT_SECURITY = Security(promiscuous=False)
"""What a virtual switch has that is told nothing, in every release; of the other two the releases differ."""


@dataclass(frozen=True)
class Bundle:
    """What the far end of the uplinks is; it is judged and never written."""

    mode: Literal["static", "none"]
    ports: int | None = None


@dataclass(frozen=True)
class Vswitch:
    """A declared virtual switch; `mtu` is the payload in octets."""

    name: str
    uplinks: tuple[str, ...] | None = None
    mtu: int | None = None
    teaming: Teaming = Teaming()
    security: Security = Security()
    bundle: Bundle | None = None


@dataclass(frozen=True)
class PortGroup:
    """A declared port group. `inherit_teaming`, `inherit_security`: nothing of its own is to be left."""

    name: str
    vswitch: str | None = None
    vlan: int | None = None
    teaming: Teaming = Teaming()
    security: Security = Security()
    inherit_teaming: bool = False
    inherit_security: bool = False


@dataclass(frozen=True)
class Vmkernel:
    """A declared VMkernel interface; it is judged and never written.

    `vlans` has the virtual switches on which it may be, each with the VLAN id of its port group there.
    """

    name: str
    address: str | None = None
    prefix: int | None = None
    mtu: int | None = None
    vlans: Mapping[str, int] = field(default_factory=dict)
    management: bool = False


@dataclass(frozen=True)
class Half:
    """All that is declared for one host."""

    vswitches: tuple[Vswitch, ...] = ()
    port_groups: tuple[PortGroup, ...] = ()
    vmkernel: tuple[Vmkernel, ...] = ()

    @property
    def empty(self) -> bool:
        """Tell whether nothing is declared."""
        return not (self.vswitches or self.port_groups or self.vmkernel)


@dataclass(frozen=True)
class SwitchState:
    """A virtual switch as a host has it; None is what the host leaves unset."""

    name: str
    uplinks: tuple[str, ...] = ()
    mtu: int = 1500
    teaming: Teaming = Teaming("loadbalance_srcid", LINK_STATUS, True, True, (), ())
    security: Security = Security(False, True, True)
    raw: Any = field(default=None, compare=False, repr=False)
    """The host's own specification, where it came over the API; nothing but specs.py looks into it."""
    new: bool = field(default=False, compare=False, repr=False)
    """It is to be made: None is what the host's release gives it."""


@dataclass(frozen=True)
class GroupState:
    """A port group as a host has it: `teaming` and `security` are its own, `users` counts what is connected to it."""

    name: str
    vswitch: str
    vlan: int = 0
    teaming: Teaming = Teaming()
    security: Security = Security()
    users: int = field(default=0, compare=False)
    raw: Any = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Nic:
    """A physical NIC; without link its `speed` is 0 (in Mbit/s)."""

    name: str
    speed: int = 0
    mac: str = ""


@dataclass(frozen=True)
class Vmk:
    """A VMkernel interface; what is empty or None is not told. `place` is its port on a distributed switch."""

    name: str
    port_group: str
    address: str = ""
    mask: str = ""
    mtu: int | None = None
    mac: str = ""
    netstack: str = ""
    place: str = ""

    @property
    def prefix(self) -> int | None:
        """Return the length of the prefix."""
        try:
            return IPv4Network(f"0.0.0.0/{self.mask}").prefixlen if self.mask else None
        except ValueError:
            return None


@dataclass(frozen=True)
class HostState:
    """The standard networking of one host; `computed` is what the host says takes effect in each port group."""

    name: str
    switches: Mapping[str, SwitchState] = field(default_factory=dict)
    groups: Mapping[str, GroupState] = field(default_factory=dict)
    nics: Mapping[str, Nic] = field(default_factory=dict)
    vmks: Mapping[str, Vmk] = field(default_factory=dict)
    computed: Mapping[str, tuple[Teaming, Security]] = field(default_factory=dict)
    managed: tuple[str, ...] | None = None
    """The VMkernel interfaces that the host itself names for management; None where it does not tell."""
    version: str = field(default="", compare=False)
    """Of ESX(i), as 4.1.0; empty where it was not told."""

    def groups_of(self, switch: str) -> list[GroupState]:
        """Return the port groups of a switch."""
        return [group for group in self.groups.values() if group.vswitch == switch]

    def effective(self, group: GroupState) -> tuple[Teaming, Security]:
        """Return what takes effect in a port group: each field is its own, else the switch's; a NIC order is one."""
        switch = self.switches.get(group.vswitch, SwitchState(group.vswitch))
        own = group.teaming
        if own.active_uplinks is not None or own.standby_uplinks is not None:
            own = replace(own, active_uplinks=own.active_uplinks or (), standby_uplinks=own.standby_uplinks or ())
        return overlaid(switch.teaming, own), overlaid(switch.security, group.security)


def overlaid(below: Part, above: Part) -> Part:
    """Return `below` with the fields that `above` has."""
    return replace(below, **said(above))


def said(part: Any) -> dict[str, Any]:
    """Return the fields of a dataclass that are not None, by name."""
    found = {each.name: getattr(part, each.name) for each in fields(part)}
    return {name: value for name, value in found.items() if value is not None}


def as_it_is(old: Part, new: Part, default: Part) -> Part:
    """Return `old` with what is otherwise in `new`; what is unset has its default."""
    was, becomes = vars(overlaid(default, old)), vars(overlaid(default, new))
    return replace(old, **{name: getattr(new, name) for name, value in becomes.items() if value != was[name]})


def agree(one: Part, other: Part) -> bool:
    """Tell whether two policies say the same wherever both say something."""
    return overlaid(one, other) == overlaid(other, one)


def same_order(one: tuple[str, ...] | None, other: tuple[str, ...] | None, ranked: bool) -> bool:
    """Tell whether two lists of NICs mean the same; only a `ranked` list is used from its beginning on."""
    if one is None or other is None or ranked:
        return one == other
    return sorted(one) == sorted(other)
