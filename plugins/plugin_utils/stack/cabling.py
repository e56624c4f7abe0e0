# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Questions about links that rules and halves ask alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.kind import Names
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.finding import some
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.link import End, Link
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.model import ENDS, Site

MANAGEMENT = "Management Network"
"""Port group of the management interface as ESXi installs it, with a teaming of its own (VMware KB 1022751)."""
PAYLOAD = 1500
"""Octets that Ethernet carries where nothing else is said."""


@dataclass(frozen=True)
class Side:
    """One end of a link, with the other one."""

    name: str
    link: Link
    host: str
    end: End
    peer: str
    peer_end: End


def sides_of(site: Site, host: str) -> Iterator[Side]:
    """Yield each link of a host as seen from there, sorted by name; those without two ends are left out."""
    for name, link in site.links_by_host.get(host, ()):
        if len(link.ends) == ENDS:
            peer = link.other(host)
            yield Side(name, link, host, link.ends[host], peer, link.ends[peer])


def mtu_of(site: Site, link: Link) -> int:
    """Return the link's payload in octets: declared, else the greatest of its VLANs'."""
    if link.mtu is not None:
        return link.mtu
    return max((site.vlans[vlan].mtu for vlan in link.vlans.every if vlan in site.vlans), default=PAYLOAD)


def provisioned(site: Site, host: str) -> bool:
    """Tell whether the collection configures a host's ends of its links; some kinds have to ask for it."""
    device = site.devices[host]
    return device.traits.provisions == "always" or (device.traits.provisions == "asked" and device.provision_links)


def port_groups(site: Site, side: Side) -> Mapping[str, str]:
    """Return the VLAN of each port group: declared, else one for each VLAN, and the management network's."""
    if side.end.port_groups:
        return side.end.port_groups
    management = site.devices[side.host].management_vlan
    found = {vlan: vlan for vlan in side.link.vlans.every}
    return {**found, MANAGEMENT: management} if management is not None and management in found else found


def vlan_interface(site: Site, host: str, lag: str, vlan: str) -> str:
    """Return the interface of a tagged VLAN on a bond: declared at the host, else the bond with the VLAN's id."""
    leg = site.devices[host].networks.get(vlan)
    return leg.interface if leg is not None and leg.interface else f"{lag}.{site.vlans[vlan].id}"


def is_trunk(link: Link) -> bool:
    """Tell whether frames carry tags: tagged VLANs make a trunk, and so does `trunk` with a native VLAN only."""
    return bool(link.vlans.tagged) or link.trunk


def ends(site: Site) -> Iterator[tuple[str, Link, str, End, Names]]:
    """Yield each end of each link at a device of a known kind, with how that kind names things."""
    for name, link in sorted(site.links.items()):
        for host, end in link.ends.items():
            if host in site.devices:
                yield name, link, host, end, site.devices[host].traits.names


def links_of(site: Site, host: str) -> str:
    """Return the names of a host's links."""
    names = [name for name, _link in site.links_by_host[host]]
    return some(names, len(names))


def all_readable(site: Site) -> bool:
    """Tell whether every declared link can be read; one that cannot may be the one that carries the VLAN."""
    whole = all(len(link.ends) == ENDS for link in site.links.values())
    return site.complete and whole and len(site.links) == len(site.declared.get("links", ()))
