# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of the real ansible-playbook against simulated switches, and how they are killed."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[3]
PLAYBOOK = Path(sys.executable).with_name("ansible-playbook")
MODULE = "netstack.datacenter.junos_lag"
VARIABLES = {
    "vlans": {"server": {"id": 10}},
    "bundles": {"ae0": {"members": ["ge-0/0/1", "ge-0/0/2"], "lacp": "active", "untagged": "server"}},
    "verify": {"timeout": 5, "interval": 0.2},
}


def variables(port: int, known_hosts: Path | str) -> dict[str, object]:
    """Return the connection's variables of one switch, a template among them."""
    return {
        "ansible_connection": "local",
        "ansible_python_interpreter": sys.executable,
        "ansible_host": "{{ address }}",
        "address": "127.0.0.1",
        "ansible_port": port,
        "ansible_user": "lab",
        "ansible_password": "lab123",
        "ansible_ssh_common_args": f"-F /dev/null -o UserKnownHostsFile={known_hosts}",
    }


def command(hosts: dict[str, dict[str, object]], folder: Path, play: dict[str, object], *arguments: str) -> list[str]:
    """Write inventory and playbook into the folder; return the command."""
    inventory, book = folder / "hosts.yml", folder / "play.yml"
    inventory.write_text(yaml.safe_dump({"all": {"hosts": hosts}}))
    book.write_text(yaml.safe_dump([{"hosts": "all", "gather_facts": False, **play}]))
    return [str(PLAYBOOK), "-i", str(inventory), str(book), *arguments]


def environment() -> dict[str, str]:
    return {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".cache" / "collections"),
        "ANSIBLE_CALLBACK_RESULT_FORMAT": "json",
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_NOCOLOR": "1",
    }


def task(state: str = "merged", **options: object) -> dict[str, object]:
    """Return a play of one task."""
    return {"tasks": [{"name": "Change", MODULE: {"state": state, **options}}]}


def kill(leader: int) -> None:
    """Kill the process group, and the workers, which Ansible puts into sessions of their own."""
    doomed = descendants(leader)
    os.killpg(leader, signal.SIGKILL)
    for pid in doomed:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def descendants(leader: int) -> set[int]:
    parents: dict[int, int] = {}
    for file in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents[int(file.parent.name)] = int(file.read_text().rsplit(")", 1)[1].split()[1])
    found = {leader}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {leader}


def started(command: list[str], log: Path) -> subprocess.Popen[bytes]:
    """Start a playbook as the leader of a process group of its own; what it prints goes to the log."""
    with log.open("wb") as stream:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            env=environment(),
            start_new_session=True,
        )
