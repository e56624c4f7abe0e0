# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules on what keeps clients at their server: a cookie of the load balancer's, or where another service put them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.catalogue import rule
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.finding import Fault
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.lookup import server_name
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.model import Site
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.service import Service

_OF_APPLICATIONS = re.compile(
    r"JSESSIONID|PHPSESSID|ASP\.NET_SessionId|ASPSESSIONID\w*|\.ASPXAUTH|\.AspNetCore\..*|connect\.sid|sessionid"
    r"|laravel_session|CFID|CFTOKEN|MRHSession",
    re.IGNORECASE,
)
"""Cookies in which servers keep their own sessions: Java, PHP, ASP and ASP.NET, Node, Django, Laravel, ColdFusion."""


def _followers(site: Site) -> Iterator[tuple[str, Service, Service]]:
    """Yield the services that stick with another one that can be read."""
    for name, service in sorted(site.services.items()):
        other = service.sticks_with
        if other is not None and other != name and other in site.services:
            yield name, service, site.services[other]


@rule("COOKIE_NAME_UNUSED")
def cookie_name_unused(site: Site) -> Iterator[Fault]:
    """A service names a cookie, and its clients do not stick by one.

    Breaks: its author believes that clients stay at their server.
    Why: only `stickiness: cookie` sets a cookie.
    Mend: set `stickiness: cookie`, or remove cookie_name.
    """
    for name, service in sorted(site.services.items()):
        if service.cookie_name is not None and service.stickiness != "cookie":
            yield Fault(
                ("services", name, "cookie_name"),
                f"with stickiness {service.stickiness} no cookie is set; set stickiness: cookie, or remove it",
            )


@rule("COOKIE_NAME_OF_APPLICATION", waivable=True)
def cookie_name_of_application(site: Site) -> Iterator[Fault]:
    """The cookie by which clients stick has the name of one in which servers keep sessions of their own.

    Breaks: users are logged off with each request; the servers never see their own cookie again.
    Why: HAProxy sets the cookie itself, over one of the same name, and takes it out of requests (HAProxy configuration
    manual, `cookie`: insert, indirect).
    Mend: take a name that is the load balancer's alone. To stick by the application's own cookie, use stickiness none
    and `raw.backend: [cookie NAME prefix]`; waive it where the servers set no such cookie.
    """
    for name, service in sorted(site.services.items()):
        cookie = service.cookie_name
        if service.stickiness == "cookie" and cookie is not None and _OF_APPLICATIONS.fullmatch(cookie):
            yield Fault(
                ("services", name, "cookie_name"),
                f"servers keep sessions in cookies called {cookie}, and HAProxy would set its own over theirs; take "
                f"another name, or stickiness none with raw.backend: [cookie {cookie} prefix]",
            )


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
