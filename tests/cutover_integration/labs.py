# SPDX-License-Identifier: GPL-3.0-or-later
"""A switch of each style and an ESXi host behind each, joined by one fabric; a playbook that converts their links."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from fabric_client import Fabric
from kinds.esxi_vss.client import Simulator as Hosts
from kinds.junos_ex.client import Simulator as Switches

ROOT = Path(__file__).resolve().parents[2]
PLAYBOOK = Path(sys.executable).with_name("ansible-playbook")
STYLES = {"nonels": "ex4200-48t", "els": "ex4300-48t"}
HOST_OF = {"nonels": "esx1", "els": "esx2"}
PORTS, NICS = ["ge-0/0/0", "ge-0/0/1"], ["vmnic0", "vmnic1"]
PLAIN_PORT = {"mode": "access", "untagged": "server", "peer": "esxi_vss"}
DEVICE_COUNT = 4
VLANS = {"server": {"id": 10}, "vmotion": {"id": 20}}
CABLES = [
    {"switch": style, "port": port, "host": HOST_OF[style], "nic": nic}
    for style in STYLES
    for port, nic in zip(PORTS, NICS, strict=True)
]
OWN = {"policy": "loadbalance_srcid", "nicOrder": {"activeNic": NICS}}
STANDBY = {"policy": "loadbalance_srcid", "nicOrder": {"activeNic": ["vmnic0"], "standbyNic": ["vmnic1"]}}
DELIVERED: dict[str, Any] = {
    "switches": {"vSwitch0": {"uplinks": NICS, "beacon": 1, "discovery": ["cdp", "listen"]}},
    "groups": {
        "Management Network": {"switch": "vSwitch0", "policy": {"nicTeaming": OWN}},
        "vmotion": {"switch": "vSwitch0", "vlan": 20},
    },
    "vmks": {
        "vmk0": {
            **{"port_group": "Management Network", "address": "127.0.0.1", "mask": "255.0.0.0"},
            "mac": "00:50:56:00:00:01",
        }
    },
}
"""A host nearly as delivered: the management's port group has a teaming of its own (KB 1022751)."""


def host_end(bundle: str) -> dict[str, Any]:
    """Return the host's half of a link, as the stack plugin derives it."""
    balancing = "loadbalance_ip" if bundle == "static" else "loadbalance_srcid"
    teaming = {
        "load_balancing": balancing,
        "failure_detection": "link_status",
        "active_uplinks": NICS,
        "standby_uplinks": [],
    }
    return {
        "vswitches": {
            "vSwitch0": {"uplinks": NICS, "mtu": 1500, "teaming": teaming, "bundle": {"mode": bundle, "ports": 2}}
        },
        "port_groups": {
            "Management Network": {"vswitch": "vSwitch0", "vlan": 0, "teaming": dict(teaming)},
            "vmotion": {"vswitch": "vSwitch0", "vlan": 20, "teaming": "inherit"},
        },
    }


def switch_end(bundle: str, host: str) -> dict[str, Any]:
    """Return the variables of a switch with the other half."""
    common = {"payload_mtu": 1500, "mode": "trunk", "untagged": "server", "tagged": ["vmotion"], "peer": "esxi_vss"}
    found: dict[str, Any] = {"junos_lag_state": "replaced", "junos_lag_vlans": VLANS}
    if bundle == "static":
        bundles = {"ae0": {"members": PORTS, "lacp": "none", "minimum_links": 1, "description": host, **common}}
        return {**found, "junos_lag_bundles": bundles, "junos_lag_device_count": DEVICE_COUNT}
    return {**found, "junos_lag_ports": {port: {"description": host, **common} for port in PORTS}}


def link(style: str, bundle: str) -> dict[str, Any]:
    """Return the link as its host sees it."""
    return {
        **{"link": f"{HOST_OF[style]}-lan", "bundle": bundle, "lag": "vSwitch0", "ports": NICS, "peer": style},
        **{"peer_kind": "junos_ex", "peer_lag": "ae0" if bundle == "static" else None, "peer_ports": PORTS},
        **{"vlans": {"untagged": "server", "tagged": ["vmotion"]}, "mtu": 1500, "provisioned": True},
    }


