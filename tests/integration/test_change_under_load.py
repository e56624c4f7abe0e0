# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that clients notice nothing of a change: servers added, removed, renamed, a certificate renewed, reloads.

Every change is made by the roles, in place on the node that holds the VIP. Meanwhile the client asks in three ways: a
new TLS connection per request, kept connections that are retried only as RFC 9110 allows, and 20 downloads that are
held until all the changes are made. By `script/test --all` these are 20 reloads and 50000 requests at least (or as many
as NETSTACK_REQUESTS says), otherwise 2 and 2000. The figures are printed and kept in .cache/change_under_load.json.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import INVENTORY, LAB, ROOT, TOPOLOGY, inside
from runner.slices import whole_or_slice

from topology import load as load_topology
from traffic.remote import Load, load
from traffic.site_copy import SiteCopy

pytestmark = pytest.mark.part("stress")

RELOADS = whole_or_slice(20, 2, reason="twenty reloads in a row, each with its own processes that end")
DOWNLOADS = 20
DOWNLOAD_RATE = 2_000  # bytes/s of each
HELD = 2 * 3600  # seconds that a download would last; it is released when the changes are made
REQUESTS = int(os.environ.get("NETSTACK_REQUESTS", whole_or_slice(50000, 2000, reason="one request in 50,000 is lost")))
ROLES = Path(__file__).with_name("roles.yml")


