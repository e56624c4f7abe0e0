# SPDX-License-Identifier: GPL-3.0-or-later
"""Links to convert, and paths to convert them."""

from __future__ import annotations

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.link_state import (
    HostForm,
    Link,
    PortForm,
    Step,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.cutover.route import GROUPWISE, route
from ansible_collections.netstack.datacenter.plugins.plugin_utils.cutover.run import Conversion
from ansible_collections.netstack.datacenter.plugins.plugin_utils.cutover.where import Declared, situation

from .pair import HASH, LACP, PLAIN, PORT_ID, STATIC, InMemory, World

PORTS, NICS = ("ge-0/0/0", "ge-1/0/0"), ("vmnic2", "vmnic3")
FOUR = tuple(f"ge-0/0/{n}" for n in range(4)), tuple(f"vmnic{n}" for n in range(4))
FEWER = PortForm("ae0", untagged=10)
PAIRS = {
    "plain to static": (PLAIN, PORT_ID, STATIC, HASH),
    "static to plain": (STATIC, HASH, PLAIN, PORT_ID),
    "another vlan": (FEWER, HASH, STATIC, HASH),
    "another bundle": (PortForm("ae5", untagged=10), HASH, STATIC, HASH),
    "tagged management": (PLAIN, PORT_ID, PortForm("ae0", tagged=frozenset({10})), HostForm(True, 10)),
    "bundle without hash": (STATIC, PORT_ID, STATIC, HASH),
    "hash without bundle": (PLAIN, HASH, STATIC, HASH),
    "lacp to static": (LACP, HASH, STATIC, HASH),
    "lacp and port id": (LACP, PORT_ID, STATIC, HASH),
    "four cables": (PLAIN, PORT_ID, STATIC, HASH),
}
GOOD = [name for name in PAIRS if name not in ("bundle without hash", "hash without bundle") and "lacp" not in name]
"""Those that lose nothing at the beginning."""


def declared(ports=PORTS, nics=NICS, port=STATIC, host=HASH) -> Declared:
    return Declared("esx1-lan", ports, nics, port, host)


def start(name: str, management: bool = True) -> World:
    old_port, old_host, port, host = PAIRS[name]
    ports, nics = FOUR if name == "four cables" else (PORTS, NICS)
    wanted = declared(ports, nics, port, host)
    return World(wanted, dict.fromkeys(ports, old_port), nics, old_host, management=management)


def path(world: World, strategy: str = GROUPWISE) -> tuple[Link, list[Step]]:
    link, state = situation(world.declared, *world.seen())
    return link, route(link, state, strategy)


def conversion(world: World, link: Link) -> Conversion:
    ends = InMemory(world, "ex1"), InMemory(world, "esx1")
    return Conversion(link, *ends, Watching(world), clock=world.clock)


class Watching:
    """Watches a conversion in memory."""

    def __init__(self, world: World) -> None:
        self.world = world

    def alive(self) -> bool:
        return self.world.alive

    def report(self, text: str) -> None:
        self.world.told.append(text)


def walk(world: World, link: Link, steps: list[Step]) -> None:
    conversion(world, link).run(steps)
