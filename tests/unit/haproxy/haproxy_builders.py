# SPDX-License-Identifier: GPL-3.0-or-later
"""Builders for load balancers and an imitated HAProxy socket."""

from __future__ import annotations

import socket
import threading
from pathlib import Path
from typing import Any

from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.dialect import Dialect
from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.render import Texts, render
from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.schema import CONFIGURATION
from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.semantics import faults
from ansible_collections.netstack.datacenter.plugins.module_utils.structure import check

CASES = Path(__file__).parent / "cases"


def clean(configuration: dict[str, Any]) -> dict[str, Any]:
    """Return a configuration with its defaults filled in; it must be right."""
    result, found = check(CONFIGURATION, configuration, "haproxy")
    assert found == []
    return result


def rendered(configuration: dict[str, Any], version: str = "3.0", **more: Any) -> Texts:
    """Return the texts of a right configuration for a release."""
    dialect = Dialect(*map(int, version.split(".")))
    secrets, node, foreign = more.get("secrets", {}), more.get("node", "lb1"), more.get("foreign", {})
    structure = clean(configuration)
    assert faults(structure, secrets, node, dialect) == []
    return render(structure, secrets, node, dialect, foreign)


def findings(configuration: dict[str, Any], version: str = "3.0", **more: Any) -> list[str]:
    """Return every fault of a configuration, as the module would report them."""
    structure, found = check(CONFIGURATION, configuration, "haproxy")
    if found:
        return found
    return faults(structure, more.get("secrets", {}), more.get("node", "lb1"), Dialect(*map(int, version.split("."))))


def web(**backend: Any) -> dict[str, Any]:
    """Return a configuration with one HTTP service."""
    servers = [{"name": "web1", "address": "10.0.10.21", "port": 80}]
    frontend = {"binds": [{"address": "192.0.2.100", "port": 80}], "default_backend": "web"}
    service = {"frontends": {"web": frontend}, "backends": {"web": {"servers": servers, **backend}}}
    return {"services": {"web": service}}


class FakeSocket:
    """A Unix socket that answers each connection's one command from a table, and remembers the commands."""

    def __init__(self, path: Path, answers: dict[str, str]) -> None:
        self.path = str(path)
        self.answers = answers
        self.commands: list[str] = []
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(self.path)
        self._listener.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _address = self._listener.accept()
            except OSError:
                return
            with connection:
                # As the master's socket does: the answer ends only when the client has ended its side.
                pieces = iter(lambda c=connection: c.recv(4096), b"")
                command = b"".join(pieces).decode().strip()
                self.commands.append(command)
                connection.sendall(self.answers.get(command, "Unknown command.\n").encode())

    def close(self) -> None:
        """Stop listening."""
        self._listener.close()
