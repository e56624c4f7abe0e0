# SPDX-License-Identifier: GPL-3.0-or-later
"""The ways to give Ansible a connection, each as plays with the three actions that open one, and their results."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import socket
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import asyncssh
import yaml
from ansible.parsing.vault import VaultLib, VaultSecret
from runner.slices import everything

from .labs import PLAYBOOK, ROOT, host_end, link, switch_end

CUTOVER = "link_cutover"
ACTIONS = ("junos_lag", "esxi_teaming", CUTOVER)
USER, PASSWORD = "anna", "s3cr3t-word"
STYLE, HOST = "els", "esx2"
SCOPED = "::1%1"
"""An address with its interface, as link-local ones have it: of those no machine has one for certain."""


@dataclass
class Lab:
    """A switch and a host that know one user, with a password and a key, and what belongs to their logins."""

    switches: Any
    hosts: Any
    folder: Path
    six: int = 1
    host_six: int = 1
    scoped: int = 1
    host_scoped: int = 1
    jump: JumpHost = field(default_factory=lambda: JumpHost(1, "", []))

    @classmethod
    def nowhere(cls) -> Lab:
        """Return one that gives the names of the rows before anything is started."""
        return cls(MagicMock(), MagicMock(), Path("/nonexistent"))

    def write_files(self) -> None:
        """Write the known hosts, and OpenSSH's configuration of the host to jump over."""
        keys = {
            self.switches.port(STYLE): self.switches.host_key(STYLE),
            self.hosts.ssh_port(HOST): self.hosts.host_key(HOST),
            self.jump.port: self.jump.key,
        }
        lines = [f"[127.0.0.1]:{port} {key}\n" for port, key in keys.items()]
        sixes = (("::1", self.six), (SCOPED, self.scoped))
        lines += [f"[{host}]:{port} {self.switches.host_key(STYLE)}\n" for host, port in sixes]
        Path(self.known_hosts).write_text("".join(lines))
        words = (f"UserKnownHostsFile {self.known_hosts}", f"IdentityFile {self.key}", "IdentitiesOnly yes")
        (self.folder / "ssh_config").write_text("Host *\n" + "".join(f"  {line}\n" for line in words))

    @property
    def key(self) -> str:
        return str(self.folder / "key")

    @property
    def known_hosts(self) -> str:
        return str(self.folder / "known_hosts")

    @property
    def arguments(self) -> str:
        return f"-F /dev/null -o UserKnownHostsFile={self.known_hosts}"

    def switch(self) -> dict[str, Any]:
        """Return the variables of the switch as most people have them."""
        return {**self._common(), "ansible_port": self.switches.port(STYLE), **switch_end("static", HOST)}

    def host(self, transport: str) -> dict[str, Any]:
        port = self.hosts.ssh_port(HOST) if transport == "ssh" else self.hosts.port(HOST)
        return {**self._common(), "ansible_port": port, "half": host_end("static"), "transport": transport}

    def _common(self) -> dict[str, Any]:
        local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
        login = {"ansible_host": "127.0.0.1", "ansible_user": USER, "ansible_password": PASSWORD}
        return {**local, **login, "ansible_ssh_common_args": self.arguments}


@dataclass
class Row:
    """One way to give a connection: which of the usual variables are missing (None) or other, and what gives them.

    `each`: all its actions are run each time, and not only the one that reaches a switch and a host.
    """

    name: str
    run: str = "plain"
    switch: dict[str, Any] = field(default_factory=dict)
    host: dict[str, Any] = field(default_factory=dict)
    play: dict[str, Any] = field(default_factory=dict)
    task: dict[str, Any] = field(default_factory=dict)
    transport: str = "api"
    delegated: bool = False
    actions: tuple[str, ...] = ACTIONS
    each: bool = False

    @property
    def run_always(self) -> tuple[str, ...]:
        """Return the actions that are run each time: the one that reaches both ends, and where it is said all."""
        return self.actions if self.each or CUTOVER not in self.actions else (CUTOVER,)

    @property
    def run_now(self) -> tuple[str, ...]:
        """Return the actions that this run of the tests has."""
        return self.actions if everything() else self.run_always

    def inventory(self, lab: Lab) -> dict[str, dict[str, Any]]:
        """Return the hosts of this row; a delegated task begins at one that is nowhere."""
        switch, host = {**lab.switch(), **self.switch}, {**lab.host(self.transport), **self.host}
        host["stack_links"] = [{**link(STYLE, "static"), "peer": f"sw-{self.name}"}]
        found = {f"sw-{self.name}": switch, f"esx-{self.name}": host}
        if self.delegated:
            nowhere = {"ansible_connection": "local", "ansible_host": "192.0.2.1", "ansible_user": "nobody"}
            found[f"nowhere-{self.name}"] = {**nowhere, "ansible_password": "wrong", "ansible_port": 1, "mine": "w"}
        return {name: {key: value for key, value in each.items() if value is not None} for name, each in found.items()}

    def plays(self, lab: Lab) -> list[dict[str, Any]]:
        """Return a play for each action."""
        return [
            self._play(action, options)
            for action, options in self._options(lab).items()
            if action in (self.run_now or ACTIONS)
        ]

    def _options(self, lab: Lab) -> dict[str, dict[str, Any]]:
        api = {"ca_file": lab.hosts.ca_file, "validate_certs": "{{ certs | default(true) }}"}
        quick = {"connect": 10, "call": 10}
        ends = {
            "links": f"{{{{ hostvars['esx-{self.name}'].stack_links }}}}",
            "vswitches": f"{{{{ hostvars['esx-{self.name}'].half.vswitches }}}}",
            "port_groups": f"{{{{ hostvars['esx-{self.name}'].half.port_groups }}}}",
            "journal_dir": str(lab.folder / "journal"),
        }
        host = {**api, "transport": self.transport, "timeouts": quick}
        return {
            "junos_lag": {"state": "gathered", "timeouts": {"connect": 10}},
            "esxi_teaming": {"state": "gathered", **host},
            "link_cutover": {**host, **ends},
        }

    def _play(self, action: str, options: dict[str, Any]) -> dict[str, Any]:
        device = f"{'sw' if action == 'junos_lag' else 'esx'}-{self.name}"
        task = {"name": f"{self.name} {action}", f"netstack.datacenter.{action}": options, "ignore_errors": True}
        task |= {"check_mode": True, **self.task, **({"delegate_to": device} if self.delegated else {})}
        hosts = f"nowhere-{self.name}" if self.delegated else device
        return {"hosts": hosts, "gather_facts": False, "name": device, "tasks": [task], **self.play}


