# SPDX-License-Identifier: GPL-3.0-or-later
"""Real HAProxys on loopback as the nodes of a pair, as the product renders and issues, and a stranger to them."""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy import peers
from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.host import STATE_HEADER
from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.render import MARKER
from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate.peers import for_node

from .haproxy_accepts import program_of
from .haproxy_builders import clean, rendered

HOSTS = {"lb1": "127.0.0.11", "lb2": "127.0.0.12"}
NOW = datetime.now(timezone.utc)
PATIENCE = 30.0  # seconds after which something hangs; what is waited for takes one or two
TABLE = "web"


class Pair:
    """What both nodes are told: one sticky service, and a port of this run for their stick tables."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self._patch = folder, monkeypatch
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self.port = free_port()

    def declared(self, ca_secret: str | None) -> dict[str, Any]:
        """Return the declaration of both nodes."""
        group = {"port": self.port, "hosts": HOSTS, **({"ca_secret": ca_secret} if ca_secret else {})}
        servers = [{"name": name, "address": "127.0.0.1", "port": 1, "check": False} for name in ("a", "b")]
        bind = {"address": "127.0.0.1", "port": free_port()}
        listen = {"mode": "tcp", "binds": [bind], "stick": {"on": "src", "peers": "edge"}, "servers": servers}
        health = {"addresses": ["127.0.0.1"], "port": free_port()}
        return {"peers": {"edge": group}, "health": health, "services": {"web": {"listens": {TABLE: listen}}}}

    def place(self, node: str, ca: str) -> str:
        """Put what a node needs into a folder of its own; return its configuration. Without a CA all is plain."""
        folder = self.folder / node
        folder.mkdir(exist_ok=True)
        self._patch.setattr(peers, "FOLDER", str(folder))
        declared = self.declared("edge_peers" if ca else None)
        given = for_node({**declared, "node": node, "secrets": {"edge_peers": ca}}, NOW)
        issued = [peers.Issued(**each) for each in given["issued"]]
        for file in peers.files(clean(declared)["peers"], node, issued, MARKER):
            Path(file.path).write_bytes(file.content or b"")
        (folder / "global").write_text(STATE_HEADER)
        text = re.sub(r"\n    (user|group|chroot) .*", "", rendered(declared, "2.6", node=node).main)
        text = text.replace("/var/lib/haproxy/state", str(folder)).replace(
            "/run/haproxy/admin.sock", f"{folder}/socket"
        )
        path = folder / "haproxy.cfg"
        path.write_text(text)
        return str(path)

    @contextlib.contextmanager
    def running(self, node: str, ca: str, release: str, *options: str) -> Iterator[Callable[[str], str]]:
        """Run a node; yield what asks it over its admin socket."""
        program = program_of(release)
        if not program:
            pytest.skip(f"no HAProxy {release} is on this machine (script/haproxy unpacks it)")
        command = [program, "-db", "-dW", "-f", self.place(node, ca), *options]
        path, said = str(self.folder / node / "socket"), self.folder / node / "log"
        with said.open("w") as log, subprocess.Popen(command, stderr=log) as process:
            self._processes[node] = process
            try:
                await_true(lambda: process.poll() is not None or pid_of(path) == process.pid, f"{node} to answer")
                assert process.poll() is None, said.read_text()
                yield lambda question: ask(path, question)
            finally:
                process.terminate()

    def reloaded(self, node: str, ca: str, release: str) -> contextlib.AbstractContextManager[Callable[[str], str]]:
        """Run a node's next process, to which the present one hands on what it has, with another certificate."""
        return self.running(node, ca, release, "-sf", str(self._processes[node].pid))


def pid_of(path: str) -> int:
    """Return which process answers an admin socket, 0 where none does."""
    found = re.search(r"^Pid: ([0-9]+)$", ask(path, "show info"), re.MULTILINE)
    return int(found.group(1)) if found else 0


def has_learned(said: str) -> bool:
    """Tell whether a process waits for no rows of others any more (both bits of its resync, src/peers.c)."""
    found = re.search(r" flags=0x([0-9a-f]+) resync_timeout", said)
    return bool(found and int(found.group(1), 16) & 3 == 3)


def free_port() -> int:
    """Return a port that nobody has on this machine."""
    with socket.socket() as found:
        found.bind(("0.0.0.0", 0))  # every address of the pair must have it free
        return int(found.getsockname()[1])


def ask(path: str, said: str) -> str:
    """Return the answer of an admin socket, "" where nobody answers."""
    with socket.socket(socket.AF_UNIX) as connection, contextlib.suppress(OSError):
        connection.settimeout(PATIENCE)
        connection.connect(path)
        connection.sendall(f"{said}\n".encode())
        return b"".join(iter(lambda: connection.recv(65536), b"")).decode()
    return ""


def await_true(condition: Callable[[], bool], what: str) -> None:
    """Wait for something that happens, and give up where it hangs."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"waited {PATIENCE:g} s for {what}"
        time.sleep(0.05)


def stranger_writes(port: int, tls: ssl.SSLContext | None, key: str, server: int) -> str:
    """Say to lb1 that one is lb2, and write a row that sends a client to a server; return lb1's status, "" for none.

    The protocol is that of HAProxy's doc/peers-v2.0.txt and src/peers.c, version 2.1.
    """
    name = TABLE.encode()
    table = bytes([1, len(name)]) + name + bytes([4, 4, 1, 0])  # number 1, IPv4, 4 octets, server_id, no expiry
    row = (1).to_bytes(4, "big") + socket.inet_aton(key) + bytes([server])
    with contextlib.suppress(OSError), socket.create_connection((HOSTS["lb1"], port), PATIENCE) as plain:
        connection = tls.wrap_socket(plain) if tls else plain
        with connection:
            connection.sendall(b"HAProxyS 2.1\nlb1\nlb2 1 0\n")
            status = connection.recv(4).decode()
            connection.sendall(b"\x0a\x82" + bytes([len(table)]) + table + b"\x0a\x80" + bytes([len(row)]) + row)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(4096):
                pass
            return status.strip()
    return ""


def impostor_hears(port: int, tls: ssl.SSLContext) -> str:
    """Listen in lb2's place; return the first line that lb1 says there, "" where it does not accept the certificate."""
    with socket.create_server((HOSTS["lb2"], port)) as listener:
        listener.settimeout(PATIENCE)
        plain, _address = listener.accept()
        with contextlib.suppress(OSError), plain, tls.wrap_socket(plain, server_side=True) as connection:
            connection.settimeout(PATIENCE)
            return connection.recv(12).decode()
    return ""
