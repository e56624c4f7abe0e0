# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A client of HAProxy's admin and master sockets (HAProxy management guide, sections 9.3 and 9.4)."""

from __future__ import annotations

import socket

from ansible_collections.netstack.datacenter.plugins.module_utils.deadline import Deadline
from ansible_collections.netstack.datacenter.plugins.module_utils.service.master import Processes, parse_processes

from .answers import ServerState, parse_environment, parse_servers_state

__all__ = ["ADMIN_SOCKET", "MASTER_SOCKET", "RefusedError", "Runtime", "UnreachableError"]

ADMIN_SOCKET = "/run/haproxy/admin.sock"
MASTER_SOCKET = "/run/haproxy-master.sock"


class UnreachableError(Exception):
    """Nobody answers on the socket."""


class RefusedError(Exception):
    """HAProxy did not do what a command asked; holds its words."""


class Runtime:
    """Commands to one socket, one connection each.

    Args:
        path: the socket.
        timeout: seconds for a whole answer.
    """

    def __init__(self, path: str = ADMIN_SOCKET, timeout: float = 10.0) -> None:
        self.path = path
        self.timeout = timeout

    def ask(self, command: str) -> str:
        """Return the answer to one command.

        Raises UnreachableError where nobody listens or the answer breaks off.
        """
        pieces = []
        deadline = Deadline(self.timeout)
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as stream:
                stream.settimeout(self.timeout)
                stream.connect(self.path)
                stream.sendall(command.encode() + b"\n")
                stream.shutdown(socket.SHUT_WR)  # the master's socket (3.0) stays open until its client ends
                while True:
                    stream.settimeout(deadline.left())
                    piece = stream.recv(65536)
                    if not piece:
                        break
                    pieces.append(piece)
        except OSError as error:
            raise UnreachableError(f"{self.path}: {error.strerror or error}") from error
        return b"".join(pieces).decode("utf-8", "replace")

    def do(self, command: str) -> None:
        """Send a command that answers nothing when it worked. Raises RefusedError with what it said otherwise."""
        answer = self.ask(command).strip()
        if answer:
            raise RefusedError(f"{command}: {answer}")

    def environment(self) -> dict[str, str]:
        """Return the environment of the worker that serves, which holds what ``setenv`` put there."""
        return parse_environment(self.ask("show env"))

    def servers(self, backend: str = "") -> list[ServerState]:
        """Return the servers of one backend, or of all."""
        return parse_servers_state(self.ask(f"show servers state {backend}".strip()))

    def processes(self) -> Processes:
        """Return the master's view; of the master socket only."""
        return parse_processes(self.ask("show proc"))
