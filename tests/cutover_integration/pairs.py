# SPDX-License-Identifier: GPL-3.0-or-later
"""Estates of many links of one switch, each with one kind of change, so that one limited run shows many of them."""

from __future__ import annotations

import copy
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import yaml
from unit.junos.builders import declared

from ansible_collections.netstack.datacenter.plugins.plugin_utils.connection.model import Connection
from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.changes import Change, Grouped, grouped
from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.neutral import ChangeKind as Kind
from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.neutral import Side
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.declared.options import request_of
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.device.api import Api
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.device.target import target_of
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.run.transaction import planned
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.device.session import Session
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.device.target import Target
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.facts import survey
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.request import (
    Request,
    Verification,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.transaction import apply
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.derive import half
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.load import load
from fabric_client import Fabric
from kinds.esxi_vss.client import Simulator as Hosts
from kinds.junos_ex.client import Simulator as Switches

from .labs import NICS, PLAYBOOK, ROOT, STYLES, environment

Site = dict[str, Any]
DONE, REFUSED, NO_WAY, NOTHING = "done", "refused", "no way", "nothing to do"
MOST = 24
CENTER = "vc1"
HOSTS = [f"esx{number}" for number in range(1, MOST + 1)]
POLICY = {"load_balancing": "policy", "active_uplinks": "activeNic", "standby_uplinks": "standbyNic"}
PLANNING: Site = {
    **{"state": "merged", "plan_for": "merged", "consent": ["management"], "management_interface": None},
    **{"verify": {}, "timeouts": {}, "run_id": "", "hosts": None, "transport": "api"},
}


def unchanged(*_anything: Any) -> None:
    """Leave the site, or the host, as it is."""


@dataclass(frozen=True)
class Row:
    """One kind of change of a link, and what becomes of it.

    Attributes:
        name: of the row, and of its link
        kind: what changes
        side: whose object it is: a switch's or a host's
        with_switch: what a run with the switch alone does
        with_host: what a run with the host alone does; between two switches there is none
        to: what the link is: `static` or `plain` to a host, `via` (static, to a host of a vCenter), `shared` (two
            links, one vSwitch), or `switch`
        before: changes the site and the link before anything is derived from them
        declare: changes the site and the link for the run
        lines: what somebody typed at the switch before the run; {ae}, {port}, {mode}, {edge} stand for the link's own
        found: what somebody did to the host's state before the run
        variables: what the user says of the host besides

    """

    name: str
    kind: Kind
    side: Side
    with_switch: str
    with_host: str = ""
    to: Literal["static", "plain", "via", "shared", "switch"] = "static"
    before: Callable[[Site, Site], None] = unchanged
    declare: Callable[[Site, Site], None] = unchanged
    lines: dict[str, str] | str = ""
    found: Callable[[Site], None] = unchanged
    variables: Site = field(default_factory=dict)

    def expected(self, end: str) -> str:
        return self.with_switch if end == "switch" else self.with_host


@dataclass
class Estate:
    """The links of some rows at the switch of one style, with what is at their other ends."""

    switches: Switches
    hosts: Hosts
    style: str
    rows: list[Row]
    folder: Path
    site: Site = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.other = next(style for style in STYLES if style != self.style)
        self.site = self._site()
        for row in self.rows:
            row.before(self.site, self.link(row))

    def host(self, row: Row) -> str:
        return HOSTS[self.rows.index(row)]

    def far(self, row: Row) -> str:
        return self.other if row.to == "switch" else self.host(row)

    def changed_at(self, row: Row) -> str:
        """Return the inventory host by which the far end is changed."""
        return CENTER if row.to == "via" else self.far(row)

    def bundle(self, row: Row) -> str:
        return f"ae{self.rows.index(row)}"

    def ports(self, row: Row) -> list[str]:
        first = 2 * self.rows.index(row)
        return [f"ge-0/0/{first}", f"ge-0/0/{first + 1}"]

    def links(self, row: Row) -> list[str]:
        return [f"{row.name}-{cable}" for cable in "ab"] if row.to == "shared" else [row.name]

    def link(self, row: Row) -> Site:
        found: Site = self.site["links"][self.links(row)[0]]
        return found

    def _site(self) -> Site:
        """Return the declared site, everything as it is before the run."""
        devices: Site = {style: {"kind": "junos_ex", "model": model} for style, model in STYLES.items()}
        home = {"kind": "esxi_vss", "management_vlan": "server"}
        devices |= {self.host(row): dict(home) for row in self.rows if row.to != "switch"}
        for row in self.rows:
            if row.to == "via":
                devices |= {CENTER: {"kind": "vcenter"}, self.host(row): {**home, "vcenter": CENTER}}
        vlans = {"server": {"id": 10}, "vmotion": {"id": 20}}
        links = {name: each for row in self.rows for name, each in self._links(row).items()}
        return {"plugin": "netstack.datacenter.stack", "vlans": vlans, "devices": devices, "links": links}

    def _links(self, row: Row) -> dict[str, Site]:
        ports, lag = self.ports(row), {"lag": self.bundle(row)}
        common = {"vlans": {"untagged": "server", "tagged": ["vmotion"]}}
        if row.to == "shared":
            cables = zip(self.links(row), ports, NICS, strict=True)
            return {
                name: {"bundle": "none", **copy.deepcopy(common), "ends": self._cable(row, *ends)}
                for name, *ends in cables
            }
        if row.to == "switch":
            ends = {style: {**lag, "ports": ports} for style in STYLES}
            return {row.name: {"bundle": "lacp", **common, "ends": ends}}
        bundled = row.to in ("static", "via")
        ends = {self.style: {**(lag if bundled else {}), "ports": ports}}
        ends[self.host(row)] = {"lag": "vSwitch0", "ports": NICS}
        return {row.name: {"bundle": "static" if bundled else "none", **common, "ends": ends}}

    def _cable(self, row: Row, port: str, nic: str) -> Site:
        return {self.style: {"ports": [port]}, self.host(row): {"lag": "vSwitch0", "ports": [nic]}}

    # What the devices have

    def begin(self) -> None:
        """Bring the devices to what is declared before the run, then to what somebody left behind."""
        known = [f"[127.0.0.1]:{self.switches.port(style)} {self.switches.host_key(style)}\n" for style in STYLES]
        (self.folder / "known_hosts").write_text("".join(known))
        for style in STYLES:
            self.switches.control("reset", switch=style)
            apply(lambda style=style: Session(self.target(style)), self.request(style, self.site))
        self._type_lines()
        for number, row in enumerate(self.rows, 1):
            if row.to != "switch":
                state = _state(number, self._end(self.site, row))
                row.found(state)
                self.hosts.control("reset", host=self.host(row), state=state)

    def _type_lines(self) -> None:
        mode = {"els": "interface-mode", "nonels": "port-mode"}[self.style]
        typed = []
        for row in self.rows:
            lines = row.lines if isinstance(row.lines, str) else row.lines[self.style]
            edge = self.bundle(row) + ("" if self.style == "els" else ".0")
            typed.append(lines.format(ae=self.bundle(row), port=self.ports(row)[0], mode=mode, edge=edge))
        if text := "\n".join(filter(None, typed)):
            self.switches.control("commit", switch=self.style, set=text)

    def target(self, style: str) -> Target:
        known = (str(self.folder / "known_hosts"),)
        where = {"ssh_config": "/dev/null", "known_hosts": known, "look_for_keys": False}
        return Target("127.0.0.1", self.switches.port(style), "lab", "lab123", **where)

    def derived(self, site: Site, host: str) -> Site:
        """Return the variables of a host, as the inventory derives them."""
        file = self.folder / "derived.yml"
        file.write_text(yaml.safe_dump(site))
        loaded = load(file)
        assert not loaded.errors, "\n".join(map(str, loaded.errors))
        return half(loaded, host)

    def request(self, style: str, site: Site) -> Request:
        of = self.derived(site, style)
        wanted = declared(*(of.get(f"junos_lag_{name}") for name in ("vlans", "bundles", "ports")))
        return Request(wanted, state="replaced", verification=Verification(False, 5, 0.2), rescue="never")

    def kinds(self) -> tuple[dict[str, set[Kind]], set[Kind]]:
        """Return the kinds of change that each row's end plans for its link, and the switch for itself as a whole."""
        site = self.wanted()
        at_switch = self._grouped(site, self.style)
        found: dict[str, set[Kind]] = {}
        for row in self.rows:
            by_link = (at_switch if row.side == "switch" else self._grouped(site, self.host(row))).by_link
            found[row.name] = {each.kind for link in self.links(row) for each in by_link.get(link, ())}
        return found, {each.kind for each in at_switch.device}

    def _grouped(self, site: Site, here: str) -> Grouped:
        return grouped(self._changes(site, here), self.derived(site, here)["stack_links"])

    def _changes(self, site: Site, here: str) -> Sequence[Change]:
        if here == self.style:
            session = Session(self.target(here))
            try:
                return survey(session, self.request(here, site)).plan.changes
            finally:
                session.close()
        (row,) = (each for each in self.rows if each.to != "switch" and self.host(each) == here)
        where = Connection(here, "127.0.0.1", self.hosts.port(here), "root", "lab123")
        api = Api(target_of(where, {"ca_file": self.hosts.ca_file, "validate_certs": True, "timeouts": {}}))
        options = {key.removeprefix("esxi_teaming_"): value for key, value in row.variables.items()}
        try:
            (plan,) = planned(api, request_of({**PLANNING, **self._end(site, row), **options}, True)).values()
        finally:
            api.close()
        return plan.changes

    def _end(self, site: Site, row: Row) -> Site:
        """Return the declared virtual switches and port groups of a row's host."""
        found = self.derived(site, self.changed_at(row))
        if row.to == "via":
            end: Site = found["esxi_teaming_hosts"][self.host(row)]
            return end
        return {name: found[f"esxi_teaming_{name}"] for name in ("vswitches", "port_groups")}

    def wanted(self) -> Site:
        """Return the site that the run is to bring about."""
        site = copy.deepcopy(self.site)
        for row in self.rows:
            row.declare(site, site["links"][self.links(row)[0]])
        return site

    def state(self) -> dict[str, Any]:
        """Return what all devices have."""
        found: dict[str, Any] = {style: self.switches.control("configuration", switch=style) for style in STYLES}
        for row in self.rows:
            if row.to != "switch":
                state = self.hosts.control("state", host=self.host(row))
                found[self.host(row)] = {name: state[name] for name in ("switches", "groups")}
        return found

    # The run

    @contextmanager
    def cabled(self) -> Iterator[Fabric]:
        cables: list[dict[str, Any]] = []
        for row in self.rows:
            for port, nic in zip(self.ports(row), NICS, strict=True):
                near = {"switch": self.style, "port": port}
                if row.to == "switch":
                    far = {"switch": self.other, "port": port}
                    cables.append({**near, "to": far, "trunk": row.name, "vlan": 10})
                else:
                    cables.append({**near, "host": self.host(row), "nic": nic})
        homes = {self.host(row): self._home(row) for row in self.rows if row.to != "switch"}
        ends = self.switches.about["control"], self.hosts.about["control"]
        with Fabric(*ends, cables, management_vlans=homes) as fabric:
            yield fabric

    def _home(self, row: Row) -> int:
        vlan = self.site["devices"][self.host(row)]["management_vlan"]
        return int(self.site["vlans"][vlan]["id"])

    def play(self, end: str) -> subprocess.CompletedProcess[str]:
        """Run site.yml with one end of each link, or with `both`."""
        of = {"switch": {self.style}, "host": {self.changed_at(row) for row in self.rows}}
        here = of.get(end) or of["switch"] | of["host"]
        (self.folder / "stack.yml").write_text(yaml.safe_dump(self.wanted()))
        (self.folder / "connections.yml").write_text(yaml.safe_dump(self._connections()))
        inventories = ["-i", str(self.folder / "stack.yml"), "-i", str(self.folder / "connections.yml")]
        report = ["-e", f"stack_report_folder={self.folder / 'report'}", "--limit", ",".join(sorted(here))]
        return subprocess.run(
            [str(PLAYBOOK), *inventories, str(ROOT / "playbooks" / "site.yml"), *report],
            capture_output=True,
            text=True,
            env={**environment(), "HOME": str(self.folder)},
            timeout=1800,
            check=False,
        )

    def _connections(self) -> Site:
        local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
        local |= {"ansible_host": "127.0.0.1", "ansible_password": "lab123"}
        quick = {"timeout": 5, "interval": 0.2}
        arguments = f"-F /dev/null -o UserKnownHostsFile={self.folder / 'known_hosts'}"
        switch = {**local, "ansible_user": "lab", "ansible_ssh_common_args": arguments, "junos_lag_verify": quick}
        points = {"esxi_teaming_restore_dir": str(self.folder / "points"), "stack_esxi_consent": ["management"]}
        host = {**local, "ansible_user": "root", "esxi_teaming_ca_file": self.hosts.ca_file, **points}
        found = {style: {**switch, "ansible_port": self.switches.port(style)} for style in STYLES}
        host["stack_cutover_verify"] = quick
        for row in self.rows:
            if row.to != "switch":
                name = self.changed_at(row)
                found[name] = {**host, **row.variables, "ansible_port": self.hosts.port(name)}
        return {"all": {"hosts": found}}


def _state(number: int, variables: Site) -> Site:
    """Return a host that has what its variables say."""
    switches = {
        name: {
            **{"uplinks": each["uplinks"], "mtu": each["mtu"], "beacon": 1, "discovery": ["cdp", "listen"]},
            "policy": {"nicTeaming": _teaming(each["teaming"])},
        }
        for name, each in variables["vswitches"].items()
    }
    groups = {
        name: {
            **{"switch": each["vswitch"], "vlan": each["vlan"]},
            "policy": {} if each["teaming"] == "inherit" else {"nicTeaming": _teaming(each["teaming"])},
        }
        for name, each in variables["port_groups"].items()
    }
    vmk0 = {"port_group": "Management Network", "address": "127.0.0.1", "mask": "255.0.0.0"}
    return {"switches": switches, "groups": groups, "vmks": {"vmk0": {**vmk0, "mac": f"00:50:56:00:00:{number:02x}"}}}


def _teaming(said: Site) -> Site:
    order = {POLICY[name]: list(said[name]) for name in ("active_uplinks", "standby_uplinks")}
    return {"policy": said["load_balancing"], "nicOrder": order, "failureCriteria": {"checkBeacon": False}}


class Watched:
    """Asks the fabric all the time; `lost` has each host and each trunk that lost a flow, with what was said of it.

    Between two looks the fabric itself looks whenever a host is asked or changed; it remembers who was absent then.
    """

    def __init__(self, fabric: Fabric) -> None:
        self.fabric, self.lost, self.asked = fabric, dict[str, str](), 0
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._watch)

    def look(self) -> dict[str, str]:
        """Return who loses flows now."""
        found = {host: each["vmk0"] for host, each in self.fabric.deliveries().items()} | self.fabric.crossings()
        assert all(each["of"] for each in found.values())
        return {name: str(each) for name, each in found.items() if each["lost"]}

    def _watch(self) -> None:
        while not self.over.wait(0.2):
            self.lost = {**self.look(), **self.lost}
            self.asked += 1

    def __enter__(self) -> Watched:
        self.fabric.absences()
        self.thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        assert self.thread.is_alive(), "the watch ended before the run"
        self.over.set()
        self.thread.join()
        absent = {host: f"absent for {seconds} s" for host, seconds in self.fabric.absences().items()}
        self.lost = {**absent, **self.lost}