@dataclass
class Run:
    """How ansible-playbook is called for some of the rows."""

    arguments: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    config: str = ""


def play(lab: Lab, name: str, run: Run, rows: list[Row]) -> tuple[dict[tuple[str, str], dict[str, Any]], str]:
    """Run the rows; return the result of each by row and action, and all that was said."""
    folder = lab.folder / name
    folder.mkdir()
    hosts = {host: variables for row in rows for host, variables in row.inventory(lab).items()}
    (folder / "hosts.yml").write_text(yaml.dump({"all": {"hosts": hosts}}, Dumper=Dumper))
    (folder / "play.yml").write_text(yaml.safe_dump([each for row in rows for each in row.plays(lab)]))
    (folder / "ansible.cfg").write_text(f"[defaults]\n{run.config}")
    done = subprocess.run(
        [str(PLAYBOOK), "-v", "-i", str(folder / "hosts.yml"), str(folder / "play.yml"), *run.arguments],
        capture_output=True, text=True, env=_environment(lab, folder, run), timeout=300, check=False,
    )  # fmt: skip
    found = _results(done.stdout)
    missing = {(row.name, action) for row in rows for action in row.run_now} - found.keys()
    assert not missing, (missing, done.stdout, done.stderr)
    return found, " ".join((done.stdout + done.stderr).split())


def _environment(lab: Lab, folder: Path, run: Run) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("ANSIBLE_", "SSH_"))}
    return {
        **kept,
        "HOME": str(lab.folder),
        "ANSIBLE_HOME": str(lab.folder / "home"),
        "ANSIBLE_CONFIG": str(folder / "ansible.cfg"),
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".cache" / "collections"),
        "ANSIBLE_CALLBACK_RESULT_FORMAT": "json",
        "ANSIBLE_CALLBACK_FORMAT_PRETTY": "false",
        "ANSIBLE_NOCOLOR": "1",
        **run.environment,
    }


def _results(shown: str) -> dict[tuple[str, str], dict[str, Any]]:
    found, task = {}, ("", "")
    for line in shown.splitlines():
        if head := re.match(r"TASK \[(\S+) (\S+)\]", line):
            task = (head[1], head[2])
        elif body := re.fullmatch(r"(ok|changed|fatal): \[.*?\](?:: \w+!)? => (\{.*\})", line):
            found[task] = {**json.loads(body[2]), "failed": body[1] == "fatal"}
    return found


class Vaulted(str):
    """A value that the inventory has encrypted."""


class Dumper(yaml.SafeDumper):
    """Writes what is vaulted as Ansible reads it."""


Dumper.add_representer(Vaulted, lambda dumper, value: dumper.represent_scalar("!vault", str(value), style="|"))


def vaulted(text: str, secret: str) -> Vaulted:
    return Vaulted(VaultLib([("default", VaultSecret(secret.encode()))]).encrypt(text).decode())


class _Relay(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        with socket.create_connection(("127.0.0.1", self.server.port)) as far:  # type: ignore[attr-defined]  # set below
            back = threading.Thread(target=_pump, args=(far, self.request), daemon=True)
            back.start()
            _pump(self.request, far)
            back.join()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)


class _Server(socketserver.ThreadingTCPServer):
    address_family = socket.AF_INET6
    daemon_threads = True


@contextlib.contextmanager
def relayed(port: int, address: str = "::1") -> Iterator[int]:
    """Give the port at an IPv6 address behind which the same device is."""
    with _Server((address, 0), _Relay) as server:
        server.port = port  # type: ignore[attr-defined]  # for the handler
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield int(server.server_address[1])
        server.shutdown()


class _Jump(asyncssh.SSHServer):
    """Lets the one key in, and remembers where it is asked to go."""

    def __init__(self, asked: list[tuple[str, int]]) -> None:
        self.asked = asked

    def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> bool:
        self.asked.append((dest_host, dest_port))
        return True


@dataclass
class JumpHost:
    """A host to jump over: its port, its key, and where it was asked to go."""

    port: int
    key: str
    asked: list[tuple[str, int]]


@contextlib.contextmanager
def jump_host(lab: Lab) -> Iterator[JumpHost]:
    """Run a host to jump over."""
    asked: list[tuple[str, int]] = []
    loop = asyncio.new_event_loop()
    key = asyncssh.generate_private_key("ssh-ed25519")
    login = {"server_host_keys": [key], "authorized_client_keys": f"{lab.key}.pub"}
    listening = asyncssh.listen("127.0.0.1", 0, server_factory=lambda: _Jump(asked), **login)
    server = loop.run_until_complete(listening)
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    yield JumpHost(server.get_port(), key.export_public_key().decode().strip(), asked)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
