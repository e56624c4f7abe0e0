# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules on the VLANs and the MTU of links."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.cabling import (
    all_readable,
    links_of,
    sides_of,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.catalogue import rule
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.cells import Parts
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.finding import Fault
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.link import Link
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.model import LbPair, Site


@rule("LINK_VLAN_UNKNOWN")
def link_vlan_unknown(site: Site) -> Iterator[Fault]:
    """A link carries a VLAN that is not declared.

    Breaks: its id is unknown, so neither end can be told.
    Why: there is one table of VLANs for the whole site, so that an id has one meaning.
    Mend: declare the VLAN, or correct the name.
    """
    for name, link in sorted(site.links.items()):
        for key, vlan in _written(link):
            if not site.knows("vlans", vlan):
                yield Fault(
                    ("links", name, "vlans", *key),
                    f"VLAN {vlan} is not declared, so neither end could be told its id; declare it under vlans or "
                    "correct the name",
                )


def _written(link: Link) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if link.vlans.untagged is not None:
        yield ("untagged",), link.vlans.untagged
    for index, vlan in enumerate(link.vlans.tagged):
        yield ("tagged", index), vlan


@rule("LINK_VLAN_TWICE")
def link_vlan_twice(site: Site) -> Iterator[Fault]:
    """A VLAN is untagged and tagged on one link, or tagged twice.

    Breaks: a switch without ELS tags every VLAN that it lists, so the untagged frames of this one are lost.
    Why: on one link a VLAN is sent either with a tag or without; IEEE 802.1Q, 8.6.8.
    Mend: take it out of one of the places.
    """
    for name, link in sorted(site.links.items()):
        for vlan, count in sorted(Counter(link.vlans.every).items()):
            if count > 1:
                yield Fault(
                    ("links", name, "vlans"),
                    f"VLAN {vlan} stands here {count} times, and frames go either with a tag or without; take it out "
                    "of all places but one",
                )


@rule("LINK_WITHOUT_VLAN")
def link_without_vlan(site: Site) -> Iterator[Fault]:
    """A link carries no VLAN.

    Breaks: the ports fall into the switch's default VLAN, or an ELS switch refuses the trunk.
    Why: Junos: `For trunk interface, please ensure either vlan members is configured ...`.
    Mend: name the VLANs, `untagged` or `tagged`.
    """
    for name, link in sorted(site.links.items()):
        if not link.vlans.every:
            yield Fault(
                ("links", name),
                "it carries no VLAN, so its ports would be in the switch's default VLAN, which nobody declared; name "
                "untagged or tagged under vlans",
            )


@rule("LINK_TRUNK")
def link_trunk(site: Site) -> Iterator[Fault]:
    """A link says `trunk` where it has tagged VLANs, or no untagged one.

    Breaks: it says nothing that is not so already, and its author means something else.
    Why: `trunk` makes a trunk with a native VLAN only; tagged VLANs make a trunk anyway.
    Mend: remove `trunk`, or correct the VLANs.
    """
    for name, link in sorted(site.links.items()):
        if link.trunk and (link.vlans.tagged or link.vlans.untagged is None):
            yield Fault(
                ("links", name, "trunk"),
                "trunk is for a link with an untagged VLAN and no tagged one, and says nothing here; remove it or "
                "correct the VLANs",
            )


@rule("LINK_MTU_SMALL")
def link_mtu_small(site: Site) -> Iterator[Fault]:
    """A link's MTU is below that of one of its VLANs.

    Breaks: small frames pass and large ones vanish: a ping works, NFS and vMotion hang.
    Why: each link on the way must carry the VLAN's payload.
    Mend: leave `mtu` out (it is the greatest of the VLANs'), or raise it.
    """
    for name, link in sorted(site.links.items()):
        for vlan in sorted(set(link.vlans.every) & set(site.vlans)):
            if link.mtu is not None and link.mtu < site.vlans[vlan].mtu:
                yield Fault(
                    ("links", name, "mtu"),
                    f"{link.mtu} octets are fewer than the {site.vlans[vlan].mtu} of VLAN {vlan}, whose large frames "
                    "would vanish; leave mtu out or raise it",
                    (("vlans", vlan),),
                )


