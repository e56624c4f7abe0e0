# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which cable of a bundle an address pair takes, by the hash of the host that sends. Pure arithmetic.

A lane is what is known of it: pairs of one lane take one cable. The lane of an ESXi host's IP hash is the cable itself.
A Linux bond mixes in the last octets of both MAC addresses (layer2+3), which no site declares; they are the same for
all pairs of a host with one port of a server, so that pairs are compared all the same.
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address

Address = IPv4Address | IPv6Address
Lane = tuple[int, ...]
OCTET = 256
_WORD = 4
"""Octets of an IPv4 address; an IPv6 address is four of them, mixed (ipv6_addr_hash of the kernel)."""
_TYPE = {4: 0x0800, 6: 0x86DD}
"""Type of the frame by version of IP, which bond_eth_hash mixes with the MAC addresses."""


def ip_hash(source: Address, destination: Address, cables: int) -> int | None:
    """Return the uplink, counted from 0 in the order of the active ones, that `Route based on IP hash` takes.

    VMware KB 1007371 calculates with the whole addresses, "Route Based on IP Hash" of the vSphere Networking guide (6.5
    to 7.0) with their last octets. None where the two disagree (more than one /24, and 3 uplinks or another number that
    is no power of two), and for IPv6, of which neither speaks.
    """
    if source.version != 4 or destination.version != 4:  # IPv4
        return None
    mixed = int(source) ^ int(destination)
    whole, last = mixed % cables, mixed % OCTET % cables
    return whole if whole == last else None


def bond_hash(source: Address, destination: Address, macs: int = 0) -> int:
    """Return the hash that a Linux bond takes modulo its members under layer2+3.

    `macs` is the last octet of the source's MAC address, XOR that of the destination's. As bond_ip_hash of
    drivers/net/bonding/bond_main.c has it since Linux 5.16 (from 4.15 on it dropped the lowest bit), on processors that
    are little-endian, as x86 and ARM are.
    """
    mixed = macs ^ _TYPE[source.version] ^ _word(source) ^ _word(destination)
    mixed ^= mixed >> 16
    return mixed ^ mixed >> 8


def _word(address: Address) -> int:
    """Return an address as the kernel reads it out of the packet: its words mixed, the first octet the lowest."""
    octets, found = address.packed, 0
    for start in range(0, len(octets), _WORD):
        found ^= int.from_bytes(octets[start : start + _WORD], "little")
    return found


def _of_ip_hash(source: Address, destination: Address, cables: int) -> Lane | None:
    index = ip_hash(source, destination, cables)
    return None if index is None else (index,)


def _of_layer2(source: Address, _destination: Address, cables: int) -> Lane:
    """Return the lane by MAC addresses alone, which all IPv4 pairs of a host with one port of a server share."""
    return _but_for_macs(_TYPE[source.version], cables)


def _of_layer23(source: Address, destination: Address, cables: int) -> Lane:
    return _but_for_macs(bond_hash(source, destination), cables)


def _but_for_macs(mixed: int, cables: int) -> Lane:
    """Return what is known of a hash without the MAC addresses, which change its last octet only."""
    if cables & (cables - 1):
        return (mixed - mixed % OCTET) % cables, mixed % OCTET
    return 0, mixed % cables


IP_HASH = "ip_hash"
LANES: dict[str, Callable[[Address, Address, int], Lane | None]] = {
    IP_HASH: _of_ip_hash,
    "layer2": _of_layer2,
    "layer2+3": _of_layer23,
    "encap2+3": _of_layer23,  # differs from it inside of tunnels only
}
"""By policy; of the others nothing is foretold of a pair of addresses."""


def apart(first: Lane, second: Lane, cables: int) -> bool:
    """Tell whether two lanes take two cables, whatever the MAC addresses are."""
    return all(cable_of(first, macs, cables) != cable_of(second, macs, cables) for macs in range(OCTET))


def cable_of(lane: Lane, macs: int, cables: int) -> int:
    """Return the cable of a lane, which only for a Linux bond depends on the MAC addresses."""
    if len(lane) == 1:
        return lane[0]
    return (lane[0] + (lane[1] ^ macs)) % cables
