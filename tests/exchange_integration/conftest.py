# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab of Exchange, provisioned once by the playbook: the example services, and beside them the naive ones.

What is asked on the lab is left to --all; each time the declarations of the naive services are tried, which need none.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import checkout
import pki
import podman
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.load import load as load_site
from checkout import localised as here
from naive import NAIVE, OTHER_CERTIFICATE
from topology import load
from traffic.site_copy import SiteCopy

ROOT = Path(__file__).resolve().parents[2]
TOPOLOGY = ROOT / "lab" / "exchange.yml"
INVENTORY = checkout.inventory(ROOT / "inventories" / "exchange_lab")
LAB = load(TOPOLOGY)
FOLDER = ROOT / ".cache" / "lab" / "exchange"
NODES = ("lb1", "lb2")
SERVERS = ("cas1", "cas2")
OWN = ("exchange2010", "exchange2016", "offloaded2010")
FIRST, LAST = 150, 161  # twelve clients, all in one container
CLIENTS = here(f"10.231.141.{FIRST}-10.231.141.{LAST}")
PATIENCE = 60  # seconds after which a state that does not come is a failure
SHOW_STAT = """
import socket
asked = socket.socket(socket.AF_UNIX)
asked.connect("/run/haproxy/admin.sock")
asked.sendall(b"show stat\\n")
print(b"".join(iter(lambda: asked.recv(65536), b"")).decode())
"""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Leave to --all what needs the lab."""
    left = pytest.mark.all_only("what Exchange's profiles do is asked of a real HAProxy; their configuration is golden")
    for item in items:
        if "lab" in item.fixturenames:
            item.add_marker(left)


def lab_command(*arguments: str) -> list[str]:
    return [sys.executable, str(ROOT / "lab" / "lab.py"), *arguments]


def inside(host: str, *command: str, check: bool = True) -> str:
    """Run a command inside a host of the lab and return its standard output."""
    return podman.inside(LAB.container(host), *command, check=check)


def ask(what: str, address: str, *options: str) -> Any:
    """Run the client program in the client's container."""
    return json.loads(inside("client", "python3", "/opt/lab/exchange_client.py", what, address, *options))


def status(address: str, path: str, name: str = "mail.lab.test") -> str:
    """Return the status of a request over HTTPS."""
    where = ["--resolve", f"{name}:443:{address}", "--cacert", "/opt/public/ca.pem"]
    show = ["--silent", "--output", "/dev/null", "--write-out", "%{http_code}"]
    return inside("client", "curl", *show, *where, f"https://{name}{path}", check=False)


def control(server: str, verb: str, what: str) -> None:
    """Let a part of a server fail, or recover."""
    inside(server, "curl", "--silent", "--fail", f"http://127.0.0.1/control/{verb}?what={what}")


def down(node: str, *services: str) -> set[str]:
    """Return the servers of these services that a load balancer takes for dead, as BACKEND/SERVER."""
    lines = [line.split(",") for line in inside(node, "python3", "-c", SHOW_STAT).splitlines()]
    rows = [line for line in lines if len(line) > 17 and line[0].split(".")[0] in services]
    dead = {(line[0], line[1]) for line in rows if line[17].startswith("DOWN") and line[1] != "BACKEND"}
    return {f"{backend.removesuffix('.servers')}/{server}" for backend, server in dead}


def until(expected: Any, look: Callable[[], Any]) -> None:
    """Wait until what is looked at is as expected."""
    end = time.monotonic() + PATIENCE
    while (seen := look()) != expected:
        assert time.monotonic() < end, f"{seen} instead of {expected}"
        time.sleep(0.3)


def findings(change: Callable[[dict[str, Any]], None]) -> set[str]:
    """Return the rules that the site of the lab breaks after a change, waived ones left out."""
    site = SiteCopy(INVENTORY, "exchange-refused")
    site.change(change)
    return {finding.rule for finding in load_site(site.stack, site.folder).findings}


def play(inventory: Path) -> None:
    """Run the main playbook, which verifies every service at its end."""
    command = ["ansible-playbook", "netstack.datacenter.site", "-i", str(inventory)]
    environment = {**os.environ, "ANSIBLE_NOCOLOR": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


@pytest.fixture(scope="session")
def lab():
    """The containers, with nothing provisioned; those of the run before where NETSTACK_KEEP_LAB is set."""
    keep = "NETSTACK_KEEP_LAB" in os.environ
    pki.pem(FOLDER, "mail", ["mail.lab.test", "autodiscover.lab.test"])
    pki.pem(FOLDER, "other", ["other.lab.test"])
    with checkout.used(TOPOLOGY.stem):
        if not keep:
            subprocess.run(lab_command("down", str(TOPOLOGY)), check=True)
        subprocess.run(lab_command("up", str(TOPOLOGY)), check=True)
        yield
        if not keep:
            subprocess.run(lab_command("down", str(TOPOLOGY)), check=True)


@pytest.fixture(scope="session")
def installing(lab):
    """Packages of the naive chains, fetched while the playbook runs."""
    get = "apt-get update -qq && apt-get install -y -qq --no-install-recommends "
    wanted = {"client": "pound", **dict.fromkeys(SERVERS, "keepalived")}
    return [
        subprocess.Popen(podman.as_root(["podman", "exec", LAB.container(host), "sh", "-c", get + package]))
        for host, package in wanted.items()
    ]


@pytest.fixture(scope="session")
def provisioned(lab, installing):
    """The lab with the example services and all naive ones, whose rules are waived."""
    site = SiteCopy(INVENTORY, "exchange-naive")

    def add(data: dict[str, Any]) -> None:
        data["certificates"]["other"] = OTHER_CERTIFICATE
        for name, trap in NAIVE.items():
            data["services"][name] = trap.waived()

    site.change(add)
    play(site.folder)
    assert [each.wait() for each in installing] == [0] * len(installing)
    add = here("for last in $(seq $0 $1); do ip address replace 10.231.141.$last/24 dev eth1; done")
    inside("client", "sh", "-c", add, str(FIRST), str(LAST))
    return site


@pytest.fixture
def fail(provisioned):
    """Let a part of a server fail; it has recovered, and everything is in service, when the test is over."""
    failed = []

    def one(server: str, what: str) -> None:
        failed.append((server, what))
        control(server, "fail", what)

    yield one
    for server, what in failed:
        control(server, "recover", what)
    for node in NODES:
        until(set(), lambda node=node: down(node, *OWN))
