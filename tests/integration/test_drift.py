# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that what a hand has edited and loaded is put right, in the file and in what runs, and said.

In each round both nodes have edits of HAProxy, Pound and keepalived. The hand loads them, so each of them is seen to be
in effect before the roles run. The difference has each of its lines; where the hand had put its file back, it says why
the service is loaded once more. What it had written is kept as a restore point. Then somebody reloads once more, and
the next run has nothing to do.
"""

from __future__ import annotations

import base64
import hashlib
import re
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import play
from drift import FIRST, LOADS, POUND, PUT_BACK, SECOND, Drift, ask, inside, servers

from ansible_collections.netstack.datacenter.plugins.module_utils.pound.mask import masked

pytestmark = pytest.mark.part("site")

NODES = ("lb1", "lb2")
ROLES = str(Path(__file__).with_name("drift.yml"))
DRAINED = "portal.servers/web3"  # what an operator says over the socket, beside all that


@dataclass(frozen=True)
class Edited:
    """One file of one node that a hand has edited."""

    node: str
    path: str
    drifts: list[Drift]
    right: str
    wrong: str

    @property
    def put_back(self):
        """Why its service is loaded once more, where the hand has put the file back; else ""."""
        return next((drift.put_back for drift in self.drifts if drift.put_back), "")

    def seen(self):
        """Return what of the edits is in effect."""
        return [drift.what for drift in self.drifts if drift.seen and drift.seen(self.node)]

    def shows(self):
        """Return what of the edits can be seen in what runs."""
        return [drift.what for drift in self.drifts if drift.seen]

    def is_among(self, points):
        """Tell whether what the hand wrote is one of the restore points of each node."""
        return hashlib.sha256(self.wrong.encode()).hexdigest() in points[self.node]

    def unsaid(self, differences):
        """Return what of the hand's work no difference tells; a certificate's does not show the file itself."""
        if self.put_back:
            return {f"+{self.put_back}"} - differences.get((self.node, "service"), set())
        shown = differences.get((self.node, self.path))
        if shown is None or self.path.endswith(".pem"):
            return set() if shown else {self.path}
        show = masked if self.path == POUND else str  # a header's value may be a secret
        wrong, right = (set(show(text).splitlines()) for text in (self.wrong, self.right))
        return ({f"-{line}" for line in wrong - right} | {f"+{line}" for line in right - wrong}) - shown


def eventually_seen(edited, seconds=30):
    end = time.monotonic() + seconds
    while (seen := edited.seen()) != edited.shows():
        missing = set(edited.shows()) - set(seen)
        assert time.monotonic() < end, f"not in effect at {edited.node} after {seconds} s: {missing}"
        time.sleep(0.5)


def copy_of(path):
    return f"/root/{Path(path).name}"


def write(node, path, text):
    """Write a file as an editor does: into the file that is there."""
    inside(node, "sh", "-c", f"echo {base64.b64encode(text.encode()).decode()} | base64 -d > {path}")


def edit(node, path, drifts):
    """Let a hand edit a file."""
    right = wrong = inside(node, "cat", path)
    inside(node, "cp", "-p", path, copy_of(path))
    for each in drifts:
        wrong = each.edit(wrong)
    edited = Edited(node, path, drifts, right, wrong)
    assert edited.seen() == []
    assert wrong != right
    write(node, path, wrong)
    return edited


def load(edited):
    """Let the hand load what it has edited, and see that it runs; what it has put back then runs on."""
    for node, (verb, unit) in sorted({(each.node, LOADS[each.path]) for each in edited}):
        inside(node, "systemctl", verb, unit)
    for each in edited:
        eventually_seen(each)
        if each.put_back:
            inside(each.node, "cp", "-p", copy_of(each.path), each.path)


def restore_points():
    """Return the digests of all files that can be put back, for each node."""
    return {node: inside(node, "sh", "-c", "sha256sum /var/lib/netstack/backup/*/*/[0-9]*") for node in NODES}


def differences(out):
    """Return what a run with --diff printed: host and file -> lines that go (-) or come (+)."""
    told, open_ones, lines = {}, {}, set()
    for line in out.splitlines():
        if head := re.match(r"--- before: (\S+)", line):
            lines = open_ones.setdefault(head.group(1), set())
        elif result := re.match(r"(?:changed|ok): \[(\w+)\]", line):
            for path, found in open_ones.items():
                told.setdefault((result.group(1), path), set()).update(found)
            open_ones, lines = {}, set()
        elif line[:1] in "+-":
            lines.add(line)
    return told


def drain(node, state):
    assert not ask(node, f"set server {DRAINED} state {state}").strip()


@pytest.mark.parametrize(
    "edits",
    [
        pytest.param(FIRST, id="first"),
        pytest.param(SECOND, id="second", marks=pytest.mark.all_only("other lines of the same files")),
        pytest.param(PUT_BACK, id="put back", marks=pytest.mark.all_only("unit tests have what has read what")),
    ],
)
def test_what_a_hand_has_loaded_is_put_right(edits, first):
    files = [(node, path) for node in edits for path in dict.fromkeys(each.path for each in edits[node])]
    edited = [edit(node, path, [each for each in edits[node] if each.path == path]) for node, path in files]
    load(edited)
    drain("lb2", "drain")
    repaired = play("--diff", playbook=ROLES)
    assert repaired.code == 0, repaired.out
    points, told = restore_points(), differences(repaired.out)
    for each in edited:
        assert inside(each.node, "cat", each.path) == each.right
        assert each.seen() == []
        assert each.put_back or each.is_among(points), each.path
        assert each.unsaid(told) == set(), f"{each.node}: {each.path}"
    assert servers("lb2")[DRAINED]["srv_admin_state"] == "8"
    drain("lb2", "ready")
    for node in NODES:
        inside(node, "systemctl", "reload", "haproxy", "keepalived")
    again = play(playbook=ROLES)
    assert (again.code, again.recap("changed"), again.changes) == (0, 0, set()), again.out
