# SPDX-License-Identifier: GPL-3.0-or-later
"""Two machines for all tests of this folder, and the real ansible-playbook that runs the real role on them.

Two, because one emulated processor is slow and a computer of today has two: what one of them does while the other waits
for the dead man's switch costs nothing.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
from machine import WAYS, start  # the folder is on the path only now

PLAYBOOK = Path(sys.executable).with_name("ansible-playbook")


def inventory(machine):
    """Return the inventory: one host for each way by which the controller comes."""
    login = " ".join(f'"{word}"' for word in machine.ssh_options())
    common = {
        "ansible_host": "127.0.0.1",
        "ansible_user": "root",
        "ansible_python_interpreter": "/usr/bin/python3",
        "ansible_ssh_common_args": login,
        "ansible_pipelining": True,
        "ansible_timeout": 20,
    }
    return {"all": {"hosts": {way: {**common, "ansible_port": machine.ports[way]} for way in WAYS}}}


class Run:
    """One ansible-playbook at work."""

    def __init__(self, command):
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        self.process = subprocess.Popen(command, text=True, env={**os.environ, "ANSIBLE_NOCOLOR": "1"}, **pipes)

    def said(self):
        """Wait for its end; return what it printed, the task's result included."""
        return self.process.communicate()[0]


class Host:
    """One machine and the role on it."""

    def __init__(self, machine, folder):
        self.machine, self.folder, self.shell = machine, folder, machine.shell
        (folder / "hosts.json").write_text(json.dumps(inventory(machine)))

    def run(self, variables, *, way="aside", entry="main", flags=()):
        """Begin a run of the role; another machine's may go on beside it."""
        role = {"name": "netstack.datacenter.linux_bond", "tasks_from": entry}
        play = {"hosts": way, "gather_facts": False, "vars": variables, "tasks": [{"include_role": role}]}
        (self.folder / "play.json").write_text(json.dumps([play]))
        files = ["-i", str(self.folder / "hosts.json"), str(self.folder / "play.json")]
        return Run([str(PLAYBOOK), "-v", *files, *flags])


@pytest.fixture(scope="session")
def hosts(tmp_path_factory):
    machines = [start() for _number in range(2)]
    try:
        for machine in machines:
            machine.await_ready()
        yield [Host(machine, tmp_path_factory.mktemp("host")) for machine in machines]
    finally:
        for machine in machines:
            machine.stop()


@pytest.fixture
def one(hosts):
    return hosts[0]


@pytest.fixture
def two(hosts):
    return hosts[1]
