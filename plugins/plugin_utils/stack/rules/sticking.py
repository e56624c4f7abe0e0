# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules on services whose clients stay where another service has put them."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.catalogue import rule
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.finding import Fault
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.lookup import server_name
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.model import Site
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.service import Service


def _followers(site: Site) -> Iterator[tuple[str, Service, Service]]:
    """Yield the services that stick with another one that can be read."""
    for name, service in sorted(site.services.items()):
        other = service.sticks_with
        if other is not None and other != name and other in site.services:
            yield name, service, site.services[other]


@rule("STICKS_WITH_UNKNOWN")
def sticks_with_unknown(site: Site) -> Iterator[Fault]:
    """A service sticks with one that is not declared, or with itself.

    Breaks: there is no table to look into.
    Why: `sticks_with` names another service, whose stick table both use.
    Mend: correct the name, or remove it.
    """
    for name, service in sorted(site.services.items()):
        other = service.sticks_with
        if other is not None and (other == name or not site.knows("services", other)):
            yield Fault(
                ("services", name, "sticks_with"),
                f"{other} is no other service of this site, so there is no table to look into; correct or remove it",
            )


@rule("STICKS_WITH_ANOTHER_KIND")
def sticks_with_another_kind(site: Site) -> Iterator[Fault]:
    """Two services are to share a stick table, and one of them keeps none of that kind, or keeps it elsewhere.

    Breaks: HAProxy refuses the configuration, or a client has one server for each service.
    Why: the table is by source address, belongs to one service of the same pair, and is not handed on.
    Mend: let both be of one pair with `stickiness: source`, and let all stick with the same service.
    """
    for name, service, other in _followers(site):
        kinds = {service.stickiness, other.stickiness}
        if kinds != {"source"} or service.lb != other.lb or other.sticks_with is not None:
            yield Fault(
                ("services", name, "sticks_with"),
                f"{service.sticks_with} keeps no table by source address of its own at this pair, or this service "
                "does not stick by it; let both have stickiness source and one pair",
            )


@rule("STICKS_WITH_OTHER_BACKENDS")
def sticks_with_other_backends(site: Site) -> Iterator[Fault]:
    """Two services share a stick table and have different servers.

    Breaks: a client's entry names a server that the other service does not have, or means another one by it.
    Why: a table holds the names and numbers of servers (HAProxy configuration manual, `stick on`).
    Mend: give both the same backends in the same order.
    """
    for name, service, other in _followers(site):
        if [server_name(each) for each in service.backends] != [server_name(each) for each in other.backends]:
            yield Fault(
                ("services", name, "backends"),
                f"{service.sticks_with} has other servers or another order, and both share one table of them; give "
                "both the same list",
            )
