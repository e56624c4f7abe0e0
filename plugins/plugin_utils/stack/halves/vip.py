# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The VIPs of a pair as the variable `vip_instances` of the role vip, for one of its nodes."""

from __future__ import annotations

from typing import Any

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.lookup import (
    Address,
    services_of,
    subnet_of,
    vips,
    virtual_router_id,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.model import LbPair, Site

_FAMILIES = {4: "ipv4", 6: "ipv6"}


def preferred_nodes(site: Site, name: str) -> dict[Address, str]:
    """Return for each VIP of the pair the node that should hold it.

    Where `prefers` does not say it, an odd address goes to the first node and an even one to the second, so that a VIP
    that is added or removed moves no other; both families of a service stay together.
    """
    pair = site.lb_pairs[name]
    pinned = {_unit(service): service.prefers for _name, service in services_of(site, name) if service.prefers}
    found: dict[Address, str] = {}
    for _name, service in services_of(site, name):
        for _key, address in vips(service):
            found.setdefault(address, pinned.get(_unit(service)) or pair.hosts[1 - int(_unit(service)) % 2])
    return found


def _unit(service: Any) -> Address:
    address: Address = service.vip if service.vip is not None else service.vip6
    return address


def _sortable(address: Address) -> tuple[int, int]:
    return address.version, int(address)


def instance_name(pair: str, node: str, address: Address) -> str:
    """Return the name of the virtual router that holds the address."""
    return f"{pair}-{node}-{_FAMILIES[address.version]}"


def vip_instances(site: Site, name: str, host: str) -> dict[str, Any]:
    """Return the virtual routers of the pair as `host` runs them: one for each preferred node and family."""
    members: dict[tuple[str, int], list[Address]] = {}
    for address, node in preferred_nodes(site, name).items():
        members.setdefault((node, address.version), []).append(address)
    return {
        instance_name(name, node, addresses[0]): _instance(site, name, host, node, sorted(addresses, key=_sortable))
        for (node, _version), addresses in sorted(members.items())
    }


def _instance(site: Site, name: str, host: str, node: str, addresses: list[Address]) -> dict[str, Any]:
    pair = site.lb_pairs[name]
    found: dict[str, Any] = {
        "interface": site.devices[host].networks[pair.vip_vlan].interface,
        "virtual_router_id": virtual_router_id(name, pair) + pair.hosts.index(node),
        "priority": pair.priority.preferred if host == node else pair.priority.standby,
        "preferred": host == node,
        "preempt": pair.preempt,
        "addresses": [_with_prefix(site, pair, address) for address in addresses],
    }
    if pair.unicast:
        found["unicast_source"] = str(_own(site, pair, host, addresses[0]))
        found["unicast_peers"] = [str(_own(site, pair, other, addresses[0])) for other in pair.hosts if other != host]
    if pair.advert_interval is not None:
        found["advert_interval"] = pair.advert_interval
    if pair.authentication_secret is not None:
        found["authentication_secret"] = pair.authentication_secret
    return found


def _own(site: Site, pair: LbPair, host: str, like: Address) -> Address | None:
    leg = site.devices[host].networks[pair.vip_vlan]
    return leg.address if like.version == 4 else leg.address6


def _with_prefix(site: Site, pair: LbPair, address: Address) -> str:
    """Write the VIP with its VLAN's prefix length; one that was waived to lie outside is a host route's."""
    subnet = subnet_of(site.vlans[pair.vip_vlan], address)
    inside = subnet is not None and address in subnet
    return f"{address}/{subnet.prefixlen if subnet is not None and inside else address.max_prefixlen}"