@dataclass
class Pair:
    """One switch and the host behind it."""

    switches: Switches
    hosts: Hosts
    fabric: Fabric
    style: str
    folder: Path

    @property
    def host(self) -> str:
        return HOST_OF[self.style]

    def switch_lines(self) -> list[str]:
        lines: str = self.switches.control("configuration", switch=self.style)
        return sorted(lines.splitlines())

    def host_state(self) -> dict[str, Any]:
        found = self.hosts.control("state", host=self.host)
        return {name: found[name] for name in ("switches", "groups")}

    def both(self) -> tuple[list[str], dict[str, Any]]:
        return self.switch_lines(), self.host_state()

    def lost_flows(self) -> int:
        return int(self.fabric.deliveries()[self.host]["vmk0"]["lost"])

    def steps(self) -> list[str]:
        """Return what the journal has of steps that were begun or taken back."""
        file = self.folder / "journal" / f"cutover-{self.host}.log"
        return re.findall(r"step \d.*", file.read_text()) if file.exists() else []

    def process(self) -> int:
        text = (self.folder / "journal" / f"cutover-{self.host}.log").read_text()
        return int(re.findall(r"process (\d+)", text)[-1])

    def inventory(self, bundle: str) -> Path:
        local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
        switch = {
            **local,
            **{"ansible_host": "127.0.0.1", "ansible_port": self.switches.port(self.style), "ansible_user": "lab"},
            **{"ansible_password": "{{ secret }}", "secret": "lab123"},
            "ansible_ssh_common_args": f"-F /dev/null -o UserKnownHostsFile={self.folder / 'known_hosts'}",
            **switch_end(bundle, self.host),
        }
        host = {
            **local,
            **{"ansible_host": "127.0.0.1", "ansible_port": self.hosts.port(self.host), "ansible_user": "root"},
            **{"ansible_password": "{{ secret }}", "secret": "lab123"},
            "ansible_ssh_port": self.hosts.ssh_port(self.host),
            "ansible_ssh_common_args": f"-F /dev/null -o UserKnownHostsFile={self.folder / 'known_hosts'}",
            "half": host_end(bundle),
            "stack_links": [link(self.style, bundle)],
        }
        ends = [(self.switches.port(self.style), self.switches.host_key(self.style))]
        ends.append((self.hosts.ssh_port(self.host), self.hosts.host_key(self.host)))
        known = "".join(f"[127.0.0.1]:{port} {key}\n" for port, key in ends)
        (self.folder / "known_hosts").write_text(known)
        file = self.folder / "hosts.yml"
        file.write_text(yaml.safe_dump({"all": {"hosts": {self.style: switch, self.host: host}}}))
        return file

    def command(self, bundle: str, *arguments: str, **options: Any) -> list[str]:
        task = {
            "links": "{{ stack_links }}",
            "vswitches": "{{ half.vswitches }}",
            "port_groups": "{{ half.port_groups }}",
            "ca_file": self.hosts.ca_file,
            "journal_dir": str(self.folder / "journal"),
            "verify": {"timeout": 5, "interval": 0.2},
            "timeouts": {"connect": 5, "call": 5, "back": 5, "other_run": 60},
            **options,
        }
        tasks = [{"name": "Convert", "netstack.datacenter.link_cutover": task, "register": "found"}, self._keep()]
        book = self.folder / "play.yml"
        book.write_text(yaml.safe_dump([{"hosts": self.host, "gather_facts": False, "tasks": tasks}]))
        return [str(PLAYBOOK), "-i", str(self.inventory(bundle)), str(book), *arguments]

    def _keep(self) -> dict[str, Any]:
        copy = {"content": "{{ found | to_json }}", "dest": str(self.folder / "found.json"), "mode": "0600"}
        return {"name": "Keep", "ansible.builtin.copy": copy, "check_mode": False, "diff": False, "changed_when": False}

    def run(self, bundle: str = "static", *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(bundle, *arguments, **options),
            capture_output=True,
            text=True,
            env=environment(),
            timeout=180,
            check=False,
        )

    def found(self) -> dict[str, Any]:
        result: dict[str, Any] = json.loads((self.folder / "found.json").read_text())
        return result


def environment() -> dict[str, str]:
    return {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".cache" / "collections"),
        "ANSIBLE_CALLBACK_RESULT_FORMAT": "json",
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_NOCOLOR": "1",
        # From ansible-core 2.24 on that is the default; until then only runs that set it show what reads facts wrongly.
        "ANSIBLE_INJECT_FACT_VARS": "false",
    }


def recap(done: subprocess.CompletedProcess[str]) -> str:
    return done.stdout.strip().splitlines()[-1] if done.stdout.strip() else done.stderr


def kill(leader: int, *more: int) -> None:
    """Kill the process group, its workers (Ansible puts them into sessions of their own) and what else is named."""
    parents = {}
    for file in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents[int(file.parent.name)] = int(file.read_text().rsplit(")", 1)[1].split()[1])
    doomed = {leader}
    while found := {pid for pid, parent in parents.items() if parent in doomed} - doomed:
        doomed |= found
    os.killpg(leader, signal.SIGKILL)
    for pid in (doomed | set(more)) - {leader}:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def gone(pid: int, seconds: float = 60) -> bool:
    """Wait until a process is gone."""
    deadline = time.monotonic() + seconds
    while Path(f"/proc/{pid}").exists():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


class Watched:
    """Asks the fabric all the time what becomes of the management's flows; `lost` has each time that some were lost.

    Between two looks the fabric itself looks whenever the host is asked or changed; it remembers what was lost then.
    """

    def __init__(self, pair: Pair) -> None:
        self.pair, self.lost, self.asked = pair, list[str](), 0
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._watch)

    def _watch(self) -> None:
        while not self.over.wait(0.1):
            found = self.pair.fabric.deliveries()[self.pair.host]["vmk0"]
            self.asked += 1
            if found["lost"]:
                self.lost.append(f"{found} after {self.pair.steps()[-1:]}")

    def __enter__(self) -> Watched:
        self.pair.fabric.absences()
        self.thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        assert self.thread.is_alive(), "the watch ended before the run"
        self.over.set()
        self.thread.join()
        absences = self.pair.fabric.absences()
        self.lost += [f"absent for {seconds} s" for host, seconds in absences.items() if host == self.pair.host]
