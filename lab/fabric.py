#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""One cabling shared by the simulators, so that a mismatch hurts as in life.

    fabric.py CABLING.yml [--port PORT]
        Cables everything, then answers; prints one line of JSON: {"port": PORT}.

The cabling:

    junos: 40001                     # control port of the switches
    vsphere: 40101                   # control port of the hosts
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
- LACP: a standard vSwitch never speaks it. Two switches see each other's mode, timer and bundle. Other far ends are as
  the cabling says.
- Stations: the addresses of the host's VMkernel interfaces, in the VLAN and at the ports where they are heard. A switch
  learns of a change when a host was asked for or changed, and every half second.
- Reach: `up` when all flows of vmk0 are delivered (delivery.py), else `silent`. A host that loses half of its flows
  thus counts as lost: the client is as unlucky as it can be. In life a lossy host is out of reach for some only.

Nothing else is simulated: no traffic of virtual machines, no spanning tree, no time between a change and its effect, no
switch between a client and a host but the one with the cable. Operations of its own port, as JSON lines: `reach` (from
a host), `deliveries` ({HOST: {VMK: {"lost", "of", "flaps", "reasons"}}}), `absences` ({HOST: SECONDS}: the longest
that the management of a host was lost without a break, by this clock, since it was asked for the last time),
`crossings` ({TRUNK: {"lost", "of", "flaps", "reasons"}}: the flows between two switches).
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from delivery import CLIENTS, Cables, Delivery, Port, Team, cross, deliver

POLL = 0.5
LIMIT = 16 * 1024 * 1024
MANAGEMENT = "vmk0"
State = dict[str, Any]
Place = tuple[str, str]


class FabricError(Exception):
    """The cabling is wrong, or a simulator refused."""


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

    junos: int
    vsphere: int
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
        FabricError: a cable is incomplete, or a port or NIC has two.
    """
    given = yaml.safe_load(text)
    found = Cabling(int(given["junos"]), int(given["vsphere"]), {}, {}, given.get("management_vlan"))
    found.management_vlans = {str(host): int(vlan) for host, vlan in (given.get("management_vlans") or {}).items()}
    held: set[Place] = set()
    for each in given["cables"]:
        ends = _ends(each)
        if twice := held.intersection(ends):
            raise FabricError(f"{' '.join(min(twice))} has two cables")
        held.update(ends)
        _plug(found, each, *ends)
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


async def ask(port: int, request: State) -> Any:
    """Send one operation to a control port.

    Raises:
        FabricError: it refused.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=LIMIT)
    writer.write(json.dumps(request).encode() + b"\n")
    answer = json.loads(await reader.readline())
    writer.close()
    if not answer["ok"]:
        raise FabricError(f"{request['op']}: {answer['error']}")
    return answer["result"]


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


