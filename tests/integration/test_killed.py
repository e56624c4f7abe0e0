# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that a run of site.yml that is killed after any of its tasks leaves a pair, and the next run converges.

`ansible-playbook` and its workers get SIGKILL when a task has told its result. The lease of a node that was moved away
(20 s here) ends by itself then: each node holds every VIP when the other one's keepalived is stopped. Meanwhile two
clients ask through VIPs of both nodes; a move that nobody had taken over would be taken back after TAKEOVER seconds,
so a gap as long as that would be a VIP without a holder. Which tasks there are is read from the playbooks (steps.py).
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from contextlib import ExitStack

import pytest
from conftest import INVENTORY, ROOT, TOPOLOGY, inside, play
from steps import Step, steps

from ansible_collections.netstack.datacenter.plugins.module_utils.vip.daemon import STATE
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.move import TAKEOVER
from checkout import localised as here
from topology import load as load_topology
from traffic.remote import Load
from traffic.site_copy import SiteCopy

pytestmark = pytest.mark.part("site")

NODES = ("lb1", "lb2")
LIMIT = ("--limit", "lb1,lb2")  # planning the switches would only take time
LEASE = 20  # seconds, the shortest that there is
SHOP, API, PORTAL = (here(f"10.231.10.{last}") for last in (100, 101, 102))
RAW = "vrrp_garp_master_refresh_repeat 2"
ASKED = [("https://shop.lab.test/whoami", SHOP), ("http://api.lab.test/whoami", API)]
CLIENT = load_topology(TOPOLOGY).container("client")
PLAY, TASK = re.compile(r"PLAY \[(.*)\] \**"), re.compile(r"TASK \[(.*)\] \**")
SPECIFICATION = " : Validating arguments against arg spec "  # a task that Ansible itself puts before those of a role
RESULT = re.compile(r"^(ok|changed|included|skipping): ")
DUMP = """f=/tmp/keepalived.data; rm -f $f; kill -s USR1 "$(cat /run/keepalived.pid)" || exit 1
for i in $(seq 50); do grep -q '< Interfaces >' $f 2>/dev/null && exec cat $f; sleep 0.1; done; exit 1"""
ALL = steps()
KNOWN, PLAYS = {(step.play, step.task, step.nth) for step in ALL}, {step.play for step in ALL}
FIRST, SECOND = "Change the first node of each pair", "Change the second node of each pair"
ON_SECOND = {SECOND, "Put the VIPs where they were, new ones on their preferred node"}
"""The plays before whose kills lb2 holds the VIPs; before the others lb1 does, so that lb2, the standby, is first."""
AWAY = Step(FIRST, "Move this node's VIPs to its peer")
EACH_TIME = {(SECOND, "netstack.datacenter.pound : Bring the declared listeners into service")}
"""With the second node away; Pound is the one that is restarted."""


class Headlines:
    """Where a run is, by what it prints."""

    def __init__(self) -> None:
        self.play, self.task, self.seen, self.unknown = "", "", {}, []

    def reached(self, line: str, step: Step) -> bool:
        """Take a line; tell whether it is the result of a step. No task may be missing from what the playbooks say."""
        if found := PLAY.fullmatch(line):
            self.play, self.seen = found.group(1), {}
        elif found := TASK.fullmatch(line):
            self.task = found.group(1)
            self.seen[self.task] = self.seen.get(self.task, -1) + 1
            known = self.play not in PLAYS or self.now in KNOWN or SPECIFICATION in self.task
            self.unknown += [] if known else [self.now]
        return self.now == (step.play, step.task, step.nth) and RESULT.match(line) is not None

    @property
    def now(self) -> tuple[str, str, int]:
        """The play, the task, and how many of its name there were before in this play."""
        return self.play, self.task, self.seen.get(self.task, 0)


class Pair:
    """The lab's load balancers, and a declared site that has two states."""

    def __init__(self) -> None:
        self.site = SiteCopy(INVENTORY, "killed")
        self.other = False

    def declare(self) -> None:
        """Declare the other state: HAProxy and keepalived are reloaded for it, and Pound is restarted."""
        self.other = not self.other
        self.site.change(lambda data: data.update(SiteCopy(INVENTORY, "killed_former").site))
        variables = self.site.folder / "group_vars" / "load_balancers.yml"
        variables.write_text(f"vip_raw: [{RAW}]\n" if self.other else "{}\n")
        if self.other:
            self.site.change(lambda data: data["services"]["shop"].update(balance="leastconn"))
            self.site.change(lambda data: data["services"]["portal"].update(timeouts={"http_keep_alive": "7s"}))

    def killed_after(self, step: Step, lease: int) -> bool:
        """Run site.yml and kill it after a step; tell whether the run came to it."""
        words = ["ansible-playbook", "netstack.datacenter.site", "-i", str(self.site.folder), *LIMIT]
        words += ["-e", f"vip_drain_lease={lease}"]
        where, lines = Headlines(), []
        told = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        environment = {**os.environ, "ANSIBLE_NOCOLOR": "1"}
        with subprocess.Popen(words, cwd=ROOT, env=environment, start_new_session=True, **told) as run:
            for line in run.stdout:
                lines.append(line)
                if where.reached(line.rstrip("\n"), step):
                    os.killpg(run.pid, signal.SIGKILL)
                    assert where.unknown == [], "steps.py does not know all tasks"
                    return True
        assert (run.returncode, where.unknown) == (0, []), "".join(lines)
        return False

    def run(self) -> None:
        """Let the next run converge; its own verification is at its end."""
        done = play(*LIMIT, inventory=self.site.folder)
        assert done.code == 0, done.out
        for node in NODES:
            assert (RAW in inside(node, "cat", "/etc/keepalived/keepalived.conf")) is self.other


