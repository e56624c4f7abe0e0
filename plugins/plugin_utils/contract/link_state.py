# SPDX-License-Identifier: GPL-3.0-or-later
"""What a link between a switch and a host's standard vSwitch can be while it is changed.

The cables of a link are two legs, mostly the first half of its ports and the rest. Each end has two forms, what it had
when it was looked at (old) and what is declared (new). A place is one combination of both ends; a step leads to the
next place and touches one end. Pure data: nothing here knows how an end is asked or changed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

Legs = frozenset[int]
NONE: Legs = frozenset()
BOTH: Legs = frozenset({0, 1})


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
class Place:
    """Where a link stands.

    Attributes:
        host_legs: the legs that the host sends over; none of them: it uses other uplinks, not of this link
        host_new: the host has the declared form
        ports_new: the legs whose ports have the declared form
        dark: the legs whose ports are disabled at the switch, which both ends see

    """

    host_legs: Legs = BOTH
    host_new: bool = False
    ports_new: Legs = NONE
    dark: Legs = NONE

    @property
    def lit(self) -> Legs:
        """Return the legs that the host sends over: a dark one carries nothing, and the host knows it."""
        return self.host_legs - self.dark


@dataclass(frozen=True)
class Link:
    """One link with the two forms of its ends; `old_ports` and `ports` have an entry for each leg.

    Attributes:
        name: of the link
        ports: the switch's ports of each leg
        nics: the host's uplinks of each leg
        old_ports: what the ports of each leg were when the switch was looked at
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
    def legs(self) -> Legs:
        """Return all legs; a link with one cable has one."""
        return frozenset(range(len(self.ports)))

    @property
    def goal(self) -> Place:
        """Return where the link shall stand."""
        return Place(self.legs, True, self.legs, NONE)

    def port_form(self, place: Place, leg: int) -> PortForm:
        """Return what the ports of a leg are at a place."""
        return self.new_port if leg in place.ports_new else self.old_ports[leg]

    def host_form(self, place: Place) -> HostForm:
        """Return what the host is at a place."""
        return self.new_host if place.host_new else self.old_host

    def ports_of(self, legs: Iterable[int]) -> tuple[str, ...]:
        """Return the switch's ports of some legs."""
        return tuple(port for leg in sorted(legs) for port in self.ports[leg])

    def nics_of(self, legs: Iterable[int]) -> tuple[str, ...]:
        """Return the host's uplinks of some legs."""
        return tuple(nic for leg in sorted(legs) for nic in self.nics[leg])

    def pairs(self, legs: Iterable[int]) -> dict[str, str]:
        """Return the declared NIC of each port of some legs."""
        chosen = tuple(legs)
        return dict(zip(self.ports_of(chosen), self.nics_of(chosen), strict=True))


@dataclass(frozen=True)
class Step:
    """One change of one end: from one place to the next."""

    before: Place
    after: Place

    @property
    def at_host(self) -> bool:
        """Tell whether the host is changed (otherwise the switch)."""
        return (self.before.host_legs, self.before.host_new) != (self.after.host_legs, self.after.host_new)

    @property
    def disables(self) -> Legs:
        """Return the legs whose ports are disabled by this step."""
        return self.after.dark - self.before.dark

    @property
    def enables(self) -> Legs:
        """Return the legs whose ports are enabled by this step, so that taking it back disables them."""
        return self.before.dark - self.after.dark
