# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules on the ports and LAGs at the ends of links."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.cabling import (
    Side,
    ends,
    mtu_of,
    sides_of,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.catalogue import rule
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.finding import Fault
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.link import BUNDLES, Link
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.model import ENDS, Site


@rule("LINK_PORT_COUNTS")
def link_port_counts(site: Site) -> Iterator[Fault]:
    """The ends of a link have different numbers of ports.

    Breaks: a port without a cable; with a static bundle a share of all frames is lost without a word.
    Why: `ports[i]` is cabled to `ports[i]`; a channel has as many ports as the team uplinks (vSphere 6.7 Networking).
    Mend: name both ports of each cable.
    """
    for name, link in sorted(site.links.items()):
        counts = {host: len(end.ports) for host, end in link.ends.items()}
        if len(counts) == ENDS and len(set(counts.values())) > 1:
            said = " and ".join(f"{host} {count}" for host, count in counts.items())
            yield Fault(
                ("links", name, "ends"),
                f"the ends have different numbers of ports ({said}), and each cable has two ends; name both ports of "
                "each cable",
            )


@rule("LINK_PORT_TWICE")
def link_port_twice(site: Site) -> Iterator[Fault]:
    """A port of a device is used twice, in two links or in one.

    Breaks: Junos refuses the commit; at a host one of the links has no cable.
    Why: Junos: `Member link cannot be a part of multiple aggregation group`. A port takes one cable.
    Mend: correct the port of one of them.
    """
    owners: dict[tuple[str, str], str] = {}
    for name, _link, host, end, _names in ends(site):
        for index, port in enumerate(end.ports):
            if (host, port) in owners:
                first = owners[(host, port)]
                yield Fault(
                    ("links", name, "ends", host, "ports", index),
                    f"{port} of {host} is a port of link {first} already, and a port takes one cable; correct one of "
                    "them",
                    (("links", first),),
                )
            owners.setdefault((host, port), name)


@rule("LINK_PORT_NAME")
def link_port_name(site: Site) -> Iterator[Fault]:
    """A port has a name that its kind of device has not.

    Breaks: the device refuses it, or there is no such port.
    Why: Junos: ge-, xe-, et-, mge-, fe- and three numbers; ESXi: vmnic and a number; ONTAP: e0a; Linux: at most 15
    characters (IFNAMSIZ).
    Mend: write it as the device does, without a unit.
    """
    for name, _link, host, end, names in ends(site):
        for index, port in enumerate(end.ports):
            if not names.port.fullmatch(port):
                yield Fault(
                    ("links", name, "ends", host, "ports", index),
                    f"{port!r} is no port of {host} ({site.kind(host)}), so it could not be configured; write it "
                    f"like {names.port_example}",
                )


@rule("LINK_LAG_MISSING")
def link_lag_missing(site: Site) -> Iterator[Fault]:
    """An end does not say which LAG or vSwitch its ports belong to.

    Breaks: there is nothing that the ports could join.
    Why: a bundle is an interface of its own (ae0, bond0, Trk1); an uplink always belongs to a vSwitch. An ONTAP filer
    names its LAGs itself.
    Mend: add `lag`.
    """
    for name, link, host, end, names in ends(site):
        if end.lag is None and link.bundle in names.needs_lag:
            yield Fault(
                ("links", name, "ends", host),
                f"bundle {link.bundle} needs a lag at {host} ({site.kind(host)}) for its ports to join; add it, like "
                f"{names.lag_example}",
            )


@rule("LINK_LAG_UNUSED")
def link_lag_unused(site: Site) -> Iterator[Fault]:
    """A switch's end of a link without a bundle names a LAG.

    Breaks: nothing would be made of it; or its author means a bundle.
    Why: `bundle: none` leaves the ports of a switch plain.
    Mend: remove `lag`, or say `bundle: static` or `lacp`.
    """
    for name, link, host, end, names in ends(site):
        if end.lag is not None and link.bundle not in BUNDLES and not names.lag_without_bundle:
            yield Fault(
                ("links", name, "ends", host, "lag"),
                f"bundle none leaves the ports of {host} plain, so {end.lag} would never be made; remove lag, or say "
                "bundle static or lacp",
            )


@rule("LINK_LAG_NAME")
def link_lag_name(site: Site) -> Iterator[Fault]:
    """A LAG has a name that its kind of device does not take.

    Breaks: the device refuses it.
    Why: Junos: ae and a number; ONTAP: a, up to three digits, a letter; ProCurve: Trk and a number; Linux: at most 15
    characters.
    Mend: as the message says.
    """
    for name, _link, host, end, names in ends(site):
        if end.lag is not None and not names.lag.fullmatch(end.lag):
            yield Fault(
                ("links", name, "ends", host, "lag"),
                f"{end.lag!r} is no name of a LAG of {host} ({site.kind(host)}), which would refuse it; write it like "
                f"{names.lag_example}",
            )


@rule("LINK_LAG_TWICE")
def link_lag_twice(site: Site) -> Iterator[Fault]:
    """Two links with a bundle share one LAG of a device.

    Breaks: the ports of two far ends are one bundle, and each gets frames that are meant for the other.
    Why: a bundle has one far end; one that leads to two separate switches meets two LACP partners. A standard vSwitch
    takes one bundle (VMware KB 1001938). Links without a bundle may share a team.
    Mend: give each link a LAG or vSwitch of its own.
    """
    owners: dict[tuple[str, str], tuple[str, Link]] = {}
    for name, link, host, end, names in ends(site):
        if end.lag is None:
            continue
        first, other = owners.setdefault((host, end.lag), (name, link))
        if first != name and (link.bundle in BUNDLES or other.bundle in BUNDLES):
            yield Fault(
                ("links", name, "ends", host, "lag"),
                f"{end.lag} of {host} is that of link {first} already, and a bundle has one far end; "
                f"{names.another_lag}",
                (("links", first),),
            )


@rule("LINK_TEAM_UNEVEN", waivable=True)
def link_team_uneven(site: Site) -> Iterator[Fault]:
    """Links without a bundle share a team and differ in VLANs or MTU.

    Breaks: a guest or an address works or not by the cable that its frames take today, and after a failover.
    Why: each port of a team must carry the same VLANs (vSphere Networking; Linux bonding, active-backup).
    Mend: give both links the same VLANs and MTU, or each a team of its own.
    """
    owners: dict[tuple[str, str], Side] = {}
    for host in sorted(site.links_by_host):
        for side in sides_of(site, host):
            first = owners.setdefault((host, side.end.lag or side.name), side)
            if side.link.bundle in BUNDLES or first.link.bundle in BUNDLES:
                continue
            if _carried(site, first.link) != _carried(site, side.link):
                yield Fault(
                    ("links", side.name),
                    f"it shares {side.end.lag} of {host} with link {first.name} and has other VLANs or another MTU, so "
                    "frames get through or not by the cable they take; make both alike",
                    (("links", first.name),),
                )


def _carried(site: Site, link: Link) -> tuple[str | None, frozenset[str], int]:
    return link.vlans.untagged, frozenset(link.vlans.tagged), mtu_of(site, link)
