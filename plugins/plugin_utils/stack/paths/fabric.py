# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The declared switches, what joins them, and where each device hangs on them in a VLAN."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.cabling import Side, port_groups, sides_of
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.link import Link
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.model import ENDS, Site


@dataclass(frozen=True)
class Trunk:
    """A link between two declared switches."""

    name: str
    link: Link
    switches: tuple[str, str]

    def other(self, switch: str) -> str:
        """Return the switch at the other end."""
        return self.link.other(switch)


_BESIDE = re.compile(r"(me|vme|em|fxp)\d*(\.\d+)?|oobm")
"""Management ports of switches, which forward nothing: me0, vme, em0 and fxp0 of Juniper, oobm of a ProCurve."""
Step = tuple[Trunk, str]
"""The trunk over which a switch is reached, and the switch before it."""


class Fabric:
    """What the links of a site say about the ways through its switches; an external device is no switch of it."""

    def __init__(self, site: Site) -> None:
        """Read the links once."""
        self._site = site
        self.trunks = [
            Trunk(name, link, (ends[0], ends[1]))
            for name, link in sorted(site.links.items())
            if len(ends := tuple(link.ends)) == ENDS and all(site.traits(host).forwards for host in ends)
        ]
        self.carrying: dict[str, list[Trunk]] = {}
        for trunk in self.trunks:
            for vlan in trunk.link.vlans.every:
                self.carrying.setdefault(vlan, []).append(trunk)
        self.of_switch = by_switch(self.trunks)
        self.outside = self._outside()
        self._reached: dict[tuple[str, frozenset[str]], dict[str, Step | None]] = {}

    def _outside(self) -> dict[str, dict[str, set[str]]]:
        """Return for each VLAN the external devices that may hand it on to switches unknown, each with its switches."""
        backends = {each.host for service in self._site.services.values() for each in service.backends}
        found: dict[str, dict[str, set[str]]] = {}
        for host in sorted(self._site.links_by_host):
            if not self._site.traits(host).outside or host in backends:
                continue
            sides = [side for side in sides_of(self._site, host) if self._site.traits(side.peer).forwards]
            hosts_only = self._site.devices[host].networks if len({side.peer for side in sides}) == 1 else {}
            for side in sides:
                for vlan in set(side.link.vlans.every) - set(hosts_only):
                    found.setdefault(vlan, {}).setdefault(host, set()).add(side.peer)
        return found

    def hung(self, host: str, vlan: str) -> list[frozenset[str]]:
        """Return the switches that a device hangs on in a VLAN, a set for each of its bundles, teams or plain ports.

        Over which of the cables of a team a frame goes is the host's choice, so all of their switches are needed.
        """
        if self._site.traits(host).forwards:
            return [] if self.out_of_band(host, vlan) else [frozenset({host})]
        found: dict[str, set[str]] = {}
        for side in self.sides(host, vlan):
            found.setdefault(side.end.lag or side.name, set()).add(side.peer)
        return [frozenset(found[team]) for team in sorted(found)]

    def out_of_band(self, host: str, vlan: str) -> bool:
        """Tell whether a switch seems to be managed by a port beside its links (me0, vme), which no link can name.

        So it is where it names such a port, or names no interface (irb.30) and has the VLAN on none of its links.
        """
        device = self._site.devices.get(host)
        if device is None or not device.traits.forwards:
            return False
        leg = device.networks.get(vlan)
        if leg is not None and leg.interface is not None:
            return _BESIDE.fullmatch(leg.interface) is not None
        carried = any(vlan in side.link.vlans.every for side in sides_of(self._site, host))
        return device.management_vlan == vlan and not carried

    def sides(self, host: str, vlan: str) -> list[Side]:
        """Return the links to declared switches over which a device, or the hypervisor it is on, has a VLAN.

        A guest uses those with a port group in it; where no such one is declared, it may tag by itself (VLAN 4095).
        """
        carrier = self.carrier(host)
        found = [side for side in sides_of(self._site, carrier) if vlan in side.link.vlans.every]
        found = [side for side in found if self._site.traits(side.peer).forwards]
        return self.with_port_group(host, vlan, found) or found

    def with_port_group(self, host: str, vlan: str, sides: list[Side]) -> list[Side]:
        """Return the links whose vSwitch has a port group in a VLAN; all of them where no vSwitch is between."""
        carrier = self.carrier(host)
        if carrier == host or not self._site.traits(carrier).port_groups:
            return sides
        return [side for side in sides if vlan in port_groups(self._site, side).values()]

    def carrier(self, host: str) -> str:
        """Return the device whose cables a device uses: its own, or those of the first below it that has any."""
        seen = [host]
        while seen[-1] not in self._site.links_by_host:
            device = self._site.devices.get(seen[-1])
            if device is None or device.on is None or device.on in seen:
                return seen[min(1, len(seen) - 1)]
            seen.append(device.on)
        return seen[-1]

    def reached(self, vlan: str, start: frozenset[str]) -> Mapping[str, Step | None]:
        """Return each switch that some of these reach in a VLAN, with the last step; found once for all who ask."""
        key = (vlan, start)
        if key not in self._reached:
            self._reached[key] = walk(start, by_switch(self.carrying.get(vlan, ())))
        return self._reached[key]


def by_switch(trunks: Iterable[Trunk]) -> dict[str, list[Trunk]]:
    """Return the trunks of each switch, in their order."""
    found: dict[str, list[Trunk]] = {}
    for trunk in trunks:
        for switch in trunk.switches:
            found.setdefault(switch, []).append(trunk)
    return found


def walk(start: Iterable[str], trunks: Mapping[str, list[Trunk]]) -> dict[str, Step | None]:
    """Return each switch that is reached, the nearest first, with the trunk and the switch before it."""
    found: dict[str, Step | None] = dict.fromkeys(sorted(start))
    queue = deque(found)
    while queue:
        switch = queue.popleft()
        for trunk in trunks.get(switch, ()):
            other = trunk.other(switch)
            if other not in found:
                found[other] = (trunk, switch)
                queue.append(other)
    return found
