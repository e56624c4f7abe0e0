# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A service of the site as the variables of the role haproxy: both nodes of a pair get the same."""

from __future__ import annotations

from typing import Any

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.checks import check_at, directories
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.halves.pound import (
    CLIENT,
    HEALTH,
    frontend_rules,
    health_fragment,
    loopback,
    offloaded,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.lookup import (
    backend_address,
    server_name,
    services_of,
    vips,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.model import LbPair, Site
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.service import Backend, Service

CERTIFICATES = "/etc/haproxy/certs"
"""Where the role tls_certificate puts what HAProxy binds (its default directory)."""
DECLARED_AS = {
    "frontends": {"mode": "mode", "maxconn": "maxconn", "timeouts": "timeouts", "raw": "raw.frontend"},
    "backends": {
        "mode": "mode",
        "balance": "balance",
        "hash_type": "balance",
        "cookie": "stickiness",
        "stick": "stickiness",
        "health_check": "health_check",
        "servers": "backends",
        "timeouts": "timeouts",
        "raw": "raw.backend",
    },
}
"""Key of a derived section -> the key of the service that it came from, with the same items below it.

It lets what HAProxy says against a line name the object of the site. What is not here has its service's name.
"""
_CLIENT_SIDE = ("client", "http_request", "http_keep_alive")
_SERVER_SIDE = ("connect", "server", "queue", "tunnel", "check")


def certificate_files(service: Service) -> list[str]:
    """Return the paths on the load balancer of the service's certificates, the default one first."""
    return [f"{CERTIFICATES}/{name}.pem" for name in service.tls.certificate] if service.tls.ends_here else []


def haproxy_services(site: Site, name: str, pair: LbPair) -> dict[str, Any]:
    """Return the pair's services, each as one fragment."""
    found = {service: _fragment(site, pair, name, service, content) for service, content in services_of(site, name)}
    return {**found, HEALTH: health_fragment(pair)} if offloaded(site, name) else found


def _fragment(site: Site, pair: LbPair, pair_name: str, name: str, service: Service) -> dict[str, Any]:
    """Return frontends and backends: one of each, or one per port where every port goes on to the same port.

    Each virtual directory has one backend more, so that its health check takes servers out of itself alone.
    """
    groups = _port_groups(name, service)
    frontends = {front: _frontend(service, front, ports) for front, ports in groups.items()}
    if service.redirect_http:
        frontends[f"{name}.redirect"] = _redirect(service)
    keeper = service.sticks_with or name
    table = _table_holder(keeper, site.services[keeper])
    backends: dict[str, Any] = {}
    for front, ports in groups.items():
        check = check_at(service, service.server_port(service.backends[0], ports[0]))
        for own, health in [(f"{front}.servers", check), *_directories(service, front)]:
            shared = None if own == table else table
            backends[own] = _backend(site, pair, pair_name, service, ports[0], health, shared)
    return {"frontends": frontends, "backends": backends}


def _table_holder(name: str, service: Service) -> str:
    """Return the backend that holds the stick table of a service: that of its first port."""
    return f"{next(iter(_port_groups(name, service)))}.servers"


def _directories(service: Service, front: str) -> list[tuple[str, dict[str, Any]]]:
    return [
        (_directory(front, name), health.model_dump(exclude_none=True)) for name, _path, health in directories(service)
    ]


def _directory(front: str, name: str) -> str:
    return f"{front}.{name}.servers"


def _routes(service: Service, front: str) -> list[dict[str, str]]:
    """Return which backend serves which path; Windows servers tell no small letters from capitals."""
    return [
        {"backend": _directory(front, name), "condition": f"{{ path -i {path} }} || {{ path_beg -i {path}/ }}"}
        for name, path, _health in directories(service)
    ]


def _port_groups(name: str, service: Service) -> dict[str, list[int]]:
    if service.shares_servers:
        return {name: list(service.ports)}
    return {f"{name}.{port}": [port] for port in service.ports}


def _binds(service: Service, ports: list[int], tls: dict[str, Any] | None) -> list[dict[str, Any]]:
    """Bind each VIP transparently: the node that does not hold it must be able to start, too."""
    return [
        {"address": str(address), "port": port, "transparent": True, **({"tls": tls} if tls else {})}
        for _key, address in vips(service)
        for port in ports
    ]


def _frontend(service: Service, name: str, ports: list[int]) -> dict[str, Any]:
    behind_pound = service.tls.at == "pound"
    front: dict[str, Any] = {
        "mode": service.mode,
        "binds": _behind(service, ports) if behind_pound else _binds(service, ports, _tls(service)),
        "default_backend": f"{name}.servers",
    }
    if behind_pound:
        front["http_request"] = frontend_rules()
    elif service.mode == "http":
        front["forward_for"] = True
        front["forwarded_proto"] = True
    if service.virtual_directories:
        front["use_backends"] = _routes(service, name)
    if service.maxconn is not None:
        front["maxconn"] = service.maxconn
    front.update(_timeouts(service, _CLIENT_SIDE))
    if service.raw.frontend:
        front["raw"] = list(service.raw.frontend)
    return front


def _behind(service: Service, ports: list[int]) -> list[dict[str, Any]]:
    """Bind the loopback, where only Pound finds it."""
    return [{"address": loopback(service), "port": port} for port in ports]


def _tls(service: Service) -> dict[str, Any] | None:
    if service.tls.at != "haproxy":
        return None
    found: dict[str, Any] = {"certificates": certificate_files(service)}
    if service.tls.alpn:
        found["alpn"] = list(service.tls.alpn)
    if service.tls.minimum is not None:
        found["minimum"] = service.tls.minimum
    if service.tls.client_certificates is not None:
        found["client_certificates"] = service.tls.client_certificates.model_dump(exclude_none=True)
    return found


def _redirect(service: Service) -> dict[str, Any]:
    return {"mode": "http", "binds": _binds(service, [80], None), "redirects": ["scheme https code 301"]}


def _timeouts(service: Service, keys: tuple[str, ...]) -> dict[str, Any]:
    found = {key: getattr(service.timeouts, key) for key in keys if getattr(service.timeouts, key) is not None}
    return {"timeouts": found} if found else {}


def _backend(
    site: Site, pair: LbPair, pair_name: str, service: Service, port: int, health: dict[str, Any], table: str | None
) -> dict[str, Any]:
    back: dict[str, Any] = {
        "mode": service.mode,
        "balance": _balance(service),
        "health_check": health,
        "servers": [_server(site, pair, service, backend, port) for backend in service.backends],
    }
    if service.balance == "source":
        back["hash_type"] = "consistent"
    if service.stickiness == "cookie":
        back["cookie"] = {"name": service.cookie, "secure": service.tls.ends_here, "httponly": True}
    if service.stickiness == "source":
        back["stick"] = _stick(service, pair_name, table)
    back.update(_timeouts(service, _SERVER_SIDE))
    if service.raw.backend:
        back["raw"] = list(service.raw.backend)
    return back


def _balance(service: Service) -> str:
    """Return the algorithm; behind Pound the source is the header that the frontend has reduced to Pound's value."""
    by_source = service.tls.at == "pound" and service.balance == "source"
    return "hdr(X-Forwarded-For)" if by_source else service.balance


def _stick(service: Service, pair_name: str, table: str | None) -> dict[str, Any]:
    """Stick by the client's address; all ports share one table, also those of services that stick with another one."""
    behind_pound = service.tls.at == "pound"
    client = CLIENT if behind_pound else "src"
    if table is not None:
        return {"on": client, "table": table}
    kind = "ipv6" if behind_pound and service.vip6 is not None else "ip"
    return {"on": client, "type": kind, "size": "100k", "expire": "30m", "peers": pair_name}


def _server(site: Site, pair: LbPair, service: Service, backend: Backend, port: int) -> dict[str, Any]:
    server: dict[str, Any] = {
        "name": server_name(backend),
        "address": str(backend_address(site, pair, backend)),
        "port": service.server_port(backend, port),
        "weight": backend.weight,
    }
    if service.backend_tls is not None:
        server["tls"] = _server_tls(service)
    if service.send_proxy is not None:
        server["send_proxy"] = service.send_proxy
    if backend.backup:
        server["backup"] = True
    if backend.maxconn is not None:
        server["maxconn"] = backend.maxconn
    return server


def _server_tls(service: Service) -> dict[str, Any]:
    tls = service.backend_tls
    if tls is None:
        return {}
    found = {
        "verify": tls.verify,
        "ca_file": tls.ca_file,
        "sni": f"str({tls.server_name})" if tls.server_name else None,
        "verify_host": tls.server_name if tls.verify == "required" else None,
    }
    return {key: value for key, value in found.items() if value is not None}


def needs_peers(site: Site, name: str) -> bool:
    """Tell whether a service of the pair keeps a stick table."""
    return any(service.stickiness == "source" for _name, service in services_of(site, name))
