# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules on services: their pair, ports, mode, stickiness and time-outs."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.catalogue import rule
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.checks import TLS_PORTS
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.finding import Fault
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.model import Site
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.service import Service
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.values import seconds


def _services(site: Site) -> list[tuple[str, Service]]:
    return sorted(site.services.items())


@rule("PAIR_UNKNOWN")
def pair_unknown(site: Site) -> Iterator[Fault]:
    """A service names a pair that is not declared.

    Breaks: nobody would serve it.
    Why: every pair stands under lb_pairs.
    Mend: declare the pair, or correct the name.
    """
    for name, service in _services(site):
        if not site.knows("lb_pairs", service.lb):
            yield Fault(
                ("services", name, "lb"),
                f"pair {service.lb} is not declared, so nobody would serve it; declare it under lb_pairs or correct "
                "the name",
            )


@rule("PORT_LISTED_TWICE")
def port_listed_twice(site: Site) -> Iterator[Fault]:
    """A service lists one port twice.

    Breaks: HAProxy would bind it twice.
    Why: often one of the two was meant to be another port.
    Mend: remove or correct one of them.
    """
    for name, service in _services(site):
        for port in sorted({port for port in service.ports if service.ports.count(port) > 1}):
            yield Fault(
                ("services", name, "ports"),
                f"port {port} is listed twice, and one of the two may have been meant for another; correct or "
                "remove it",
            )


@rule("REDIRECT_ON_ITS_OWN_PORT")
def redirect_on_its_own_port(site: Site) -> Iterator[Fault]:
    """A service redirects port 80 and serves port 80 itself.

    Breaks: the redirect and the service would both bind port 80.
    Why: redirect_http makes a listener on port 80 that answers with the https address.
    Mend: remove 80 from ports, or redirect_http.
    """
    for name, service in _services(site):
        if service.redirect_http and 80 in service.ports:  # the port of http
            yield Fault(
                ("services", name, "redirect_http"),
                "port 80 is one of its ports and would be redirected too, both cannot bind it; remove 80 from "
                "ports or redirect_http",
            )


@rule("REDIRECT_WITHOUT_TLS")
def redirect_without_tls(site: Site) -> Iterator[Fault]:
    """A service redirects to https, and nothing answers https on port 443.

    Breaks: clients are sent to a port that is closed.
    Why: `redirect scheme https` leads to port 443 of the same name.
    Mend: add 443 to ports with TLS, or remove redirect_http.
    """
    for name, service in _services(site):
        speaks_tls = service.tls.ends_here or service.mode == "tcp"
        if service.redirect_http and not (443 in service.ports and speaks_tls):  # the port of https
            yield Fault(
                ("services", name, "redirect_http"),
                "clients would be sent to https on port 443, where this service speaks no TLS; add port 443 with "
                "tls or remove redirect_http",
            )


@rule("COOKIE_IN_TCP")
def cookie_in_tcp(site: Site) -> Iterator[Fault]:
    """Cookie stickiness in mode tcp.

    Breaks: HAProxy does not look into the stream, so no client sticks.
    Why: cookies belong to HTTP (HAProxy configuration manual, `cookie`).
    Mend: use stickiness source, or mode http with TLS at haproxy.
    """
    for name, service in _services(site):
        if service.mode == "tcp" and service.stickiness == "cookie":
            yield Fault(
                ("services", name, "stickiness"),
                "in mode tcp HAProxy sees no cookies, so no client would stick; use stickiness source, or mode "
                "http with tls at haproxy",
            )


@rule("STICKY_SOURCE_BEHIND_NAT", waivable=True)
def sticky_source_behind_nat(site: Site) -> Iterator[Fault]:
    """Stickiness by source address for clients that share few addresses.

    Breaks: everybody behind one NAT lands at one server; the others stand idle.
    Why: mobile carriers, proxies and TLS offloaders share few addresses; behind one such address all of 120
    measured requests met one of two servers.
    Mend: use a cookie where the protocol is HTTP; waive it where the imbalance is accepted.
    """
    for name, service in _services(site):
        if service.clients_behind_nat and (service.stickiness == "source" or service.balance == "source"):
            yield Fault(
                ("services", name, "stickiness"),
                "clients_behind_nat share few addresses, so all of them would stick to one server; use a cookie, "
                "or waive it where that is accepted",
            )


@rule("HTTP_MODE_ON_TLS_PORT", waivable=True)
def http_mode_on_tls_port(site: Site) -> Iterator[Fault]:
    """A service speaks plain HTTP on a port where clients speak TLS.

    Breaks: every request is a bad request (400) or a protocol error.
    Why: ports of TLS by IANA.
    Mend: set `tls: {at: haproxy, certificate: NAME}`, or mode tcp to pass TLS through.
    """
    for name, service in _services(site):
        wrong = sorted(set(service.ports) & set(TLS_PORTS))
        if service.mode == "http" and service.tls.at == "none" and wrong:
            yield Fault(
                ("services", name, "ports"),
                f"clients speak TLS on port {wrong[0]}, and mode http without tls would answer 400; set tls at "
                "haproxy with a certificate, or mode tcp to pass it through",
            )


