# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks ansible-core about a site: what its programs do with it, and, much cheaper, what their inventory makes of it."""

from __future__ import annotations

import atexit
import functools
import json
import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from . import site_files

BIN = Path(sys.executable).parent
PREFLIGHT = """
- name: A play
  hosts: {hosts}
  gather_facts: false
  tasks:
    - name: Preflight
      netstack.datacenter.stack_preflight:
"""
TOUCH = """
    - name: Touch the host
      ansible.builtin.raw: "true"
"""


def environment(home: Path) -> dict[str, str]:
    """Return the environment of a run, in which no setting of the caller's matters."""
    return {
        **{key: value for key, value in os.environ.items() if not key.startswith("ANSIBLE_")},
        "ANSIBLE_COLLECTIONS_PATH": str(site_files.ROOT / ".cache" / "collections"),
        "ANSIBLE_HOME": str(home),
        "ANSIBLE_NOCOLOR": "1",
    }


class Server:
    """One process that has ansible-core imported and answers requests one after the other; it ends with this one."""

    def __init__(self, home: Path) -> None:
        self.errors = (home / "errors").open("w+")
        self.process = subprocess.Popen(
            [sys.executable, str(site_files.HERE / "ansible_server.py")],
            env=environment(home),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
        )

    def ask(self, folder: Path, **request: Any) -> Any:
        """Return the answer to a request, which is answered in this folder."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps({"folder": str(folder), **request}) + "\n")
        self.process.stdin.flush()
        found = json.loads(self.process.stdout.readline() or "null")
        assert found is not None, Path(self.errors.name).read_text()[-3000:]
        return found

    def close(self) -> None:
        """End the process."""
        self.process.communicate()
        self.errors.close()


@functools.cache
def server() -> Server:
    """Return the server of this session."""
    home = tempfile.TemporaryDirectory(prefix="ansible-server-")
    started = Server(Path(home.name))
    atexit.register(home.cleanup)
    atexit.register(started.close)
    return started


def run(folder: Path, *command: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a program of ansible-core in a directory, with some settings of the environment."""
    given = {**environment(folder / "home"), **settings}
    return subprocess.CompletedProcess(command, *server().ask(folder, run=command, environment=given))


def start(folder: Path, *command: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Do as `run` does with a process of its own: for what Python heeds when it begins, or a module when imported."""
    return subprocess.run(
        [str(BIN / command[0]), *command[1:]],
        cwd=folder,
        env={**environment(folder / "home"), **settings},
        capture_output=True,
        text=True,
        check=False,
    )


class Place:
    """A directory with an inventory, whose ssh leaves a mark when it is called."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.inventory = folder / "inventory"
        (self.inventory / "group_vars").mkdir(parents=True)
        self.mark = folder / "connected"
        ssh = folder / "ssh"
        ssh.write_text(f"#!/bin/sh\ntouch {self.mark}\nexit 255\n")
        ssh.chmod(ssh.stat().st_mode | stat.S_IEXEC)
        (self.inventory / "group_vars" / "all.yml").write_text(f"ansible_ssh_executable: {ssh}\n")

    def site(self, text: str) -> Place:
        (self.inventory / "stack.yml").write_text(text)
        return self

    def run(self, *command: str, **settings: str) -> subprocess.CompletedProcess[str]:
        return run(self.folder, *command, **settings)

    def start(self, *command: str, **settings: str) -> subprocess.CompletedProcess[str]:
        return start(self.folder, *command, **settings)

    def play(self, *options: str, hosts: str = "all") -> subprocess.CompletedProcess[str]:
        """Run a play that touches its hosts after the preflight."""
        return self.plays(PREFLIGHT.format(hosts=hosts) + TOUCH, *options)

    def plays(self, book: str, *options: str) -> subprocess.CompletedProcess[str]:
        (self.folder / "book.yml").write_text(book)
        return self.run("ansible-playbook", "book.yml", *options)

    def read(self, *options: str, hosts: str = "all", **settings: Any) -> dict[str, Any]:
        """Return what a play on these hosts would have to work with, without running one."""
        found: dict[str, Any] = server().ask(self.folder, options=options, hosts=hosts, settings=settings)
        return found


def refused(place: Place, result: subprocess.CompletedProcess[str]) -> bool:
    """Tell whether a run was refused before any connection."""
    return result.returncode != 0 and not place.mark.exists() and "The declared site is refused" in result.stdout


def refusals(found: dict[str, Any]) -> list[str]:
    """Return what the hosts of a play are refused for; each of them must be, and there must be one."""
    assert found, "no host is left that could be refused"
    assert [name for name, host in found.items() if not host["preflight"].get("failed")] == []
    return sorted({error for host in found.values() for error in host["preflight"]["errors"]})
