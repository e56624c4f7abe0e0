# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs in a network namespace of the virtual machine: sends over a bond, and prints which cable each datagram took.

    python3 sending.py POLICY CABLES INTERFACE

Every cable is a veth pair, and at its far end is heard what the kernel sent over it. Nobody answers: the neighbours'
MAC addresses are set by hand, each with another last octet.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time

PATIENCE = 60
"""Seconds after which a datagram that no cable carried is given up."""
SOURCES = ["192.0.2.10", "192.0.2.11", "2001:db8::a"]
DESTINATIONS = [f"192.0.{2 + n % 3}.{20 + 7 * n}" for n in range(16)]
DESTINATIONS += [f"2001:db8:{n + 1:x}::{3 * n + 1:x}" for n in range(8)]
PORT = 2049
SOURCE_PORTS = range(50000, 50016, 2)
"""Even ones, as connect() takes them."""
BEHIND = {0x0800: (socket.AF_INET, 30, 4), 0x86DD: (socket.AF_INET6, 38, 16)}
"""By type of frame: the family, where the destination begins, and its octets. The ports follow."""


def ip(*lines: str) -> None:
    subprocess.run(["ip", "-batch", "-"], input="\n".join(lines), text=True, check=True)


def mac(destination: str) -> str:
    return f"02:00:00:00:01:{37 * DESTINATIONS.index(destination) % 256:02x}"


def family_of(address: str) -> int:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def make(policy: str, cables: int, device: str) -> list[socket.socket]:
    """Make the bond, VLAN 10 on it, the addresses and neighbours of one of both; return the far ends of the cables."""
    ip(f"link add bond0 type bond mode balance-xor xmit_hash_policy {policy} miimon 100")
    for n in range(cables):
        ip(f"link add m{n} type veth peer name p{n}", f"link set m{n} master bond0", f"link set p{n} up")
    ip("link set bond0 up", "link add link bond0 name bond0.10 type vlan id 10", "link set bond0.10 up")
    ip(*(f"addr add {each}/{'32 nodad' if ':' in each else '16'} dev {device}" for each in SOURCES))
    ip(*(f"neigh replace {each} lladdr {mac(each)} dev {device} nud permanent" for each in DESTINATIONS))
    return [listener(f"p{n}") for n in range(cables)]


def listener(device: str) -> socket.socket:
    heard = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))  # ETH_P_ALL
    heard.bind((device, 0))
    heard.setblocking(False)
    return heard


def own_mac(device: str) -> str:
    told = subprocess.run(["ip", "-json", "link", "show", "dev", device], capture_output=True, text=True, check=True)
    return str(json.loads(told.stdout)[0]["address"])


def send(source: str, destination: str, port: int) -> None:
    with socket.socket(family_of(destination), socket.SOCK_DGRAM) as sender:
        sender.bind((source, port))
        sender.sendto(b"", (destination, PORT))


def heard(ends: list[socket.socket], expected: int) -> dict[tuple[str, int], int]:
    """Return the cable of each datagram, by its destination and its source port."""
    found: dict[tuple[str, int], int] = {}
    limit = time.monotonic() + PATIENCE
    while len(found) < expected and time.monotonic() < limit:
        for cable, end in enumerate(ends):
            try:
                flow = flow_of(end.recv(2048))
            except BlockingIOError:
                continue
            if flow is not None:
                found[flow] = cable
    return found


def flow_of(frame: bytes) -> tuple[str, int] | None:
    """Return destination and source port of a datagram of ours, None for any other frame."""
    family, start, length = BEHIND.get(int.from_bytes(frame[12:14], "big"), (socket.AF_UNSPEC, 0, 0))
    ports = frame[start + length : start + length + 4]
    if family == socket.AF_UNSPEC or int.from_bytes(ports[2:], "big") != PORT:
        return None
    return socket.inet_ntop(family, frame[start : start + length]), int.from_bytes(ports[:2], "big")


def main(policy: str, cables: str, device: str) -> None:
    ends, own, found = make(policy, int(cables), device), own_mac(device), []
    for source in SOURCES:
        reached = [each for each in DESTINATIONS if family_of(each) == family_of(source)]
        sent = [(destination, port) for destination in reached for port in SOURCE_PORTS]
        for destination, port in sent:
            send(source, destination, port)
        took = heard(ends, len(sent))
        for destination, port in sent:
            macs = int(own[-2:], 16) ^ int(mac(destination)[-2:], 16)
            found.append([source, destination, port, macs, took.get((destination, port))])
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
