# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The half of one load balancer: every variable that its roles take from the site, and nothing of any other host."""

from __future__ import annotations

from typing import Any

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.halves.haproxy import (
    DECLARED_AS,
    certificate_files,
    haproxy_services,
    needs_peers,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.halves.pound import (
    health_rules,
    offloaded,
    pound_listeners,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.halves.vip import (
    vip_instances,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.lookup import (
    backend_address,
    internal_vlan,
    management_vlan,
    server_name,
    services_of,
    vips,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.model import LbPair, Site
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.rules.pairs import HEALTH_PORT
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.service import Backend, Service

HTTPS = 443
"""The port that a redirect from http leads to."""
DERIVED = {
    "haproxy_services": "frontends and backends of every service of the pair (role haproxy)",
    "haproxy_peers": "both nodes, over the internal VLAN, where a service keeps a stick table (role haproxy)",
    "haproxy_stats": "statistics page on this node's management address, where declared (role haproxy)",
    "haproxy_metrics": "Prometheus exporter on this node's management address, where declared (role haproxy)",
    "haproxy_health": "health listener on 127.0.0.1 and on this node's address in the internal VLAN (role haproxy)",
    "haproxy_declared_as": "what the site calls the keys of frontends and backends, for messages (role haproxy)",
    "haproxy_awaited_files": "certificate files that an earlier role of the run puts there (role haproxy)",
    "pound_state": "present where TLS of a service ends at Pound, else absent (role pound)",
    "pound_listeners": "each VIP and port whose TLS ends at Pound (role pound)",
    "pound_awaited_files": "certificate files that an earlier role of the run puts there (role pound)",
    "vip_instances": "virtual routers of the pair with this node's priorities (role vip)",
    "vip_peer_health": "health listener of the other node, asked before a VIP is moved there (role vip)",
    "vip_firewall_peers": "further addresses of the other node, where HAProxy's peers speak (role vip, vip_firewall)",
    "vip_firewall_ports": "ports by which the nodes speak beside health and VRRP (role vip, vip_firewall)",
    "vip_profile": "timing of the failover (role vip)",
    "tls_certificate_certificates": "certificates of the pair's services (role tls_certificate)",
    "stack_authenticated": "services whose servers authenticate connections, which are never closed before a move",
    "stack_paths": "the paths from this node to each service's clients and backends, link by link, for the report",
    "stack_services": "what netstack.datacenter.verify asks for: addresses, URLs, names, backends",
}
"""Every variable that a load balancer gets from the site; `stack_derived` holds their digests."""
EMPTY: dict[str, Any] = {
    "haproxy_services": {},
    "haproxy_peers": {},
    "haproxy_stats": {},
    "haproxy_metrics": {},
    "haproxy_health": {},
    "haproxy_declared_as": {},
    "haproxy_awaited_files": [],
    "pound_state": "present",
    "pound_listeners": {},
    "pound_awaited_files": [],
    "vip_instances": {},
    "vip_peer_health": [],
    "vip_firewall_peers": [],
    "vip_firewall_ports": [],
    "vip_profile": "standard",
    "tls_certificate_certificates": {},
    "stack_authenticated": [],
    "stack_paths": {},
    "stack_services": [],
}
"""What a Linux host has where nothing follows, as one that is of no pair: the defaults of the roles."""


def load_balancer(site: Site, pair_name: str, host: str) -> dict[str, Any]:
    """Return the variables of one node of a pair, as plain data."""
    pair = site.lb_pairs[pair_name]
    found: dict[str, Any] = {
        "haproxy_services": haproxy_services(site, pair_name, pair),
        "haproxy_health": _health(site, pair_name, pair, host),
        "haproxy_declared_as": DECLARED_AS,
        "haproxy_awaited_files": _awaited(site, pair_name),
        "vip_instances": vip_instances(site, pair_name, host),
        "vip_peer_health": _peer_health(site, pair_name, pair, host),
        **_firewall(site, pair_name, pair, host),
        "vip_profile": pair.profile,
        "tls_certificate_certificates": _certificates(site, pair_name),
        "stack_services": [
            probe for name, service in services_of(site, pair_name) for probe in _probes(site, pair_name, name, service)
        ],
    }
    if needs_peers(site, pair_name):
        found["haproxy_peers"] = {pair_name: _peers(site, pair_name, pair)}
    if authenticated := [name for name, service in services_of(site, pair_name) if service.extended_protection]:
        found["stack_authenticated"] = authenticated
    found.update(_watching(site, pair_name, pair, host))
    found.update(_offload(site, pair_name))
    return found


def _offload(site: Site, pair_name: str) -> dict[str, Any]:
    """Return the variables of the role pound. A pair that no longer has such a service takes its Pound away."""
    files = {name: certificate_files(service) for name, service in offloaded(site, pair_name)}
    if not files:
        return {"pound_state": "absent"}
    return {
        "pound_state": "present",
        "pound_listeners": pound_listeners(site, pair_name, files),
        "pound_awaited_files": sorted({file for paths in files.values() for file in paths}),
    }


def _own(site: Site, host: str, vlan: str) -> str:
    leg = site.devices[host].networks[vlan]
    return str(leg.address or leg.address6)


def _health(site: Site, pair_name: str, pair: LbPair, host: str) -> dict[str, Any]:
    """Answer to keepalived on the loopback, and to the other node, that must see this one healthy before it changes."""
    own = _own(site, host, internal_vlan(site, pair_name, pair))
    found: dict[str, Any] = {"addresses": ["127.0.0.1", own], "port": HEALTH_PORT}
    return {**found, "raw": health_rules()} if offloaded(site, pair_name) else found


def _peer_health(site: Site, pair_name: str, pair: LbPair, host: str) -> list[dict[str, Any]]:
    """Return where this node asks the other one for its health before it lets go of its VIPs."""
    vlan = internal_vlan(site, pair_name, pair)
    return [{"address": _own(site, other, vlan), "port": HEALTH_PORT} for other in pair.hosts if other != host]


def _peers(site: Site, pair_name: str, pair: LbPair) -> dict[str, Any]:
    vlan = pair.peers.vlan or internal_vlan(site, pair_name, pair)
    found: dict[str, Any] = {"port": pair.peers.port, "hosts": {host: _own(site, host, vlan) for host in pair.hosts}}
    return {**found, "ca_secret": pair.peers.ca_secret} if pair.peers.ca_secret else found


def _firewall(site: Site, pair_name: str, pair: LbPair, host: str) -> dict[str, Any]:
    """Return what a firewall of the pair has to let in beside VRRP and health: what synchronises the stick tables."""
    if not needs_peers(site, pair_name):
        return {"vip_firewall_peers": [], "vip_firewall_ports": []}
    peers = _peers(site, pair_name, pair)
    others = [address for other, address in peers["hosts"].items() if other != host]
    return {"vip_firewall_peers": others, "vip_firewall_ports": [peers["port"]]}


def _watching(site: Site, pair_name: str, pair: LbPair, host: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if pair.stats is not None:
        address = _own(site, host, management_vlan(site, pair_name, pair, pair.stats.vlan))
        found["haproxy_stats"] = {"address": address, **pair.stats.model_dump(exclude={"vlan"})}
    if pair.metrics is not None:
        address = _own(site, host, management_vlan(site, pair_name, pair, pair.metrics.vlan))
        found["haproxy_metrics"] = {"address": address, "port": pair.metrics.port}
    return found


def _awaited(site: Site, pair_name: str) -> list[str]:
    return sorted({file for _name, service in services_of(site, pair_name) for file in certificate_files(service)})


def _certificates(site: Site, pair_name: str) -> dict[str, Any]:
    names = sorted({name for _service, service in services_of(site, pair_name) for name in service.tls.certificate})
    return {
        name: site.certificates[name].model_dump(mode="json", exclude_defaults=True, exclude={"waive"})
        for name in names
    }


def _probes(site: Site, pair_name: str, name: str, service: Service) -> list[dict[str, Any]]:
    """Return what service_probe asks for: one entry for each VIP and port."""
    return [
        _probe(site, site.lb_pairs[pair_name], name, service, str(address), port)
        for _key, address in vips(service)
        for port in service.ports
    ]


def _probe(site: Site, pair: LbPair, name: str, service: Service, vip: str, port: int) -> dict[str, Any]:
    health, verify = service.health_check, service.verify
    found: dict[str, Any] = {
        "name": name,
        "vip": vip,
        "port": port,
        "scheme": _scheme(service),
        "server_names": _names(site, service),
        "path": verify.path or health.uri or "/",
        "expect_status": verify.expect_status or health.expect_status or "200-399",
        "redirect_port": 80 if service.redirect_http and port == HTTPS else 0,
        "stickiness": {"kind": service.stickiness, "cookie": service.cookie},
        "balance": service.balance,
        "backends": [_probed(site, pair, backend) for backend in service.backends],
    }
    clients = service.tls.client_certificates
    if clients is not None and clients.verify == "required":
        found["client_certificate"] = "required"
    if verify.identify_header is not None:
        found["identify_header"] = verify.identify_header
    return found


def _probed(site: Site, pair: LbPair, backend: Backend) -> dict[str, Any]:
    return {
        "name": server_name(backend),
        "address": str(backend_address(site, pair, backend)),
        "backup": backend.backup,
        "weight": backend.weight,
    }


def _scheme(service: Service) -> str:
    if service.tls.ends_here:
        return "https" if service.mode == "http" else "tls"
    return "http" if service.mode == "http" else "tcp"


def _names(site: Site, service: Service) -> list[str]:
    """Return the names that clients ask for: declared, or those of the certificates."""
    if service.server_names:
        return list(service.server_names)
    used = [site.certificates[name] for name in service.tls.certificate]
    return [name for certificate in used for name in certificate.names]