def held(node: str) -> str:
    return inside(node, "ip", "-brief", "address", "show", "eth1")


def states(node: str) -> set[str]:
    """Return the states of a node's instances, by its keepalived's own word."""
    return {state for _name, state in STATE.findall(inside(node, "sh", "-c", DUMP))}


def eventually(holds, seconds: float, what: str) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"{what}: not so after {seconds} s"
        time.sleep(0.3)


def takes_part(node: str) -> bool:
    return bool(found := states(node)) and found <= {"MASTER", "BACKUP"}


def holds_alone(node: str) -> None:
    """Stop the other node's keepalived; this one must hold every VIP then."""
    peer = next(other for other in NODES if other != node)
    inside(peer, "systemctl", "stop", "keepalived")
    try:
        vips = (SHOP, API, PORTAL)
        eventually(lambda: all(f"{vip}/" in held(node) for vip in vips), 15, f"{node} holds all without {peer}")
    finally:
        inside(peer, "systemctl", "start", "keepalived")
    eventually(lambda: takes_part(peer), 15, f"{peer} takes part again")


@pytest.fixture(scope="module")
def pair(first):
    """The provisioned pair; at the end it has the declared site again, each VIP on its preferred node."""
    subject = Pair()
    yield subject
    if subject.other:
        subject.declare()
        subject.run()
    placed = {"state": "placed", "instances": "{{ vip_instances }}", "peer_health": "{{ vip_peer_health }}"}
    words = ["ansible", "lb1,lb2", "-i", str(INVENTORY), "-m", "netstack.datacenter.vip_move", "-a", json.dumps(placed)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def cases():
    """Return every step as a parameter; those that are not tried each time say why."""
    rest = pytest.mark.all_only("a run is killed after each task that does something on a load balancer")
    for step in ALL:
        if step.acts:
            yield pytest.param(step, id=str(step), marks=() if (step.play, step.task) in EACH_TIME else rest)


def test_what_is_tried_each_time_is_among_the_steps_of_the_playbooks():
    assert EACH_TIME | {(AWAY.play, AWAY.task)} <= {(step.play, step.task) for step in ALL if step.acts}
    assert ON_SECOND <= PLAYS


@pytest.mark.parametrize("step", list(cases()))
def test_a_run_killed_after_any_task_leaves_a_pair_and_the_next_run_converges(pair, step, capsys):
    pair.declare()
    holds_alone("lb2" if step.play in ON_SECOND else "lb1")
    with ExitStack() as stack:
        meters = [stack.enter_context(Load(CLIENT, "gap", url, connect=vip, rate=10)) for url, vip in ASKED]
        if not pair.killed_after(step, LEASE):
            assert step.optional, f"a whole run went without {step}"
            with capsys.disabled():
                print(f"\n{step}: a whole run went without it")
            return
        for node in NODES:
            eventually(lambda node=node: takes_part(node), LEASE + 30, f"{node} takes part by itself")
        for node in NODES:
            holds_alone(node)
        seen = [meter.stop() for meter in meters]
    gaps = [each["longest_gap_ms"] for each in seen]
    with capsys.disabled():
        print(f"\n{step}: longest gaps {gaps} ms, {[each['failed'] for each in seen]} of {seen[0]['requests']} failed")
    assert all(gap < TAKEOVER * 1000 for gap in gaps), seen
    pair.run()


@pytest.mark.all_only("molecule-vip has a lease that nobody takes back; a plan that names it is of unit tests")
def test_a_node_that_a_killed_run_left_away_is_named_and_brought_home_before_its_lease_ends(pair, tmp_path):
    """By the run of whoever comes next, which could move nothing to it else."""
    pair.declare()
    assert pair.killed_after(AWAY, 600)
    eventually(lambda: states("lb1") == {"FAULT"}, 15, "keepalived heeds the lease")
    told = play(*LIMIT, "-e", f"stack_report_folder={tmp_path}", playbook="verify", inventory=pair.site.folder)
    assert told.code != 0
    for text in (told.out, (tmp_path / "index.html").read_text()):
        assert re.search(r"This node is away from .*edge-lb1-ipv4 \(\d+ s more\)", text), text
    pair.declare()  # again as it was before the killed run: there is nothing to change but the node that is away
    pair.run()
    assert takes_part("lb1")
    assert inside("lb1", "sh", "-c", "ls /run/netstack/vip") == ""
