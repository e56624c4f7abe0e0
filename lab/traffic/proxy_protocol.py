# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the PROXY protocol's header, versions 1 and 2 (HAProxy, doc/proxy-protocol.txt)."""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass

V1_LIMIT = 107  # bytes of the longest version 1 header, line end included
V2_SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


class ProxyHeaderError(Exception):
    """The connection does not begin with a PROXY header."""


@dataclass(frozen=True)
class ProxyHeader:
    """What a PROXY protocol header says of the connection (HAProxy's proxy-protocol.txt); no addresses for LOCAL."""

    version: int
    source: str = ""
    source_port: int = 0
    destination: str = ""
    destination_port: int = 0


def take_proxy_header(data: bytes) -> tuple[ProxyHeader, int] | None:
    """Read a PROXY header v1 or v2 at the start; return it and its length, or None when bytes are still missing.

    Raises ProxyHeaderError when there is no such header: on a PROXY port it is not optional (proxy-protocol.txt, 2).
    """
    if data.startswith(V2_SIGNATURE[: len(data)]) and len(data) < 16:
        return None
    if data.startswith(V2_SIGNATURE):
        return _proxy_v2(data)
    if not data.startswith(b"PROXY "[: len(data)]) or (len(data) >= V1_LIMIT and b"\r\n" not in data[:V1_LIMIT]):
        raise ProxyHeaderError("no PROXY header on a PROXY port")
    line, newline, _ = data.partition(b"\r\n")
    if not newline:
        return None
    words = line.decode("latin-1").split(" ")
    if len(words) != 6:
        return ProxyHeader(1), len(line) + 2
    return ProxyHeader(1, words[2], int(words[4]), words[3], int(words[5])), len(line) + 2


def _proxy_v2(data: bytes) -> tuple[ProxyHeader, int] | None:
    command, family, length = struct.unpack_from("!BBH", data, 12)
    end = 16 + length
    if len(data) < end:
        return None
    size = {1: 4, 2: 16}.get(family >> 4)
    if command & 0x0F == 0 or size is None:
        return ProxyHeader(2), end
    source, destination = (str(ipaddress.ip_address(data[at : at + size])) for at in (16, 16 + size))
    ports = struct.unpack_from("!HH", data, 16 + 2 * size)
    return ProxyHeader(2, source, ports[0], destination, ports[1]), end
