#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""One cabling shared by the simulators, so that a mismatch hurts as in life.

    fabric.py CABLING.yml [--port PORT]
        Cables everything, then answers; prints one line of JSON: {"control": PORT}.

The cabling:

    devices: {ex1: 40001, ex2: 40001, esx1: 40101}  # the control port of the simulator that plays each
    management_vlan: 10              # where the clients of the hosts' management are; without it: anywhere
    management_vlans: {esx9: 12}     # and of single hosts
    cables:
      - {switch: ex1, port: ge-0/0/0, host: esx1, nic: vmnic2}
      - {switch: ex1, port: ge-0/0/5, far: {lacp: active, system: "00:00:5e:00:53:07", key: 3}}  # as a switch takes it
      - {switch: ex1, port: ge-0/0/9, to: {switch: ex2, port: ge-0/0/9}, trunk: up1, vlan: 10}  # which VLAN is followed

A host asks it how a host is reached whenever that matters: before a connection, before a call acts, before its
answer leaves. So a commit on a switch counts at once, without a race. What is derived:

- Light: a port that the switch has disabled is dark at the host as well, and a cable that is broken at the host is dead
  for the switch. A cable with `hides: true` runs through an enclosure that keeps the host's end lit all the same.
- LACP: the devices at both ends see each other's mode, timer and bundle; a standard vSwitch never speaks it. Other far
  ends are as the cabling says.
- Stations: the addresses of the host's interfaces, in the VLAN and at the ports where they are heard. A switch learns
  of a change when a host was asked for or changed, and every half second.
- Reach: `up` when all flows of the management's interface are delivered (delivery.py), else `silent`. A host that loses
  half of its flows thus counts as lost: the client is as unlucky as it can be. In life a lossy host is out of reach for
  some only.

Nothing else is simulated: no traffic of virtual machines, no spanning tree, no time between a change and its effect, no
switch between a client and a host but the one with the cable. What a device is the fabric does not know: it joins ends
(device/ends.py). Operations of its own port, as JSON lines: `reach` (from a host), `deliveries` ({HOST: {INTERFACE:
{"lost", "of", "flaps", "reasons"}}}), `absences` ({HOST: SECONDS}: the longest that the management of a host was lost
without a break, by this clock, since it was asked for the last time), `crossings` ({TRUNK: {"lost", "of", "flaps",
"reasons"}}: the flows between two switches).
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import re
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import yaml

from delivery import CLIENTS, Cables, Delivery, Team, cross, deliver
from device.client import ControlError
from device.control import Control, ask, port_of
from device.ends import Asking, End, Far, Port, View
from device.ends import read as read_view

POLL = 0.5
State = dict[str, Any]
Place = tuple[str, str]


class FabricError(Exception):
    """The cabling is wrong."""


@dataclass(frozen=True)
class Between:
    """A cable between two switches; those of one trunk are followed together."""

    near: Place
    far: Place
    trunk: str
    vlan: int


@dataclass
class Cabling:
    """What the file says."""

    devices: dict[str, int]
    cables: Cables
    others: dict[tuple[str, str], State]
    management_vlan: int | None = None
    hides: frozenset[tuple[str, str]] = frozenset()
    between: tuple[Between, ...] = ()
    management_vlans: dict[str, int] = field(default_factory=dict)

    @property
    def hosts(self) -> list[str]:
        """Give the hosts that have a cable."""
        return sorted({host for host, _ in self.cables.values()})

    @property
    def switches(self) -> list[str]:
        """Give the switches that have a cable."""
        ends = [end for cable in self.between for end in (cable.near, cable.far)]
        return sorted({switch for switch, _ in [*self.cables, *self.others, *ends]})


def read(text: str) -> Cabling:
    """Read a cabling.

    Raises:
        FabricError: a cable leads to a device that is not named, or a port or NIC has two.
    """
    given = yaml.safe_load(text)
    found = Cabling(given["devices"], {}, {}, given.get("management_vlan"))
    found.management_vlans = {str(host): int(vlan) for host, vlan in (given.get("management_vlans") or {}).items()}
    held: set[Place] = set()
    for each in given["cables"]:
        ends = _ends(each)
        if twice := held.intersection(ends):
            raise FabricError(f"{' '.join(min(twice))} has two cables")
        held.update(ends)
        _plug(found, each, *ends)
    if unknown := {*found.switches, *found.hosts} - set(found.devices):
        raise FabricError(f"no control port for {', '.join(sorted(unknown))}")
    found.hides = frozenset((str(each["host"]), str(each["nic"])) for each in given["cables"] if each.get("hides"))
    return found


