#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What it costs to give each of many ESXi hosts a vSwitch and a port group, by esxi_teaming and by community.vmware.

    esxi_fleet.py [--sizes 20 100 500] [--only direct vcenter their_direct their_vcenter] [--json FILE]

Each host gets vSwitch1 with two uplinks, MTU 9000 and IP hash, and the port group vmotion in VLAN 30; the second run
finds nothing to do. `direct` talks to each host, `vcenter` to one vCenter that has them all. The hosts are
lab/kinds/esxi_vss in a process of its own, whose processor time is told apart. A contestant's processor time is that
of all its processes (metering.py), less that of an empty play with the same inventory; SOAP calls are counted by the
simulator. The modules of community.vmware run with 20 and 50 hosts (their calls through a vCenter grow with the
square of the hosts); they need the environment that script/peers makes, and are left out, and named, without it. A
contestant that leaves a host without its port group, or changes something in the second run, is told so in its row,
and the exit status is 1.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "lab"))

import metering
import yaml

from kinds.esxi_vss.client import Simulator

PEERS = ROOT / ".cache" / "peers" / "bin" / "ansible-playbook"
FORKS = 10
THEIR_SIZES = [20, 50]
CONTESTANTS = {
    "direct": "esxi_teaming, each host",
    "vcenter": "esxi_teaming, one vCenter",
    "their_direct": "community.vmware, each host",
    "their_vcenter": "community.vmware, one vCenter",
}
BASES = {"their_direct": "direct", "their_vcenter": "vcenter"}
UPLINKS = ["vmnic2", "vmnic3"]
HALF: dict[str, Any] = {
    "vswitches": {
        "vSwitch1": {
            "uplinks": UPLINKS,
            "mtu": 9000,
            "teaming": {
                "load_balancing": "loadbalance_ip",
                "failure_detection": "link_status",
                "active_uplinks": UPLINKS,
                "standby_uplinks": [],
            },
        }
    },
    "port_groups": {"vmotion": {"vswitch": "vSwitch1", "vlan": 30}},
}


@dataclass(frozen=True)
class Row:
    """One contestant at one size; processor times in seconds for each host, without start-up."""

    contestant: str
    hosts: int
    first: float
    again: float
    rate_first: float
    rate_again: float
    calls_first: int
    calls_again: int
    peak: float
    simulator: float
    wrong: str = ""


class Bed:
    """Simulated hosts: each by itself, or all of them below one vCenter."""

    def __init__(self, folder: Path, size: int, center: bool) -> None:
        self.folder, self.size, self.center = folder, size, center
        alone = {} if center else {f"esx{number}": 4 for number in range(size)}
        self.simulator = Simulator(alone, {"vc1": f"{size}x4"} if center else {}, ca_file=folder / "ca.pem")

    @property
    def endpoints(self) -> list[str]:
        """Give what is logged in to."""
        return ["vc1"] if self.center else [f"esx{number}" for number in range(self.size)]

    @property
    def hosts(self) -> list[str]:
        """Give the names of the hosts."""
        return [f"vc1-esx{number:03d}" for number in range(1, self.size + 1)] if self.center else self.endpoints

    def calls(self) -> int:
        """Give the SOAP calls since the last time."""
        found = sum(sum(self.simulator.control("calls", endpoint=name).values()) for name in self.endpoints)
        for name in self.endpoints:
            self.simulator.control("clear_log", endpoint=name)
        return found

    def wrong(self) -> str:
        """Say which host lacks its port group."""
        for name in self.hosts:
            if "vmotion" not in self.simulator.control("state", host=name)["groups"]:
                return f"{name} lacks the port group"
        return ""

    def inventory(self, theirs: bool) -> Path:
        """Write the inventory; the port and nothing else differs from host to host."""
        common = {
            "ansible_connection": "local",
            "ansible_host": "127.0.0.1",
            "ansible_user": "root",
            "ansible_password": "lab123",
            "ansible_python_interpreter": str((PEERS if theirs else Path(sys.executable)).with_name("python")),
        }
        hosts = {name: {"ansible_port": self.simulator.port(name)} for name in self.endpoints}
        file = self.folder / ("theirs.json" if theirs else "ours.json")
        file.write_text(json.dumps({"all": {"vars": common, "hosts": hosts}}))
        return file


def tasks_of(bed: Bed, contestant: str) -> list[dict[str, Any]]:
    """Return the tasks by which a contestant makes the change."""
    if contestant in BASES:
        return _their_tasks(bed)
    declared = {"hosts": dict.fromkeys(bed.hosts, HALF)} if bed.center else HALF
    return [{"name": "Change", "netstack.datacenter.esxi_teaming": {**declared, "ca_file": bed.simulator.ca_file}}]


def _their_tasks(bed: Bed) -> list[dict[str, Any]]:
    access = {
        "hostname": "127.0.0.1",
        "port": "{{ ansible_port }}",
        "username": "root",
        "password": "lab123",
        "validate_certs": True,
    }
    teaming = {"load_balancing": "loadbalance_ip", "active_adapters": UPLINKS, "standby_adapters": []}
    switch = {**access, "switch": "vSwitch1", "nics": UPLINKS, "mtu": 9000, "teaming": teaming}
    made: dict[str, Any] = {"name": "Switch", "community.vmware.vmware_vswitch": switch}
    if bed.center:
        switch["esxi_hostname"] = "{{ item }}"
        made["loop"] = bed.hosts
    group = {**access, "switch": "vSwitch1", "portgroup": "vmotion", "vlan_id": 30}
    group["hosts"] = bed.hosts if bed.center else ["{{ inventory_hostname }}"]
    return [made, {"name": "Port group", "community.vmware.vmware_portgroup": group}]


