# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The variables of the role junos_lag for one Juniper EX: the switch's end of each of its links."""

from __future__ import annotations

from typing import Any

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.cabling import (
    Side,
    is_trunk,
    mtu_of,
    sides_of,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.link import BUNDLES, Link
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.model import Device, Site

from .site import KIND

DERIVED = {
    "junos_lag_state": "replaced: a declared bundle or port is exactly as its link says (role junos_lag)",
    "junos_lag_vlans": "every VLAN of the switch's links (role junos_lag)",
    "junos_lag_bundles": "the switch's end of each bundled link (role junos_lag)",
    "junos_lag_ports": "the ports of its links without a bundle (role junos_lag)",
    "junos_lag_model": "its model, for the limits on members and bundles, where declared (role junos_lag)",
    "junos_lag_release": "its release, for the same, where declared (role junos_lag)",
}
"""Every variable that a Juniper EX gets from the site; `stack_derived` holds their digests."""
EMPTY: dict[str, Any] = {
    "junos_lag_state": "merged",
    "junos_lag_vlans": {},
    "junos_lag_bundles": {},
    "junos_lag_ports": {},
    "junos_lag_model": "",
    "junos_lag_release": "",
}
"""What a switch has where nothing follows: the defaults of the role."""


def derive(site: Site, host: str) -> dict[str, Any]:
    """Return the variables of a switch with links, as plain data; none without a link."""
    sides = list(sides_of(site, host))
    if not sides:
        return {}
    names = sorted({vlan for side in sides for vlan in side.link.vlans.every})
    return {
        "junos_lag_state": "replaced",
        "junos_lag_vlans": {name: {"id": site.vlans[name].id} for name in names},
        "junos_lag_bundles": {str(side.end.lag): _bundle(site, side) for side in sides if side.link.bundle in BUNDLES},
        "junos_lag_ports": {
            port: _port(site, side, index)
            for side in sides
            if side.link.bundle not in BUNDLES
            for index, port in enumerate(side.end.ports)
        },
        **_model(site.devices[host]),
    }


def _model(device: Device) -> dict[str, str]:
    said = {"junos_lag_model": device.model, "junos_lag_release": device.release}
    return {name: value for name, value in said.items() if value is not None}


def _bundle(site: Site, side: Side) -> dict[str, Any]:
    link = side.link
    found: dict[str, Any] = {
        "members": list(side.end.ports),
        "lacp": KIND.row(link.bundle)["lacp"],
        **_common(site, side, link.description or _called(side, side.peer_end.lag)),
        "member_descriptions": {
            port: f"{side.peer} {far}" for port, far in zip(side.end.ports, side.peer_end.ports, strict=True)
        },
    }
    if link.bundle == "lacp":
        found["periodic"] = link.periodic or "slow"
    if link.minimum_links is not None:
        found["minimum_links"] = link.minimum_links
    return found


def _port(site: Site, side: Side, index: int) -> dict[str, Any]:
    return _common(site, side, side.link.description or f"{side.peer} {side.peer_end.ports[index]}")


def _called(side: Side, lag: str | None) -> str:
    return f"{side.peer} {lag}" if lag is not None else side.peer


def _common(site: Site, side: Side, description: str) -> dict[str, Any]:
    """Return what bundles and plain ports have alike; what the link does not have is left out, and so goes."""
    return {
        "description": description,
        "payload_mtu": mtu_of(site, side.link),
        **_switching(side.link),
        "peer": site.devices[side.peer].kind,
    }


def _switching(link: Link) -> dict[str, Any]:
    found: dict[str, Any] = {"mode": "trunk" if is_trunk(link) else "access"}
    if link.vlans.untagged is not None:
        found["untagged"] = link.vlans.untagged
    if link.vlans.tagged:
        found["tagged"] = list(link.vlans.tagged)
    return found
