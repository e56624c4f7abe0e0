# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules on VLANs, their subnets and gateways."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.catalogue import rule
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.finding import Fault
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.lookup import Address, Subnet, is_host_in
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.model import Site, Vlan


@rule("VLAN_ID_TWICE")
def vlan_id_twice(site: Site) -> Iterator[Fault]:
    """Two VLANs of one domain have the same id.

    Breaks: one name is configured with the frames of the other; hosts of both share a broadcast domain.
    Why: IEEE 802.1Q, 9.6: the id is the VLAN.
    Mend: give one of them another id, or another `domain` where they are different switched networks.
    """
    owners: dict[tuple[str, int], str] = {}
    for name, vlan in sorted(site.vlans.items()):
        first = owners.setdefault((vlan.domain, vlan.id), name)
        if first != name:
            yield Fault(
                ("vlans", name, "id"),
                f"id {vlan.id} is that of VLAN {first} already, so both would be one network; "
                "give one another id, or another domain where they are different switched networks",
            )


def _subnets(vlan: Vlan) -> list[tuple[str, Subnet]]:
    found: list[tuple[str, Subnet | None]] = [("subnet", vlan.subnet), ("subnet6", vlan.subnet6)]
    return [(key, subnet) for key, subnet in found if subnet is not None]


@rule("SUBNET_OVERLAP", waivable=True)
def subnet_overlap(site: Site) -> Iterator[Fault]:
    """The subnets of two VLANs overlap.

    Breaks: a host with a leg in both answers into the wrong one; the other side waits for ever.
    Why: the longest prefix decides the way out, not the VLAN (RFC 1812, 5.2.4.3).
    Mend: correct the prefix lengths, or waive it where the two never meet on one host or router.
    """
    around: list[tuple[str, Subnet]] = []
    for name, key, subnet in sorted(_every_subnet(site), key=lambda item: (_size_order(item[2]), item[0])):
        while around and not _contains(around[-1][1], subnet):
            around.pop()
        if around and around[-1][0] != name:
            first, outer = around[-1]
            yield Fault(
                ("vlans", name, key),
                f"{subnet} overlaps {outer} of VLAN {first}, so answers would take the wrong way out; correct the "
                "prefix lengths",
                (("vlans", first),),
            )
        around.append((name, subnet))


def _every_subnet(site: Site) -> Iterator[tuple[str, str, Subnet]]:
    for name, vlan in site.vlans.items():
        for key, subnet in _subnets(vlan):
            yield name, key, subnet


def _size_order(subnet: Subnet) -> tuple[int, int, int]:
    """Sort so that a subnet comes right after those that contain it: subnets overlap only by containing one another."""
    return subnet.version, int(subnet.network_address), subnet.prefixlen


def _contains(outer: Subnet, inner: Subnet) -> bool:
    return outer.version == inner.version and inner.network_address in outer


def _gateways(vlan: Vlan) -> list[tuple[str, str, Address, Subnet | None]]:
    found: list[tuple[str, str, Address | None, Subnet | None]] = [
        ("gateway", "subnet", vlan.gateway, vlan.subnet),
        ("gateway6", "subnet6", vlan.gateway6, vlan.subnet6),
    ]
    return [(key, wanted, gateway, subnet) for key, wanted, gateway, subnet in found if gateway is not None]


@rule("GATEWAY_WITHOUT_SUBNET")
def gateway_without_subnet(site: Site) -> Iterator[Fault]:
    """A VLAN has a gateway and no subnet of its family.

    Breaks: nobody can tell whether a host reaches the gateway.
    Why: a gateway is a neighbour, and the subnet says who is one.
    Mend: add the subnet.
    """
    for name, vlan in sorted(site.vlans.items()):
        for key, wanted, gateway, subnet in _gateways(vlan):
            if subnet is None:
                yield Fault(
                    ("vlans", name, key),
                    f"{key} {gateway} has no {wanted} to lie in, so nobody could reach it; add {wanted}",
                )


@rule("GATEWAY_OUTSIDE")
def gateway_outside(site: Site) -> Iterator[Fault]:
    """A VLAN's gateway lies outside its subnet.

    Breaks: no host accepts the default route ("network is unreachable").
    Why: a next hop must be on a connected network (RFC 1122, 3.3.1.1).
    Mend: correct the gateway or the subnet.
    """
    for name, vlan in sorted(site.vlans.items()):
        for key, _wanted, gateway, subnet in _gateways(vlan):
            if subnet is not None and gateway not in subnet:
                yield Fault(
                    ("vlans", name, key),
                    f"{gateway} lies outside {subnet}, so no host would take it as its next hop; correct one of them",
                )


@rule("GATEWAY_NOT_A_HOST")
def gateway_not_a_host(site: Site) -> Iterator[Fault]:
    """A VLAN's gateway is the network or the broadcast address of its subnet.

    Breaks: nobody answers there.
    Why: RFC 1122, 3.2.1.3 (IPv4); RFC 4291, 2.6.1 (the subnet-router anycast address of IPv6).
    Mend: write the router's own address.
    """
    for name, vlan in sorted(site.vlans.items()):
        for key, _wanted, gateway, subnet in _gateways(vlan):
            if subnet is not None and gateway in subnet and not is_host_in(gateway, subnet):
                yield Fault(
                    ("vlans", name, key),
                    f"{gateway} is the network or broadcast address of {subnet}, where no router can be; write the "
                    "router's own address",
                )


@rule("MTU_TOO_SMALL_FOR_IPV6")
def mtu_too_small_for_ipv6(site: Site) -> Iterator[Fault]:
    """A VLAN with an IPv6 subnet has an MTU under 1280.

    Breaks: the kernel switches IPv6 off on such an interface.
    Why: RFC 8200, 5.
    Mend: raise the MTU, or remove subnet6.
    """
    for name, vlan in sorted(site.vlans.items()):
        if vlan.subnet6 is not None and vlan.mtu < 1280:  # RFC 8200, 5
            yield Fault(
                ("vlans", name, "mtu"),
                f"an mtu of {vlan.mtu} carries no IPv6 (at least 1280); raise it or remove subnet6",
            )