@dataclass
class Fabric:
    """The simulators, what was last told to the switches, and what the hosts last said of themselves."""

    cabling: Cabling
    told: dict[tuple[str, str], State] = field(default_factory=dict)
    states: dict[str, State] = field(default_factory=dict)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    absences: Absences = field(default_factory=Absences)

    async def begin(self, port: int) -> None:
        """Put in all cables, and let the hosts ask here."""
        for host in self.cabling.hosts:
            self.states[host] = await ask(self.cabling.vsphere, {"op": "state", "host": host})
        await self.refresh()
        await ask(self.cabling.vsphere, {"op": "use_fabric", "port": port, "hosts": self.cabling.hosts})

    async def refresh(self) -> list[Port]:
        """Tell the switches what they hear now until they hear nothing new; give their ports."""
        ports = await self.ports()
        while new := self._news(ports):
            for switch in {place[0] for place in new}:
                ends = {place[1]: end for place, end in new.items() if place[0] == switch}
                await ask(self.cabling.junos, {"op": "far_end", "switch": switch, "ports": ends})
            self.told.update(new)
            ports = await self.ports()
        return ports

    def _news(self, ports: list[Port]) -> dict[Place, State]:
        """Give the far ends that the switches do not know yet."""
        far = {**self.cabling.others, **self._heard(ports), **self._beyond(ports)}
        present = {(port.switch, port.name) for port in ports}  # a switch that was reset has lost its cables
        return {place: end for place, end in far.items() if self.told.get(place) != end or place not in present}

    def _beyond(self, ports: list[Port]) -> dict[Place, State]:
        """Give the far ends that are ports of other switches; one that has no cable yet is up and speaks no LACP."""
        at = {(port.switch, port.name): port for port in ports}
        ends: dict[Place, State] = {}
        for cable in self.cabling.between:
            for place, other in ((cable.near, cable.far), (cable.far, cable.near)):
                port = at.get(other, Port(*other, light=True, bundle="", forwards=False))
                system = f"00:00:5e:00:53:{16 + self.cabling.switches.index(other[0]):02x}"
                key = int(port.bundle.removeprefix("ae") or 0) + 1
                spoken = {"lacp": port.lacp, "periodic": port.periodic, "system": system, "key": key}
                ends[place] = {"cable": "up" if port.light else "dead", **spoken}
        return ends

    async def ports(self) -> list[Port]:
        """Give all cabled ports of all switches."""
        found = []
        for switch in self.cabling.switches:
            shown = await ask(self.cabling.junos, {"op": "ports", "switch": switch})
            found += [port_of(switch, name, each) for name, each in shown.items()]
        return found

    def _heard(self, ports: list[Port]) -> dict[tuple[str, str], State]:
        """Give the far ends that are uplinks of hosts, with the stations that are heard there."""
        at = {(port.switch, port.name): port for port in ports}
        dark = self.dark(ports)
        ends: dict[tuple[str, str], State] = {}
        for place, (host, nic) in self.cabling.cables.items():
            cable = "up" if self.states[host]["nics"][nic]["link"] else "dead"
            macs = self._stations(host, nic, at[place], dark) if place in at else []
            ends[place] = {"cable": cable, "lacp": "off", "macs": macs}
        return ends

    def _stations(self, host: str, nic: str, port: Port, dark: set[tuple[str, str]]) -> list[list[str]]:
        """Give address and VLAN name of the interfaces that send over an uplink."""
        found = []
        for name, vmk in self.states[host]["vmks"].items():
            team = self.team(host, name, dark)
            vlan = port.vlan(team.vlan)
            if vlan is not None and any(team.sends(client) == nic for client in CLIENTS):
                found.append([str(vmk["mac"]), port.names[vlan]])
        return found

    def dark(self, ports: list[Port]) -> set[tuple[str, str]]:
        """Give the uplinks that see that their switch port is disabled: (host, vmnic)."""
        cables = self.cabling.cables
        places = [(port.switch, port.name) for port in ports if not port.light]
        return {cables[place] for place in places if place in cables} - self.cabling.hides

    def team(self, host: str, vmk: str, dark: set[tuple[str, str]]) -> Team:
        """Give how an interface of a host sends."""
        state = self.states[host]
        interface = state["vmks"][vmk]
        group = state["groups"][interface["port_group"]]
        teaming = group["computed"]["nicTeaming"]
        return Team(
            host,
            vlan=int(group["vlan"]),
            policy=str(teaming["policy"]),
            active=tuple(teaming["nicOrder"]["activeNic"]),
            standby=tuple(teaming["nicOrder"]["standbyNic"]),
            lit=frozenset(nic for nic, each in state["nics"].items() if each["link"] and (host, nic) not in dark),
            address=int(interface["address"].rpartition(".")[2]),
            number=int(vmk.removeprefix("vmk")),
        )

    def delivery(self, host: str, vmk: str, ports: list[Port]) -> Delivery:
        """Follow the flows of one interface; only those of vmk0 must be in the management VLAN."""
        own = self.cabling.management_vlans.get(host, self.cabling.management_vlan)
        vlan = own if vmk == MANAGEMENT else None
        return deliver(self.team(host, vmk, self.dark(ports)), ports, self.cabling.cables, vlan)

    async def reach(self, host: str, state: State) -> State:
        """Tell how a host is reached, and which of its uplinks are dark because of the switch."""
        async with self.turn:
            self.states[host] = state
            ports = await self.refresh()
            whole = MANAGEMENT in state["vmks"] and self.delivery(host, MANAGEMENT, ports).complete
            self.absences.note(host, whole)
            dark = sorted(nic for name, nic in self.dark(ports) if name == host)
            return {"state": "up" if whole else "silent", "dark": dark}

    async def deliveries(self) -> State:
        """Tell what becomes of the flows of all interfaces of all hosts."""
        async with self.turn:
            ports = await self.refresh()
            found = {
                host: {vmk: self.delivery(host, vmk, ports) for vmk in state["vmks"]}
                for host, state in self.states.items()
            }
        for host, of_vmks in found.items():
            self.absences.note(host, MANAGEMENT in of_vmks and of_vmks[MANAGEMENT].complete)
        return {host: {vmk: summary(each) for vmk, each in of_vmks.items()} for host, of_vmks in found.items()}

    async def crossings(self) -> State:
        """Tell what becomes of the flows between switches."""
        async with self.turn:
            at = {(port.switch, port.name): port for port in await self.refresh()}
        trunks: dict[tuple[str, int], list[tuple[Port, Port]]] = {}
        for cable in self.cabling.between:
            trunks.setdefault((cable.trunk, cable.vlan), []).append((at[cable.near], at[cable.far]))
        return {name: summary(cross(vlan, cables)) for (name, vlan), cables in trunks.items()}

    async def answer(self, line: bytes) -> State:
        """Carry out one request; what goes wrong is told, not raised."""
        try:
            request = json.loads(line)
            if request["op"] == "reach":
                return {"ok": True, "result": await self.reach(request["host"], request["state"])}
            if request["op"] == "deliveries":
                return {"ok": True, "result": await self.deliveries()}
            if request["op"] == "absences":
                return {"ok": True, "result": self.absences.told()}
            if request["op"] == "crossings":
                return {"ok": True, "result": await self.crossings()}
            raise FabricError("the operations are reach, deliveries, absences, crossings")
        except (FabricError, OSError, KeyError, TypeError, ValueError) as failure:
            return {"ok": False, "error": f"{type(failure).__name__}: {failure}"}


def summary(delivery: Delivery) -> State:
    """Give a delivery in short."""
    reasons = sorted({reason for reason in delivery.flows.values() if reason})
    return {"lost": delivery.lost, "of": len(delivery.flows), "flaps": delivery.flaps, "reasons": reasons}


def port_of(switch: str, name: str, shown: State) -> Port:
    """Make a port of what a switch tells of it."""
    names = {int(tag): str(vlan) for tag, vlan in shown["names"].items()}
    place = (switch, name, bool(shown["light"]), str(shown["bundle"]), bool(shown["forwards"]))
    lacp = str(shown["lacp"]), str(shown["periodic"])
    return Port(*place, shown["untagged"], tuple(shown["tagged"]), names, *lacp)


async def serve(cabling: Cabling, port: int) -> None:
    """Cable everything and answer until the end; the switches hear of changes every half second as well."""
    fabric = Fabric(cabling)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(json.dumps(await fabric.answer(line)).encode() + b"\n")
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", port, limit=LIMIT)
    number = int(server.sockets[0].getsockname()[1])
    await fabric.begin(number)
    print(json.dumps({"port": number}), flush=True)
    while True:
        await asyncio.sleep(POLL)
        with contextlib.suppress(OSError, FabricError):
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
