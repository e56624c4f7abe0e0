# SPDX-License-Identifier: GPL-3.0-or-later
"""One machine for all tests of this folder, and the real ansible-playbook that runs the real role on it."""

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


@pytest.fixture(scope="session")
def machine():
    running = start()
    yield running
    running.stop()


def inventory(machine):
    """Return the inventory: one host for each way by which the controller comes."""
    login = " ".join(f'"{word}"' for word in machine.ssh_options())
    common = {
        "ansible_host": "127.0.0.1",
        "ansible_user": "root",
        "ansible_python_interpreter": "/usr/bin/python3",
        "ansible_ssh_common_args": login,
        "ansible_pipelining": True,
    }
    return {"all": {"hosts": {way: {**common, "ansible_port": machine.ports[way]} for way in WAYS}}}


class Role:
    """Runs the role linux_bond; what a run printed is its answer."""

    def __init__(self, machine, folder):
        self.folder = folder
        (folder / "hosts.json").write_text(json.dumps(inventory(machine)))

    def run(self, variables, *, way="aside", entry="main", flags=()):
        """Return the finished run; the task's result is on its output."""
        role = {"name": "netstack.datacenter.linux_bond", "tasks_from": entry}
        play = {"hosts": way, "gather_facts": False, "vars": variables, "tasks": [{"include_role": role}]}
        (self.folder / "play.json").write_text(json.dumps([play]))
        command = [str(PLAYBOOK), "-v", "-i", str(self.folder / "hosts.json"), str(self.folder / "play.json"), *flags]
        environment = {**os.environ, "ANSIBLE_NOCOLOR": "1"}
        return subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=environment, check=False
        )


@pytest.fixture
def role(machine, tmp_path):
    return Role(machine, tmp_path)
