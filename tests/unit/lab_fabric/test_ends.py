# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves, with two toy ends of no kind, what lab/fabric.py makes of a cable: light, LACP, stations, reach."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import pytest

import fabric
from device.ends import Far, Interface, Port, View

TEXT = """\
devices: {sw: 1, srv: 2}
management_vlan: 10
cables:
- {switch: sw, port: p1, host: srv, nic: n1}
- {switch: sw, port: p2, host: srv, nic: n2}
"""
PLAIN = {"light": True, "forwards": True, "untagged": 10, "names": {10: "mgmt"}}


@dataclass
class Toy:
    """An end that says what it is told to, and keeps what it hears."""

    ports: dict[str, Port]
    interfaces: dict[str, Interface] = field(default_factory=dict)
    heard: dict[str, Any] = field(default_factory=dict)
    asks_at: int = 0

    async def view(self) -> View:
        return View(dict(self.ports), self.interfaces)

    async def hear(self, far: Mapping[str, Far | None]) -> None:
        self.heard.update(far)

    async def use_fabric(self, port: int) -> None:
        self.asks_at = port

    def change(self, port: str, **fields: Any) -> None:
        self.ports[port] = replace(self.ports[port], **fields)


Pair = tuple[Toy, Toy, fabric.Fabric]
Step = Callable[[Toy, Toy, fabric.Fabric], Awaitable[None]]


def play(*steps: Step, **teaming: Any) -> Pair:
    """Cable a switch and a host with two NICs, then take the steps."""
    switch = Toy({name: Port("sw", name, **PLAIN) for name in ("p1", "p2")})
    mac = "02:00:00:00:00:01"
    sends = {"policy": "loadbalance_srcid", "active": ["n1", "n2"], **teaming}
    host = Toy({name: Port("srv", name, True) for name in ("n1", "n2")})
    host.interfaces["lan"] = Interface(mac, 0, **sends, management=True)
    joined = fabric.Fabric(fabric.read(TEXT), {"sw": switch, "srv": host})

    async def run() -> None:
        await joined.begin(7)
        for step in steps:
            await step(switch, host, joined)

    asyncio.run(run())
    return switch, host, joined


async def asked(_switch: Toy, host: Toy, joined: fabric.Fabric) -> None:
    await host.hear((await joined.reach("srv", asdict(await host.view())))["far"])


def test_a_host_is_told_where_to_ask_and_a_switch_what_it_hears() -> None:
    switch, host, _ = play(asked)
    assert host.asks_at == 7
    assert switch.asks_at == 0
    assert switch.heard["p1"] == {"cable": "up", "lacp": "off", "macs": [["02:00:00:00:00:01", "mgmt"]]}
    assert switch.heard["p2"]["macs"] == []
    assert host.heard == {nic: {"cable": "up", "lacp": "off"} for nic in ("n1", "n2")}


def test_a_port_that_is_disabled_is_dark_at_the_host_and_its_frames_come_by_the_other_one() -> None:
    async def disable(switch: Toy, _host: Toy, _joined: fabric.Fabric) -> None:
        switch.change("p1", light=False, forwards=False)

    switch, host, _ = play(disable, asked)
    assert {nic: far["cable"] for nic, far in host.heard.items()} == {"n1": "dead", "n2": "up"}
    assert [bool(switch.heard[port]["macs"]) for port in ("p1", "p2")] == [False, True]


def test_a_nic_without_a_link_is_dead_for_the_switch() -> None:
    async def unplug(_switch: Toy, host: Toy, _joined: fabric.Fabric) -> None:
        host.change("n2", light=False)

    switch, _, _ = play(unplug, asked)
    assert [switch.heard[port]["cable"] for port in ("p1", "p2")] == ["up", "dead"]


def test_both_ends_hear_how_the_other_speaks_lacp() -> None:
    async def bundle(switch: Toy, host: Toy, _joined: fabric.Fabric) -> None:
        for number in (1, 2):
            switch.change(f"p{number}", bundle="lag4", lacp="active", periodic="slow")
            host.change(f"n{number}", bundle="bond0", lacp="passive")

    switch, host, _ = play(bundle, asked)
    systems = {"sw": "00:00:5e:00:53:10", "srv": "00:00:5e:00:53:11"}
    spoken = {"cable": "up", "lacp": "active", "periodic": "slow", "system": systems["sw"], "key": 5}
    assert host.heard == {"n1": spoken, "n2": spoken}
    heard = {key: value for key, value in switch.heard["p2"].items() if key != "macs"}
    assert heard == {"cable": "up", "lacp": "passive", "periodic": "fast", "system": systems["srv"], "key": 1}


@pytest.mark.parametrize(("untagged", "state"), [(10, "up"), (20, "silent")])
def test_a_host_is_reached_while_its_management_is_in_the_vlan_of_the_clients(untagged: int, state: str) -> None:
    found = []

    async def ask(switch: Toy, host: Toy, joined: fabric.Fabric) -> None:
        for port in switch.ports:
            switch.change(port, untagged=untagged, names={untagged: "v"})
        found.append((await joined.reach("srv", asdict(await host.view())))["state"])

    play(ask)
    assert found == [state]


def test_an_end_that_was_told_hears_nothing_twice() -> None:
    async def again(switch: Toy, _host: Toy, joined: fabric.Fabric) -> None:
        switch.heard.clear()
        await joined.deliveries()
        assert switch.heard == {}

    play(again)
