# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules on the servers behind a service."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.catalogue import rule
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.finding import Fault
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.lookup import (
    Address,
    as_address,
    backend_address,
    common_vlans,
    devices_of,
    server_name,
    services_of,
    vips,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.model import LbPair, Site
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.service import Backend, Service


def _backends(site: Site) -> Iterator[tuple[str, Service, int, Backend]]:
    for name, service in sorted(site.services.items()):
        for index, backend in enumerate(service.backends):
            yield name, service, index, backend


@rule("BACKEND_UNKNOWN")
def backend_unknown(site: Site) -> Iterator[Fault]:
    """A backend is neither a declared device nor an address.

    Breaks: HAProxy does not start with a name that it cannot resolve.
    Why: backends are devices of the site, or addresses.
    Mend: declare the device, or correct the name.
    """
    known = sorted(site.declared.get("devices", ()))
    for name, _service, index, backend in _backends(site):
        if as_address(backend.host) is None and not site.knows("devices", backend.host):
            close = difflib.get_close_matches(backend.host, known, 1)
            mend = f"did you mean {close[0]}?" if close else "declare it (kind external), or write an address"
            yield Fault(
                ("services", name, "backends", index),
                f"{backend.host} is neither a device nor an address, and no DNS is asked; {mend}",
            )


@rule("BACKEND_WITHOUT_ADDRESS")
def backend_without_address(site: Site) -> Iterator[Fault]:
    """A backend device has no address.

    Breaks: there is nothing to connect to.
    Why: the address comes from the device's `networks`.
    Mend: add the leg, or write the backend as an address.
    """
    for name, service, index, backend in _backends(site):
        pair = site.lb_pairs.get(service.lb)
        if pair is not None and backend.host in site.devices and backend_address(site, pair, backend) is None:
            yield Fault(
                ("services", name, "backends", index),
                f"device {backend.host} has no address, so there is nothing to connect to; add one under its networks",
                (("devices", backend.host),),
            )


@rule("BACKEND_TWICE")
def backend_twice(site: Site) -> Iterator[Fault]:
    """A service has the same backend twice, by name or by address and port.

    Breaks: HAProxy refuses two servers of one name; one server gets the load of two.
    Why: "duplicate server name" is fatal on every release (measured).
    Mend: remove one; give a server more load by its weight. Two servers on two ports of one host need a `name` each.
    """
    for name, service in sorted(site.services.items()):
        pair = site.lb_pairs.get(service.lb)
        owners: dict[object, Backend] = {}
        for index, backend in enumerate(service.backends):
            keys = _told_by(site, pair, service, backend)
            first = next((owners[key] for key in keys if key in owners), None)
            if first is not None and not _two_devices(site, first, backend):
                yield Fault(("services", name, "backends", index), _twice(service, first, backend))
            owners.update({key: backend for key in keys if key not in owners})


def _told_by(site: Site, pair: LbPair | None, service: Service, backend: Backend) -> list[object]:
    """Return what no two servers may have in common: their name, or place and port."""
    address = backend_address(site, pair, backend) if pair else None
    port = backend.port or service.backend_port
    return [server_name(backend), (backend.host, port), *([(address, port)] if address is not None else [])]


def _twice(service: Service, first: Backend, backend: Backend) -> str:
    ports = {backend.port or service.backend_port, first.port or service.backend_port}
    if len(ports) > 1:
        return f"two servers would be called {server_name(backend)}, and HAProxy refuses that; give each of them a name"
    return (
        f"{backend.host} is there already as {first.host}, and one server would get the load of two; remove one, or "
        "use weight"
    )


def _two_devices(site: Site, one: Backend, other: Backend) -> bool:
    """Tell whether the backends are two devices; that they have one address is the devices' fault."""
    return (
        one.host != other.host
        and server_name(one) != server_name(other)
        and {one.host, other.host} <= set(site.devices)
    )


@rule("BACKEND_OUT_OF_REACH", waivable=True)
def backend_out_of_reach(site: Site) -> Iterator[Fault]:
    """A backend is in a network where the pair has no leg.

    Breaks: the traffic takes the default route, if there is one; the answer may bypass the load balancer.
    Why: a backend's answer must come back through the load balancer, or the client resets it.
    Mend: give both nodes a leg in the backend's VLAN; waive it where the routing is meant so.
    """
    for name, service, index, backend in _backends(site):
        pair = site.lb_pairs.get(service.lb)
        if pair is None or not _legs_known(site, pair):
            continue
        address = backend_address(site, pair, backend)
        if address is not None and not _reached(site, pair, backend):
            yield Fault(
                ("services", name, "backends", index),
                f"{backend.host} ({address}) is in no network where both nodes of pair {service.lb} have an "
                "address, so it would be reached through a router or not at all; give the nodes a leg there, or "
                "waive it where the routing is meant so",
            )


def _legs_known(site: Site, pair: LbPair) -> bool:
    """Tell whether all nodes and their VLANs can be read; what cannot be read is refused elsewhere."""
    legs_known = all(vlan in site.vlans for vlan in common_vlans(site, pair))
    return legs_known and all(host in site.devices for host in pair.hosts)


def _reached(site: Site, pair: LbPair, backend: Backend) -> bool:
    shared = [site.vlans[vlan] for vlan in common_vlans(site, pair) if vlan in site.vlans]
    address = backend_address(site, pair, backend)
    subnets = [subnet for vlan in shared for subnet in (vlan.subnet, vlan.subnet6) if subnet is not None]
    return any(address in subnet for subnet in subnets)


@rule("BACKEND_IS_THE_BALANCER")
def backend_is_the_balancer(site: Site) -> Iterator[Fault]:
    """A backend is a VIP of its pair, or one of its nodes.

    Breaks: requests go round in circles until the connections are used up.
    Why: a node that holds the VIP answers itself.
    Mend: name the server that does the work.
    """
    own = {name: set(_addresses_of(site, name, pair)) for name, pair in site.lb_pairs.items()}
    for name, service, index, backend in _backends(site):
        pair = site.lb_pairs.get(service.lb)
        address = backend_address(site, pair, backend) if pair is not None else None
        if address is not None and address in own[service.lb]:
            yield Fault(
                ("services", name, "backends", index),
                f"{backend.host} ({address}) is the load balancer itself, so requests would go round in circles; "
                "name the server that does the work",
            )


def _addresses_of(site: Site, name: str, pair: LbPair) -> Iterator[Address]:
    """Yield the VIPs of a pair and every address of its nodes."""
    for _name, service in services_of(site, name):
        yield from (address for _key, address in vips(service))
    for _host, device in devices_of(site, pair):
        for leg in device.networks.values():
            yield from leg.addresses


@rule("BACKEND_SINGLE", severity="warning", waivable=True)
def backend_single(site: Site) -> Iterator[Fault]:
    """A service has one backend only.

    Breaks: the VIP survives a load balancer's failure, the service does not survive its server's.
    Why: redundancy ends at its thinnest place.
    Mend: add a second backend, or waive it.
    """
    for name, service in sorted(site.services.items()):
        if len(service.backends) == 1:
            yield Fault(
                ("services", name, "backends"),
                "there is one backend only, and its failure is the service's; add a second one, or waive it",
            )


@rule("BACKEND_WEIGHTS_ALL_ZERO")
def backend_weights_all_zero(site: Site) -> Iterator[Fault]:
    """No backend that is not a backup has a weight above 0.

    Breaks: no new client gets a server (503).
    Why: weight 0 takes a server out of the balancing (HAProxy configuration manual, `weight`).
    Mend: give at least one backend a weight; 100 is the base.
    """
    for name, service in sorted(site.services.items()):
        if not any(backend.weight for backend in service.backends if not backend.backup):
            yield Fault(
                ("services", name, "backends"),
                "no backend has a weight above 0 (backups left out), so new clients would get no server; give at "
                "least one a weight",
            )


@rule("BACKEND_PORT_MISSING")
def backend_port_missing(site: Site) -> Iterator[Fault]:
    """TLS ends at the load balancer and no backend_port says where the servers listen.

    Breaks: HAProxy would speak plain HTTP to the port on which the servers speak TLS, or the other way round.
    Why: without backend_port each port is handed on to the same port.
    Mend: declare backend_port (80 where TLS is offloaded) or the port of each backend, or backend_tls where the servers
    speak TLS.
    """
    for name, service in sorted(site.services.items()):
        unsaid = service.backend_port is None and any(backend.port is None for backend in service.backends)
        if service.tls.ends_here and unsaid and service.backend_tls is None:
            yield Fault(
                ("services", name),
                "TLS ends at the load balancer and nothing says where the servers listen, so it would speak plain "
                "text to their TLS port; declare backend_port, or backend_tls where they speak TLS",
            )


@rule("BACKEND_PORT_FOR_SOME")
def backend_port_for_some(site: Site) -> Iterator[Fault]:
    """Some backends have a port of their own, and to the others each of several ports goes on as it is.

    Breaks: what comes to different ports meets in one port of some servers, and not of the others.
    Why: without backend_port each port is a backend of its own, and every server is in all of them.
    Mend: give every backend a port, or declare backend_port for the others; or make a service of each port.
    """
    for name, service in sorted(site.services.items()):
        index = next((index for index, backend in enumerate(service.backends) if backend.port is not None), None)
        if index is not None and not service.shares_servers:
            yield Fault(
                ("services", name, "backends", index),
                f"it has one port for what comes to {', '.join(map(str, service.ports))}, and other backends get each "
                "on the same port; give every backend a port, or declare backend_port for the others",
            )


@rule("BACKEND_TLS_WITHOUT_CA")
def backend_tls_without_ca(site: Site) -> Iterator[Fault]:
    """The backends' certificates are to be verified, and no ca_file is named.

    Breaks: HAProxy refuses the configuration ("verify is enabled but no CA file specified").
    Why: HAProxy configuration manual, `verify required` needs `ca-file`.
    Mend: name the ca_file, e.g. /etc/ssl/certs/ca-certificates.crt, or say `verify: none`.
    """
    for name, service in sorted(site.services.items()):
        tls = service.backend_tls
        if tls is not None and tls.verify == "required" and tls.ca_file is None:
            yield Fault(
                ("services", name, "backend_tls"),
                "the servers' certificates are to be verified and no ca_file says against what; name one, for "
                "example /etc/ssl/certs/ca-certificates.crt, or say verify: none",
            )


@rule("BACKEND_TLS_WITHOUT_NAME")
def backend_tls_without_name(site: Site) -> Iterator[Fault]:
    """The backends' certificates are to be verified, and no server_name says which name they must bear.

    Breaks: any certificate of the authority is believed, that of every other host of the company too.
    Why: HAProxy configuration manual, `verifyhost`: without it and without SNI no name is compared.
    Mend: name the server_name that the backends' certificates bear.
    """
    for name, service in sorted(site.services.items()):
        tls = service.backend_tls
        if tls is not None and tls.verify == "required" and tls.server_name is None:
            yield Fault(
                ("services", name, "backend_tls"),
                "the servers' certificates are to be verified and no server_name says which name they must bear, so "
                "any certificate of the authority would do; name it",
            )


@rule("BACKEND_TLS_CA_UNUSED")
def backend_tls_ca_unused(site: Site) -> Iterator[Fault]:
    """A ca_file is named, and the backends' certificates are not to be verified.

    Breaks: whoever reads the site takes the servers for verified.
    Why: HAProxy reads `ca-file` with `verify required` only.
    Mend: remove `verify: none`, or the ca_file.
    """
    for name, service in sorted(site.services.items()):
        tls = service.backend_tls
        if tls is not None and tls.verify == "none" and tls.ca_file is not None:
            yield Fault(
                ("services", name, "backend_tls", "ca_file"),
                "with verify: none no certificate is compared with it; remove one of the two",
            )


@rule("BACKEND_TLS_UNVERIFIED", severity="warning", waivable=True)
def backend_tls_unverified(site: Site) -> Iterator[Fault]:
    """TLS to the backends without verification.

    Breaks: whoever takes a backend's address reads everything.
    Why: encryption without authentication protects from listeners only.
    Mend: verify with a ca_file, or waive it.
    """
    for name, service in sorted(site.services.items()):
        if service.backend_tls is not None and service.backend_tls.verify == "none":
            yield Fault(
                ("services", name, "backend_tls", "verify"),
                "without verification anybody at a backend's address is believed; name a ca_file, or waive it",
            )


@rule("BACKEND_TLS_TWICE")
def backend_tls_twice(site: Site) -> Iterator[Fault]:
    """TLS is passed through to the backends, and HAProxy is to speak TLS to them as well.

    Breaks: TLS inside TLS, which no server understands.
    Why: in mode tcp without TLS at haproxy the client's own TLS reaches the server.
    Mend: remove backend_tls, or end TLS at haproxy.
    """
    for name, service in sorted(site.services.items()):
        if (
            service.mode == "tcp"
            and service.tls.at == "none"
            and service.backend_tls is not None
            and 443 in service.ports
        ):  # the port of https
            yield Fault(
                ("services", name, "backend_tls"),
                "the clients' own TLS is passed through on port 443, and TLS inside TLS is understood by no "
                "server; remove backend_tls, or end TLS at haproxy",
            )


@rule("BACKEND_MAXCONN_SMALL", severity="warning", waivable=True)
def backend_maxconn_small(site: Site) -> Iterator[Fault]:
    """A service lets in more connections than its backends take together in mode tcp.

    Breaks: the rest waits in the queue until `timeout queue`, then fails.
    Why: HAProxy configuration manual, `maxconn` of a server.
    Mend: lower the service's maxconn, or raise those of the backends.
    """
    for name, service in sorted(site.services.items()):
        limits = [backend.maxconn for backend in service.backends if not backend.backup]
        if service.mode == "tcp" and service.maxconn and limits and all(limits):
            total = sum(limit or 0 for limit in limits)
            if total < service.maxconn:
                yield Fault(
                    ("services", name, "maxconn"),
                    f"{service.maxconn} connections are let in and the backends take {total} together, so the rest "
                    "would wait and fail; lower it or raise theirs",
                )
