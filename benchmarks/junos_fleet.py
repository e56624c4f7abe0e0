#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What it costs to bring 10 bundles to each of many switches, by junos_lag, by bare PyEZ and by junipernetworks.junos.

    junos_fleet.py [--sizes 20 100 300] [--only CONTESTANT ...] [--server simulator|replay] [--rounds 1] [--json FILE]

The switches are lab/kinds/junos_ex in a process of its own, whose processor time is told apart. Each contestant begins
with switches that have device-count and no port configured, because the peers can neither set the one nor take the
units off a port that becomes a member link; it makes the change, and is run again when nothing is left to do. Its
processor time is that of all its processes (metering.py), less that of starting: of a play with the same inventory in
which one host skips the first task, so that what the task is made of is loaded; of the bare script, importing PyEZ. The
wall time is whole. All are measured at every size, but junos_config only up to 100 switches and the resource modules at
the smallest size alone (they take minutes), and 1 and 64 bundles at the smallest size. With several rounds, in each of
which all are measured one after the other, each figure is the median of its rounds; the peers and the bare script,
which wait most of their time, have one. Every contestant must leave each switch with all bundles, and the second run
must change nothing: otherwise its row says so and the exit status is 1.

Two more tell what no action for PyEZ can go below: `empty` is a task that does nothing, `requests` an action with the
arguments and the result of junos_lag that makes its requests with its client, and computes and judges nothing
(action_plugins/).

With --server replay all but the peers meet what one switch answered to them in a first and in a second run, which
replay.py plays to any number: less of the machine goes to the switches. The recorded runs are judged like any other,
and at each port every recorded request must be made, in the recorded order and with the recorded text, and no other.

They do not do the same: junos_lag computes the difference, runs a commit check, commits confirmed, verifies LACP's
flags of both ends in a fresh session, confirms and reads back; the bare script makes the same requests and judges
nothing; the peers load and commit. The peers need the environment that script/peers makes; without it they are left
out, and named.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
from dataclasses import asdict, dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import metering
import yaml
from fleet_beds import START, Bed, Recording, Stage, bundles

from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.config.emit import config_set
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.declared.declaration import read
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run import offline
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.request import Request
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.waiting import verified_bundles

ROOT = Path(__file__).resolve().parent.parent
PEERS = ROOT / ".cache" / "peers" / "bin" / "ansible-playbook"
FORKS = 10
LAGS = 10
MODEL, LARGE = "ex4300-48t", "ex4300-48t:3"  # 144 ports for the 64 bundles
CONTESTANTS = {
    "ours": "junos_lag",
    "requests": "its requests alone, in an action",
    "empty": "an empty task",
    "bare": "bare PyEZ script",
    "config": "junipernetworks.junos.junos_config",
    "resources": "its five resource modules",
}
THEIRS = ("config", "resources")
PLAYED = ("ours", "requests", "bare")
"""The contestants to which a recording can be played."""


@dataclass(frozen=True)
class Row:
    """One contestant at one size; processor times in seconds for each switch, without start-up.

    `served` is that of the process that has the switches, in both runs.
    """

    contestant: str
    switches: int
    lags: int
    first: float
    again: float
    rate_first: float
    rate_again: float
    peak: float
    server: str
    served: float
    wrong: str = ""


VLANS = {"v10": {"id": 10}, "v20": {"id": 20}}


def load_of(count: int) -> tuple[str, list[str]]:
    """Return the change as XML and in set form, as junos_lag would load it into an empty switch."""
    declared, _findings = read(VLANS, bundles(count), {})
    made = offline.render(Request(declared, style="els"), None)
    return made.xml, made.commands


def result_of(count: int, again: bool) -> dict[str, Any]:
    """Return what junos_lag returns, as far as it does not depend on the switch."""
    declared, _findings = read(VLANS, bundles(count), {})
    request = Request(declared, style="els")
    made = offline.render(request, START)
    if again:
        made = offline.render(request, "\n".join(config_set(made.after)))
    before, after = made.structures()
    diff = {"prepared": "".join(f"{line}\n" for line in made.commands)}
    verified = [] if again else [str(each) for each in verified_bundles(made.expected)]
    return {
        "changed": not again,
        "before": before,
        "after": after,
        "commands": made.commands,
        "style": "els",
        "diff": diff,
        "verified": verified,
    }