@dataclass
class Shop:
    """The service `shop` of the lab: its declaration, its load balancers, how it is asked."""

    site: SiteCopy
    client: str

    @property
    def where(self):
        return {"connect": self.site.site["services"]["shop"]["vip"]}

    def url(self, path):
        return f"https://{self.site.site['services']['shop']['server_names'][0]}{path}"

    def declare(self, **changed):
        """Change keys of the service."""
        self.site.change(lambda data: data["services"]["shop"].update(changed))

    def play(self):
        """Let the roles bring the load balancers to what is declared; returns what the playbook printed."""
        command = ["ansible-playbook", str(ROLES), "-i", str(self.site.folder)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
        return done.stdout

    def apply(self):
        """Play, and see that every load balancer was changed."""
        printed = self.play()
        assert printed.count("changed=1") == 2, printed[-3000:]

    def servers(self):
        """Return the backends that new clients meet."""
        return set(load(self.client, "fresh", self.url("/whoami"), requests=30, workers=2, **self.where)["backends"])

    def processes(self):
        """Return, for each load balancer, HAProxy's main process and its present worker."""
        show = "p=$(systemctl show -p MainPID --value haproxy); echo $p $(pgrep -n -P $p)"
        hosts = self.site.site["lb_pairs"]["edge"]["hosts"]
        return {host: tuple(inside(host, "sh", "-c", show).split()) for host in hosts}


@pytest.fixture(scope="module")
def shop(lab):
    """The service as the inventory declares it; put back at the end."""
    topology = load_topology(TOPOLOGY)
    made = Shop(SiteCopy(INVENTORY, "change-under-load"), topology.container("client"))
    yield made
    made.site = SiteCopy(INVENTORY, "change-under-load")
    made.play()


def renew_certificate(shop):
    program = [sys.executable, str(ROOT / "lab" / "pki.py"), str(LAB / TOPOLOGY.stem), "--renew", "shop"]
    subprocess.run(program, check=True)
    shop.apply()


def serial_number(shop):
    vip, name = shop.where["connect"], shop.site.site["services"]["shop"]["server_names"][0]
    show = (
        f"openssl s_client -connect {vip}:443 -servername {name} </dev/null 2>/dev/null | openssl x509 -noout -serial"
    )
    return inside("client", "sh", "-c", show).strip()


def change(shop, **declared):
    """Declare and apply a change; returns how long that took, in seconds."""
    began = time.monotonic()
    shop.declare(**declared)
    shop.apply()
    return round(time.monotonic() - began, 1)


def reload(shop, number):
    """Make a change that only a reload can bring, and see on each node that there was one, and no restart."""
    before = shop.processes()
    took = change(shop, timeouts={"server": f"{121 + number}s"})
    for host, (main, worker) in shop.processes().items():
        assert main == before[host][0], f"{host}: HAProxy was restarted"
        assert worker != before[host][1], f"{host}: HAProxy was not reloaded"
    return took


def change_everything(shop):
    """Make every kind of change, each proven by its effect; return how long each took, in seconds."""
    all_servers = shop.site.site["services"]["shop"]["backends"]
    before, began = serial_number(shop), time.monotonic()
    renew_certificate(shop)
    took = [round(time.monotonic() - began, 1)]
    assert serial_number(shop) != before
    took.append(change(shop, backends=all_servers[:-1]))
    assert shop.servers() == {"web1", "web2"}
    took.append(change(shop, backends=all_servers))
    assert shop.servers() == {"web1", "web2", "web3"}
    took.append(change(shop, backends=[*all_servers[:-1], {"host": all_servers[-1], "name": "renamed"}]))
    assert shop.servers() == {"web1", "web2", "web3"}
    return took + [reload(shop, number) for number in range(RELOADS)]


def release(shop):
    """Let the backends send the rest of the held downloads at full speed."""
    for host in ("web1", "web2", "web3"):
        inside(host, "curl", "-fsS", "-X", "POST", "http://127.0.0.1/control/release")


def summary(seen):
    """Return the figures as lines for a reader."""
    for name in ("fresh", "keepalive"):
        one = seen[name]
        yield f"{name}: {one['requests']} requests, {one['failed']} failed {one['causes']}, {one['retries']} retried"
    yield f"downloads: {seen['downloads']['whole']} of {DOWNLOADS} whole"
    yield f"changes: {seen['changes']['count']} in {seen['changes']['seconds']} s"


def test_clients_notice_nothing_of_any_change(shop, capsys):
    size = HELD * DOWNLOAD_RATE
    held = shop.url(f"/download?bytes={size}&rate={DOWNLOAD_RATE}")
    with (
        Load(shop.client, "downloads", held, workers=DOWNLOADS, timeout=30, **shop.where) as downloads,
        Load(shop.client, "fresh", shop.url("/whoami"), workers=6, pause=0.02, **shop.where) as fresh,
        Load(shop.client, "keepalive", shop.url("/whoami"), workers=6, pause=0.01, **shop.where) as keepalive,
    ):
        began = time.monotonic()
        took = change_everything(shop)
        while fresh.running and keepalive.running and fresh.requests + keepalive.requests < REQUESTS:
            took.append(reload(shop, len(took)))
        changing = time.monotonic() - began
        seen = {"fresh": fresh.stop(), "keepalive": keepalive.stop()}
        assert downloads.running, "a download ended before the changes were made"
        release(shop)
        seen["downloads"] = downloads.wait(300)
    seen["changes"] = {"count": len(took), "seconds": round(changing, 1), "each": took}
    (ROOT / ".cache" / "change_under_load.json").write_text(json.dumps(seen, indent=2) + "\n")
    with capsys.disabled():
        print("\n" + "\n".join(summary(seen)))
    assert seen["fresh"]["failed"] == 0, seen["fresh"]
    assert seen["keepalive"]["failed"] == 0, seen["keepalive"]
    assert seen["downloads"]["whole"] == DOWNLOADS, seen["downloads"]
    assert seen["downloads"]["bytes"] == [size] * DOWNLOADS
    assert seen["fresh"]["requests"] + seen["keepalive"]["requests"] >= REQUESTS


def test_the_measurement_sees_a_restart(shop):
    """What other roles do, a restart, is seen by the same client: the figure 0 above is no blindness."""
    held = shop.url(f"/download?bytes={20 * DOWNLOAD_RATE}&rate={DOWNLOAD_RATE}")
    with (
        Load(shop.client, "downloads", held, workers=5, **shop.where) as downloads,
        Load(shop.client, "fresh", shop.url("/whoami"), workers=8, **shop.where) as fresh,
    ):
        fresh.until(lambda load: load.requests > load.failed)
        for host in shop.processes():
            inside(host, "systemctl", "restart", "haproxy")
        fresh.until(lambda load: load.failed > 0)
        assert fresh.stop()["failed"] > 0
        assert downloads.wait(60)["whole"] == 0
