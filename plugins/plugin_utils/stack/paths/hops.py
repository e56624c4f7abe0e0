# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The paths of a load balancer to clients and backends, link by link, as the report draws them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.cabling import Side, mtu_of
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.link import Link
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.lookup import (
    backend_leg,
    common_vlans,
    services_of,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.model import Site
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.paths.needs import GATEWAY, NEIGHBOUR, OUTSIDE
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.paths.site_paths import SitePaths

Path = dict[str, Any]
Ends = list[tuple[str, Side | None]]
"""Devices with the link to the switch that they hang on; none for a switch itself."""


def paths_from(site: Site, paths: SitePaths, pair_name: str, node: str) -> dict[str, Any]:
    """Return the paths of a node, as plain data: to the clients of its pair, and to the backends of each service."""
    drawn = _Drawn(site, paths, node)
    vip_vlan = site.lb_pairs[pair_name].vip_vlan
    return {
        "clients": drawn.towards(vip_vlan, _clients(paths.members(vip_vlan))),
        "backends": {
            service: [path for vlan, hosts in by_vlan.items() for path in drawn.towards(vlan, hosts)]
            for service, by_vlan in _backends(site, pair_name).items()
        },
    }


def _clients(members: Mapping[str, set[str]]) -> list[str]:
    """Return where the clients come from: gateways and ways out, else whoever has nothing but an address there."""
    led = [host for host, kinds in sorted(members.items()) if kinds & {GATEWAY, OUTSIDE}]
    return led or [host for host, kinds in sorted(members.items()) if kinds == {NEIGHBOUR}]


def _backends(site: Site, pair_name: str) -> dict[str, dict[str, list[str]]]:
    """Return the devices behind each service, by the VLAN in which the pair reaches them."""
    pair = site.lb_pairs[pair_name]
    shared = set(common_vlans(site, pair))
    found: dict[str, dict[str, list[str]]] = {}
    for name, service in services_of(site, pair_name):
        by_vlan = found.setdefault(name, {})
        for host in dict.fromkeys(each.host for each in service.backends if each.host in site.devices):
            leg = backend_leg(site, pair, site.devices[host])
            if leg is not None and leg[0] in shared:
                by_vlan.setdefault(leg[0], []).append(host)
    return found


class _Drawn:
    """The paths of one node."""

    def __init__(self, site: Site, paths: SitePaths, node: str) -> None:
        self._site, self._paths, self._fabric, self._node = site, paths, paths.fabric, node

    def towards(self, vlan: str, hosts: Iterable[str]) -> list[Path]:
        """Return the paths to devices in a VLAN, one for all that hang on one switch, the nearest of theirs."""
        starts: dict[str, Side] = {}
        for side in self._fabric.sides(self._node, vlan):
            starts.setdefault(side.peer, side)
        reached = self._fabric.reached(vlan, frozenset(starts))
        by_switch: dict[str, Ends] = {}
        for host in hosts:
            sides = {side.peer: side for side in self._fabric.sides(host, vlan)}
            switch = host if host in reached else next((switch for switch in reached if switch in sides), "")
            by_switch.setdefault(switch, []).append((host, sides.get(switch)))
        return [self._path(vlan, starts, switch, ends) for switch, ends in by_switch.items()]

    def _path(self, vlan: str, starts: Mapping[str, Side], last: str, ends: Ends) -> Path:
        links: list[Path] = []
        reached, switch = self._fabric.reached(vlan, frozenset(starts)), last
        while switch and (step := reached[switch]) is not None:
            trunk, before = step
            links.insert(0, {"to": switch, **self._link(trunk.name, trunk.link, vlan)})
            switch = before
        if switch:
            links.insert(0, {"to": switch, **self._link(starts[switch].name, starts[switch].link, vlan)})
        declared = self._site.vlans[vlan]
        return {
            **{"vlan": vlan, "id": declared.id, "mtu": declared.mtu, "on": self._on(self._node), "links": links},
            "ends": [self._end(vlan, host, side) for host, side in ends],
            "lacking": [] if last else [gap.trunk.name for gap in self._paths.gaps if gap.vlan == vlan],
        }

    def _end(self, vlan: str, host: str, side: Side | None) -> Path:
        none = {"link": "", "tagged": False, "mtu": 0}
        link = none if side is None else self._link(side.name, side.link, vlan)
        return {"to": host, "on": self._on(host), **link}

    def _link(self, name: str, link: Link, vlan: str) -> Path:
        return {"link": name, "tagged": link.vlans.untagged != vlan, "mtu": mtu_of(self._site, link)}

    def _on(self, host: str) -> str:
        """Return the hypervisor over whose cables a device is reached, "" where they are its own."""
        carrier = self._fabric.carrier(host)
        return "" if carrier == host else carrier