def tasks_of(contestant: str, bed: Bed, again: bool = False) -> list[dict[str, Any]]:
    """Return the tasks by which a contestant makes the change."""
    lags = bed.lags
    if contestant == "empty":
        return [{"name": "Nothing", "ansible.builtin.debug": {"msg": "Nothing"}}]
    change = {"vlans": VLANS, "bundles": bundles(lags), "verify": {"timeout": 60, "interval": 0.2}}
    change["model"] = MODEL  # Else it asks for it where there are more bundles than some models can have.
    if contestant == "requests":
        work = bed.folder / "work.json"
        work.write_text(json.dumps({"load": load_of(lags)[0], "result": result_of(lags, again)}))
        return [{"name": "Change", "bare_requests": {**change, "work": str(work), "again": again}}]
    if contestant == "ours":
        return [{"name": "Change", "netstack.datacenter.junos_lag": change}]
    if contestant == "config":
        return [{"name": "Change", "junipernetworks.junos.junos_config": {"lines": load_of(lags)[1]}}]
    return _resource_tasks(lags) if contestant == "resources" else []


def _resource_tasks(lags: int) -> list[dict[str, Any]]:
    declared = bundles(lags)
    members = [port for each in declared.values() for port in each["members"]]
    configs = {
        "vlans": [{"name": name, "vlan_id": each["id"]} for name, each in VLANS.items()],
        "interfaces": [{"name": name, "enabled": True} for name in [*declared, *members]],
        "lag_interfaces": [
            {"name": name, "members": [{"member": port} for port in each["members"]], "mode": "active"}
            for name, each in declared.items()
        ],
        "lacp_interfaces": [{"name": name, "period": "slow"} for name in declared],
        "l2_interfaces": [
            {"name": name, "enhanced_layer": True, "trunk": {"allowed_vlans": list(VLANS)}} for name in declared
        ],
    }
    return [{"name": name, f"junipernetworks.junos.junos_{name}": {"config": each}} for name, each in configs.items()]


