# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands at the ends of a cable: what a device says of its ports and is told of the far ones, over one protocol.

lab/fabric.py joins such ends and knows nothing else of a device. A simulator implements `End` for each of its devices
and registers them at its control port (`Control.of_ends`); there they are the operations `view` and `hear`.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

Far = dict[str, Any]
"""The other end of one cable: `cable` (up, or dead: no light), `lacp` (off, active, passive), with `periodic`, `system`
and `key` unless it is off; at a switch `macs`, the stations behind it: (address, VLAN's name)."""


@dataclass(frozen=True)
class Port:
    """A port of a device.

    `light`: it is enabled and has a signal. What follows is of switches, and of hosts that bundle by LACP: `bundle`
    that it is a member of, or nothing. `forwards`: it carries traffic, as a member of a bundle that is up or by itself.
    `untagged` and `tagged` are VLAN tags, those of its bundle for a member; `names` gives the VLANs' names by tag.
    `lacp` (off, active, passive) and `periodic` (fast, slow) are how its bundle speaks LACP.
    """

    switch: str
    name: str
    light: bool
    bundle: str = ""
    forwards: bool = False
    untagged: int | None = None
    tagged: Sequence[int] = ()
    names: dict[int, str] = field(default_factory=dict, compare=False)
    lacp: str = "off"
    periodic: str = "fast"

    @property
    def logical(self) -> str:
        """Give where addresses are learnt: the bundle, or the port itself."""
        return f"{self.switch}:{self.bundle or self.name}"

    def vlan(self, tag: int) -> int | None:
        """Give the VLAN that a frame belongs to (0: without a tag), or nothing where it is not taken."""
        if not self.forwards:
            return None
        if tag == 0:
            return self.untagged
        return tag if tag in self.tagged else None

    def tag(self, vlan: int) -> int | None:
        """Give the tag with which a frame of a VLAN leaves (0: none), or nothing where it does not."""
        if vlan == self.untagged:
            return 0
        return vlan if vlan in self.tagged else None


@dataclass(frozen=True)
class Interface:
    """An address of a host and how it sends: its VLAN's tag (0: none), the teaming that takes effect, its uplinks.

    `address` is the last octet of its address, `number` what a team pins it by. Clients reach the host by a
    `management` interface.
    """

    mac: str
    vlan: int
    policy: str
    active: Sequence[str]
    standby: Sequence[str] = ()
    address: int = 1
    number: int = 0
    management: bool = False

    def used(self, lit: Container[str]) -> list[str]:
        """Give the uplinks that carry traffic, of those that have light."""
        found = [nic for nic in self.active if nic in lit]
        found = found or [nic for nic in self.standby if nic in lit][:1]
        return found[:1] if self.policy == "failover_explicit" else found


@dataclass(frozen=True)
class View:
    """All that a device says of its ends: its ports that have a cable, and the interfaces that send over them."""

    ports: dict[str, Port]
    interfaces: dict[str, Interface] = field(default_factory=dict)


class End(Protocol):
    """A device whose ports have cables."""

    async def view(self) -> View:
        """Say how it is now."""

    async def hear(self, far: Mapping[str, Far | None]) -> None:
        """Take note of the far ends of some ports; None: no cable."""


class Asking(End, Protocol):
    """A device that asks how it is reached, and what it hears, whenever that matters, and says how it is: a host."""

    async def use_fabric(self, port: int) -> None:
        """Ask at `port` from now on (0: nobody)."""


def read(told: dict[str, dict[str, Any]]) -> View:
    """Make a view of what a control port gave: JSON has texts for the tags of VLANs."""
    ports = {
        name: Port(**{**each, "names": {int(tag): vlan for tag, vlan in each["names"].items()}})
        for name, each in told["ports"].items()
    }
    return View(ports, {name: Interface(**each) for name, each in told["interfaces"].items()})
