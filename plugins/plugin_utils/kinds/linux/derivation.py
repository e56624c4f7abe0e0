# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The variables of the role linux_bond for a host at the end of links: its bonds, where the host asks for it."""

from __future__ import annotations

from typing import Any

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.cabling import (
    Side,
    is_trunk,
    mtu_of,
    provisioned,
    sides_of,
    vlan_interface,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.halves import linux as load_balancer
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.lookup import subnet_of
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.model import Site

from .site import KIND

DERIVED = {
    "linux_bond_bonds": "the bonds of the host's links with mode, VLANs and addresses, where it has `provision_links` "
    "(role linux_bond)",
}
"""Every variable that a Linux host gets from its links; `stack_derived` holds their digests."""
EMPTY: dict[str, Any] = {**load_balancer.EMPTY, "linux_bond_bonds": {}}
"""What a host has where nothing follows, as one that is of no pair: the defaults of the roles."""


def derive(site: Site, host: str) -> dict[str, Any]:
    """Return the variables of a host, as plain data; none without `provision_links` or without a bond."""
    by_lag: dict[str, list[Side]] = {}
    for side in sides_of(site, host) if provisioned(site, host) else ():
        if side.end.lag is not None:
            by_lag.setdefault(side.end.lag, []).append(side)
    found = {lag: _bond(site, host, lag, sides) for lag, sides in sorted(by_lag.items())}
    return {"linux_bond_bonds": found} if found else {}


def _bond(site: Site, host: str, lag: str, sides: list[Side]) -> dict[str, Any]:
    """Return one bond; several links without a bundle may share it, one leg on each switch."""
    link = sides[0].link
    found: dict[str, Any] = {
        "mode": KIND.row(link.bundle)["mode"],
        "members": [port for side in sides for port in side.end.ports],
        "mtu": mtu_of(site, link),
    }
    if link.bundle == "lacp":
        found["lacp_rate"] = link.periodic or "slow"
        found["min_links"] = link.minimum_links or 0
    if sides[0].end.xmit_hash_policy is not None:
        found["xmit_hash_policy"] = sides[0].end.xmit_hash_policy
    if link.vlans.untagged is not None:
        found.update(_leg(site, host, link.vlans.untagged))
    legs = [vlan for vlan in link.vlans.tagged if vlan in site.devices[host].networks] if is_trunk(link) else []
    if legs:
        found["vlans"] = {vlan_interface(site, host, lag, vlan): _vlan(site, host, vlan, found["mtu"]) for vlan in legs}
    return found


def _vlan(site: Site, host: str, vlan: str, mtu: int) -> dict[str, Any]:
    return {"id": site.vlans[vlan].id, "mtu": min(site.vlans[vlan].mtu, mtu), **_leg(site, host, vlan)}


def _leg(site: Site, host: str, name: str) -> dict[str, Any]:
    """Return the host's addresses in a VLAN, and its gateway where the default route leads that way."""
    leg, vlan = site.devices[host].networks.get(name), site.vlans[name]
    if leg is None:
        return {}
    pairs = [(address, subnet_of(vlan, address)) for address in leg.addresses]
    addresses = [f"{address}/{subnet.prefixlen}" for address, subnet in pairs if subnet]
    found: dict[str, Any] = {"addresses": addresses} if addresses else {}
    if leg.address and vlan.gateway is not None and _default_vlan(site, host) == name:
        found["gateway"] = str(vlan.gateway)
    return found


def _default_vlan(site: Site, host: str) -> str | None:
    """Return the VLAN of the default route: the only one of the host's with a gateway, else the management's."""
    device = site.devices[host]
    with_gateway = [name for name, leg in device.networks.items() if leg.address and site.vlans[name].gateway]
    if len(with_gateway) == 1:
        return with_gateway[0]
    return device.management_vlan if device.management_vlan in with_gateway else None
