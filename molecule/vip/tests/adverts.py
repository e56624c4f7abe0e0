# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends VRRP adverts that no peer has sent: usage adverts.py SOURCE TTL VIRTUAL_ROUTER_ID VIP DESTINATION SECONDS.

Two a second, of priority 254, which any master that believes them gives its addresses up for.
"""

from __future__ import annotations

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


def main(source: str, ttl: str, router: str, vip: str, destination: str, seconds: str) -> None:
    """Send for so many seconds."""
    advert = packet(source, int(ttl), int(router), vip, destination)
    family = socket.AF_INET6 if ":" in source else socket.AF_INET
    with socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW) as wire:
        end = time.monotonic() + float(seconds)
        while time.monotonic() < end:
            wire.sendto(advert, (destination, 0))
            time.sleep(0.5)


if __name__ == "__main__":
    main(*sys.argv[1:])
