# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab that the integration tests share, and how they run playbooks on it.

Each test belongs to a part (`pytestmark = pytest.mark.part("site")`); `--part NAME` runs that part alone. Part `site`
starts the lab empty and leaves it to the parts after it; a part that finds no provisioned lab provisions it.
NETSTACK_TOPOLOGY and NETSTACK_INVENTORY name another lab than the demo's.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

import checkout
import simulated
from device.client import ask
from topology import load as load_topology
from traffic.site_copy import SiteCopy

ROOT = Path(__file__).resolve().parents[2]
TOPOLOGY = Path(os.environ.get("NETSTACK_TOPOLOGY", ROOT / "lab" / "demo.yml"))
INVENTORY = Path(os.environ.get("NETSTACK_INVENTORY") or checkout.inventory(ROOT / "inventories" / "lab"))
LAB = Path(os.environ.get("NETSTACK_LAB", ROOT / ".cache" / "lab"))


def pytest_addoption(parser):
    parser.addoption("--part", help="run the tests of this part only")


def pytest_configure(config):
    config.addinivalue_line("markers", "part(name): the part of script/test that this test belongs to")


def pytest_collection_modifyitems(config, items):
    part = config.getoption("--part")
    if part:
        chosen = [item for item in items if any(mark.args[0] == part for mark in item.iter_markers("part"))]
        config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
        items[:] = chosen


@dataclass(frozen=True)
class Run:
    """What a playbook run printed and did."""

    code: int
    out: str
    changes: set[tuple[str, str, str]]

    def recap(self, word):
        """Return the sum of one column of the recap (`changed`, `failed`, ...) over all hosts."""
        return sum(int(number) for number in re.findall(rf"\b{word}=(\d+)", self.out))


@pytest.fixture(scope="session", autouse=True)
def _nobody_else_uses_the_lab():
    with checkout.used(TOPOLOGY.stem):
        yield


def lab_command(*arguments):
    return [sys.executable, str(ROOT / "lab" / "lab.py"), *arguments]


def inside(host, *command, check=True):
    """Run a command inside a host of the lab and return its standard output."""
    return subprocess.run(
        [*lab_command("run", str(TOPOLOGY), host), "--", *command], check=check, capture_output=True, text=True
    ).stdout


def play(*arguments, playbook="site", inventory=INVENTORY, **environment):
    """Run a playbook, the collection's or that of a path; the result holds each (host, task, item) that was changed."""
    recorded = LAB / "changes.jsonl"
    recorded.unlink(missing_ok=True)
    settings = {
        "ANSIBLE_CALLBACKS_ENABLED": "netstack.datacenter.changes",
        "NETSTACK_CHANGES_FILE": str(recorded),
        "ANSIBLE_NOCOLOR": "1",
    }
    named = playbook if playbook.endswith(".yml") else f"netstack.datacenter.{playbook}"
    command = ["ansible-playbook", named, "-i", str(inventory), *arguments]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **settings, **environment}, capture_output=True, text=True, check=False
    )
    lines = recorded.read_text().splitlines() if recorded.exists() else []
    changes = {(entry["host"], entry["task"], str(entry["item"])) for entry in map(json.loads, lines)}
    return Run(done.returncode, done.stdout + done.stderr, changes)


def control(op, simulator="junos", **arguments):
    """Ask a simulator's control port, which alone sets cables and plays other operators."""
    about = json.loads((LAB / TOPOLOGY.stem / f"{simulator}.json").read_text())
    return ask(about["control"], op, **arguments)


def deliver():
    """Let all simulated devices be as the lab is started with them, with nothing in their logs."""
    simulated.deliver(load_topology(TOPOLOGY), LAB / TOPOLOGY.stem)
    control("clear_log")
    control("clear_log", "vsphere")


@pytest.fixture(scope="session")
def empty_lab():
    """A lab on which nothing has been provisioned."""
    subprocess.run(lab_command("down", str(TOPOLOGY)), check=True)
    subprocess.run(lab_command("up", str(TOPOLOGY)), check=True)
    subprocess.run([sys.executable, str(ROOT / "lab" / "pki.py"), str(LAB / TOPOLOGY.stem)], check=True)
    return TOPOLOGY


@pytest.fixture(scope="session")
def hunt(empty_lab):
    """Keeps what the runs let out that are made through it; test_site_secrets.py looks for secrets in it."""
    from hunt import Hunt  # which imports what stands above

    made = Hunt()
    made.note("of empty hosts")
    return made


@pytest.fixture(scope="session")
def predicted(hunt):
    """The check-mode run on the empty lab."""
    return hunt.play("check of empty hosts", "--check")


@pytest.fixture(scope="session")
def left(predicted):
    """What the check-mode run left on each node, seen before the first real run, whichever test asks first."""
    look = "ls -d /etc/haproxy /etc/keepalived /var/lib/netstack 2>/dev/null"
    return {node: inside(node, "sh", "-c", look, check=False) for node in ("lb1", "lb2")}


@pytest.fixture(scope="session")
def first(predicted, left, hunt):
    """The first real run, with modules and their arguments in files of the hosts."""
    return hunt.play("first run", "-e", "ansible_ssh_pipelining=false")


@pytest.fixture(scope="session")
def refused(first, hunt):
    """The runs with a configuration that HAProxy refuses and that brings new secrets."""
    from hunt import MODES, former_secrets, new_secrets

    site = SiteCopy(INVENTORY, "refused")
    site.change(lambda data: data["services"]["shop"].update(raw={"backend": ["no-such-keyword"]}))
    with former_secrets():
        new_secrets()
        hunt.note("refused")
        return [hunt.play(f"refused, {mode}", *words, inventory=site.folder) for mode, words in MODES.items()]


@pytest.fixture(scope="session")
def started():
    """The lab, up; provisioned or not."""
    subprocess.run(lab_command("up", str(TOPOLOGY)), check=True)
    subprocess.run([sys.executable, str(ROOT / "lab" / "pki.py"), str(LAB / TOPOLOGY.stem)], check=True)
    return TOPOLOGY


@pytest.fixture(scope="session")
def lab(started):
    """The lab, up and provisioned."""
    done = play()
    assert done.code == 0, done.out
    return started
