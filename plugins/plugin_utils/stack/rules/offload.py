# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules on services whose TLS ends at Pound, in front of HAProxy."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.catalogue import rule
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.finding import Fault
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.halves.pound import loopback, offloaded
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.model import Site


@rule("POUND_NEEDS_HTTP")
def pound_needs_http(site: Site) -> Iterator[Fault]:
    """A service in mode tcp whose TLS ends at Pound.

    Breaks: where clients stick by their address, all of them are sent to one and the same server.
    Why: behind Pound the source of every connection is 127.0.0.1, and in mode tcp HAProxy cannot read the header that
    has the client's address: of 120 requests of 40 clients all met one of two servers (measured). What keeps others
    than Pound out is HTTP's too.
    Mend: use mode http, or end TLS at haproxy.
    """
    for pair in sorted(site.lb_pairs):
        for name, service in offloaded(site, pair):
            if service.mode == "tcp":
                yield Fault(
                    ("services", name, "mode"),
                    "behind Pound all clients have the source 127.0.0.1, and in mode tcp HAProxy cannot see more, so "
                    "by their address one server would get them all; use mode http, or end TLS at haproxy",
                )


@rule("POUND_SPEAKS_NO_H2")
def pound_speaks_no_h2(site: Site) -> Iterator[Fault]:
    """A service whose TLS ends at Pound offers protocols by ALPN.

    Breaks: it would be ignored; clients speak HTTP/1.1.
    Why: Pound 4 has no HTTP/2 and no setting for ALPN (its manual page).
    Mend: remove alpn, or end TLS at haproxy.
    """
    for pair in sorted(site.lb_pairs):
        for name, service in offloaded(site, pair):
            if service.tls.alpn:
                yield Fault(
                    ("services", name, "tls", "alpn"),
                    "Pound speaks HTTP/1.1 only and would ignore it; remove alpn, or end TLS at haproxy",
                )


@rule("POUND_ASKS_NO_CERTIFICATE")
def pound_asks_no_certificate(site: Site) -> Iterator[Fault]:
    """A service whose TLS ends at Pound asks clients for certificates.

    Breaks: whoever comes would be let in.
    Why: the role pound has no key for Pound's `ClientCert`, which has no form that lets some clients in without one and
    still refuses a wrong one, as `verify: optional` does.
    Mend: end TLS at haproxy.
    """
    for pair in sorted(site.lb_pairs):
        for name, service in offloaded(site, pair):
            if service.tls.client_certificates is not None:
                yield Fault(
                    ("services", name, "tls", "client_certificates"),
                    "the role pound asks clients for no certificate, so everybody would be let in; end TLS at haproxy",
                )


@rule("POUND_LISTENERS_CLASH")
def pound_listeners_clash(site: Site) -> Iterator[Fault]:
    """Two services of a pair whose TLS ends at Pound meet at one loopback address and port of HAProxy.

    Breaks: HAProxy binds both, and the requests of each reach the servers of the other at random.
    Why: the address is 127 and the last three bytes of the VIP, so that it follows from the service alone.
    Mend: give one of them a VIP that differs in its last three bytes, or another port.
    """
    for pair in sorted(site.lb_pairs):
        taken: dict[tuple[str, int], str] = {}
        for name, service in offloaded(site, pair):
            for port in service.ports:
                first = taken.setdefault((loopback(service), port), name)
                if first != name:
                    yield Fault(
                        ("services", name),
                        f"behind Pound its requests would meet those of {first} at {loopback(service)}:{port}; give "
                        "one of them a VIP that differs in its last three bytes, or another port",
                        (("services", first),),
                    )
