# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that clients notice nothing of what a reload carries, made by site.yml as its users run it.

Servers added, removed and renamed, a certificate renewed, balance, maxconn, another service's port, a service and a VIP
added and removed, and the run taken back. Meanwhile three programs ask: the project's own client (a new TLS connection
per request, kept connections that are retried only as RFC 9110 allows, and 20 downloads that are held until all the
changes are made), hey (new and kept connections) and wrk. By `script/test --all` each change is a run of its own and
50000 requests are made at least (or as many as NETSTACK_REQUESTS says); otherwise most of them are made by one run, and
taken back. The figures are printed and kept in .cache/change_under_load.json.
"""

from __future__ import annotations

import json
import os
import time

import pytest
from conftest import INVENTORY, ROOT, TOPOLOGY, inside
from reloads import ALL, AT_ONCE, Shop, Step
from reloads import shop as changed
from runner.slices import whole_or_slice

from topology import load as load_topology
from traffic.generators import counted, crowd, resolve
from traffic.remote import Load
from traffic.site_copy import SiteCopy

pytestmark = pytest.mark.part("stress")

RUNS = whole_or_slice([[step] for step in ALL], [AT_ONCE], reason="each kind of change is a run of its own")
DOWNLOADS = 20
DOWNLOAD_RATE = 2_000  # bytes/s of each
HELD = 2 * 3600  # seconds that a download would last; it is released when the changes are made
REQUESTS = int(os.environ.get("NETSTACK_REQUESTS", whole_or_slice(50000, 2000, reason="one request in 50,000 is lost")))
MOVE = "Move this node's VIPs to its peer"
BUSY = "/download?bytes=2000&rate=20000"  # an answer that takes some 50 ms, so that wrk's connections are never idle


@pytest.fixture(scope="module")
def shop(lab):
    """The service as the inventory declares it; put back at the end."""
    topology = load_topology(TOPOLOGY)
    made = Shop(SiteCopy(INVENTORY, "change-under-load"), topology.container("client"))
    resolve(made.client, made.name, made.vip)
    before = made.configurations()
    yield made
    if made.configurations() != before:
        made.site = SiteCopy(INVENTORY, "change-under-load")
        made.run()


def make(shop, steps, *words, playbook="site"):
    """Make some changes by one run, each proven by its effect, none by a restart; return its seconds."""
    before, holder = shop.processes(), shop.holder()
    shop.serial = shop.serial_number()
    for step in steps:
        step.files()
        shop.site.change(step.declare)
    began = time.monotonic()
    done = shop.run(*words, playbook=playbook)
    took = round(time.monotonic() - began, 1)
    assert [step.name for step in steps if not step.arrived(shop)] == []
    for host, (main, worker) in shop.processes().items():
        assert main == before[host][0], f"{host}: HAProxy was restarted"
        if any(step.reloads for step in steps):
            assert worker != before[host][1], f"{host}: HAProxy was not reloaded"
    assert shop.holder() == holder
    assert MOVE not in {task for _host, task, _item in done.changes}
    return took


def longer(number):
    """Return a change that only a reload can bring."""
    time_out = f"{121 + number}s"
    return Step(
        time_out, changed(timeouts={"server": time_out}), lambda how: how.configured(f"timeout server {time_out}")
    )


def change_everything(shop):
    """Make every kind of change, and take the last run back; return how long the runs took, by their names."""
    took = {}
    for steps in RUNS:
        former = shop.configurations()
        took[" + ".join(step.name for step in steps)] = make(
            shop, steps, "-e", f"netstack_run_id=under-load-{len(took)}"
        )
    back = Step("the former configuration", lambda _data: None, lambda how: how.configurations() == former)
    run = f"stack_rollback_to=under-load-{len(took) - 1}"
    return took | {"rollback": make(shop, [back], "-e", run, playbook="rollback")}


def release(shop):
    """Let the backends send the rest of the held downloads at full speed."""
    for host in ("web1", "web2", "web3"):
        inside(host, "curl", "-fsS", "-X", "POST", "http://127.0.0.1/control/release")


def told(name, seen):
    """Return the figures of one client as a line for a reader."""
    return f"{name}: {seen['requests']} requests, {seen['failed']} failed {seen['causes']}"


def under_load(shop):
    """Make every change while all clients ask; return what they saw."""
    size = HELD * DOWNLOAD_RATE
    held = shop.url(f"/download?bytes={size}&rate={DOWNLOAD_RATE}")
    with (
        Load(shop.client, "downloads", held, workers=DOWNLOADS, timeout=30, connect=shop.vip) as downloads,
        Load(shop.client, "fresh", shop.url("/whoami"), workers=6, pause=0.02, connect=shop.vip) as fresh,
        Load(shop.client, "keepalive", shop.url("/whoami"), workers=6, pause=0.01, connect=shop.vip) as keepalive,
        crowd(shop.client, shop.url("/whoami"), shop.url(BUSY), 10, http2=True) as others,
    ):
        took = change_everything(shop)
        while fresh.running and keepalive.running and fresh.requests + keepalive.requests < REQUESTS:
            took[f"reload {len(took)}"] = make(shop, [longer(len(took))])
        seen = {"fresh": fresh.stop(), "keepalive": keepalive.stop(), **counted(others)}
        assert downloads.running, "a download ended before the changes were made"
        release(shop)
        whole = downloads.wait(300)
    assert whole["bytes"] == [size] * DOWNLOADS, whole
    return {"clients": seen, "downloads": whole, "runs": took}


def test_clients_notice_nothing_of_any_change(shop, capsys):
    seen = under_load(shop)
    (ROOT / ".cache" / "change_under_load.json").write_text(json.dumps(seen, indent=2) + "\n")
    with capsys.disabled():
        print("", *(told(name, one) for name, one in seen["clients"].items()), sep="\n")
        print(f"downloads: {seen['downloads']['whole']} of {DOWNLOADS} whole; runs: {seen['runs']}")
    assert {name: one["causes"] for name, one in seen["clients"].items() if one["failed"]} == {}
    assert seen["downloads"]["whole"] == DOWNLOADS, seen["downloads"]
    assert sum(one["requests"] for one in seen["clients"].values()) >= REQUESTS
    assert all(one["requests"] > 100 for one in seen["clients"].values()), seen["clients"]


def test_the_measurement_sees_a_restart(shop):
    """What other roles do, a restart, is seen by the same clients: the figure 0 above is no blindness."""
    held = shop.url(f"/download?bytes={20 * DOWNLOAD_RATE}&rate={DOWNLOAD_RATE}")
    with (
        Load(shop.client, "downloads", held, workers=5, connect=shop.vip) as downloads,
        Load(shop.client, "fresh", shop.url("/whoami"), workers=8, connect=shop.vip) as fresh,
        crowd(shop.client, shop.url("/whoami"), shop.url(BUSY), 50, http2=True) as others,
    ):
        fresh.until(lambda load: load.requests > load.failed)
        for host in shop.processes():
            inside(host, "systemctl", "restart", "haproxy")
        fresh.until(lambda load: load.failed > 0)
        assert fresh.stop()["failed"] > 0
        assert [name for name, one in counted(others).items() if not one["failed"]] == []
        assert downloads.wait(60)["whole"] == 0
