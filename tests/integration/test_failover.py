# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that a node may fail in five ways: one holder of each VIP afterwards, every client at its server.

One round of benchmarks/failover.py for each event: with TLS at HAProxy for both profiles, with Pound in front of it
where that makes a difference. How long it takes is the benchmark's to say.
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

PLAYED = {
    "haproxy": (["standard", "tuned"], ["haproxy", "keepalived", "power", "network"]),
    "pound": (["standard"], ["pound", "power"]),  # after a power failure Pound has to come up without the VIP
}
CASES = [(engine, *case) for engine, each in PLAYED.items() for case in itertools.product(*each)]


def played(told, engine):
    """Let the benchmark play an engine's rounds, and return them."""
    profiles, events = PLAYED[engine]
    chosen = ["--engines", engine, "--profiles", *profiles, "--events", *events]
    where = ["--topology", str(TOPOLOGY), "--inventory", str(INVENTORY)]
    if "NETSTACK_CLIENTS" in os.environ:
        where += ["--sources", os.environ["NETSTACK_CLIENTS"]]
    program = [sys.executable, str(ROOT / "benchmarks" / "failover.py"), "--rounds", "1", "--json", str(told)]
    done = subprocess.run([*program, *chosen, *where], capture_output=True, text=True, check=False)
    assert told.exists(), done.stdout + done.stderr
    return json.loads(told.read_text())


@pytest.fixture(scope="module")
def rounds(lab, tmp_path_factory):
    """Every round, by engine, profile and event."""
    folder = tmp_path_factory.mktemp("failover")
    entries = [entry for engine in PLAYED for entry in played(folder / f"{engine}.json", engine)]
    return {(entry["engine"], entry["profile"], entry["event"]): entry for entry in entries}


@pytest.mark.parametrize(("engine", "profile", "event"), CASES)
def test_after_a_failure_one_node_holds_each_vip_and_clients_stay_at_their_servers(rounds, engine, profile, event):
    seen = rounds[engine, profile, event]
    assert seen["one_holder"], seen["holders"]
    assert seen["one_holder_later"]
    assert seen["moved"] == []


def test_the_meter_sees_the_failures(rounds):
    """A power failure loses requests; a meter that told of none would prove nothing."""
    assert rounds["haproxy", "standard", "power"]["lost"] > 0
