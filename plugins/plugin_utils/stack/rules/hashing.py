# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules on how hosts spread what they send over the cables of a bundle."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.address_pairs import Hashed, bundles
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.cabling import all_readable, ends
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.catalogue import rule
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.finding import Fault
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.hashing import IP_HASH, LANES, Address, apart
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.link import BUNDLES
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.lookup import (
    is_host_in,
    legs,
    subnet_of,
    vips,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.model import Site

_TRIED = 512
"""Addresses that are tried for the next one of a server."""


@rule("HASH_POLICY_WITHOUT_BOND")
def hash_policy_without_bond(site: Site) -> Iterator[Fault]:
    """An end of a link has a hash policy and is no bundle of a Linux host.

    Breaks: the policy would be set nowhere: ESXi, filers and switches hash in their own way, and an active-backup bond
    sends over one cable.
    Why: `xmit_hash_policy` is an option of the Linux bonding driver for 802.3ad and balance-xor.
    Mend: remove it there.
    """
    for name, link, host, end, _names in ends(site):
        if end.xmit_hash_policy is not None and (site.kind(host) != "linux" or link.bundle not in BUNDLES):
            yield Fault(
                ("links", name, "ends", host, "xmit_hash_policy"),
                f"{host} ({site.kind(host)}, bundle {link.bundle}) has no such policy, only a bond of a Linux host "
                "with bundle lacp or static does; remove it",
                (("devices", host),),
            )


@rule("HASH_ONE_CABLE", severity="note", waivable=True)
def hash_one_cable(site: Site) -> Iterator[Fault]:
    """All that a host sends to its storage servers takes one cable of a bundle of several.

    Breaks: the other cables carry nothing of it, and reads or writes of all exports share the speed of one.
    Why: one pair of addresses takes one cable. VMware KB 1007371 (IP hash: source XOR destination, modulo the uplinks);
    Documentation/networking/bonding.rst of the Linux kernel (layer2+3 looks at MAC and IP addresses, layer2 at MAC
    addresses alone). A host sends from one of its addresses in a subnet (VMware KB 2010877), so that further ones of
    its own spread nothing. Nothing is foretold of hashes by port, and of what the switch sends.
    Mend: give the server a further address in the VLAN (`other_addresses`), the one that the note names, and mount some
    of its exports by it; at a Linux host say `xmit_hash_policy: layer3+4` instead.
    """
    taken = _taken(site)
    for found in bundles(site) if all_readable(site) else ():
        if _takes_one(found):
            side, servers = found.side, sorted({pair.server for pair in found.pairs})
            yield Fault(
                ("links", side.name, "ends", side.host),
                f"{_said(found, servers)}; {_mend(site, found, taken)}",
                (("devices", side.host), *(("devices", server) for server in servers)),
            )


def _takes_one(found: Hashed) -> bool:
    """Tell whether all pairs take one cable for certain, from whichever of its addresses in a VLAN the host sends."""
    lanes: dict[tuple[str, Address], set[object]] = {}
    for pair in found.pairs:
        if pair.lane is None:
            return False
        server = "" if found.policy == IP_HASH else pair.server  # by MAC addresses two servers cannot be compared
        lanes.setdefault((pair.vlan, pair.source), set()).add((server, pair.lane))
    vlans = {vlan for vlan, _source in lanes}
    return all(len(own) == 1 for own in lanes.values()) and (len(vlans) == 1 or len(set.union(*lanes.values())) == 1)


def _said(found: Hashed, servers: list[str]) -> str:
    side, cable = found.side, found.cable(found.pairs[0])
    pairs = f"all {len(found.pairs)} address pairs" if len(found.pairs) > 1 else "the one address pair"
    text = f"{pairs} of {side.host} with {' and '.join(servers)} take"
    text += "" if len(found.pairs) > 1 else "s"
    of_all = f"of the {found.cables} cables"
    if found.policy == "layer2":
        return f"{text} one and the same {of_all}, for layer2 looks at MAC addresses alone"
    if len({pair.lane for pair in found.pairs}) > 1:
        return f"{text} one {of_all} from each address, and a host sends from one of its addresses in a subnet"
    if cable is None:
        return f"{text} one and the same {of_all} ({found.policy}; which one, the MAC addresses decide)"
    return f"{text} {side.end.ports[cable]} (to {side.peer_end.ports[cable]} of {side.peer}), one {of_all}"


def _mend(site: Site, found: Hashed, taken: set[Address]) -> str:
    if found.policy == "layer2":
        return "say xmit_hash_policy: layer2+3 or layer3+4 at this end"
    pair = found.pairs[0]
    address = next_address(site, found, taken)
    like = f", like {address}" if address is not None else ""
    text = f"give {pair.server} a further address in {pair.vlan} that takes another{like}, for some of its exports"
    return text if found.policy == IP_HASH else f"{text}, or say xmit_hash_policy: layer3+4 at this end"


def next_address(site: Site, found: Hashed, taken: set[Address]) -> Address | None:
    """Return the next free address of the first pair's server that takes another cable from each of the sources."""
    first = found.pairs[0]
    pairs = [pair for pair in found.pairs if (pair.server, pair.vlan) == (first.server, first.vlan)]
    pairs = [pair for pair in pairs if pair.destination.version == first.destination.version]
    vlan = site.vlans.get(first.vlan)
    subnet = subnet_of(vlan, first.destination) if vlan is not None else None
    if subnet is None:
        return None
    start = int(max(pair.destination for pair in pairs)) - int(subnet.network_address) + 1
    for step in range(min(_TRIED, subnet.num_addresses)):
        address = subnet[(start + step) % subnet.num_addresses]
        lanes = [(pair.lane, LANES[found.policy](pair.source, address, found.cables)) for pair in pairs]
        if address in taken or not is_host_in(address, subnet):
            continue
        if all(own and other and apart(own, other, found.cables) for own, other in lanes):
            return address
    return None


def _taken(site: Site) -> set[Address]:
    """Return all addresses of which the site knows that somebody has them."""
    gateways = (each for vlan in site.vlans.values() for each in (vlan.gateway, vlan.gateway6))
    virtual = (address for service in site.services.values() for _key, address in vips(service))
    return {*(leg.address for leg in legs(site)), *(each for each in gateways if each is not None), *virtual}