def _ends(cable: State) -> list[Place]:
    """Give the ports and NICs of a cable; a far end that is only described has none."""
    near = (str(cable["switch"]), str(cable["port"]))
    if "far" in cable:
        return [near]
    if "to" in cable:
        return [near, (str(cable["to"]["switch"]), str(cable["to"]["port"]))]
    return [near, (str(cable["host"]), str(cable["nic"]))]


def _plug(cabling: Cabling, cable: State, near: Place, far: Place = ("", "")) -> None:
    if "far" in cable:
        cabling.others[near] = dict(cable["far"])
    elif "to" in cable:
        cabling.between += (Between(near, far, str(cable["trunk"]), int(cable["vlan"])),)
    else:
        cabling.cables[near] = far


@dataclass
class Absences:
    """Since when the management of hosts is lost, and the longest that it was."""

    since: dict[str, float] = field(default_factory=dict)
    longest: dict[str, float] = field(default_factory=dict)

    def note(self, host: str, reachable: bool) -> None:
        """Take note of how a host is reached now."""
        now = time.monotonic()
        if not reachable:
            self.since.setdefault(host, now)
        if host in self.since:
            self.longest[host] = max(self.longest.get(host, 0), now - self.since[host])
        if reachable:
            self.since.pop(host, None)

    def told(self) -> dict[str, float]:
        """Give the longest absences, and forget those that are over."""
        found, self.longest = self.longest, {}
        return found


@dataclass(frozen=True)
class Remote:
    """An end behind the control port of its simulator."""

    name: str
    port: int

    async def view(self) -> View:
        """Ask how it is."""
        return read_view(await ask(self.port, "view", device=self.name))

    async def hear(self, far: Mapping[str, Far | None]) -> None:
        """Tell it of far ends."""
        await ask(self.port, "hear", device=self.name, far=far)

    async def use_fabric(self, port: int) -> None:
        """Let it ask here."""
        await ask(self.port, "use_fabric", device=self.name, port=port)


