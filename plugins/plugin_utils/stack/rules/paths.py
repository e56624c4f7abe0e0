# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules on the whole path of a VLAN, from whoever needs it through all switches to whom it leads."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.cabling import all_readable
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.catalogue import rule
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.finding import Fault
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.model import Site
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.paths.judge import Gap
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.paths.site_paths import SitePaths, paths_of


@rule("VLAN_PATH", waivable=True)
def vlan_path(site: Site) -> Iterator[Fault]:
    """A link between switches lacks a VLAN that somebody behind it needs.

    Breaks: those behind it do not answer: a VIP that both nodes hold, backends that are down, a filer without clients,
    a host without its management.
    Why: a frame stays in its VLAN from end to end (IEEE 802.1Q, 8.6.2), so each link of the way must carry it. Judged
    are the load balancers and backends, the hosts' management and VMkernel interfaces, and the filers, where declared
    links join the switches that they hang on. Of several ways one is enough.
    Mend: add the VLAN to the link; declare the link that carries it; or waive it at the link or the VLAN, where the two
    parts are not to meet.
    """
    if all_readable(site):
        yield from _gaps(site, paths_of(site), peers=False)


@rule("VLAN_PATH_OF_PEERS", severity="warning", waivable=True)
def vlan_path_of_peers(site: Site) -> Iterator[Fault]:
    """A link between switches lacks a VLAN in which hosts lie on both sides of it.

    Breaks: they do not reach each other: no vMotion, no management from the other side. Nothing else says that they
    have to, so that it is no error: two racks may have a VLAN for vMotion each.
    Why: as VLAN_PATH. Judged are VMkernel interfaces (those of one vCenter) in a VLAN without a filer, and management
    in a VLAN whose gateway no declared device is.
    Mend: add the VLAN to the link; or waive it at the link or the VLAN, where the two parts are not to meet.
    """
    if all_readable(site):
        yield from _gaps(site, paths_of(site), peers=True)


@rule("PORT_GROUP_MISSING", severity="warning", waivable=True)
def port_group_missing(site: Site) -> Iterator[Fault]:
    """The declared port groups of a hypervisor leave out a VLAN that a virtual machine on it needs.

    Breaks: the machine's interface has nothing to be connected to, and reaches nobody.
    Why: a port group has one VLAN (vSphere Networking). Others than the declared ones are left as they are, so that
    this is no error: one may have been made by hand, or be a trunk (VLAN 4095) whose guest tags by itself.
    Mend: add one to `port_groups`; or waive it where the machine has another one.
    """
    paths = paths_of(site)
    for host, vlan, side in paths.without_port_group() if all_readable(site) else ():
        yield Fault(
            ("links", side.name, "ends", side.host, "port_groups"),
            f"{side.end.lag} of {side.host} has no port group in {paths.spoken(vlan)}, which {host} on it needs; add "
            "one to port_groups, or waive it where another one is there",
            (("vlans", vlan), ("devices", host)),
        )


def _gaps(site: Site, paths: SitePaths, peers: bool) -> Iterator[Fault]:
    for gap in paths.gaps:
        if gap.peers == peers:
            yield Fault(("links", gap.trunk.name, "vlans"), _missing(site, paths, gap), (("vlans", gap.vlan),))


def _missing(site: Site, paths: SitePaths, gap: Gap) -> str:
    small = gap.trunk.link.mtu is not None and gap.trunk.link.mtu < site.vlans[gap.vlan].mtu
    mtu = f" and raise its mtu to {site.vlans[gap.vlan].mtu}" if small else ""
    profile = f" or to those of its profile {gap.trunk.link.profile}" if gap.trunk.link.profile else ""
    verb = "would reach" if gap.peers else "must reach"
    return (
        f"it does not carry {paths.spoken(gap.vlan)}, over which {gap.cut} {verb} {gap.reach}; "
        f"add {gap.vlan} to links.{gap.trunk.name}.vlans.tagged{profile}{mtu}, or declare the link that carries it"
    )
