# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What every end of a link gets, whoever configures it: the link as it looks from there, for reports and checks."""

from __future__ import annotations

from typing import Any

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.kind import Impossible
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.address_pairs import told
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.cabling import (
    Side,
    mtu_of,
    provisioned,
    sides_of,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.link import IN_RUN
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.model import Device, Site

DERIVED = {
    "stack_links": "each link of this host as seen from here (a vCenter has those of its hosts): ports of both ends, "
    "bundle, VLANs, what this end must be",
    "stack_role": "the role that configures this host's ends of links in the plays of `link_ends`; empty where none "
    "does, or where that is done through another host",
    "stack_order": "when its turn to change comes, smaller first; 0 without a role",
}
"""Every variable that the end of a link gets from the site; `stack_derived` holds their digests."""
EMPTY: dict[str, Any] = {"stack_links": [], "stack_role": "", "stack_order": 0}
"""What a host without a link has."""


def ends(site: Site, host: str) -> dict[str, Any]:
    """Return the variables of a host with links, or of such hosts' vCenter, as plain data; none without a link."""
    names = [host, *(name for name in site.hosts_by_manager.get(host, ()) if site.traits(name).provisions == "always")]
    found = [_end(site, side) for name in names for side in sides_of(site, name)]
    return {"stack_links": found} if found else {}


def turn(device: Device) -> dict[str, Any]:
    """Return who configures a host's ends, and when; without a link, too, for a run may be taken back that had one."""
    traits = device.traits
    return {"stack_role": traits.role, "stack_order": traits.order} if traits.role and not device.managed_by else {}


def _end(site: Site, side: Side) -> dict[str, Any]:
    """Return one link; `half` is the row of the pairing table for this end, `provisioned` is about the far end.

    `address_pairs` are those of the host's end, whichever end it is, with their place among the ports of both.
    """
    link, peer_kind = side.link, site.devices[side.peer].kind
    waived = {name: link.waive[name] for name in IN_RUN if name in link.waive}
    half, pairs = site.devices[side.host].traits.pairing[link.bundle], told(site, side)
    return {
        "link": side.name,
        "host": side.host,
        "bundle": link.bundle,
        "lag": side.end.lag,
        "ports": list(side.end.ports),
        "half": {} if isinstance(half, Impossible) else dict(half),
        "peer": side.peer,
        "peer_kind": peer_kind,
        "peer_via": site.devices[side.peer].managed_by,
        "peer_lag": side.peer_end.lag,
        "peer_ports": list(side.peer_end.ports),
        "vlans": {"untagged": link.vlans.untagged, "tagged": list(link.vlans.tagged)},
        "mtu": mtu_of(site, link),
        "provisioned": provisioned(site, side.peer),
        **({"address_pairs": pairs} if pairs else {}),
        **({"waive": waived} if waived else {}),
    }
