# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where this host listens, as the kernel tells."""

from __future__ import annotations

import ipaddress
import re
import socket
import struct
from pathlib import Path
from typing import Iterable

__all__ = ["listening_in", "silent"]

_LISTEN = "0A"
_ADDRESS = re.compile("(?:[0-9A-F]{8}|[0-9A-F]{32}):[0-9A-F]{4}")
_ANY = ("0.0.0.0", "::")


def listening_in(table: str) -> set[tuple[str, int]]:
    """Return address and port of the listening sockets in the text of /proc/net/tcp or tcp6."""
    rows = (line.split() for line in table.splitlines()[1:])
    return {_socket(row[1]) for row in rows if len(row) > 3 and row[3] == _LISTEN and _ADDRESS.fullmatch(row[1])}


def _socket(field: str) -> tuple[str, int]:
    """Return what the kernel writes as little-endian 32-bit words in hexadecimal."""
    address, port = field.split(":")
    words = [int(address[at : at + 8], 16) for at in range(0, len(address), 8)]
    packed = b"".join(struct.pack("=I", word) for word in words)
    family = socket.AF_INET if len(packed) == 4 else socket.AF_INET6
    return socket.inet_ntop(family, packed), int(port, 16)


def silent(addresses: Iterable[tuple[str, int]]) -> list[str]:
    """Return those of the addresses ("" is any) where nothing listens, as ADDRESS:PORT."""
    tables = [Path(f"/proc/net/{name}") for name in ("tcp", "tcp6")]
    listening = set().union(*(listening_in(table.read_text()) for table in tables if table.exists()))
    return [f"{host or '*'}:{port}" for host, port in addresses if not _covered(host, port, listening)]


def _covered(host: str, port: int, listening: set[tuple[str, int]]) -> bool:
    if not host:
        return any(number == port for _address, number in listening)
    address = str(ipaddress.ip_address(host))
    return any((candidate, port) in listening for candidate in (address, *_ANY))
