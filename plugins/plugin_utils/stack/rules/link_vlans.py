# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules on the VLANs and the MTU of links."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.catalogue import rule
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.finding import Fault
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.link import Link
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.model import Site


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
