# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules on bundles: LACP, the least number of links, and what a switch's model takes."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.catalogue import rule
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.finding import Fault
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.link import BUNDLES
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.model import Site


def _fewest_ports(site: Site, name: str) -> int:
    return min((len(end.ports) for end in site.links[name].ends.values()), default=0)


@rule("LINK_MINIMUM_LINKS")
def link_minimum_links(site: Site) -> Iterator[Fault]:
    """A link needs more ports up than it has.

    Breaks: Junos refuses the commit.
    Why: Junos: `Number of member links configured, i.e [1], ... is lesser than the required minimum [2].`
    Mend: lower `minimum_links`, or add ports.
    """
    for name, link in sorted(site.links.items()):
        count = _fewest_ports(site, name)
        if link.minimum_links is not None and link.bundle in BUNDLES and link.ends and link.minimum_links > count:
            yield Fault(
                ("links", name, "minimum_links"),
                f"{link.minimum_links} links must be up and there are {count}, so the switch would refuse it; lower "
                "it or add ports",
            )


@rule("LINK_MINIMUM_LINKS_ALL", severity="warning", waivable=True)
def link_minimum_links_all(site: Site) -> Iterator[Fault]:
    """A link goes down as soon as one of its cables does.

    Breaks: the second cable adds a second way to fail instead of taking it away.
    Why: Juniper, minimum-links: with fewer members up the bundle is down.
    Mend: lower `minimum_links`, or waive it where half of the speed is worse than none.
    """
    for name, link in sorted(site.links.items()):
        count = _fewest_ports(site, name)
        if link.bundle in BUNDLES and count > 1 and link.minimum_links == count:
            yield Fault(
                ("links", name, "minimum_links"),
                f"all {count} links must be up, so one broken cable takes the whole link down; lower it",
            )


@rule("LINK_MINIMUM_LINKS_UNUSED")
def link_minimum_links_unused(site: Site) -> Iterator[Fault]:
    """A link without a bundle has a least number of links.

    Breaks: nothing would be done with it.
    Why: each port of such a link is one for itself.
    Mend: remove `minimum_links`, or bundle the ports.
    """
    for name, link in sorted(site.links.items()):
        if link.minimum_links is not None and link.bundle not in BUNDLES:
            yield Fault(
                ("links", name, "minimum_links"),
                "without a bundle each port is one for itself, so nothing would count them; remove minimum_links or "
                "say bundle lacp or static",
            )


@rule("LINK_PERIODIC_UNUSED")
def link_periodic_unused(site: Site) -> Iterator[Fault]:
    """A link without LACP has a LACP timer.

    Breaks: nothing would be done with it; or its author believes that LACP watches the link.
    Why: a static bundle sends no LACP frames.
    Mend: remove `periodic`, or say `bundle: lacp` where both ends can.
    """
    for name, link in sorted(site.links.items()):
        if link.periodic is not None and link.bundle != "lacp":
            yield Fault(
                ("links", name, "periodic"),
                f"bundle {link.bundle} sends no LACP frames, so nothing would be timed; remove periodic or say bundle "
                "lacp",
            )