def command_of(bed: Bed, contestant: str, again: bool = False, idle: bool = False) -> tuple[list[str], dict[str, str]]:
    """Return the command of a contestant and its environment; `idle`: one host skips the first task."""
    hosts, tasks = "all", tasks_of(contestant, bed, again)
    if idle:
        hosts, tasks = "all[0]", [{**tasks[0], "when": False}]
    environment = {**os.environ, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_FORKS": str(FORKS)}
    environment["ANSIBLE_ACTION_PLUGINS"] = str(ROOT / "benchmarks" / "action_plugins")
    if contestant == "bare":
        return _bare_command(bed, again), environment
    theirs = contestant in THEIRS
    program = PEERS if theirs else Path(sys.executable).with_name("ansible-playbook")
    if theirs:
        gone = ("ANSIBLE_COLLECTIONS_PATH", "PYTHONPATH", "VIRTUAL_ENV")
        environment = {key: value for key, value in environment.items() if key not in gone}
        environment |= {"PATH": f"{PEERS.parent}:{os.environ['PATH']}", "ANSIBLE_HOST_KEY_CHECKING": "False"}
    connection = "ansible.netcommon.netconf" if theirs else "local"
    book = bed.folder / f"{contestant}.yml"
    book.write_text(yaml.safe_dump([{"hosts": hosts, "gather_facts": False, "tasks": tasks}]))
    return [str(program), "-i", str(bed.inventory(connection, program.with_name("python"))), str(book)], environment


def _bare_command(bed: Bed, again: bool) -> list[str]:
    settings = bed.folder / "ssh_config"
    settings.write_text(f"Host *\n  UserKnownHostsFile {bed.known}\n")
    job = {
        "user": "lab",
        "key": str(bed.key),
        "ssh_config": str(settings),
        "load": load_of(bed.lags)[0],
        "again": again,
        "workers": FORKS,
        "ports": {name: bed.port(name) for name in bed.names},
    }
    file = bed.folder / "job.json"
    file.write_text(json.dumps(job))
    return [sys.executable, str(ROOT / "benchmarks" / "bare_pyez.py"), str(file)]


def measure(bed: Bed, contestant: str) -> Row:
    """Let a contestant make the change, and then find nothing to do."""
    apart = frozenset(bed.processes)
    bed.deliver()
    idle = _idle(bed, contestant, apart)
    before = metering.spent(bed.processes[0])
    first = metering.run(*command_of(bed, contestant), apart)
    wrong = f"exit {first.code}: {first.output[-600:]}" if first.code else ""
    if contestant != "empty":
        wrong = wrong or bed.wrong()
    bed.begin_again()
    again = metering.run(*command_of(bed, contestant, again=True), apart)
    wrong = wrong or bed.changed()
    served = (metering.spent(bed.processes[0]) - before) / bed.size
    costs = [(cost.cpu - idle) / bed.size for cost in (first, again)]
    rates = [bed.size / cost.wall for cost in (first, again)]
    peak = max(first.peak, again.peak)
    return Row(contestant, bed.size, bed.lags, *costs, *rates, peak, bed.server, served, wrong)


def _idle(bed: Bed, contestant: str, apart: frozenset[int]) -> float:
    """Return what starting costs: a play in which one host skips the first task, or importing PyEZ."""
    if contestant == "bare":
        return metering.run([sys.executable, "-c", "import jnpr.junos.utils.config"], os.environ, apart).cpu
    return metering.run(*command_of(bed, contestant, idle=True), apart).cpu


def table(rows: list[Row]) -> str:
    """Return the figures, with the ratios to junos_lag and to the bare script at the same size."""
    lines = [
        "| what | switches | bundles | CPU per switch, ms: first (again) | x ours | x bare | switches/s: first (again) "
        "| peak memory, MiB | server | its CPU per switch, ms |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        if row.wrong:
            names = f"{CONTESTANTS[row.contestant]} | {row.switches} | {row.lags}"
            lines.append(f"| {names} | {row.wrong} | | | | | {row.server} | |")
            continue
        lines.append(
            f"| {CONTESTANTS[row.contestant]} | {row.switches} | {row.lags} "
            f"| {1000 * row.first:.0f} ({1000 * row.again:.0f}) | {ratios(rows, row, 'ours')} "
            f"| {ratios(rows, row, 'bare')} | {row.rate_first:.1f} ({row.rate_again:.1f}) | {row.peak:.0f} "
            f"| {row.server} | {1000 * row.served:.1f} |"
        )
    return "\n".join(lines)


def ratios(rows: list[Row], row: Row, to: str) -> str:
    """Return how many times the processor time of another contestant at the same size this one takes."""
    same = (row.switches, row.lags)
    base = next((each for each in rows if each.contestant == to and (each.switches, each.lags) == same), None)
    if base is None or base.wrong:
        return ""
    return f"{row.first / base.first:.1f} ({row.again / base.again:.1f})"


def plan(given: argparse.Namespace) -> list[tuple[str, int, int]]:
    """Return what is measured: contestant, switches, bundles."""
    smallest = min(given.sizes)
    limits = {"config": 100, "resources": smallest}
    found = [(who, size, LAGS) for size in given.sizes for who in given.only if size <= limits.get(who, size)]
    growth = [(who, smallest, count) for who in ("ours", "requests") if who in given.only for count in (1, 64)]
    if not PEERS.exists():
        left = [who for who in given.only if who in THEIRS]
        print(f"left out, for script/peers has not been run: {', '.join(left) or 'nothing'}", file=sys.stderr)
        found = [each for each in found if each[0] not in left]
    return found + growth


def row_of(folder: Path, contestant: str, size: int, lags: int, given: argparse.Namespace) -> Row:
    """Measure one contestant at one size."""
    model = MODEL if lags == LAGS else LARGE
    if given.server == "simulator" or contestant not in PLAYED:
        return _measured(Bed(folder, size, lags, model), contestant)
    recording = Recording(folder, lags, model)
    recorded = _measured(recording, contestant)
    if recorded.wrong:
        return replace(recorded, switches=size, server=given.server, wrong=f"while it was recorded: {recorded.wrong}")
    return _measured(Stage(recording, size), contestant)


def _measured(bed: Bed, contestant: str) -> Row:
    with bed.up():
        return measure(bed, contestant)


def middle(rows: list[Row]) -> Row:
    """Return a row of the medians; it is wrong where one of the rows is."""
    figures = ("first", "again", "rate_first", "rate_again", "peak", "served")
    found = {name: statistics.median(getattr(row, name) for row in rows) for name in figures}
    return replace(rows[0], **found, wrong=next((row.wrong for row in rows if row.wrong), ""))


def main() -> int:
    """Measure, print the table, and tell whether every contestant did its work."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[20, 100, 300])
    parser.add_argument("--only", nargs="+", choices=list(CONTESTANTS), default=list(CONTESTANTS))
    parser.add_argument("--server", choices=["simulator", "replay"], default="simulator")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write every row here, too")
    given = parser.parse_args()
    found: dict[tuple[str, int, int], list[Row]] = {}
    for number, planned in product(range(given.rounds), plan(given)):
        if number == 0 or planned[0] not in (*THEIRS, "bare"):
            with tempfile.TemporaryDirectory() as folder:
                row = row_of(Path(folder), *planned, given)
            found.setdefault(planned, []).append(row)
            print(f"round {number + 1}: {asdict(row)}", file=sys.stderr, flush=True)
    rows = [middle(each) for each in found.values()]
    print(table(rows))
    if given.json:
        given.json.write_text(json.dumps([asdict(row) for row in rows], indent=2) + "\n")
    return 1 if any(row.wrong for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
