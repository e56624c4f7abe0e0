# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the health check of a service asks at one port: the declared type, or the protocol that is usual there."""

from __future__ import annotations

from typing import Any

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.service import HealthCheck, Service

HTTPS_PORTS = (443, 8443)
TLS_PORTS = (*HTTPS_PORTS, 465, 636, 993, 995)
"""Ports on which clients speak TLS from the first byte (IANA)."""
PAGE_TLS_PORTS = (*TLS_PORTS, 6443, 9443)
"""Ports on which no page is to be had in plain text: by custom those of Kubernetes' API and of administration, too."""
LDAPS_PORTS = (636, 3269)
"""Ports of LDAP over TLS, the second of Active Directory's global catalogue."""
PROTOCOL_PORTS = {
    "smtp": (25, 465, 587, 2525),
    "imap": (143, 993),
    "pop3": (110, 995),
    "ldap": (389, 636, 3268, 3269),
    "mysql": (3306,),
    "pgsql": (5432,),
    "redis": (6379,),
}
RPC_ENDPOINT = 135
"""The endpoint mapper, which tells clients the ports of the RPC services."""
_SPOKEN = ("smtp", "imap", "pop3")
"""Protocols whose check asks for nothing that the site does not say; the others need names or users."""
_HTTP_KEYS = ("method", "uri", "host", "expect_status")


def check_at(service: Service, port: int) -> dict[str, Any]:
    """Return the health check of the servers at `port`, as the role haproxy takes it."""
    health = service.health_check
    asked = health.port or port
    found = health.model_dump(exclude_none=True)
    kind = usual(health, asked) if health.type == "by_port" else health.type
    found["type"] = kind
    if kind != "http" and health.type == "by_port":
        found = {key: value for key, value in found.items() if key not in _HTTP_KEYS}
    if health.tls is None and asked in (*PAGE_TLS_PORTS, *LDAPS_PORTS):
        found.update(_tls(service, asked, kind))
    return found


def _tls(service: Service, port: int, kind: str) -> dict[str, bool]:
    """Return what a port says of TLS; that it is plain only where the rule against it is waived."""
    by_port = service.health_check.type == "by_port"
    if port in TLS_PORTS and (kind in _SPOKEN or (kind == "http" and by_port)):
        return {"tls": True}
    if kind == "ldap" and port in LDAPS_PORTS:
        return {"tls": True}
    plain = kind == "http" and service.mode == "tcp" and service.backend_tls is None
    return {"tls": False} if plain else {}


def usual(health: HealthCheck, port: int) -> str:
    """Return the type of check that fits a port; a page of HTTPS is asked for where the site names one."""
    spoken = next((kind for kind in _SPOKEN if port in PROTOCOL_PORTS[kind]), None)
    if spoken is not None:
        return spoken
    if port in HTTPS_PORTS and health.uri is not None:
        return "http"
    return "tls" if port in TLS_PORTS else "tcp"


def directories(service: Service) -> list[tuple[str, str, HealthCheck]]:
    """Return name, path and health check of the virtual directories, the longest path first: the first match serves."""
    return sorted(
        (
            (name, each.path, service.health_check.model_copy(update={"uri": each.health_uri}))
            for name, each in service.virtual_directories.items()
        ),
        key=lambda item: (-len(item[1]), item[0]),
    )
