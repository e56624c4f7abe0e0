# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules on health checks."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.catalogue import rule
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.checks import (
    PAGE_TLS_PORTS,
    PROTOCOL_PORTS,
    check_at,
    usual,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.finding import Fault
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.model import Site
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.service import HealthCheck, Service
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.values import seconds

_HTTP_KEYS = ("method", "uri", "host", "expect_status")
_WANTED = {
    **dict.fromkeys(_HTTP_KEYS, ("http",)),
    "user": ("mysql", "pgsql"),
    "tls": ("http", "smtp", "imap", "pop3", "ldap", "redis"),
    "ca_file": ("http",),
}
"""The keys of a check that only some types use."""
_PLAIN_PORTS = (80, 8000, 8008, 8080)
"""Ports of pages in plain text (IANA)."""
_SLOW = 60.0
"""Seconds that a dead server may be asked by clients before this is worth a warning."""


def _services(site: Site) -> list[tuple[str, Service]]:
    return sorted(site.services.items())


def checked_ports(service: Service) -> tuple[int, ...]:
    """Return the ports of the backends that the health check asks."""
    if service.health_check.port is not None:
        return (service.health_check.port,)
    return served_ports(service)


def served_ports(service: Service) -> tuple[int, ...]:
    """Return the ports on which the backends serve, those of the first backend first."""
    asked = service.ports[:1] if service.shares_servers else service.ports
    return tuple(dict.fromkeys(service.server_port(backend, port) for backend in service.backends for port in asked))


def used_types(service: Service) -> set[str]:
    """Return the types of check that the servers meet; one, unless each port is asked in its own protocol."""
    health = service.health_check
    return {usual(health, port) for port in checked_ports(service)} if health.type == "by_port" else {health.type}


def _asked_as(health: HealthCheck, key: str) -> str:
    """Return the type whose keys a check takes: by port, with a page for the port of HTTPS, those of http but tls."""
    asks_for_page = health.type == "by_port" and health.uri is not None and key in _HTTP_KEYS
    return "http" if asks_for_page else health.type


@rule("HEALTH_KEY_FOREIGN")
def health_key_foreign(site: Site) -> Iterator[Fault]:
    """A health check has a key that its type does not use.

    Breaks: it would be ignored; a check of type tcp with a uri asks for no page.
    Why: uri, method, host, expect_status and ca_file belong to HTTP, user to mysql and pgsql, tls to protocols that
    may speak TLS from the first byte; `type: tls` does by itself, and `by_port` where it is usual.
    Mend: set the type that is meant, or remove the key.
    """
    for name, service in _services(site):
        health = service.health_check
        for key, wanted in _WANTED.items():
            if getattr(health, key) is not None and _asked_as(health, key) not in wanted:
                yield Fault(
                    ("services", name, "health_check", key),
                    f"a check of type {health.type} does not use {key} and would ignore it; set type "
                    f"{' or '.join(wanted)}, or remove it",
                )


@rule("HEALTH_PORT_FOREIGN", waivable=True)
def health_port_foreign(site: Site) -> Iterator[Fault]:
    """The health check asks another port than the one that is served.

    Breaks: a server whose service is dead stays UP as long as the other port answers.
    Why: a check proves what it asks for, and nothing else; one port cannot speak for several.
    Mend: remove `port` from the health check, or waive it where that port speaks for the service, as Patroni's 8008 and
    the clustercheck of Galera on 9200 do.
    """
    for name, service in _services(site):
        port = service.health_check.port
        unasked = [served for served in served_ports(service) if port not in (None, served)]
        if unasked:
            yield Fault(
                ("services", name, "health_check", "port"),
                f"port {port} is asked where {', '.join(map(str, unasked))} is served, so a dead service could stay "
                "UP; remove port, or where it speaks for the service (Patroni, clustercheck of Galera) say so: waive: "
                "{HEALTH_PORT_FOREIGN: why}",
            )


@rule("HEALTH_PORTS_UNLIKE")
def health_ports_unlike(site: Site) -> Iterator[Fault]:
    """Servers of one service listen on ports that a check would have to ask in different ways.

    Breaks: those that are asked in the way of the first server's port are DOWN.
    Why: all servers of a backend have one health check; what it speaks unasked (`by_port`, LDAP) follows from the port.
    Mend: say the type and `tls` of the check, or make two services of them.
    """
    for name, service in _services(site):
        asked = served_ports(service) if service.shares_servers and service.health_check.port is None else ()
        unlike = next((port for port in asked[1:] if check_at(service, port) != check_at(service, asked[0])), None)
        if unlike is not None:
            yield Fault(
                ("services", name, "health_check"),
                f"servers listen on ports {asked[0]} and {unlike}, which are asked in different ways, and all servers "
                "have one check; say its type and tls, or make two services of them",
            )


@rule("HEALTH_TCP_FOR_HTTP", severity="warning", waivable=True)
def health_tcp_for_http(site: Site) -> Iterator[Fault]:
    """A web service is checked by its open port only.

    Breaks: a server that answers every request with 500 stays UP.
    Why: HAProxy's L4OK says that a connection was accepted.
    Mend: declare `health_check: {type: http, uri: ...}`.
    """
    for name, service in _services(site):
        if service.mode == "http" and "tcp" in used_types(service):
            yield Fault(
                ("services", name, "health_check"),
                "an open port is all that is checked, so a server that answers 500 would stay UP; declare "
                "health_check with type http and a uri",
            )


@rule("HEALTH_PLAIN_TO_TLS", waivable=True)
def health_plain_to_tls(site: Site) -> Iterator[Fault]:
    """A plain HTTP check asks a port on which the backend speaks TLS.

    Breaks: every server is DOWN (or UP for ever, where 400 is expected): "Layer7 wrong status" or "invalid response".
    Why: without backend_tls the check speaks plain text; passed-through TLS is spoken by the server.
    Mend: say `health_check.tls: true` (or false, where the servers do speak plain text there), check another port, or
    declare backend_tls.
    """
    for name, service in _plain_pages(site):
        port = next((port for port in checked_ports(service) if port in PAGE_TLS_PORTS), None)
        if port is not None:
            yield Fault(
                ("services", name, "health_check"),
                f"a plain HTTP check asks port {port}, where servers speak TLS, so all of them would be DOWN; say "
                "health_check.tls: true (false where they do not), check another port, or declare backend_tls",
            )


def _plain_pages(site: Site) -> list[tuple[str, Service]]:
    """Return the services that are asked for a page in plain text because nobody says otherwise."""
    return [
        (name, service)
        for name, service in _services(site)
        if service.health_check.type == "http" and service.health_check.tls is None and service.backend_tls is None
    ]


@rule("HEALTH_TLS_UNSAID", severity="warning", waivable=True)
def health_tls_unsaid(site: Site) -> Iterator[Fault]:
    """A page is asked for in plain text on a port that is passed through, and nothing says what is spoken there.

    Breaks: where the servers speak TLS all of them are DOWN.
    Why: a web service in mode tcp is mostly one whose TLS the servers end; no port number tells it for certain.
    Mend: say `health_check.tls: true`, or false where they speak plain text.
    """
    for name, service in _plain_pages(site):
        known = {*PAGE_TLS_PORTS, *_PLAIN_PORTS}
        port = next(
            (port for port in checked_ports(service) if port in served_ports(service) and port not in known), None
        )
        if service.mode == "tcp" and port is not None:
            yield Fault(
                ("services", name, "health_check"),
                f"port {port} is passed through and asked for a page in plain text; if servers speak TLS there all of "
                "them would be DOWN; say health_check.tls: true, or false",
            )


@rule("HEALTH_CA_UNUSED")
def health_ca_unused(site: Site) -> Iterator[Fault]:
    """A health check names an authority and would not verify any certificate by it.

    Breaks: whoever answers passes for the server, or each certificate of the authority does.
    Why: only a check over TLS of its own (`tls: true` without backend_tls) uses ca_file, and it verifies `host`.
    Mend: set `tls: true` and `host`; with backend_tls its own ca_file and server_name hold for checks too.
    """
    for name, service in _services(site):
        health = service.health_check
        used = health.tls and health.host is not None and service.backend_tls is None
        if health.ca_file is not None and not used:
            yield Fault(
                ("services", name, "health_check", "ca_file"),
                "is used only by a check with tls: true and a host, of servers without backend_tls, whose ca_file and "
                "server_name hold for checks too; set these, or remove it",
            )


@rule("HEALTH_PROTOCOL_IN_HTTP")
def health_protocol_in_http(site: Site) -> Iterator[Fault]:
    """A web service is checked with the protocol of something else.

    Breaks: every server is DOWN.
    Why: a web server answers neither SMTP nor LDAP nor a database's greeting.
    Mend: use type http.
    """
    for name, service in _services(site):
        if service.mode == "http" and service.health_check.type in PROTOCOL_PORTS:
            yield Fault(
                ("services", name, "health_check", "type"),
                f"a web server does not answer {service.health_check.type}, so all servers would be DOWN; use type "
                "http",
            )


@rule("HEALTH_PROTOCOL_PORT", severity="warning", waivable=True)
def health_protocol_port(site: Site) -> Iterator[Fault]:
    """A protocol's check asks a port that is not that protocol's.

    Breaks: when it is a slip, every server is DOWN.
    Why: ports by IANA.
    Mend: correct type or port, or waive it where the server listens there.
    """
    for name, service in _services(site):
        usual = PROTOCOL_PORTS.get(service.health_check.type)
        strange = [port for port in checked_ports(service) if usual and port not in usual]
        if strange and service.mode == "tcp":
            yield Fault(
                ("services", name, "health_check"),
                f"port {strange[0]} is no port of {service.health_check.type}, and if nobody speaks it there all "
                "servers would be DOWN; correct type or port, or waive it",
            )


@rule("HEALTH_TOO_SLOW", severity="warning", waivable=True)
def health_too_slow(site: Site) -> Iterator[Fault]:
    """A dead server is noticed after more than a minute.

    Breaks: clients are sent to it all that time.
    Why: interval times fall is the time to notice.
    Mend: lower interval or fall.
    """
    for name, service in _services(site):
        health = service.health_check
        needed = seconds(health.interval) * health.fall
        if needed > _SLOW:
            yield Fault(
                ("services", name, "health_check"),
                f"a dead server is noticed after {needed:.0f} s (interval {health.interval} times fall "
                f"{health.fall}), and clients are sent to it until then; lower one of them",
            )


@rule("HEALTH_TIMEOUT_OVER_INTERVAL", waivable=True)
def health_timeout_over_interval(site: Site) -> Iterator[Fault]:
    """A check may take longer than the time between two checks.

    Breaks: a hanging server is noticed later than interval and fall promise.
    Why: HAProxy waits `timeout check` for the answer, after `inter` at most for the connection; checks do not overlap.
    Mend: make timeouts.check shorter than the interval.
    """
    for name, service in _services(site):
        limit, interval = service.timeouts.check, service.health_check.interval
        if limit is not None and seconds(limit) > seconds(interval):
            yield Fault(
                ("services", name, "timeouts", "check"),
                f"an answer may take {limit} and is asked for every {interval}, so a hanging server is noticed too "
                "late; make it shorter than the interval",
            )
