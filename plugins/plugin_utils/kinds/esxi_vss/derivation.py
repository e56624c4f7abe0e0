# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The variables of the role esxi_teaming for one ESXi host with standard vSwitches: its end of each of its links."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.cabling import (
    MANAGEMENT,
    Side,
    mtu_of,
    port_groups,
    sides_of,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.model import Site

from .site import KIND

DERIVED = {
    "esxi_teaming_vswitches": "the vSwitches of the host's links: uplinks, MTU, teaming (role esxi_teaming)",
    "esxi_teaming_port_groups": "their port groups, each with VLAN and teaming (role esxi_teaming)",
    "esxi_teaming_vmkernel": "the VMkernel interfaces that its networks name, which are judged (role esxi_teaming)",
}
"""Every variable that an ESXi host gets from the site; `stack_derived` holds their digests."""
EMPTY: dict[str, Any] = {"esxi_teaming_vswitches": {}, "esxi_teaming_port_groups": {}, "esxi_teaming_vmkernel": {}}
"""What a host has where nothing follows: the defaults of the role."""


def derive(site: Site, host: str) -> dict[str, Any]:
    """Return the variables of a host, as plain data; none without a link, and none where a vCenter has them."""
    if site.devices[host].managed_by is not None:
        return {}
    return {f"esxi_teaming_{name}": value for name, value in own_end(site, host).items()}


def own_end(site: Site, host: str) -> dict[str, Any]:
    """Return the host's end of its links, whoever configures it; nothing without a link."""
    by_vswitch: dict[str, list[Side]] = {}
    for side in sides_of(site, host):
        by_vswitch.setdefault(str(side.end.lag), []).append(side)
    if not by_vswitch:
        return {}
    vswitches = {name: _vswitch(site, sides) for name, sides in sorted(by_vswitch.items())}
    groups = {
        name: _port_group(site, host, side, vswitches[vswitch], name, vlan)
        for vswitch, sides in sorted(by_vswitch.items())
        for side in sides
        for name, vlan in port_groups(site, side).items()
    }
    interfaces = _vmkernel(site, host)
    return {"vswitches": vswitches, "port_groups": dict(sorted(groups.items())), "vmkernel": interfaces}


def _vmkernel(site: Site, host: str) -> dict[str, Any]:
    """Return the VMkernel interfaces that the host's networks name."""
    device = site.devices[host]
    named = {str(leg.interface): vlan for vlan, leg in device.networks.items() if leg.interface is not None}
    return {name: _interface(site, host, named[name]) for name in sorted(named)}


def _interface(site: Site, host: str, name: str) -> dict[str, Any]:
    """Return what is judged of the interface in a VLAN; where no link carries that, nobody knows how it is tagged."""
    device, vlan = site.devices[host], site.vlans[name]
    address = device.networks[name].address
    # The rules refuse an address in a VLAN without a subnet.
    length = vlan.subnet.prefixlen if vlan.subnet is not None else 32
    carrying = [side for side in sides_of(site, host) if name in side.link.vlans.every]
    found: dict[str, Any] = {
        "mtu": vlan.mtu,
        "vlans": {str(side.end.lag): 0 if name == side.link.vlans.untagged else vlan.id for side in carrying},
    }
    if address is not None:
        found["address"] = f"{address}/{length}"
    if name == device.management_vlan:
        found["management"] = True
    return found


def _vswitch(site: Site, sides: list[Side]) -> dict[str, Any]:
    """Return one vSwitch; several links without a bundle may share it, and their uplinks are one team then."""
    bundle = sides[0].link.bundle
    uplinks = [port for side in sides for port in side.end.ports]
    row = KIND.row(bundle)
    return {
        "uplinks": uplinks,
        "mtu": max(mtu_of(site, side.link) for side in sides),
        "teaming": {
            "load_balancing": row["load_balancing"],
            "failure_detection": row["failure_detection"],
            "active_uplinks": list(uplinks),
            "standby_uplinks": [],
        },
        "bundle": {"mode": bundle, "ports": len(uplinks)},
    }


def _port_group(site: Site, host: str, side: Side, vswitch: Mapping[str, Any], name: str, vlan: str) -> dict[str, Any]:
    untagged = vlan == side.link.vlans.untagged
    own = vlan == site.devices[host].management_vlan and (
        name == MANAGEMENT or MANAGEMENT not in port_groups(site, side)
    )
    return {
        "vswitch": side.end.lag,
        "vlan": 0 if untagged else site.vlans[vlan].id,
        "teaming": dict(vswitch["teaming"]) if own else "inherit",
    }
