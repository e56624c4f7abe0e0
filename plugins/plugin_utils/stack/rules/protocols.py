# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules on what the protocols of clients and servers ask of a load balancer: idle sessions, RPC, TLS of one's own."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.catalogue import rule
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.checks import (
    PROTOCOL_PORTS,
    RPC_ENDPOINT,
    TLS_PORTS,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.finding import Fault
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.model import Site
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.rules.certificates import covers
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.service import Service
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.values import seconds

_IDLE = {"smtp": "5m", "pop3": "10m", "imap": "30m"}
"""How long each protocol lets a session be silent at least."""
_DEFAULT_TIMEOUT = "50s"
"""What the role haproxy sets where nothing is declared."""
_STATIC_RPC_PORTS = 2
"""RPC Client Access and the Address Book have a port each."""
_SYSTEM_PORTS = 1024


def _services(site: Site) -> list[tuple[str, Service]]:
    return sorted(site.services.items())


def _shortest(service: Service) -> str:
    """Return the time-out that ends an idle session."""
    both = [service.timeouts.client or _DEFAULT_TIMEOUT, service.timeouts.server or _DEFAULT_TIMEOUT]
    return min(both, key=seconds)


@rule("TIMEOUT_UNDER_PROTOCOL", waivable=True)
def timeout_under_protocol(site: Site) -> Iterator[Fault]:
    """A time-out is shorter than the time for which the protocol lets a session be silent.

    Breaks: mail clients lose their sessions again and again; new mail is not announced.
    Why: IMAP 30 minutes (RFC 9051, 5.4; IDLE is renewed every 29, RFC 2177), POP3 10 (RFC 1939, 3), SMTP 5 (RFC 5321,
    4.5.3.2.7).
    Mend: declare `timeouts.client` and `timeouts.server` of that length; waive it where the clients are known.
    """
    for name, service in _services(site):
        if service.mode != "tcp":
            continue
        given = _shortest(service)
        short = [
            (seconds(wanted), kind, port)
            for port in service.ports
            for kind, wanted in _IDLE.items()
            if port in PROTOCOL_PORTS[kind] and seconds(given) < seconds(wanted)
        ]
        if short:
            longest, kind, port = max(short)
            yield Fault(
                ("services", name, "ports"),
                f"a session of {kind} on port {port} may be silent for {longest / 60:.0f}m and would be cut after "
                f"{given}; declare timeouts.client and timeouts.server of that length",
            )


@rule("RPC_WITHOUT_STATIC_PORTS", waivable=True)
def rpc_without_static_ports(site: Site) -> Iterator[Fault]:
    """A service has the RPC endpoint and not the ports that it sends clients to.

    Breaks: Outlook learns a port from the endpoint mapper and meets nobody there.
    Why: RPC Client Access and the Address Book take a port at random unless one is set in the registry of each server.
    Mend: set static ports on the servers and list both; waive it where the RPC service is another one.
    """
    for name, service in _services(site):
        high = [port for port in service.ports if port >= _SYSTEM_PORTS]
        if RPC_ENDPOINT in service.ports and len(high) < _STATIC_RPC_PORTS:
            yield Fault(
                ("services", name, "ports"),
                f"port {RPC_ENDPOINT} tells clients two more ports, and {len(high)} of them is listed, so they would "
                "meet nobody; set static ports on the servers and list both",
            )


@rule("RPC_ON_SEVERAL_SERVERS", waivable=True)
def rpc_on_several_servers(site: Site) -> Iterator[Fault]:
    """A client's RPC connections may go to different servers.

    Breaks: Outlook opens a session at one server and goes on at another one, which does not know it.
    Why: each port is balanced for itself unless the client sticks to one server over all of them.
    Mend: set `stickiness: source`.
    """
    for name, service in _services(site):
        sticks = service.stickiness == "source" or service.balance == "source"
        if RPC_ENDPOINT in service.ports and len(service.backends) > 1 and not sticks:
            yield Fault(
                ("services", name, "stickiness"),
                f"a client of port {RPC_ENDPOINT} goes on at other ports and has to find the same server there; use "
                "stickiness source, which is shared by all ports of a service",
            )


def _offloads(service: Service) -> bool:
    """Tell whether TLS ends here and the servers get plain text."""
    return service.tls.at != "none" and service.backend_tls is None


@rule("EXTENDED_PROTECTION_OFFLOAD", waivable=True)
def extended_protection_offload(site: Site) -> Iterator[Fault]:
    """TLS is offloaded in front of servers with Extended Protection.

    Breaks: every Windows logon fails; users are asked for their password without end.
    Why: Extended Protection binds the logon to the TLS session that the client sees; Microsoft supports no offloading
    with it (CSS-Exchange, Extended Protection), and Exchange 2019 CU14 switches it on.
    Mend: declare `backend_tls` (bridging, the same certificate at both), or pass TLS through in mode tcp; or
    `extended_protection: false` once it is off on every server.
    """
    for name, service in _services(site):
        if service.extended_protection and _offloads(service):
            yield Fault(
                ("services", name),
                "the servers have Extended Protection, and behind offloaded TLS every Windows logon fails; declare "
                "backend_tls with the servers' own certificate, or pass TLS through in mode tcp",
            )


@rule("EXTENDED_PROTECTION_NAME", waivable=True)
def extended_protection_name(site: Site) -> Iterator[Fault]:
    """TLS is bridged to servers with Extended Protection that bear another certificate.

    Breaks: every Windows logon fails, as it does with offloading.
    Why: the logon is bound to the certificate that the client sees; the servers compare it with their own.
    Mend: install one certificate at the load balancers and at the servers, and name it by one of its names.
    """
    for name, service in _services(site):
        tls = service.backend_tls
        if not service.extended_protection or service.tls.at == "none" or tls is None or tls.server_name is None:
            continue
        names = _names(site, service)
        if names and not covers(names, tls.server_name):
            yield Fault(
                ("services", name, "backend_tls", "server_name"),
                f"the servers bear a certificate for {tls.server_name}, and clients see one for "
                f"{', '.join(sorted(names))}; Extended Protection compares them, so install the same at both",
            )


def _names(site: Site, service: Service) -> set[str]:
    """Return the names of the certificates that clients see, as far as they are declared."""
    used = [site.certificates[item] for item in service.tls.certificate if item in site.certificates]
    return {*service.server_names, *(name for certificate in used for name in certificate.names)}


@rule("OFFLOAD_TO_TLS_SERVERS", waivable=True)
def offload_to_tls_servers(site: Site) -> Iterator[Fault]:
    """TLS is offloaded in front of servers that take requests over TLS only.

    Breaks: the servers answer 403.4, or send the client to the very address that it asks for, without end.
    Why: the virtual directories of Exchange require TLS as they are installed.
    Mend: declare `backend_tls`; or set the servers up for offloading and say `servers_require_tls: false`.
    """
    for name, service in _services(site):
        if service.servers_require_tls and not service.extended_protection and _offloads(service):
            yield Fault(
                ("services", name),
                "the servers take no plain requests, so clients would be refused or redirected without end; declare "
                "backend_tls, or set the servers up for it and say servers_require_tls: false",
            )


@rule("BACKEND_PLAIN_TO_TLS", waivable=True)
def backend_plain_to_tls(site: Site) -> Iterator[Fault]:
    """TLS ends here, and plain text goes to a port on which servers speak TLS.

    Breaks: every request is answered 400 or 502 or not at all, whatever an open port says of the servers' health.
    Why: ports of TLS by IANA; nothing but `backend_tls` makes the load balancer speak it.
    Mend: declare `backend_tls`, or the servers' plain port as `backend_port`.
    """
    for name, service in _services(site):
        ports = [backend.port or service.backend_port for backend in service.backends]
        port = next((port for port in ports if port in TLS_PORTS), None)
        if _offloads(service) and port is not None:
            yield Fault(
                ("services", name),
                f"servers speak TLS on port {port} and would get plain text; declare backend_tls, or their plain port",
            )


@rule("VIRTUAL_DIRECTORY_CHECK")
def virtual_directory_check(site: Site) -> Iterator[Fault]:
    """A service has virtual directories and is not served or not checked over HTTP.

    Breaks: they would be ignored; one that fails would take nothing out, or everything.
    Why: paths, and pages that tell of their health, are HTTP's.
    Mend: use mode http and a health check of type http, or remove them.
    """
    for name, service in _services(site):
        if service.virtual_directories and not service.mode == service.health_check.type == "http":
            yield Fault(
                ("services", name, "virtual_directories"),
                f"in mode {service.mode} with a check of type {service.health_check.type} no path has a health of "
                "its own; use mode http and a health check of type http, or remove them",
            )


@rule("VIRTUAL_DIRECTORY_TWICE")
def virtual_directory_twice(site: Site) -> Iterator[Fault]:
    """Two virtual directories of a service have one path.

    Breaks: only the first serves; the health of the other one counts for nothing.
    Why: paths are compared without regard to capitals, as Windows does.
    Mend: correct or remove one.
    """
    for name, service in _services(site):
        owners: dict[str, str] = {}
        for directory, content in service.virtual_directories.items():
            first = owners.setdefault(content.path.lower(), directory)
            if first != directory:
                yield Fault(
                    ("services", name, "virtual_directories", directory),
                    f"{content.path} is the path of {first} already, so nobody would be served here; correct or "
                    "remove one",
                )
