# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The address pairs of a host with the storage servers in the VLANs of its bundle, and which cable each of them takes.

Foretold is what the host sends; what it receives is hashed by the switch, of which nothing is said here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.cabling import Side, provisioned, sides_of
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.hashing import (
    IP_HASH,
    LANES,
    Address,
    Lane,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.link import BUNDLES
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.model import Site

ROLE_DEFAULT = "layer2+3"
"""What the role linux_bond gives a bond of which nothing is said."""
_DISAGREE = "VMware's two descriptions of IP hash disagree about it"
_NO_IPV6 = "VMware describes IP hash for IPv4 only"
_BY_PORT = "its connections are spread by their ports"
_NOT_BY_ADDRESS = {
    "layer3+4": _BY_PORT,
    "encap3+4": _BY_PORT,
    "vlan+srcmac": "vlan+srcmac looks at no destination, so all of a VLAN takes one cable",
}
_UNSAID = "nobody says how its bond hashes: xmit_hash_policy at its end of the link"
_OTHERS = "the hash of this kind of host is not known here"


@dataclass(frozen=True)
class AddressPair:
    """One source and one destination; `lane` is None where nothing is foretold, and `why` says why."""

    vlan: str
    source: Address
    server: str
    destination: Address
    lane: Lane | None
    why: str = ""


@dataclass(frozen=True)
class Hashed:
    """A bundle of a host, how it hashes, and its address pairs."""

    side: Side
    policy: str
    pairs: list[AddressPair] = field(default_factory=list)

    @property
    def cables(self) -> int:
        """Return the number of cables."""
        return len(self.side.end.ports)

    def cable(self, pair: AddressPair) -> int | None:
        """Return the cable, counted from 0, where the addresses alone decide."""
        return pair.lane[0] if pair.lane is not None and self.policy == IP_HASH else None


def bundles(site: Site) -> Iterator[Hashed]:
    """Yield each bundle of several cables over which a host reaches a storage server, sorted by host and link."""
    for host in sorted(site.links_by_host):
        for side in sides_of(site, host):
            found = hashed(site, side)
            if found is not None and found.pairs:
                yield found


def hashed(site: Site, side: Side) -> Hashed | None:
    """Return the bundle of a host as it hashes; None for a switch or a storage server, and without several cables."""
    device = site.devices.get(side.host)
    if device is None or device.traits.switch or device.serves_storage:
        return None
    if side.link.bundle not in BUNDLES or len(side.end.ports) == 1 or len(side.end.ports) != len(side.peer_end.ports):
        return None
    policy = _policy(site, side)
    return Hashed(side, policy, list(_pairs(site, side, policy)))


def _policy(site: Site, side: Side) -> str:
    """Return how the host's end of a bundle hashes, "" where nobody knows."""
    traits = site.devices[side.host].traits
    if traits.provisions == "asked":
        return side.end.xmit_hash_policy or (ROLE_DEFAULT if provisioned(site, side.host) else "")
    half = traits.pairing[side.link.bundle]
    return IP_HASH if isinstance(half, Mapping) and half.get("load_balancing") == "loadbalance_ip" else ""


def _pairs(site: Site, side: Side, policy: str) -> Iterator[AddressPair]:
    networks = site.devices[side.host].networks
    for vlan in side.link.vlans.every:
        for server in site.storage_by_vlan.get(vlan, ()) if vlan in networks else ():
            unknown = _unknown(site, side, policy, vlan, server)
            for source in networks[vlan].addresses:
                for destination in site.devices[server].networks[vlan].addresses:
                    if source.version == destination.version:
                        yield _pair(side, policy, unknown, (vlan, source, server, destination))


def _pair(side: Side, policy: str, unknown: str, ends: tuple[str, Address, str, Address]) -> AddressPair:
    if unknown:
        return AddressPair(*ends, None, unknown)
    lane = LANES[policy](ends[1], ends[3], len(side.end.ports))
    why = "" if lane is not None else _DISAGREE if ends[1].version == 4 else _NO_IPV6  # IPv4
    return AddressPair(*ends, lane, why)


def _unknown(site: Site, side: Side, policy: str, vlan: str, server: str) -> str:
    """Return why nothing is foretold of the pairs with a server, "" where it is."""
    others = [each.name for each in sides_of(site, side.host) if each.name != side.name and _carries(each, vlan)]
    if others:
        return f"{vlan} comes to {side.host} over {' and '.join(others)} too"
    if policy not in LANES:
        linux = site.kind(side.host) == "linux"
        return _NOT_BY_ADDRESS.get(policy, _UNSAID) if linux else _OTHERS
    ports = [each.name for each in sides_of(site, server) if _carries(each, vlan)]
    if policy != IP_HASH and len(ports) > 1:
        return f"{server} has a MAC address of its own at each of {' and '.join(ports)}"
    return ""


def _carries(side: Side, vlan: str) -> bool:
    return vlan in side.link.vlans.every


def told(site: Site, side: Side) -> list[dict[str, Any]]:
    """Return the address pairs of a link as plain data, the same from both of its ends.

    `cable` is the place among the ports of either end, None where it is not foretold. Pairs with one `group` take one
    cable all the same, by the MAC addresses.
    """
    other = Side(side.name, side.link, side.peer, side.peer_end, side.host, side.end)
    found = hashed(site, side) or hashed(site, other)
    if found is None:
        return []
    lanes: dict[tuple[str, Lane], str] = {}
    return [_told(found, pair, lanes) for pair in found.pairs]


def _told(found: Hashed, pair: AddressPair, lanes: dict[tuple[str, Lane], str]) -> dict[str, Any]:
    group = ""
    if pair.lane is not None and found.policy != IP_HASH:
        group = lanes.setdefault((pair.server, pair.lane), f"{pair.server} {len(lanes) + 1}")
    return {
        "vlan": pair.vlan,
        "source": str(pair.source),
        "server": pair.server,
        "destination": str(pair.destination),
        "cable": found.cable(pair),
        "group": group,
        "why": pair.why,
    }
