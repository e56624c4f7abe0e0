# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that a node may fail in five ways: one holder of each VIP afterwards, every client at its server.

One round of benchmarks/failover.py for each event: with TLS at HAProxy for both profiles, with Pound in front of it
where that makes a difference. How long it takes is the benchmark's to say. Each time only what no other part does: a
node loses its power, or its network; that HAProxy, Pound and keepalived die is played by molecule/vip and part site.
NETSTACK_CLIENTS names the addresses of the clients where the lab is not the demo's.
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys

import pytest
from conftest import INVENTORY, ROOT, TOPOLOGY

pytestmark = pytest.mark.part("failover")

EACH_TIME = {"pound": (["standard"], ["power", "network"])}
"""With Pound, for after a power failure it has to come up without the VIP; the VIPs of all services are looked at."""
ALL = {
    "haproxy": (["standard", "tuned"], ["haproxy", "keepalived", "power", "network"]),
    "pound": (["standard"], ["pound", "power", "network"]),
}
ROUND = ("engine", "profile", "event")


def cases():
    """Return every round as parameters; those that are not played each time say why."""
    rest = pytest.mark.all_only("every program of a node dies, too, with both VRRP profiles and both engines of TLS")
    for engine, (profiles, events) in ALL.items():
        for profile, event in itertools.product(profiles, events):
            some = EACH_TIME.get(engine, ([], []))
            yield pytest.param(engine, profile, event, marks=() if profile in some[0] and event in some[1] else rest)


def played(told, engine, asked):
    """Let the benchmark play an engine's rounds, and return them."""
    profiles, events = (dict.fromkeys(each[name] for each in asked if each["engine"] == engine) for name in ROUND[1:])
    chosen = ["--engines", engine, "--profiles", *profiles, "--events", *events]
    where = ["--topology", str(TOPOLOGY), "--inventory", str(INVENTORY)]
    if "NETSTACK_CLIENTS" in os.environ:
        where += ["--sources", os.environ["NETSTACK_CLIENTS"]]
    program = [sys.executable, str(ROOT / "benchmarks" / "failover.py"), "--rounds", "1", "--json", str(told)]
    done = subprocess.run([*program, *chosen, *where], capture_output=True, text=True, check=False)
    assert told.exists(), done.stdout + done.stderr
    return json.loads(told.read_text())


@pytest.fixture(scope="module")
def rounds(request, started, tmp_path_factory):
    """Every round that a chosen test asks for, by engine, profile and event."""
    folder = tmp_path_factory.mktemp("failover")
    asked = [item.callspec.params for item in request.session.items if item.path == request.path]
    engines = dict.fromkeys(each["engine"] for each in asked)
    entries = [entry for engine in engines for entry in played(folder / f"{engine}.json", engine, asked)]
    return {(entry["engine"], entry["profile"], entry["event"]): entry for entry in entries}


@pytest.mark.parametrize(ROUND, list(cases()))
def test_after_a_failure_one_node_holds_each_vip_and_clients_stay_at_their_servers(rounds, engine, profile, event):
    seen = rounds[engine, profile, event]
    assert seen["one_holder"], seen["holders"]
    assert seen["one_holder_later"]
    assert seen["moved"] == []


@pytest.mark.parametrize(ROUND, [("pound", "standard", "power")])
def test_the_meter_sees_the_failures(rounds, engine, profile, event):
    """A power failure loses requests; a meter that told of none would prove nothing."""
    assert rounds[engine, profile, event]["lost"] > 0
