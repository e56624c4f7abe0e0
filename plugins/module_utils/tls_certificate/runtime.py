# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""HAProxy as it runs: which certificates it has loaded, and their renewal through the runtime API."""

from __future__ import annotations

import os
import re
import socket
import time
from contextlib import suppress
from typing import Callable

from ansible_collections.netstack.datacenter.plugins.module_utils import own_files
from ansible_collections.netstack.datacenter.plugins.module_utils.deadline import Deadline
from ansible_collections.netstack.datacenter.plugins.module_utils.service.master import Processes, parse_processes

from .files import Served

__all__ = ["RefusedError", "Runtime", "TooLargeError", "ask", "state_file"]

_TIMEOUT = 20.0  # seconds; a reload of a large configuration answers late
_PATIENCE = 15.0  # seconds for a reload whose command does not wait for itself
_EXCLUDED = ("#", "*")


class RefusedError(Exception):
    """HAProxy did not do what was asked; the message holds its own words."""


class TooLargeError(RefusedError):
    """The certificate does not fit into HAProxy's buffer (tune.bufsize)."""


def ask(path: str, command: str) -> str:
    """Send one command to a UNIX socket of HAProxy and return the whole answer.

    Raises OSError where nobody listens. HAProxy closes its end early when a command is too large: what it said
    before is still the answer.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(_TIMEOUT)
        connection.connect(path)
        with suppress(BrokenPipeError, ConnectionResetError):  # the answer tells why
            connection.sendall(command.encode() + b"\n")
        return _receive(connection, Deadline(_TIMEOUT))


def _receive(connection: socket.socket, deadline: Deadline) -> str:
    parts: list[bytes] = []
    with suppress(ConnectionResetError):  # the unread rest of a command that is too large
        part = connection.recv(65536)
        while part:
            parts.append(part)
            connection.settimeout(deadline.left())
            part = connection.recv(65536)
    return b"".join(parts).decode("utf-8", "replace")


class Runtime:
    """The running HAProxy of this host, reached through its admin socket and its master socket."""

    def __init__(self, admin: str, master: str, ask_socket: Callable[[str, str], str] = ask) -> None:
        self.admin = admin
        self.master = master
        self._ask = ask_socket

    def loaded(self) -> dict[str, str]:
        """Return the loaded certificates: real path -> the name that HAProxy knows; empty where it does not run.

        Raises RefusedError where the socket answers something else than a list.
        """
        try:
            answer = self._ask(self.admin, "show ssl cert")
        except OSError:
            return {}
        if not answer.strip():  # it binds no certificate at all, as behind a TLS offloader
            return {}
        if "filename" not in answer:
            raise RefusedError(f"'show ssl cert' on {self.admin} answers: {answer.strip()}")
        lines = [line.strip() for line in answer.splitlines() if "\0" not in line]  # which no path has
        names = [line for line in lines if line and not line.startswith(_EXCLUDED)]
        return {os.path.realpath(name): name for name in names}

    def serving(self, name: str) -> Served:
        """Return what HAProxy serves for the certificate that it knows as ``name``."""
        answer = self._ask(self.admin, f"show ssl cert {name}")
        serial = re.search(r"^Serial: ([0-9A-Fa-f]+)$", answer, re.MULTILINE)
        if not serial:
            raise RefusedError(f"'show ssl cert {name}' answers: {answer.strip()[:500]}")
        sha1 = re.search(r"^SHA1 FingerPrint: ([0-9A-Fa-f]{40})$", answer, re.MULTILINE)
        chain = len(re.findall(r"^Chain Subject:", answer, re.MULTILINE))
        return Served(sha1.group(1).lower() if sha1 else "", chain, int(serial.group(1), 16))

    def renew(self, name: str, pem: str) -> None:
        """Give HAProxy another certificate for ``name`` while it runs; existing connections go on.

        Raises TooLargeError or RefusedError; then HAProxy serves what it served before.
        """
        answer = self._ask(self.admin, f"set ssl cert {name} <<\n{pem}\n")
        if "too big" in answer:
            raise TooLargeError(answer.strip())
        if not re.search(r"^Transaction (created|updated)", answer, re.MULTILINE):
            raise RefusedError(f"'set ssl cert {name}' answers: {answer.strip()}")
        answer = self._ask(self.admin, f"commit ssl cert {name}")
        if "Success" not in answer:
            self._ask(self.admin, f"abort ssl cert {name}")
            raise RefusedError(f"'commit ssl cert {name}' answers: {answer.strip()}")

    def reload(self, configuration: str) -> None:
        """Load the configuration anew through the master socket; the old worker goes on where it is refused.

        The state of the servers (drained, in maintenance, weights) is written down before, where the configuration
        names a file for it; without that file a reload would put drained servers back into service.
        Raises RefusedError with HAProxy's log, OSError where the master does not listen.
        """
        header = self._save_state(configuration)
        try:
            then = self._processes()
            answer = self._ask(self.master, "reload")
            if "Success=0" in answer:
                raise RefusedError(f"HAProxy refused to reload: {answer.strip()}")
            if "Success=1" not in answer:
                self._await_reload(then, answer)
        finally:
            # The state is of this moment only: at a later start it would bring back what an operator has undone.
            _write_state(configuration, header)

    def _processes(self) -> Processes | None:
        """Return the master's view, None where it answers something else. Raises OSError where it does not listen."""
        try:
            return parse_processes(self._ask(self.master, "show proc"))
        except ValueError:
            return None

    def _await_reload(self, then: Processes | None, answer: str) -> None:
        """Wait for a reload of HAProxy before 2.7, whose ``reload`` says nothing and does not wait for itself.

        The old master may still answer, so only what has changed since ``then`` counts. Raises RefusedError.
        """
        end = time.monotonic() + _PATIENCE
        while then and time.monotonic() < end:
            now: Processes | None = None
            with suppress(OSError):  # the socket changes hands
                now = self._processes()
            if now and now.failed > then.failed:
                raise RefusedError(f"HAProxy refused to reload: its master counts {now.failed} failed reloads.")
            if now and now.reloads > then.reloads and now.workers != then.workers:
                return
            time.sleep(0.1)
        raise RefusedError(f"HAProxy did not reload: {answer.strip() or 'its master says nothing'}")

    def _save_state(self, configuration: str) -> str:
        """Write the servers' state where the configuration wants it; return its header, a state without servers."""
        if not state_file(configuration):
            return ""
        state = self._ask(self.admin, "show servers state")
        _write_state(configuration, state)
        return "".join(f"{line}\n" for line in state.splitlines()[:2])


def _write_state(configuration: str, state: str) -> None:
    path = state_file(configuration)
    if path:
        own_files.replace(path, state.encode(), durable=False)


def state_file(configuration: str) -> str:
    """Return the path of the servers' state that the configuration names, or ""."""
    words = [line.split() for line in configuration.splitlines()]
    named = {line[0]: line[1] for line in words if len(line) > 1 and line[0].startswith("server-state-")}
    name = named.get("server-state-file", "")
    return os.path.join(named.get("server-state-base", ""), name) if name else ""