def command_of(bed: Bed, contestant: str, tasks: list[dict[str, Any]]) -> tuple[list[str], dict[str, str]]:
    """Return the command of a contestant and its environment."""
    theirs = contestant in BASES
    environment = {**os.environ, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_FORKS": str(FORKS)}
    program = Path(sys.executable).with_name("ansible-playbook")
    if theirs:
        gone = ("ANSIBLE_COLLECTIONS_PATH", "PYTHONPATH", "VIRTUAL_ENV")
        environment = {key: value for key, value in environment.items() if key not in gone}
        environment |= {"PATH": f"{PEERS.parent}:{os.environ['PATH']}", "SSL_CERT_FILE": bed.simulator.ca_file}
        program = PEERS
    book = bed.folder / f"{contestant}.yml"
    book.write_text(yaml.safe_dump([{"hosts": "all", "gather_facts": False, "tasks": tasks}]))
    return [str(program), "-i", str(bed.inventory(theirs)), str(book)], environment


def measure(bed: Bed, contestant: str) -> Row:
    """Let a contestant make the change, and then find nothing to do."""
    apart = frozenset({bed.simulator.process.pid})
    idle = metering.run(*command_of(bed, contestant, []), apart).cpu
    tasks = tasks_of(bed, contestant)
    before = metering.spent(bed.simulator.process.pid)
    bed.calls()
    runs, calls = [], []
    for _turn in range(2):
        runs.append(metering.run(*command_of(bed, contestant, tasks), apart))
        calls.append(bed.calls())
    simulated = (metering.spent(bed.simulator.process.pid) - before) / bed.size
    costs = [(cost.cpu - idle) / bed.size for cost in runs]
    rates = [bed.size / cost.wall for cost in runs]
    peak = max(cost.peak for cost in runs)
    return Row(contestant, bed.size, *costs, *rates, *calls, peak, simulated, _judge(bed, runs))


def _judge(bed: Bed, runs: list[metering.Cost]) -> str:
    """Say what went wrong, if anything did."""
    failed = next((cost for cost in runs if cost.code), None)
    if failed is not None:
        return f"exit {failed.code}: {' '.join(failed.output[-400:].split())}"
    recap = runs[1].output.partition("PLAY RECAP")[2]
    return bed.wrong() or ("" if recap.count("changed=0") == recap.count("changed=") else "the second run changes")


def table(rows: list[Row]) -> str:
    """Return the figures; `x ours` is the processor time as a multiple of esxi_teaming's on the same way."""
    lines = [
        "| what | hosts | CPU per host, ms: first (again) | x ours | hosts/s: first (again) "
        "| SOAP calls: first (again) | peak memory, MiB | simulator, ms |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        if row.wrong:
            lines.append(f"| {CONTESTANTS[row.contestant]} | {row.hosts} | {row.wrong} | | | | | |")
            continue
        lines.append(
            f"| {CONTESTANTS[row.contestant]} | {row.hosts} | {1000 * row.first:.0f} ({1000 * row.again:.0f}) "
            f"| {ratio(rows, row)} | {row.rate_first:.1f} ({row.rate_again:.1f}) "
            f"| {row.calls_first} ({row.calls_again}) | {row.peak:.0f} | {1000 * row.simulator:.0f} |"
        )
    return "\n".join(lines)


def ratio(rows: list[Row], row: Row) -> str:
    """Return how many times our processor time, the same way and with as many hosts, this one takes."""
    wanted = (BASES.get(row.contestant), row.hosts)
    base = next((each for each in rows if (each.contestant, each.hosts) == wanted), None)
    return "" if base is None or base.wrong else f"{row.first / base.first:.1f} ({row.again / base.again:.1f})"


def plan(given: argparse.Namespace) -> list[tuple[str, int]]:
    """Return what is measured: contestant and number of hosts."""
    theirs = [who for who in given.only if who in BASES]
    sizes = sorted({*given.sizes, *(THEIR_SIZES if theirs else [])})
    found = [(who, size) for size in sizes for who in given.only if who not in BASES or size in THEIR_SIZES]
    if theirs and not PEERS.exists():
        print(f"left out, for script/peers has not been run: {', '.join(theirs)}", file=sys.stderr)
        found = [each for each in found if each[0] not in BASES]
    return found


def main() -> int:
    """Measure, print the table, and tell whether every contestant did its work."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[20, 100, 500])
    parser.add_argument("--only", nargs="+", choices=list(CONTESTANTS), default=list(CONTESTANTS))
    parser.add_argument("--json", type=Path, help="write every row here, too")
    given = parser.parse_args()
    rows: list[Row] = []
    for contestant, size in plan(given):
        with tempfile.TemporaryDirectory() as folder:
            bed = Bed(Path(folder), size, contestant.endswith("vcenter"))
            with bed.simulator:
                rows.append(measure(bed, contestant))
        print(f"{contestant}, {size} hosts: {asdict(rows[-1])}", file=sys.stderr)
    print(table(rows))
    if given.json:
        given.json.write_text(json.dumps([asdict(row) for row in rows], indent=2) + "\n")
    return 1 if any(row.wrong for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
