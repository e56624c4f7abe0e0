# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that a node may fail in five ways: one holder of each VIP afterwards, every client at its server.

One round of benchmarks/failover.py for each event and profile. How long it takes is the benchmark's to say.
NETSTACK_CLIENTS names the addresses of the clients where the lab is not the demo's.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from conftest import INVENTORY, ROOT, TOPOLOGY

pytestmark = pytest.mark.part("failover")

EVENTS = ["haproxy", "pound", "keepalived", "power", "network"]


@pytest.fixture(scope="module")
def rounds(lab, tmp_path_factory):
    """Every round, by profile and event."""
    told = tmp_path_factory.mktemp("failover") / "rounds.json"
    program = [sys.executable, str(ROOT / "benchmarks" / "failover.py"), "--rounds", "1", "--json", str(told)]
    where = ["--topology", str(TOPOLOGY), "--inventory", str(INVENTORY)]
    if "NETSTACK_CLIENTS" in os.environ:
        where += ["--sources", os.environ["NETSTACK_CLIENTS"]]
    done = subprocess.run([*program, *where], capture_output=True, text=True, check=False)
    assert told.exists(), done.stdout + done.stderr
    return {(entry["profile"], entry["event"]): entry for entry in json.loads(told.read_text())}


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("profile", ["standard", "tuned"])
def test_after_a_failure_one_node_holds_each_vip_and_clients_stay_at_their_servers(rounds, profile, event):
    seen = rounds[profile, event]
    assert seen["one_holder"], seen["holders"]
    assert seen["one_holder_later"]
    assert seen["moved"] == []


def test_the_meter_sees_the_failures(rounds):
    """A power failure loses requests; a meter that told of none would prove nothing."""
    assert rounds["standard", "power"]["lost"] > 0
