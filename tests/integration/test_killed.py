# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that a run of site.yml that is killed after any of its tasks leaves a pair, and the next run converges.

`ansible-playbook` and its workers get SIGKILL when a task has ended. The lease of a node that was moved away (20 s
here) ends by itself then: each node holds every VIP when the other one's keepalived is stopped. Meanwhile two clients
ask through VIPs of both nodes; a move that nobody had taken over would be taken back after TAKEOVER seconds, so a gap
as long as that would be a VIP without a holder. Which tasks there are is read from the playbooks (steps.py).

A task that left both nodes as it found them, in whole runs to either state and with either standby that are held after
each task and looked at, needs no kill of its own: what is killed after it is what is killed after the one before.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from conftest import INVENTORY, LAB, ROOT, TOPOLOGY, inside, play
from runner.slices import whole_or_slice
from stepped import Stepped, state
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
SPECIFICATION = " : Validating arguments against arg spec "  # a task that Ansible itself puts before those of a role
DUMP = """f=/tmp/keepalived.data; rm -f $f; kill -s USR1 "$(cat /run/keepalived.pid)" || exit 1
for i in $(seq 50); do grep -q '< Interfaces >' $f 2>/dev/null && exec cat $f; sleep 0.1; done; exit 1"""
ALL = steps()
KNOWN, PLAYS = {step.key for step in ALL}, {step.play for step in ALL}
ACTING = {step.key for step in ALL if step.acts}
FIRST, SECOND = "Change the first node of each pair", "Change the second node of each pair"
STANDBY = f"{SECOND} first where it is the standby"
ON_SECOND = {SECOND, "Put the VIPs where they were, new ones on their preferred node"}
"""The plays before whose kills lb2 holds the VIPs; before the others lb1 does, so that lb2, the standby, is first."""
AWAY = Step(FIRST, "Move this node's VIPs to its peer")
EACH_TIME = {(STANDBY, "netstack.datacenter.pound : Bring the declared listeners into service")}
"""With the second node away; Pound is the one that is restarted. The first node has the former site then."""
CHANGED_MIND = whole_or_slice(False, True, reason="the run after a killed one makes the same change, not the way back")
"""The run after the killed one has the former site, so that no other run need bring that back."""


class Pair:
    """The lab's load balancers, and a declared site that has two states."""

    def __init__(self) -> None:
        self.site = SiteCopy(INVENTORY, "killed")
        self.other = False
        self.keys = {False: certificates()}
        subprocess.run([sys.executable, str(ROOT / "lab" / "pki.py"), str(LAB / TOPOLOGY.stem), "--renew"], check=True)
        self.keys[True] = certificates()
        self.renew()

    def renew(self) -> None:
        """Have the certificates of the present state."""
        for path, content in self.keys[self.other].items():
            path.write_bytes(content)

    def declare(self) -> None:
        """Declare the other state: HAProxy and keepalived are reloaded for it, and Pound is restarted."""
        self.other = not self.other
        self.renew()
        self.site.change(lambda data: data.update(SiteCopy(INVENTORY, "killed_former").site))
        variables = self.site.folder / "group_vars" / "load_balancers.yml"
        variables.write_text(f"vip_raw: [{RAW}]\n" if self.other else "{}\n")
        if self.other:
            self.site.change(lambda data: data["services"]["shop"].update(balance="leastconn"))
            self.site.change(lambda data: data["services"]["portal"].update(timeouts={"http_keep_alive": "7s"}))

    def stepped(self, lease: int) -> Stepped:
        """Start a run of site.yml that is held after each of its tasks."""
        words = ("netstack.datacenter.site", "-i", str(self.site.folder), *LIMIT)
        return Stepped(*words, "-e", f"vip_drain_lease={lease}")

    def killed_after(self, step: Step, lease: int) -> bool:
        """Run site.yml and kill it after a step; tell whether the run came to it."""
        with self.stepped(lease) as run:
            for now in run:
                known(now)
                if now == step.key:
                    run.kill()
                    return True
            assert run.status == 0, run.output
        return False

    def changed_by(self) -> set[tuple[str, str, int]]:
        """Run site.yml; return the steps after which a node is not as it was before."""
        self.declare()
        changing, before = set(), state(NODES)
        with self.stepped(LEASE) as run:
            for now in run:
                known(now)
                if now in ACTING:
                    after = state(NODES)
                    changing |= {now} if after != before else set()
                    before = after
            assert run.status == 0, run.output
        return changing

    def run(self) -> None:
        """Let the next run converge; its own verification is at its end."""
        done = play(*LIMIT, inventory=self.site.folder)
        assert done.code == 0, done.out
        for node in NODES:
            assert (RAW in inside(node, "cat", "/etc/keepalived/keepalived.conf")) is self.other


def certificates() -> dict[Path, bytes]:
    """Return the certificates that the lab's services have at the moment."""
    return {path: path.read_bytes() for path in (LAB / TOPOLOGY.stem).glob("*.pfx")}


def known(now: tuple[str, str, int]) -> None:
    """Fail where the playbooks, as steps.py reads them, do not have a task that has run."""
    assert now[0] not in PLAYS or now in KNOWN or SPECIFICATION in now[1], f"steps.py does not know {now}"


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


@pytest.fixture(scope="module")
def changing(pair):
    """The steps after which one of the nodes is not as it was, in a whole run to either state with either standby."""
    found = set()
    for holder in NODES * 2:
        holds_alone(holder)
        found |= {key for key in pair.changed_by() if (key[0] in ON_SECOND) is (holder == "lb2")}
    assert (AWAY.play, AWAY.task) in {key[:2] for key in found}
    return found


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
def test_a_run_killed_after_any_task_leaves_a_pair_and_the_next_run_converges(pair, step, capsys, request):
    if (step.play, step.task) not in EACH_TIME and step.key not in request.getfixturevalue("changing"):
        with capsys.disabled():
            print(f"\n{step}: leaves both nodes as they were before it")
        return
    pair.declare()
    holds_alone("lb2" if step.play in ON_SECOND else "lb1")
    with ExitStack() as stack:
        meters = [stack.enter_context(Load(CLIENT, "gap", url, connect=vip, rate=10)) for url, vip in ASKED]
        assert pair.killed_after(step, LEASE), f"a whole run went without {step}"
        for node in NODES:
            eventually(lambda node=node: takes_part(node), LEASE + 30, f"{node} takes part by itself")
        for node in NODES:
            holds_alone(node)
        seen = [meter.stop() for meter in meters]
    gaps = [each["longest_gap_ms"] for each in seen]
    with capsys.disabled():
        print(f"\n{step}: longest gaps {gaps} ms, {[each['failed'] for each in seen]} of {seen[0]['requests']} failed")
    assert all(gap < TAKEOVER * 1000 for gap in gaps), seen
    if CHANGED_MIND:
        pair.declare()
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