@rule("LINK_VLAN_ID_TWICE")
def link_vlan_id_twice(site: Site) -> Iterator[Fault]:
    """A switch has two VLANs of one id.

    Breaks: the switch refuses the second name, or both are one network.
    Why: VLANs of different domains may have one id, and a switch is in one domain. IEEE 802.1Q, 9.6.
    Mend: take one of them off the switch's links, or give it another id.
    """
    for host in sorted(site.links_by_host):
        owners: dict[int, str] = {}
        if not site.traits(host).forwards:
            continue
        for side in sides_of(site, host):
            for vlan in sorted(set(side.link.vlans.every) & set(site.vlans)):
                first = owners.setdefault(site.vlans[vlan].id, vlan)
                if first != vlan:
                    yield Fault(
                        ("links", side.name, "vlans"),
                        f"{host} has id {site.vlans[vlan].id} as VLAN {first} already, so {vlan} would be the same "
                        "network there; take one off its links or give it another id",
                    )


@rule("NETWORK_NOT_CARRIED", severity="warning", waivable=True)
def network_not_carried(site: Site) -> Iterator[Fault]:
    """No link of a device, or of the hypervisor that it is `on`, carries a VLAN that it has a leg in.

    Breaks: it reaches nobody in that VLAN.
    Why: a VLAN must be on each link of the way, and the links of this device are declared.
    Mend: add the VLAN to a link, or declare the link that carries it.
    """
    if not all_readable(site):
        return
    for name, device in sorted(site.devices.items()):
        carrier = name if name in site.links_by_host else device.on
        if carrier not in site.links_by_host or device.traits.forwards:
            continue
        carried = {vlan for side in sides_of(site, str(carrier)) for vlan in side.link.vlans.every}
        managed = {device.management_vlan} if device.traits.hypervisor else set()  # a rule of its own
        for vlan in sorted((set(device.networks) & set(site.vlans)) - carried - managed):
            yield Fault(
                ("devices", name, "networks", vlan),
                f"no link of {carrier} ({links_of(site, str(carrier))}) carries {vlan}, so {name} would reach nobody "
                "there; add the VLAN to a link, or declare that link",
            )


@rule("PAIR_VLAN_SPLIT", severity="warning", waivable=True)
def pair_vlan_split(site: Site) -> Iterator[Fault]:
    """The nodes of a pair are on switches that no declared link joins in the VLAN of their VIPs.

    Breaks: neither node hears the other, so both take every VIP.
    Why: RFC 5798, 6.4.2: a backup that hears no advertisement becomes master. Where links join the switches and lack
    the VLAN, VLAN_PATH names them.
    Mend: declare the link that carries it, or waive it where that is none of the site's.
    """
    if not all_readable(site):
        return
    between, islands = _between_switches(site), _islands(site)
    for name, pair in sorted(site.lb_pairs.items()):
        joined = between.get(pair.vip_vlan, Parts())
        switches = [_switches_of(site, host, pair) for host in pair.hosts]
        if _apart(joined, switches) and _apart(islands, switches):
            yield Fault(
                ("lb_pairs", name, "vip_vlan"),
                f"no link carries {pair.vip_vlan} from the switches of {pair.hosts[0]} to those of {pair.hosts[1]}, so "
                "both would take every VIP; declare the link between them",
            )


def _apart(joined: Parts, switches: list[set[str]]) -> bool:
    """Tell whether nothing joins the switches of the first node with those of any other."""
    first, *others = [{joined.top(switch) for switch in each} for each in switches]
    return bool(first and others) and all(other and not first & other for other in others)


def _islands(site: Site) -> Parts:
    """Return the switches that declared links join, whatever these carry."""
    found = Parts()
    for link in site.links.values():
        if all(site.traits(host).forwards for host in link.ends):
            found.join(link.ends)
    return found


def _between_switches(site: Site) -> dict[str, Parts]:
    """Return for each VLAN the switches that hand its frames on to each other."""
    found: dict[str, Parts] = {}
    for link in site.links.values():
        if all(site.traits(host).switch for host in link.ends):
            for vlan in link.vlans.every:
                found.setdefault(vlan, Parts()).join(link.ends)
    return found


def _switches_of(site: Site, host: str, pair: LbPair) -> set[str]:
    """Return the switches that a node, or the hypervisor that it is on, is cabled to in the VLAN of the VIPs."""
    device = site.devices.get(host)
    carrier = host if host in site.links_by_host or device is None else device.on or host
    return {side.peer for side in sides_of(site, carrier) if pair.vip_vlan in side.link.vlans.every}
