# SPDX-License-Identifier: GPL-3.0-or-later
"""One switch and two hosts with two cables each, which are wherever they are; conversions in this process."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unit.junos.builders import declared

from ansible_collections.netstack.datacenter.plugins.plugin_utils.connection.model import Connection
from ansible_collections.netstack.datacenter.plugins.plugin_utils.cutover import convert, pairs, restore
from ansible_collections.netstack.datacenter.plugins.plugin_utils.cutover.journal import StepJournal
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss import end as esxi
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex import end as junos
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.device.session import Session
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.device.target import Target
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.request import (
    Request,
    Verification,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.transaction import apply
from ansible_collections.netstack.datacenter.plugins.plugin_utils.private_files import read, write
from fabric_client import Fabric
from kinds.esxi_vss.client import Simulator as Hosts
from kinds.junos_ex.client import Simulator as Switches

from .labs import DELIVERED, NICS, PLAIN_PORT, VLANS, host_end

HOSTS = ("esx1", "esx2")
PORTS = [f"ge-0/0/{number}" for number in range(4)]
ENDS = [(host, nic) for host in HOSTS for nic in NICS]
DECLARED = dict(zip(PORTS, ENDS, strict=True))
BUNDLES = dict(zip(HOSTS, ("ae0", "ae1"), strict=True))
COMMON = {"payload_mtu": 1500, "mode": "trunk", "untagged": "server", "tagged": ["vmotion"], "peer": "esxi_vss"}
Cables = dict[str, tuple[str, str]]


class Watching:
    """Watches a conversion, whose caller is there all the time."""

    def alive(self) -> bool:
        return True

    def report(self, text: str) -> None:
        return


@dataclass
class Cabled:
    """The simulators, where the cables are, and how long a NIC may keep its link."""

    switches: Switches
    hosts: Hosts
    fabric: Fabric
    style: str
    cables: Cables
    folder: Path
    seconds: int = 3
    replug: Callable[[str, Cables], Fabric] | None = None

    def ports_of(self, host: str, cables: Cables) -> list[str]:
        return [port for port, end in cables.items() if end[0] == host]

    def right(self, host: str) -> bool:
        """Tell whether the cables of a host are where they are declared."""
        return all(self.cables[port] == DECLARED[port] for port in self.ports_of(host, DECLARED))

    def switch_lines(self) -> list[str]:
        return sorted(self.switches.control("configuration", switch=self.style).splitlines())

    def host_state(self, host: str) -> dict[str, Any]:
        found = self.hosts.control("state", host=host)
        return {name: found[name] for name in ("switches", "groups")}

    def state(self) -> tuple[list[str], dict[str, Any]]:
        return self.switch_lines(), {host: self.host_state(host) for host in HOSTS}

    def lost(self) -> dict[str, int]:
        return {host: found["vmk0"]["lost"] for host, found in self.fabric.deliveries().items()}

    def begin(self, to_static: bool) -> None:
        """Put the switch and the hosts into the state that a conversion begins with, as the cables really are."""
        (self.folder / "known_hosts").write_text(
            f"[127.0.0.1]:{self.switches.port(self.style)} {self.switches.host_key(self.style)}\n"
        )
        if to_static:
            made = declared(VLANS, None, dict.fromkeys(PORTS, PLAIN_PORT))
        else:
            made = declared(VLANS, self.bundles(self.cables))
        target = Target(
            "127.0.0.1",
            self.switches.port(self.style),
            "lab",
            "lab123",
            ssh_config="/dev/null",
            known_hosts=(str(self.folder / "known_hosts"),),
            look_for_keys=False,
        )
        quick = Verification(links=False, timeout=5, interval=0.2)
        apply(lambda: Session(target), Request(made, verification=quick))
        for number, host in enumerate(HOSTS, 1):
            self.hosts.control("reset", host=host, state=_host_state(number, to_static))

    def bundles(self, cables: Cables) -> dict[str, Any]:
        common = {"lacp": "none", "minimum_links": 1, **COMMON}
        return {BUNDLES[host]: {"members": self.ports_of(host, cables), **common} for host in HOSTS}

    def convert(self, host: str, to_static: bool, waive: dict[str, str] | None = None) -> convert.Report:
        """Convert the link of a host as it is declared, and keep what takes it back."""
        bundle = "static" if to_static else "none"
        ports = self.ports_of(host, DECLARED)
        link = {
            **{"link": f"{host}-lan", "bundle": bundle, "lag": "vSwitch0", "ports": NICS, "peer": self.style},
            **{"peer_kind": "junos_ex", "peer_lag": BUNDLES[host] if to_static else None, "peer_ports": ports},
            **{"vlans": {"untagged": "server", "tagged": ["vmotion"]}, "waive": waive or {}},
        }
        pair = self._builder(host, bundle).pair(link, self._switch(to_static))
        pair.keep = self.kept.keeper(link)
        return convert.convert([pair], Watching())

    def restore(self, host: str, to_static: bool) -> convert.Report:
        """Take a conversion back."""
        builder, switch = self._builder(host, "static" if to_static else "none"), self._switch(to_static)
        made = {link["link"]: builder.pair(link, switch, declared=False) for link in self.kept.links()}
        return restore.restore(self.kept, made, Watching())

    @property
    def kept(self) -> StepJournal:
        return StepJournal(self.folder / "kept.json", read, write)

    def _builder(self, host: str, bundle: str) -> pairs.Builder:
        return pairs.Builder(self._host(host), self._options(bundle), False)

    def _options(self, bundle: str) -> dict[str, Any]:
        verify = {"links": True, "timeout": 5, "interval": 0.2, "link_down_seconds": self.seconds}
        return {
            **{"strategy": "auto", "consent": [], "transport": "api", "management_interface": None, "run_id": ""},
            **{"ticket": "", "confirm_minutes": 5, "ca_file": self.hosts.ca_file, "validate_certs": True},
            **{"teaming_state": "merged", "verify": verify, **host_end(bundle)},
            "timeouts": {"connect": 15, "call": 15, "back": 15},
        }

    def _host(self, host: str) -> pairs.Device:
        reached = Connection(host, "127.0.0.1", self.hosts.port(host), "root", "lab123")
        return pairs.Device(esxi, reached, lambda _name: None)

    def _switch(self, to_static: bool) -> pairs.Device:
        ends = {"bundles": self.bundles(DECLARED)} if to_static else {"ports": dict.fromkeys(PORTS, COMMON)}
        known = {"state": "replaced", "vlans": VLANS, **ends}
        arguments = f"-F /dev/null -o UserKnownHostsFile={self.folder / 'known_hosts'}"
        reached = Connection(
            self.style, "127.0.0.1", self.switches.port(self.style), "lab", "lab123", ssh_arguments=arguments
        )
        return pairs.Device(junos, reached, lambda name: known.get(name.removeprefix("junos_lag_")))


def _host_state(number: int, plain: bool) -> dict[str, Any]:
    """Return a host nearly as delivered, or with IP hash; their addresses differ, so that no hash is the other's."""
    state = copy.deepcopy(DELIVERED)
    state["vmks"]["vmk0"].update(mac=f"00:50:56:00:00:0{number}", address=f"127.0.0.{number}")
    if not plain:
        state["groups"]["Management Network"]["policy"]["nicTeaming"]["policy"] = "loadbalance_ip"
    return state
