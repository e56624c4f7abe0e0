# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Questions that rules and derivation ask alike, answered once: who has which address, which VIP belongs to whom."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.model import Device, LbPair, Network, Site, Vlan
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.service import Backend, Service

Address = IPv4Address | IPv6Address
Subnet = IPv4Network | IPv6Network
NODES = 2
"""A pair is two nodes."""


@dataclass(frozen=True)
class Leg:
    """One address of a device; `keys` lead to it from the device's leg in the VLAN."""

    device: str
    vlan: str
    keys: tuple[str | int, ...]
    address: Address


def legs(site: Site) -> Iterator[Leg]:
    """Yield every address of every device."""
    for name, device in site.devices.items():
        for vlan, network in device.networks.items():
            if network.address is not None:
                yield Leg(name, vlan, ("address",), network.address)
            if network.address6 is not None:
                yield Leg(name, vlan, ("address6",), network.address6)
            for index, address in enumerate(network.other_addresses):
                yield Leg(name, vlan, ("other_addresses", index), address)


def subnet_of(vlan: Vlan, address: Address) -> Subnet | None:
    """Return the VLAN's subnet of the address' family."""
    return vlan.subnet if isinstance(address, IPv4Address) else vlan.subnet6


def gateway_of(vlan: Vlan, address: Address) -> Address | None:
    """Return the VLAN's gateway of the address' family."""
    return vlan.gateway if isinstance(address, IPv4Address) else vlan.gateway6


def is_host_in(address: Address, subnet: Subnet) -> bool:
    """Tell whether a host may have the address: neither the network's nor the broadcast address.

    In a /31 both are hosts (RFC 3021), in a /127 too (RFC 6164).
    """
    if isinstance(subnet, IPv4Network) and subnet.prefixlen < 31:
        return address not in (subnet.network_address, subnet.broadcast_address)
    return not (
        isinstance(subnet, IPv6Network) and subnet.prefixlen < 127 and address == subnet.network_address
    )  # RFC 6164


def vips(service: Service) -> list[tuple[str, Address]]:
    """Return the service's VIPs with the key under which each stands."""
    found: list[tuple[str, Address | None]] = [("vip", service.vip), ("vip6", service.vip6)]
    return [(key, address) for key, address in found if address is not None]


def services_of(site: Site, pair: str) -> list[tuple[str, Service]]:
    """Return the services of a pair, in the order of their names."""
    return site.services_by_pair.get(pair, [])


def devices_of(site: Site, pair: LbPair) -> list[tuple[str, Device]]:
    """Return the nodes of a pair that can be read."""
    return [(name, site.devices[name]) for name in pair.hosts if name in site.devices]


def listening_ports(service: Service) -> list[int]:
    """Return the ports that the service binds on its VIPs, that of the redirect included."""
    return [*service.ports, *([80] if service.redirect_http else [])]


def virtual_router_id(name: str, pair: LbPair) -> int:
    """Return the pair's first virtual router id; the second is one more.

    Without a declared one it comes from the pair's name alone (an odd number of 1 to 253), so that neither the order
    nor the number of pairs can change the id of a pair that runs.
    """
    if pair.virtual_router_id is not None:
        return pair.virtual_router_id
    return 1 + 2 * (int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") % 127)


@lru_cache(maxsize=65536)
def as_address(text: str) -> Address | None:
    """Return the address that the text is, or None for a name."""
    try:
        return ip_address(text)
    except ValueError:
        return None


def common_vlans(site: Site, pair: LbPair) -> list[str]:
    """Return the VLANs in which all nodes of the pair have an address, sorted by name."""
    nodes = [
        {vlan for vlan, leg in device.networks.items() if leg.address or leg.address6}
        for _name, device in devices_of(site, pair)
    ]
    return sorted(set.intersection(*nodes)) if nodes else []


def backend_leg(site: Site, pair: LbPair, device: Device) -> tuple[str, Network] | None:
    """Return the VLAN and leg over which the pair reaches a backend device: one that they share, the first by name."""
    shared = set(common_vlans(site, pair))
    reachable = [(vlan, leg) for vlan, leg in sorted(device.networks.items()) if leg.address or leg.address6]
    return next((item for item in reachable if item[0] in shared), reachable[0] if reachable else None)


def backend_address(site: Site, pair: LbPair, backend: Backend) -> Address | None:
    """Return the address at which the pair finds the backend, IPv4 where it has both."""
    literal = as_address(backend.host)
    if literal is not None or backend.host not in site.devices:
        return literal
    found = backend_leg(site, pair, site.devices[backend.host])
    return None if found is None else found[1].address or found[1].address6


def internal_vlan(site: Site, name: str, pair: LbPair) -> str:
    """Return the VLAN over which the nodes talk to each other and to the backends.

    The declared one; else the shared VLAN with most of the pair's backends that is not the VIP's; else the VIP's.
    """
    if pair.internal_vlan is not None:
        return pair.internal_vlan
    management = {device.management_vlan for _name, device in devices_of(site, pair)}
    candidates = [vlan for vlan in common_vlans(site, pair) if vlan != pair.vip_vlan and vlan not in management]
    weight = _backends_by_vlan(site, name, pair)
    return min(candidates, key=lambda vlan: (-weight.get(vlan, 0), vlan), default=pair.vip_vlan)


def _backends_by_vlan(site: Site, name: str, pair: LbPair) -> dict[str, int]:
    count: dict[str, int] = {}
    for _service_name, service in services_of(site, name):
        for backend in service.backends:
            device = site.devices.get(backend.host)
            found = backend_leg(site, pair, device) if device is not None else None
            if found is not None:
                count[found[0]] = count.get(found[0], 0) + 1
    return count


def management_vlan(site: Site, name: str, pair: LbPair, declared: str | None) -> str:
    """Return the VLAN of the statistics page or the exporter: declared, else the nodes' own, else the internal one."""
    if declared is not None:
        return declared
    own = {device.management_vlan for _name, device in devices_of(site, pair)}
    first = next(iter(own)) if len(own) == 1 else None
    return first if first in common_vlans(site, pair) else internal_vlan(site, name, pair)


def server_name(backend: Backend) -> str:
    """Return the name under which the backend shows in HAProxy: the device's, or its address with dashes."""
    if backend.name is not None:
        return backend.name
    return (
        backend.host
        if as_address(backend.host) is None
        else backend.host.replace(".", "-").replace(":", "-").strip("-")
    )
