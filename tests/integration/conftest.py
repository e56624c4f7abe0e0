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
from controlled import ask
from topology import load as load_topology

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
    """Run a playbook on the lab; the result holds the set of (host, task, item) that reported a change."""
    recorded = LAB / "changes.jsonl"
    recorded.unlink(missing_ok=True)
    settings = {
        "ANSIBLE_CALLBACKS_ENABLED": "netstack.datacenter.changes",
        "NETSTACK_CHANGES_FILE": str(recorded),
        "ANSIBLE_NOCOLOR": "1",
    }
    command = ["ansible-playbook", f"netstack.datacenter.{playbook}", "-i", str(inventory), *arguments]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **settings, **environment}, capture_output=True, text=True, check=False
    )
    lines = recorded.read_text().splitlines() if recorded.exists() else []
    changes = {(entry["host"], entry["task"], str(entry["item"])) for entry in map(json.loads, lines)}
    return Run(done.returncode, done.stdout + done.stderr, changes)


def control(op, simulator="junos", **arguments):
    """Ask a simulator's control port, which alone sets cables and plays other operators."""
    about = json.loads((LAB / TOPOLOGY.stem / f"{simulator}.json").read_text())
    return ask(about.get("control") or about["port"], op, **arguments)


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
def lab():
    """The lab, up and provisioned."""
    subprocess.run(lab_command("up", str(TOPOLOGY)), check=True)
    subprocess.run([sys.executable, str(ROOT / "lab" / "pki.py"), str(LAB / TOPOLOGY.stem)], check=True)
    done = play()
    assert done.code == 0, done.out
    return TOPOLOGY
