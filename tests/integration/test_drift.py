# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that what a hand has edited and loaded is put right, in the file and in what runs, and said.

In each round two nodes have an edit of HAProxy each, and both the same one of Pound and of keepalived. The hand loads
them, so each of them is seen to be in effect before the roles run; what it had written is kept as a restore point. Then
somebody reloads once more, and the next run has nothing to do.
"""

from __future__ import annotations

import base64
import hashlib
import time
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import pytest
from conftest import inside, play
from drift import HAPROXY, KEEPALIVEDS, LOADS, POUNDS, Drift, ask, servers

pytestmark = pytest.mark.part("site")

NODES = ("lb1", "lb2")
ROLES = str(Path(__file__).with_name("drift.yml"))
DRAINED = "portal.servers/web3"  # what an operator says over the socket, beside all that


@dataclass(frozen=True)
class Edited:
    """One file of one node that a hand has edited."""

    node: str
    drift: Drift
    right: str
    wrong: str

    @property
    def kept(self):
        """Tell whether what the hand wrote is a restore point."""
        digest = hashlib.sha256(self.wrong.encode()).hexdigest()
        return digest in inside(self.node, "sh", "-c", "sha256sum /var/lib/netstack/backup/*/*/[0-9]*")


def rounds():
    """Return the edits of each round: of lb1's HAProxy, of lb2's, of both Pounds, of both keepaliveds."""
    made = list(zip_longest(HAPROXY[::2], HAPROXY[1::2], POUNDS, KEEPALIVEDS))
    rest = pytest.mark.all_only("a frontend, a weight, a port of Pound and a priority go the same ways as the others")
    name = "; ".join
    return [
        pytest.param(each, id=name(drift.what for drift in each if drift), marks=[rest] if each is not made[0] else [])
        for each in made
    ]


def eventually(holds, what, seconds=30):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"still not so after {seconds} s: {what}"
        time.sleep(0.5)


def copy_of(path):
    return f"/root/{Path(path).name}"


def write(node, path, text):
    """Write a file as an editor does: into the file that is there."""
    inside(node, "sh", "-c", f"echo {base64.b64encode(text.encode()).decode()} | base64 -d > {path}")


def edit(node, drift):
    """Let a hand edit a file."""
    assert drift.seen is None or not drift.seen(node), f"{drift.what}: in effect before anybody did it"
    right = inside(node, "cat", drift.path)
    inside(node, "cp", "-p", drift.path, copy_of(drift.path))
    wrong = drift.edit(right)
    assert wrong != right
    write(node, drift.path, wrong)
    return Edited(node, drift, right, wrong)


def load(edited):
    """Let the hand load what it has edited, and see that it runs."""
    for node, (verb, unit) in sorted({(each.node, LOADS[each.drift.path]) for each in edited}):
        inside(node, "systemctl", verb, unit)
    for each in edited:
        if each.drift.seen:
            eventually(lambda each=each: each.drift.seen(each.node), f"{each.drift.what} at {each.node} is in effect")
        if each.drift.put_back:
            inside(each.node, "cp", "-p", copy_of(each.drift.path), each.drift.path)


def drain(node, state):
    assert not ask(node, f"set server {DRAINED} state {state}").strip()


@pytest.mark.parametrize("edits", rounds())
def test_what_a_hand_has_loaded_is_put_right(edits, first):
    first_node, second_node, pound, keepalived = edits
    whose = [
        ("lb1", first_node),
        ("lb2", second_node),
        *((node, each) for each in (pound, keepalived) for node in NODES),
    ]
    edited = [edit(node, drift) for node, drift in whose if drift]
    load(edited)
    drain("lb2", "drain")
    repaired = play("--diff", playbook=ROLES)
    assert repaired.code == 0, repaired.out
    for each in edited:
        assert inside(each.node, "cat", each.drift.path) == each.right
        assert each.drift.seen is None or not each.drift.seen(each.node), f"{each.drift.what}: still in effect"
        assert each.drift.put_back or each.kept, f"{each.drift.what}: what the hand wrote is not kept"
        assert each.drift.put_back or f"before: {each.drift.path}" in repaired.out
    assert servers("lb2")[DRAINED]["srv_admin_state"] == "8"
    drain("lb2", "ready")
    for node in NODES:
        inside(node, "systemctl", "reload", "haproxy", "keepalived")
    again = play(playbook=ROLES)
    assert (again.code, again.recap("changed"), again.changes) == (0, 0, set()), again.out
