# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The few frames by which a host asks who has an address, and says that it has one itself. Pure bytes, no sockets.

ARP: RFC 826 and 5227. Neighbour discovery: RFC 4861, 4.3 and 4.4.
"""

from __future__ import annotations

import ipaddress
import socket
import struct

ETH_IPV4, ETH_ARP, ETH_IPV6 = 0x0800, 0x0806, 0x86DD
BROADCAST = b"\xff" * 6
SOLICITATION, ADVERTISEMENT = 135, 136
TARGET_LINK_LAYER, SOURCE_LINK_LAYER = 2, 1
OVERRIDE = 0x20000000
HOP_LIMIT = 255  # anything less did not come from this link and is not to be believed


def mac_bytes(text: str) -> bytes:
    """Return a hardware address as bytes."""
    return bytes.fromhex(text.replace(":", ""))


def mac_text(raw: bytes) -> str:
    """Return a hardware address as people write it."""
    return ":".join(f"{byte:02x}" for byte in raw)


def arp_probe(mac: bytes, address: str) -> bytes:
    """Return the question who has ``address``, with no sender address, so that it changes nobody's ARP cache."""
    return _arp(1, mac, bytes(4), bytes(6), socket.inet_pton(socket.AF_INET, address))


def arp_announcement(mac: bytes, address: str) -> bytes:
    """Return the gratuitous ARP by which all on the link learn that ``mac`` has ``address``."""
    own = socket.inet_pton(socket.AF_INET, address)
    return _arp(1, mac, own, bytes(6), own)


def _arp(operation: int, mac: bytes, sender: bytes, target_mac: bytes, target: bytes) -> bytes:
    head = BROADCAST + mac + struct.pack("!H", ETH_ARP)
    return head + struct.pack("!HHBBH", 1, ETH_IPV4, 6, 4, operation) + mac + sender + target_mac + target


def arp_owner(frame: bytes, address: str) -> bytes | None:
    """Return the hardware address that this frame says ``address`` is at, None when it says nothing of it.

    A reply says it, and so does any frame whose sender address it is (RFC 5227, 2.1.1).
    """
    if len(frame) < 42 or frame[12:14] != struct.pack("!H", ETH_ARP):
        return None
    kind = struct.unpack("!HHBBH", frame[14:22])
    if kind[:4] != (1, ETH_IPV4, 6, 4) or kind[4] not in (1, 2):
        return None
    return frame[22:28] if frame[28:32] == socket.inet_pton(socket.AF_INET, address) else None


def neighbour_solicitation(mac: bytes, source: str, address: str) -> bytes:
    """Return the question who has ``address``.

    It comes from a real address: one from `::` would be a duplicate address detection, which makes a node that is just
    about to take the address give it up.
    """
    target = socket.inet_pton(socket.AF_INET6, address)
    group = socket.inet_pton(socket.AF_INET6, "ff02::1:ff00:0")[:13] + target[13:]
    body = struct.pack("!I", 0) + target + struct.pack("!BB", SOURCE_LINK_LAYER, 1) + mac
    packet = _icmp6(SOLICITATION, socket.inet_pton(socket.AF_INET6, source), group, body)
    return b"\x33\x33" + group[12:] + mac + struct.pack("!H", ETH_IPV6) + packet


def neighbour_announcement(mac: bytes, address: str) -> bytes:
    """Return the unsolicited advertisement by which all on the link learn that ``mac`` has ``address``."""
    own = socket.inet_pton(socket.AF_INET6, address)
    everybody = socket.inet_pton(socket.AF_INET6, "ff02::1")
    body = struct.pack("!I", OVERRIDE) + own + struct.pack("!BB", TARGET_LINK_LAYER, 1) + mac
    packet = _icmp6(ADVERTISEMENT, own, everybody, body)
    return b"\x33\x33" + everybody[12:] + mac + struct.pack("!H", ETH_IPV6) + packet


def _icmp6(kind: int, source: bytes, destination: bytes, body: bytes) -> bytes:
    message = struct.pack("!BBH", kind, 0, 0) + body
    pseudo = source + destination + struct.pack("!II", len(message), socket.IPPROTO_ICMPV6)
    message = message[:2] + struct.pack("!H", checksum(pseudo + message)) + message[4:]
    head = struct.pack("!IHBB", 6 << 28, len(message), socket.IPPROTO_ICMPV6, HOP_LIMIT)
    return head + source + destination + message


def checksum(data: bytes) -> int:
    """Return the Internet checksum (RFC 1071)."""
    padded = data + b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def neighbour_owner(frame: bytes, address: str) -> bytes | None:
    """Return the hardware address that this frame advertises for ``address``, None when it does not."""
    if len(frame) < 78 or frame[12:14] != struct.pack("!H", ETH_IPV6):
        return None
    if frame[20] != socket.IPPROTO_ICMPV6 or frame[21] != HOP_LIMIT or frame[54] != ADVERTISEMENT:
        return None
    if frame[62:78] != socket.inet_pton(socket.AF_INET6, address):
        return None
    option = frame[78:86]
    return option[2:8] if len(option) == 8 and option[:2] == bytes((TARGET_LINK_LAYER, 1)) else frame[6:12]


def version(address: str) -> int:
    """Return 4 or 6."""
    return ipaddress.ip_address(address).version
