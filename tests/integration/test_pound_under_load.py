# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds out what clients of Pound notice of changes, which restart it: site.yml moves the VIP first, both ways.

Every change is made while clients ask through Pound and HAProxy, on a new TLS connection each time and on kept ones. A
connection ends when its VIP moves, so what was under way at that moment is lost, at most one request of each client and
move; kept connections are retried as RFC 9110 allows. The figures are printed and kept in .cache/pound_under_load.json.
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from conftest import INVENTORY, LAB, ROOT, TOPOLOGY, inside, play

from topology import load as load_topology
from traffic.remote import Load, load
from traffic.site_copy import SiteCopy

pytestmark = pytest.mark.part("stress")

NODES = ("lb1", "lb2")
ONLY = ("--limit", "lb1,lb2")  # no switch is planned, which would only take time
WORKERS = 6
CLIENTS = "10.231.10.201-10.231.10.240"


@pytest.fixture
def portal(lab):
    """A copy of the site, whose service `portal` is changed; put back at the end."""
    copy = SiteCopy(INVENTORY, "pound-under-load")
    yield copy
    done = play(*ONLY)
    assert done.code == 0, done.out


def processes():
    return {node: inside(node, "pidof", "pound") for node in NODES}


def renew_certificate(_site):
    program = [sys.executable, str(ROOT / "lab" / "pki.py"), str(LAB / TOPOLOGY.stem), "--renew", "portal"]
    subprocess.run(program, check=True)


def set_keep_alive(site):
    site.change(lambda data: data["services"]["portal"].update(timeouts={"http_keep_alive": "15s"}))


def drop_a_name(site):
    names = {"tls": {"certificate": "portal"}, "server_names": ["portal.lab.test"]}
    site.change(lambda data: data["services"]["portal"].update(names))


def change_everything(site):
    """Make each change by site.yml, and see that it restarted Pound on both nodes; return how often the VIP moved."""
    for change in (renew_certificate, set_keep_alive, drop_a_name):
        before = processes()
        change(site)
        done = play(*ONLY, inventory=site.folder)
        assert done.code == 0, done.out
        assert not set(processes().values()) & set(before.values()), change.__name__
    return 2 * 3  # away from its node, and home again


def sticky(client):
    """Return which server each of 40 clients meets."""
    where = {"connect": "10.231.10.102", "sources": CLIENTS, "times": 1}
    return load(client, "sources", "https://portal.lab.test/whoami", **where)["clients"]


def test_a_change_of_pound_costs_its_clients_what_was_under_way_when_the_vip_moved(portal, capsys):
    client, url = load_topology(TOPOLOGY).container("client"), "https://portal.lab.test/whoami"
    inside("client", "sh", "-c", "for n in $(seq 201 240); do ip address replace 10.231.10.$n/32 dev eth1; done")
    before, where = sticky(client), {"connect": "10.231.10.102"}
    with (
        Load(client, "fresh", url, workers=WORKERS, pause=0.02, **where) as fresh,
        Load(client, "keepalive", url, workers=WORKERS, pause=0.02, **where) as keepalive,
        Load(client, "gap", url, rate=20, **where) as meter,
    ):
        moves = change_everything(portal)
        seen = {"fresh": fresh.stop(), "keepalive": keepalive.stop(), "gap": meter.stop(), "moves": moves}
    (ROOT / ".cache" / "pound_under_load.json").write_text(json.dumps(seen, indent=2) + "\n")
    with capsys.disabled():
        for name in ("fresh", "keepalive", "gap"):
            one = seen[name]
            told = f"{one['requests']} requests, {one['failed']} failed {one['causes']}, {one['retries']} retried"
            print(f"\n{name}: {told}", one.get("longest_gap_ms", ""))
    for name in ("fresh", "keepalive"):
        assert seen[name]["failed"] <= moves * WORKERS, seen[name]
    assert sticky(client) == before