@dataclass
class Fabric:
    """The ends, what was last told to them, and what the hosts last said of themselves."""

    cabling: Cabling
    ends: Mapping[str, End]
    told: dict[Place, Far] = field(default_factory=dict)
    views: dict[str, View] = field(default_factory=dict)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    absent: Absences = field(default_factory=Absences)

    async def begin(self, port: int) -> None:
        """Put in all cables, and let the hosts ask here."""
        self.views = {host: await self.ends[host].view() for host in self.cabling.hosts}
        await self.refresh()
        for host in self.cabling.hosts:
            await cast(Asking, self.ends[host]).use_fabric(port)

    async def refresh(self) -> list[Port]:
        """Tell the switches what they hear now until they hear nothing new; give their ports."""
        ports = await self.ports()
        while new := self._news(ports):
            for switch in {place[0] for place in new}:
                await self.ends[switch].hear({place[1]: far for place, far in new.items() if place[0] == switch})
            self.told.update(new)
            ports = await self.ports()
        return ports

    async def ports(self) -> list[Port]:
        """Give all cabled ports of all switches."""
        views = [await self.ends[switch].view() for switch in self.cabling.switches]
        return [port for view in views for port in view.ports.values()]

    def _news(self, ports: list[Port]) -> dict[Place, Far]:
        """Give the far ends that the switches do not know yet."""
        far = {**self.cabling.others, **self.far_ends(ports, self.cabling.switches)}
        present = {(port.switch, port.name) for port in ports}  # a switch that was reset has lost its cables
        return {place: end for place, end in far.items() if self.told.get(place) != end or place not in present}

    def far_ends(self, ports: list[Port], devices: Sequence[str]) -> dict[Place, Far]:
        """Give what these devices hear of the others by their cables.

        A port of a switch that has no cable yet is up and speaks no LACP.
        """
        at = {(port.switch, port.name): port for port in ports}
        at |= {(host, nic): port for host, view in self.views.items() for nic, port in view.ports.items()}
        dark = self.dark(ports)
        ends: dict[Place, Far] = {}
        for place, other in self._cables(devices):
            far = at.get(other, Port(*other, light=True))
            dead = place in dark if other in self.cabling.cables else not far.light
            ends[place] = {"cable": "dead" if dead else "up", "lacp": far.lacp, **self._spoken(far)}
            if place in self.cabling.cables:
                ends[place]["macs"] = self._stations(*other, at[place], dark) if place in at else []
        return ends

    def _cables(self, devices: Sequence[str]) -> list[tuple[Place, Place]]:
        """Give the cables of some devices to others, from their end."""
        cables = [*self.cabling.cables.items(), *((cable.near, cable.far) for cable in self.cabling.between)]
        cables += [(far, near) for near, far in cables]
        return [cable for cable in cables if cable[0][0] in devices]

    def _spoken(self, far: Port) -> Far:
        """Give what a port says of itself by LACP."""
        if far.lacp == "off":
            return {}
        number = [*self.cabling.switches, *self.cabling.hosts].index(far.switch)
        key = int(re.sub(r"\D", "", far.bundle) or 0) + 1
        return {"periodic": far.periodic, "system": f"00:00:5e:00:53:{16 + number:02x}", "key": key}

    def _stations(self, host: str, nic: str, port: Port, dark: set[Place]) -> list[list[str]]:
        """Give address and VLAN name of the interfaces that send over an uplink."""
        found = []
        for name, interface in self.views[host].interfaces.items():
            team = self.team(host, name, dark)
            vlan = port.vlan(interface.vlan)
            if vlan is not None and any(team.sends(client) == nic for client in CLIENTS):
                found.append([interface.mac, port.names[vlan]])
        return found

    def dark(self, ports: list[Port]) -> set[Place]:
        """Give the uplinks that see that their switch port is disabled: (host, NIC)."""
        cables = self.cabling.cables
        places = [(port.switch, port.name) for port in ports if not port.light]
        return {cables[place] for place in places if place in cables} - self.cabling.hides

    def team(self, host: str, name: str, dark: set[Place]) -> Team:
        """Give how an interface of a host sends."""
        view = self.views[host]
        lit = {nic for nic, port in view.ports.items() if port.light and (host, nic) not in dark}
        return Team(host, view.interfaces[name], view.interfaces[name].used(lit))

    def delivery(self, host: str, name: str, ports: list[Port]) -> Delivery:
        """Follow the flows of one interface; only those of the management must be in its VLAN."""
        own = self.cabling.management_vlans.get(host, self.cabling.management_vlan)
        vlan = own if self.views[host].interfaces[name].management else None
        return deliver(self.team(host, name, self.dark(ports)), ports, self.cabling.cables, vlan)

    def whole(self, host: str, ports: list[Port]) -> bool:
        """Tell whether all clients of a host's management reach it; takes note of it."""
        names = [name for name, each in self.views[host].interfaces.items() if each.management]
        found = bool(names) and all(self.delivery(host, name, ports).complete for name in names)
        self.absent.note(host, found)
        return found

    async def reach(self, host: str, view: State) -> State:
        """Tell how a host is reached that is as `view` says, and what it hears at its NICs."""
        async with self.turn:
            self.views[host] = read_view(view)
            ports = await self.refresh()
            heard = {nic: far for (_, nic), far in self.far_ends(ports, [host]).items()}
            return {"state": "up" if self.whole(host, ports) else "silent", "far": heard}

    async def deliveries(self) -> State:
        """Tell what becomes of the flows of all interfaces of all hosts."""
        async with self.turn:
            ports = await self.refresh()
            found = {
                host: {name: summary(self.delivery(host, name, ports)) for name in view.interfaces}
                for host, view in self.views.items()
            }
            for host in self.views:
                self.whole(host, ports)
        return found

    async def crossings(self) -> State:
        """Tell what becomes of the flows between switches."""
        async with self.turn:
            at = {(port.switch, port.name): port for port in await self.refresh()}
        trunks: dict[tuple[str, int], list[tuple[Port, Port]]] = {}
        for cable in self.cabling.between:
            trunks.setdefault((cable.trunk, cable.vlan), []).append((at[cable.near], at[cable.far]))
        return {name: summary(cross(vlan, cables)) for (name, vlan), cables in trunks.items()}


CONTROL: Control[Fabric] = Control(ControlError, OSError)
CONTROL.operations |= {
    **{"reach": Fabric.reach, "deliveries": Fabric.deliveries, "crossings": Fabric.crossings},
    "absences": lambda fabric: fabric.absent.told(),
}


def summary(delivery: Delivery) -> State:
    """Give a delivery in short."""
    reasons = sorted({reason for reason in delivery.flows.values() if reason})
    return {"lost": delivery.lost, "of": len(delivery.flows), "flaps": delivery.flaps, "reasons": reasons}


async def serve(cabling: Cabling, port: int) -> None:
    """Cable everything and answer until the end; the switches hear of changes every half second as well."""
    fabric = Fabric(cabling, {name: Remote(name, control) for name, control in cabling.devices.items()})
    server = await CONTROL.serve(fabric, port)
    number = port_of(server)
    await fabric.begin(number)
    print(json.dumps({"control": number}), flush=True)
    while True:
        await asyncio.sleep(POLL)
        with contextlib.suppress(OSError, ControlError):
            await fabric.deliveries()


def main(argv: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cabling", type=Path)
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args(argv)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(read(options.cabling.read_text(encoding="utf-8")), options.port))
    return 0


if __name__ == "__main__":
    sys.exit(main())