@rule("TLS_ON_PLAIN_PORT", waivable=True)
def tls_on_plain_port(site: Site) -> Iterator[Fault]:
    """A service ends TLS on port 80.

    Breaks: browsers speak plain HTTP there and get no answer (HAProxy logs "SSL handshake failure").
    Why: `tls` holds for all ports of a service; port 80 is that of http (IANA).
    Mend: remove 80 from ports and set `redirect_http`, or serve it by a second service with `tls: {at: none}`.
    """
    for name, service in _services(site):
        if service.tls.ends_here and 80 in service.ports and not service.redirect_http:  # the port of http
            yield Fault(
                ("services", name, "ports"),
                "clients speak plain HTTP on port 80, and TLS would be expected of them; remove 80 and set "
                "redirect_http, or serve it by a second service with tls at none",
            )


@rule("ALPN_H2_IN_TCP")
def alpn_h2_in_tcp(site: Site) -> Iterator[Fault]:
    """A service in mode tcp offers HTTP/2 to its clients.

    Breaks: the client speaks HTTP/2 and HAProxy hands it through to a server that expects HTTP/1.1.
    Why: ALPN is a promise of the one who ends TLS (RFC 7301, 3.2); in mode tcp nobody translates.
    Mend: use mode http, or remove h2 from alpn.
    """
    for name, service in _services(site):
        if service.mode == "tcp" and service.tls.at == "haproxy" and "h2" in service.tls.alpn:
            yield Fault(
                ("services", name, "tls", "alpn"),
                "in mode tcp nobody translates the h2 that clients are offered here; use mode http or remove h2 "
                "from alpn",
            )


@rule("TIMEOUT_UNDER_LONG_POLL", waivable=True)
def timeout_under_long_poll(site: Site) -> Iterator[Fault]:
    """A time-out is not longer than the requests that are held open on purpose.

    Breaks: HAProxy cuts long polls; clients see 504 or reconnect without end (event 3033, Outlook's 25/26).
    Why: KB 905013 (ActiveSync holds 15 minutes and more), ASP.NET's executionTimeout is 110 s.
    Mend: raise `timeouts.client` and `timeouts.server` above `long_polls`.
    """
    for name, service in _services(site):
        for key in ("client", "server"):
            value = getattr(service.timeouts, key)
            if value is not None and service.long_polls is not None and seconds(value) <= seconds(service.long_polls):
                yield Fault(
                    ("services", name, "timeouts", key),
                    f"{value} cuts requests that may be held open for {service.long_polls} (long_polls); raise it "
                    "above that",
                )


@rule("TIMEOUT_MISSING_FOR_LONG_POLL")
def timeout_missing_for_long_poll(site: Site) -> Iterator[Fault]:
    """A service declares long polls and leaves the time-outs to HAProxy's defaults.

    Breaks: the defaults of the role (a minute) cut them.
    Why: KB 905013; a default of a minute is shorter than any long poll.
    Mend: declare `timeouts.client` and `timeouts.server` above `long_polls`.
    """
    for name, service in _services(site):
        missing = [key for key in ("client", "server") if getattr(service.timeouts, key) is None]
        if service.long_polls is not None and missing:
            yield Fault(
                ("services", name, "long_polls"),
                f"requests are held open for {service.long_polls}, and the default time-outs would cut them; "
                f"declare timeouts.{' and timeouts.'.join(missing)} above that",
            )


@rule("TIMEOUTS_UNEVEN", severity="warning", waivable=True)
def timeouts_uneven(site: Site) -> Iterator[Fault]:
    """The client's and the server's time-out of a TCP service differ.

    Breaks: an idle session ends after the shorter one, whatever the longer one says.
    Why: in mode tcp both sides are idle together (HAProxy configuration manual: `timeout client` should equal
    `timeout server`).
    Mend: make them equal.
    """
    for name, service in _services(site):
        client, server = service.timeouts.client, service.timeouts.server
        if service.mode == "tcp" and client and server and seconds(client) != seconds(server):
            yield Fault(
                ("services", name, "timeouts"),
                f"client {client} and server {server} differ, and an idle session ends after the shorter one; make "
                "them equal",
            )


@rule("OPTION_NEEDS_HTTP")
def option_needs_http(site: Site) -> Iterator[Fault]:
    """A time-out of HTTP in mode tcp.

    Breaks: HAProxy ignores it; its author believes that it protects the service.
    Why: http_request and http_keep_alive time HTTP messages only.
    Mend: remove it, or use mode http.
    """
    for name, service in _services(site):
        for key in ("http_request", "http_keep_alive"):
            if service.mode == "tcp" and getattr(service.timeouts, key) is not None:
                yield Fault(
                    ("services", name, "timeouts", key),
                    "in mode tcp there are no HTTP messages to time, so it would be ignored; remove it or use mode "
                    "http",
                )
