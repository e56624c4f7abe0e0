# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules on virtual addresses."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.catalogue import rule
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.checks import PAGE_TLS_PORTS
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.finding import Fault
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.lookup import (
    Address,
    gateway_of,
    is_host_in,
    legs,
    listening_ports,
    subnet_of,
    vips,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.model import Site, Vlan
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.service import Service


def _vips(site: Site) -> Iterator[tuple[str, Service, str, Address, Vlan, str]]:
    """Yield every VIP whose pair and VLAN can be read."""
    for name, service in sorted(site.services.items()):
        pair = site.lb_pairs.get(service.lb)
        vlan = site.vlans.get(pair.vip_vlan) if pair else None
        if pair is None or vlan is None:
            continue
        for key, address in vips(service):
            yield name, service, key, address, vlan, pair.vip_vlan


@rule("VIP_VLAN_WITHOUT_SUBNET")
def vip_vlan_without_subnet(site: Site) -> Iterator[Fault]:
    """A VIP's VLAN has no subnet of its family.

    Breaks: the VIP's prefix length is unknown.
    Why: the prefix length is said once, at the VLAN.
    Mend: add the subnet to the VLAN.
    """
    for name, _service, key, address, vlan, vlan_name in _vips(site):
        if subnet_of(vlan, address) is None:
            wanted = "subnet6" if key == "vip6" else "subnet"
            yield Fault(
                ("services", name, key),
                f"{address} has no prefix length, for VLAN {vlan_name} has no {wanted}; add it there",
                (("vlans", vlan_name),),
            )


@rule("VIP_OUTSIDE_SUBNET", waivable=True)
def vip_outside_subnet(site: Site) -> Iterator[Fault]:
    """A VIP lies outside the subnet of its pair's vip_vlan.

    Breaks: nobody in the VLAN asks for it; clients get no answer.
    Why: neighbours use ARP for addresses of their own subnet only (RFC 1122, 3.3.1.1).
    Mend: correct the VIP or vip_vlan; waive it where a router sends the VIP's prefix to the pair.
    """
    for name, _service, key, address, vlan, vlan_name in _vips(site):
        subnet = subnet_of(vlan, address)
        if subnet is not None and address not in subnet:
            yield Fault(
                ("services", name, key),
                f"{address} lies outside {subnet} of VLAN {vlan_name}, so nobody would ask for it there; correct it "
                "or the pair's vip_vlan, or waive it where a router sends that prefix to the pair",
            )


@rule("VIP_NOT_A_HOST")
def vip_not_a_host(site: Site) -> Iterator[Fault]:
    """A VIP is the network or the broadcast address of its subnet.

    Breaks: no client can open a connection to it.
    Why: RFC 1122, 3.2.1.3; RFC 4291, 2.6.1.
    Mend: take another address.
    """
    for name, _service, key, address, vlan, _vlan_name in _vips(site):
        subnet = subnet_of(vlan, address)
        if subnet is not None and address in subnet and not is_host_in(address, subnet):
            yield Fault(
                ("services", name, key),
                f"{address} is the network or broadcast address of {subnet}, to which nobody can connect; take "
                "another one",
            )


@rule("VIP_IS_GATEWAY")
def vip_is_gateway(site: Site) -> Iterator[Fault]:
    """A VIP is the gateway of its VLAN.

    Breaks: the VLAN loses its way out as soon as a node announces the VIP.
    Why: duplicate address (RFC 5227).
    Mend: take another address.
    """
    for name, _service, key, address, vlan, vlan_name in _vips(site):
        if address == gateway_of(vlan, address):
            yield Fault(
                ("services", name, key),
                f"{address} is the gateway of VLAN {vlan_name}, and announcing it would cut the VLAN off; take "
                "another address",
            )


@rule("VIP_IS_A_DEVICE")
def vip_is_a_device(site: Site) -> Iterator[Fault]:
    """A VIP is the address of a device.

    Breaks: connections go to the device or to the pair, as ARP has it; on a node itself the VIP can never move.
    Why: a VIP is announced by whoever holds it; the device answers ARP for it all the time (RFC 5227).
    Mend: take an address that no device has.
    """
    owners = {leg.address: leg.device for leg in legs(site)}
    for name, service in sorted(site.services.items()):
        for key, address in vips(service):
            if address in owners:
                yield Fault(
                    ("services", name, key),
                    f"{address} is an address of {owners[address]}, and a VIP must be able to move; take one that "
                    "no device has",
                    (("devices", owners[address]),),
                )


@rule("VIP_PORT_TWICE")
def vip_port_twice(site: Site) -> Iterator[Fault]:
    """Two services listen on the same VIP and port.

    Breaks: HAProxy shares the connections out between both, at random.
    Why: each bind is a socket of its own with SO_REUSEPORT. redirect_http listens on port 80 too.
    Mend: give one another VIP or port, or make one service of both. Several by name at one port are served so: the
    second has another port or VIP, and the first has all names (`server_names`, `tls.certificate`) and the line of the
    message in `raw.frontend`. Where TLS is passed through, that line comes after `tcp-request inspect-delay 5s` and
    `tcp-request content accept if { req.ssl_hello_type 1 }`.
    """
    owners: dict[tuple[Address, int], str] = {}
    for name, service in sorted(site.services.items()):
        for key, address in vips(service):
            for port in dict.fromkeys(listening_ports(service)):
                first = owners.setdefault((address, port), name)
                if first != name:
                    yield Fault(
                        ("services", name, key),
                        f"{address} port {port} is served by {first} already, and connections would go to either; "
                        f"give one another VIP or port{_by_name(name, service, first, site.services[first], port)}",
                        (("services", first),),
                    )


def _by_name(name: str, service: Service, first: str, other: Service, port: int) -> str:
    """Return how the first service serves the second one's clients by the name that they ask for, where it can."""
    if port not in service.ports or port not in other.ports or service.mode != other.mode:
        return ""
    if service.mode == "tcp" and not (port in PAGE_TLS_PORTS and not service.tls.ends_here and not other.tls.ends_here):
        return ""
    asked = "req.hdr(host)" if service.mode == "http" else "req.ssl_sni"
    wanted = service.server_names[0] if service.server_names else "NAME"
    backend = f"{name}.servers" if service.shares_servers else f"{name}.{port}.servers"
    line = f"use_backend {backend} if {{ {asked} -i {wanted} }}"
    return f"; {first} can send clients on to it by the name that they ask for, raw.frontend: [{line}]"


@rule("VIP_IN_TWO_PAIRS")
def vip_in_two_pairs(site: Site) -> Iterator[Fault]:
    """Two pairs announce the same VIP.

    Breaks: both hold it at once; connections go to either.
    Why: a VIP belongs to one virtual router (RFC 5798, 5.2.9).
    Mend: let one pair serve it, or take another VIP.
    """
    owners: dict[Address, tuple[str, str]] = {}
    for name, service in sorted(site.services.items()):
        for key, address in vips(service):
            first, pair = owners.setdefault(address, (name, service.lb))
            if pair != service.lb:
                yield Fault(
                    ("services", name, key),
                    f"{address} is held by pair {pair} for {first}, and two pairs cannot hold one VIP; let one pair "
                    "serve both or take another VIP",
                    (("services", first),),
                )


@rule("VIP_FAMILY_WITHOUT_LEG")
def vip_family_without_leg(site: Site) -> Iterator[Fault]:
    """A node has no address of the VIP's family in the VLAN of the VIPs.

    Breaks: unicast advertisements of that family have no source and no peer.
    Why: an IPv6 virtual router speaks IPv6 (RFC 5798, 5.1.2).
    Mend: add address6 (or address) at the nodes.
    """
    for name, service, key, address, vlan, vlan_name in _vips(site):
        pair = site.lb_pairs[service.lb]
        for host in dict.fromkeys(pair.hosts) if subnet_of(vlan, address) is not None else ():
            device = site.devices.get(host)
            leg = device.networks.get(vlan_name) if device else None
            wanted = "address6" if key == "vip6" else "address"
            if leg is not None and (leg.address or leg.address6) and getattr(leg, wanted) is None:
                yield Fault(
                    ("services", name, key),
                    f"{host} has no {wanted} in VLAN {vlan_name} from which it could announce {address}; add it at "
                    "the device",
                    (("devices", host),),
                )


@rule("PREFERS_UNKNOWN")
def prefers_unknown(site: Site) -> Iterator[Fault]:
    """A service prefers a host that is no node of its pair.

    Breaks: no node would have the higher priority.
    Why: `prefers` pins a VIP to one of the two nodes.
    Mend: name one of the pair's hosts, or remove it.
    """
    for name, service in sorted(site.services.items()):
        pair = site.lb_pairs.get(service.lb)
        if service.prefers is not None and pair is not None and service.prefers not in pair.hosts:
            yield Fault(
                ("services", name, "prefers"),
                f"{service.prefers} is no node of pair {service.lb} ({', '.join(pair.hosts)}), so it could not hold "
                "the VIP; name one of them",
            )


@rule("PREFERS_DIFFERS")
def prefers_differs(site: Site) -> Iterator[Fault]:
    """Two services on one VIP prefer different nodes.

    Breaks: the VIP can be at one node only.
    Why: what moves is the VIP, with all its services.
    Mend: let both prefer the same node.
    """
    owners: dict[Address, tuple[str, str]] = {}
    for name, service in sorted(site.services.items()):
        if service.prefers is None:
            continue
        for key, address in vips(service):
            first, host = owners.setdefault(address, (name, service.prefers))
            if host != service.prefers:
                yield Fault(
                    ("services", name, "prefers"),
                    f"{key} {address} is to be at {host} for {first}, and it can be at one node only; let both "
                    "prefer the same node",
                    (("services", first),),
                )
