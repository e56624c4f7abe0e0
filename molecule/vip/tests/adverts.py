# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends VRRP adverts that no peer has sent: usage adverts.py ADVERTS [TIMES]; without a number until it is ended.

ADVERTS is a list in JSON of source, ttl, router, vip and destination. Each is sent four times a second, with priority
254, which any master that believes it gives its addresses up for.
"""

from __future__ import annotations

import itertools
import json
import socket
import struct
import sys
import time

VRRP = 112


def checksum(data: bytes) -> int:
    """Return the Internet's checksum (RFC 1071) of an even number of octets."""
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total >> 16) + (total & 0xFFFF)
    return ~total & 0xFFFF


def packet(source: str, ttl: int, router: int, vip: str, destination: str) -> bytes:
    """Return one advert of VRRPv3 with its header of IPv4 or IPv6."""
    family = socket.AF_INET6 if ":" in source else socket.AF_INET
    ends = socket.inet_pton(family, source) + socket.inet_pton(family, destination)
    body = struct.pack("!BBBBHH", 0x31, router, 254, 1, 100, 0) + socket.inet_pton(family, vip)
    if family == socket.AF_INET6:
        pseudo = ends + struct.pack("!IHBB", len(body), 0, 0, VRRP)
        header = struct.pack("!IHBB", 6 << 28, len(body), VRRP, ttl) + ends
    else:
        pseudo = ends + struct.pack("!BBH", 0, VRRP, len(body))
        header = struct.pack("!BBHHHBBH", 0x45, 0xC0, 20 + len(body), 1, 0, ttl, VRRP, 0) + ends
    return header + body[:6] + struct.pack("!H", checksum(pseudo + body)) + body[8:]


def main(adverts: str, times: str = "") -> None:
    """Send all of them, again and again."""
    families = (socket.AF_INET, socket.AF_INET6)
    wires = {family: socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW) for family in families}
    frames = [(packet(**each), each["destination"]) for each in json.loads(adverts)]
    for _ in range(int(times)) if times else itertools.count():
        for advert, destination in frames:
            wires[socket.AF_INET6 if ":" in destination else socket.AF_INET].sendto(advert, (destination, 0))
        time.sleep(0.25)


if __name__ == "__main__":
    main(*sys.argv[1:])
