# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a host or a vCenter is, and how to get in."""

from __future__ import annotations

import shlex
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.netstack.datacenter.plugins.plugin_utils.connection.model import Connection
from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract import target as contract

from . import fingerprint

API_PORT, SSH_PORT = 443, 22


@dataclass(frozen=True)
class Target(contract.Target):
    """How to reach one ESXi host or vCenter. Times in seconds; `back` is how long a host may be away after a change."""

    ssh_arguments: tuple[str, ...] = ()
    ca_file: str | None = None
    validate_certs: bool = True
    fingerprint: str | None = None
    """The only certificate that is taken, by its SHA-256; no authority is asked then."""
    connect_timeout: int = 30
    call_timeout: int = 60
    back_timeout: int = 90

    @property
    def api(self) -> str:
        """Return host and port of the API for messages."""
        return f"{self.host} port {self.port or API_PORT}"

    def addresses(self) -> set[str]:
        """Return the addresses that the host is reached at."""
        try:
            return {str(found[4][0]) for found in socket.getaddrinfo(self.host, None, type=socket.SOCK_STREAM)}
        except OSError:
            return {self.host}


def target_of(connection: Connection, options: Mapping[str, Any]) -> Target:
    """Return where a host or a vCenter is; `options` are those of a task that are about its connection.

    Raises:
        RefusalError: the fingerprint is none.

    """
    times = options["timeouts"] or {}
    return Target(
        **contract.login(connection),
        ssh_arguments=tuple(shlex.split(connection.ssh_arguments)),
        ca_file=options["ca_file"],
        validate_certs=options["validate_certs"],
        fingerprint=fingerprint.read(options.get("tls_fingerprint")),
        connect_timeout=times.get("connect", 30),
        call_timeout=times.get("call", 60),
        back_timeout=times.get("back", 90),
    )
