# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The paths of a whole site: the gaps in them, and what is not judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.cabling import Side
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.finding import some
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.model import Site
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.paths.fabric import Fabric
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.paths.judge import Unjudged, VlanJudge
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.paths.needs import (
    GATEWAY,
    NEIGHBOUR,
    OUTSIDE,
    SERVICE,
    needs_of,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.paths.wants import wants_of


class SitePaths:
    """The paths that a site needs, judged once for the rule, the hosts and the report."""

    def __init__(self, site: Site) -> None:
        """Judge each VLAN that somebody needs."""
        self._site = site
        self.fabric = Fabric(site)
        self._needs = needs_of(site, self.fabric.outside)
        judged = {
            vlan: VlanJudge(self.fabric, vlan, members, wants_of(self._needs, vlan, self._vcenter))
            for vlan, members in self._needs.by_vlan.items()
        }
        self.gaps = [gap for vlan in judged.values() for gap in vlan.gaps]
        self.unjudged = list(self._unjudged(judged))

    def _vcenter(self, host: str) -> str | None:
        device = self._site.devices.get(host)
        return None if device is None else device.managed_by

    def members(self, vlan: str) -> Mapping[str, set[str]]:
        """Return who needs the VLAN, and for what."""
        return self._needs.by_vlan.get(vlan, {})

    def spoken(self, vlan: str) -> str:
        """Return the VLAN as messages call it."""
        return f"VLAN {vlan} ({self._site.vlans[vlan].id})"

    def without_port_group(self) -> Iterator[tuple[str, str, Side]]:
        """Yield each virtual machine whose hypervisor has its VLAN and no port group in it: machine, VLAN and link."""
        for vlan, members in self._needs.by_vlan.items():
            for host in sorted(members):
                sides = self.fabric.sides(host, vlan)
                if sides and not self.fabric.with_port_group(host, vlan, sides):
                    yield host, vlan, sides[0]

    def _unjudged(self, judged: dict[str, VlanJudge]) -> Iterator[Unjudged]:
        for vlan, judge in judged.items():
            members = self._needs.by_vlan[vlan]
            if not self._site.links_by_host:
                continue
            for hosts, why in judge.unjudged:
                yield Unjudged(f"{self.spoken(vlan)}: {why} {judge.named(hosts)}", frozenset(members))
            nodes = {host for host, kinds in members.items() if SERVICE in kinds}
            if nodes and not set().union(*members.values()) & {GATEWAY, OUTSIDE, NEIGHBOUR}:
                who = f"{some(sorted(nodes), len(nodes))} ({SERVICE})"
                text = f"{self.spoken(vlan)}: no declared device stands for the clients of {who}"
                yield Unjudged(text, frozenset(nodes))
        yield from self._of_pairs()

    def _of_pairs(self) -> Iterator[Unjudged]:
        """Yield what is nowhere a member of a VLAN, and the one word for a site without links."""
        if not self._site.links_by_host:
            hosts = frozenset(host for members in self._needs.by_vlan.values() for host in members)
            yield from [Unjudged("No link is declared, so no path of a VLAN is judged", hosts)] if hosts else []
            return
        for name, pair in sorted(self._site.lb_pairs.items()):
            for found, why in (
                (self._needs.routed.get(name), "are in no VLAN of its nodes, so a router lies between"),
                (self._needs.addresses.get(name), "are addresses of no declared device"),
            ):
                if found:
                    yield Unjudged(
                        f"Pair {name}: backends {some(sorted(found), len(found))} {why}", frozenset(pair.hosts)
                    )


def paths_of(site: Site) -> SitePaths:
    """Return the paths of a site; they are kept with it, as its cached properties are."""
    kept: SitePaths = vars(site).setdefault("_paths", None) or SitePaths(site)
    vars(site)["_paths"] = kept
    return kept
