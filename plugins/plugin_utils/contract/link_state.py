# SPDX-License-Identifier: GPL-3.0-or-later
"""What a link between a switch and a host can be while it is changed.

The cables of a link are two groups, mostly the first half of its ports and the rest: at the switch each is a set of
members, at the host a group of uplinks. Each end has two forms, what it had when it was looked at (old) and what is
declared (new). A state is one combination of both ends; a step leads to the next state and touches one end. Pure data:
nothing here knows how an end is asked or changed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

Groups = frozenset[int]
"""Groups of cables by number."""
NONE: Groups = frozenset()
BOTH: Groups = frozenset({0, 1})


@dataclass(frozen=True)
class PortForm:
    """What a switch port is to the host: plain or member of a bundle, and the VLANs by id."""

    bundle: str = ""
    static: bool = True
    untagged: int | None = None
    tagged: frozenset[int] = frozenset()

    def arrives(self, vlan: int) -> int | None:
        """Return the VLAN that a frame of the host gets into (0: sent without a tag), None where it is dropped."""
        if vlan == 0:
            return self.untagged
        return vlan if vlan in self.tagged else None


@dataclass(frozen=True)
class HostForm:
    """How the host sends the management's frames: by IP hash over all its uplinks or not, and the tag (0: none)."""

    hashing: bool
    vlan: int = 0


@dataclass(frozen=True)
class LinkState:
    """Where a link stands.

    Attributes:
        used: the groups of uplinks that the host sends over; none of them: it uses others, not of this link
        host_new: the host has the declared form
        ports_new: the groups whose ports have the declared form
        disabled: the groups whose ports are disabled at the switch, which both ends see

    """

    used: Groups = BOTH
    host_new: bool = False
    ports_new: Groups = NONE
    disabled: Groups = NONE

    @property
    def enabled(self) -> Groups:
        """Return the groups that the host sends over: a disabled one carries nothing, and the host knows it."""
        return self.used - self.disabled


@dataclass(frozen=True)
class Link:
    """One link with the two forms of its ends; `old_ports` and `ports` have an entry for each group.

    Attributes:
        name: of the link
        ports: the switch's ports of each group
        nics: the host's uplinks of each group
        old_ports: what the ports of each group were when the switch was looked at
        new_port: what every port shall be
        old_host: what the host was when it was looked at
        new_host: what it shall be
        management: the host's management runs over this vSwitch
        hidden: why a NIC of the host keeps its link when its port is disabled (a waiver's reason); empty: it does not

    """

    name: str
    ports: tuple[tuple[str, ...], ...]
    nics: tuple[tuple[str, ...], ...]
    old_ports: tuple[PortForm, ...]
    new_port: PortForm
    old_host: HostForm
    new_host: HostForm
    management: bool = True
    hidden: str = ""

    @property
    def groups(self) -> Groups:
        """Return all groups of cables; a link with one cable has one."""
        return frozenset(range(len(self.ports)))

    @property
    def goal(self) -> LinkState:
        """Return where the link shall stand."""
        return LinkState(self.groups, True, self.groups, NONE)

    def port_form(self, state: LinkState, group: int) -> PortForm:
        """Return what the ports of a group are at a state."""
        return self.new_port if group in state.ports_new else self.old_ports[group]

    def host_form(self, state: LinkState) -> HostForm:
        """Return what the host is at a state."""
        return self.new_host if state.host_new else self.old_host

    def ports_of(self, groups: Iterable[int]) -> tuple[str, ...]:
        """Return the switch's ports of some groups."""
        return tuple(port for group in sorted(groups) for port in self.ports[group])

    def nics_of(self, groups: Iterable[int]) -> tuple[str, ...]:
        """Return the host's uplinks of some groups."""
        return tuple(nic for group in sorted(groups) for nic in self.nics[group])

    def pairs(self, groups: Iterable[int]) -> dict[str, str]:
        """Return the declared NIC of each port of some groups."""
        chosen = tuple(groups)
        return dict(zip(self.ports_of(chosen), self.nics_of(chosen), strict=True))


@dataclass(frozen=True)
class Step:
    """One change of one end: from one state to the next."""

    before: LinkState
    after: LinkState

    @property
    def at_host(self) -> bool:
        """Tell whether the host is changed (otherwise the switch)."""
        return (self.before.used, self.before.host_new) != (self.after.used, self.after.host_new)

    @property
    def disables(self) -> Groups:
        """Return the groups whose ports are disabled by this step."""
        return self.after.disabled - self.before.disabled

    @property
    def enables(self) -> Groups:
        """Return the groups whose ports are enabled by this step, so that taking it back disables them."""
        return self.before.disabled - self.after.disabled
