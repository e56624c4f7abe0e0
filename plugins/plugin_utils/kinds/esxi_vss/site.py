# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The half of an ESXi host with standard vSwitches: the variables of the role esxi_teaming for its end of each link."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.cabling import Side, mtu_of, sides_of
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.model import Site
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.pairing import PAIRING

DERIVED = {
    "esxi_teaming_vswitches": "the vSwitches of the host's links: uplinks, MTU, teaming (role esxi_teaming)",
    "esxi_teaming_port_groups": "their port groups, each with VLAN and teaming (role esxi_teaming)",
    "esxi_teaming_vmkernel": "the VMkernel interfaces that its networks name, which are judged (role esxi_teaming)",
    "esxi_teaming_hosts": "at a vCenter instead: all of these for each of its hosts with links (role esxi_teaming)",
}
"""Every variable that an ESXi host or its vCenter gets from the site; `stack_derived` holds their digests."""
EMPTY: dict[str, Any] = {"esxi_teaming_vswitches": {}, "esxi_teaming_port_groups": {}, "esxi_teaming_vmkernel": {}}
"""What a host has where nothing follows: the defaults of the role."""
EMPTY_AT_VCENTER: dict[str, Any] = {"esxi_teaming_hosts": {}}
MANAGEMENT = "Management Network"
"""Port group of the management interface as ESXi installs it, with a teaming of its own (VMware KB 1022751)."""


def host_half(site: Site, host: str) -> dict[str, Any]:
    """Return the variables of a host, as plain data; none without a link, and none where a vCenter has them."""
    if site.devices[host].vcenter is not None:
        return {}
    return {f"esxi_teaming_{name}": value for name, value in _half(site, host).items()}


def vcenter_half(site: Site, vcenter: str) -> dict[str, Any]:
    """Return the halves of the vCenter's hosts, as plain data; none without a link."""
    managed = [host for host in site.hosts_by_vcenter.get(vcenter, ()) if site.kind(host) == "esxi_vss"]
    found = {host: half for host in managed if (half := _half(site, host))}
    return {"esxi_teaming_hosts": found} if found else {}


def _half(site: Site, host: str) -> dict[str, Any]:
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
    half = PAIRING[bundle]["esxi_vss"]
    if not isinstance(half, Mapping):
        raise AssertionError("the rules refuse LACP at a standard vSwitch")
    return {
        "uplinks": uplinks,
        "mtu": max(mtu_of(site, side.link) for side in sides),
        "teaming": {
            "load_balancing": half["load_balancing"],
            "failure_detection": half["failure_detection"],
            "active_uplinks": list(uplinks),
            "standby_uplinks": [],
        },
        "bundle": {"mode": bundle, "ports": len(uplinks)},
    }


def port_groups(site: Site, side: Side) -> Mapping[str, str]:
    """Return the VLAN of each port group: declared, else one for each VLAN, and the management network's."""
    if side.end.port_groups:
        return side.end.port_groups
    management = site.devices[side.host].management_vlan
    found = {vlan: vlan for vlan in side.link.vlans.every}
    return {**found, MANAGEMENT: management} if management is not None and management in found else found


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
