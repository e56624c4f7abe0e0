# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds out what clients of Pound notice of changes, which restart it: site.yml moves the VIP first, both ways.

Each change is made while clients ask through Pound and HAProxy, on a new TLS connection each time and on kept ones. A
connection ends when its VIP moves, so what was under way at that moment is lost: at most one request of each client and
move. Kept connections are retried as RFC 9110 allows. The figures are printed and kept in .cache/pound_under_load.json.
"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import time

import pytest
from conftest import INVENTORY, LAB, ROOT, TOPOLOGY, inside, play
from reloads import let_haproxy

from ansible_collections.netstack.datacenter.plugins.modules.haproxy_drain import SPARE
from checkout import localised as here
from topology import load as load_topology
from traffic.generators import counted, crowd, resolve
from traffic.remote import Load, load
from traffic.site_copy import SiteCopy

pytestmark = [
    pytest.mark.part("stress"),
    pytest.mark.all_only("how many requests through Pound a moved VIP costs is measured"),
]

NODES = ("lb1", "lb2")
CLIENT = load_topology(TOPOLOGY).container("client")
SOURCES = here("10.231.10.201-10.231.10.240")
BUSY = "https://portal.lab.test/download?bytes=2000&rate=20000"
URL, WHERE = "https://portal.lab.test/whoami", {"connect": here("10.231.10.102")}
WORKERS = 6
MOVES = 2  # of the VIP in each change: away from its node, and home again


def renew_certificate(_site):
    program = [sys.executable, str(ROOT / "lab" / "pki.py"), str(LAB / TOPOLOGY.stem), "--renew", "portal"]
    subprocess.run(program, check=True)


def drop_a_name(site):
    names = {"tls": {"certificate": "portal"}, "server_names": ["portal.lab.test"]}
    site.change(lambda data: data["services"]["portal"].update(names, timeouts={"http_keep_alive": "15s"}))


def declare_the_former_site(site):
    site.change(lambda data: data.update(SiteCopy(INVENTORY, "former").site))


@pytest.fixture(scope="module")
def site(lab):
    """A copy of the site, as the last change leaves it."""
    inside("client", "sh", "-c", here("for n in $(seq 201 240); do ip address replace 10.231.10.$n/32 dev eth1; done"))
    resolve(CLIENT, "portal.lab.test", WHERE["connect"])
    return SiteCopy(INVENTORY, "pound-under-load")


@pytest.fixture(scope="module")
def figures():
    """What each change cost; written at the end."""
    seen = {}
    yield seen
    (ROOT / ".cache" / "pound_under_load.json").write_text(json.dumps(seen, indent=2) + "\n")


def processes():
    return {node: inside(node, "pidof", "pound") for node in NODES}


def servers():
    """Return which server each of 40 clients meets."""
    return load(CLIENT, "sources", URL, **WHERE, sources=SOURCES, times=1)["clients"]


def summary(name, seen):
    """Return the figures of one load as a line for a reader."""
    gap = f", longest gap {seen['longest_gap_ms']:.0f} ms" if "longest_gap_ms" in seen else ""
    failed = f"{seen['failed']} failed {seen['causes']}, {seen.get('retries', 0)} retried"
    return f"{name}: {seen['requests']} requests, {failed}{gap}"


@pytest.mark.parametrize("change", [renew_certificate, drop_a_name, declare_the_former_site])
def test_a_change_costs_clients_at_most_what_was_under_way_when_the_vip_moved(site, figures, change, capsys):
    change(site)
    before, clients = processes(), servers()
    with (
        Load(CLIENT, "fresh", URL, workers=WORKERS, pause=0.02, **WHERE) as fresh,
        Load(CLIENT, "keepalive", URL, workers=WORKERS, pause=0.02, **WHERE) as keepalive,
        Load(CLIENT, "gap", URL, rate=20, **WHERE) as meter,
        crowd(CLIENT, URL, BUSY, 10, http2=False) as others,
    ):
        done = play("--limit", "lb1,lb2", inventory=site.folder)  # planning the switches would only take time
        seen = {"fresh": fresh.stop(), "keepalive": keepalive.stop(), "gap": meter.stop(), **counted(others)}
    told = sorted(map(int, re.findall(r"(\d+) requests are still under way", done.out)))
    figures[change.__name__] = {**seen, "told": told}
    with capsys.disabled():
        print("", change.__name__, *(summary(name, one) for name, one in seen.items()), f"told: {told}", sep="\n")
    assert done.code == 0, done.out
    assert not set(processes().values()) & set(before.values()), "Pound was not restarted"
    del seen["gap"]  # it goes on asking while nobody answers
    for name, one in seen.items():
        assert one["requests"] > 10 * WORKERS, name
        assert one["failed"] <= MOVES * WORKERS, (name, one)
    assert servers() == clients


def asked_to_close(name, address):
    """Return how often a client that asks twice is told that its connection ends."""
    urls = [f"https://{name}.lab.test/whoami"] * 2
    told = ["--verbose", "--http1.1", "--cacert", "/opt/public/ca.pem", "--resolve", f"{name}.lab.test:443:{address}"]
    ask = shlex.join(["curl", "--silent", *told, *urls])
    return inside("client", "sh", "-c", f"{ask} 2>&1").lower().count("< connection: close")


@pytest.mark.parametrize(
    ("name", "address"), [("shop", here("10.231.10.100")), ("portal", here("10.231.10.102"))], ids=["shop", "portal"]
)
def test_before_a_move_clients_are_asked_to_end_their_connections_through_pound_too(site, name, address):
    declare_the_former_site(site)
    assert play("--limit", "lb1,lb2", inventory=site.folder).code == 0
    assert asked_to_close(name, address) == 0
    let_haproxy("lb2", "draining")
    assert asked_to_close(name, address) == 2
    if name == "shop":
        let_haproxy("lb2", "serving")
    else:  # as after a run that was killed: the lease ends
        end = time.monotonic() + 3 * SPARE
        while asked_to_close(name, address):
            assert time.monotonic() < end, "nobody ends it"
            time.sleep(1)
    assert asked_to_close(name, address) == 0


def test_the_measurement_sees_a_restart_under_the_clients(site):
    """The bound above is no blindness: without a move every client is refused, again and again."""
    with Load(CLIENT, "fresh", URL, workers=WORKERS, **WHERE) as fresh:
        fresh.until(lambda load: load.requests > load.failed)
        for node in NODES:
            inside(node, "systemctl", "restart", "pound")
        fresh.until(lambda load: load.failed > MOVES * WORKERS)
        assert fresh.stop()["failed"] > MOVES * WORKERS
