# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules on pairs of load balancers."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.catalogue import rule
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.finding import Fault, Path
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.lookup import (
    NODES,
    devices_of,
    internal_vlan,
    management_vlan,
    services_of,
    virtual_router_id,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.model import LbPair, Site

HEALTH_PORT = 8405


def _pairs(site: Site) -> list[tuple[str, LbPair]]:
    return sorted(site.lb_pairs.items())


_MENDS = {
    1: "name two, or use the role haproxy without a site for a single load balancer",
    2: "name two",
}
_MORE = "name two, and let further ones be a pair of their own with other VIPs"


@rule("PAIR_NEEDS_TWO")
def pair_needs_two(site: Site) -> Iterator[Fault]:
    """A pair does not have two different hosts.

    Breaks: there is nobody to take the VIP over, or nobody who knows who holds it.
    Why: VRRP priorities, unicast peers and the two turns of a change are derived for exactly two nodes.
    Mend: name two different hosts; a third and a fourth are a pair of their own, with other VIPs. A single load
    balancer needs no site, for the role haproxy stands alone.
    """
    for name, pair in _pairs(site):
        if len(pair.hosts) != NODES or len(set(pair.hosts)) != NODES:
            yield Fault(
                ("lb_pairs", name, "hosts"),
                f"a pair is two different hosts, not {', '.join(pair.hosts)}, for each VIP needs one to hold it and "
                f"one to take over; {_MENDS.get(len(pair.hosts), _MORE)}",
            )


@rule("PAIR_HOST_UNKNOWN")
def pair_host_unknown(site: Site) -> Iterator[Fault]:
    """A pair names a host that is not declared.

    Breaks: one node would be without its half.
    Why: every host of the site stands under devices.
    Mend: declare the device, or correct the name.
    """
    for name, pair in _pairs(site):
        for index, host in enumerate(pair.hosts):
            if not site.knows("devices", host):
                yield Fault(
                    ("lb_pairs", name, "hosts", index),
                    f"{host} is not declared, so it would get nothing; declare it under devices or correct the name",
                )


@rule("PAIR_HOST_NOT_LINUX")
def pair_host_not_linux(site: Site) -> Iterator[Fault]:
    """A node of a pair is no Linux host.

    Breaks: HAProxy and keepalived cannot be installed there.
    Why: the roles haproxy and vip are for Debian and Ubuntu.
    Mend: correct the kind, or name another host.
    """
    for name, pair in _pairs(site):
        for host, device in devices_of(site, pair):
            if device.kind != "linux":
                yield Fault(
                    ("lb_pairs", name, "hosts", pair.hosts.index(host)),
                    f"{host} is of kind {device.kind}, where neither HAProxy nor keepalived runs; only linux hosts "
                    "can be a load balancer",
                    (("devices", host),),
                )


@rule("HOST_IN_TWO_PAIRS")
def host_in_two_pairs(site: Site) -> Iterator[Fault]:
    """A host is a node of two pairs.

    Breaks: both pairs would set the same variables of the host; and a change would take both pairs at once.
    Why: a host's half is one set of variables, and one node per pair is changed at a time.
    Mend: give each pair hosts of its own, or declare one pair with the services of both.
    """
    owners: dict[str, str] = {}
    for name, pair in _pairs(site):
        for index, host in enumerate(pair.hosts):
            first = owners.setdefault(host, name)
            if first != name:
                yield Fault(
                    ("lb_pairs", name, "hosts", index),
                    f"{host} belongs to pair {first} already, and it has only one HAProxy and one keepalived; give "
                    "each pair its own hosts or make one pair of them",
                )


def _vlans(pair: LbPair) -> Iterator[tuple[tuple[str, ...], str | None]]:
    yield ("vip_vlan",), pair.vip_vlan
    yield ("internal_vlan",), pair.internal_vlan
    yield ("peers", "vlan"), pair.peers.vlan
    yield ("stats", "vlan"), pair.stats.vlan if pair.stats else None
    yield ("metrics", "vlan"), pair.metrics.vlan if pair.metrics else None


@rule("PAIR_VLAN_UNKNOWN")
def pair_vlan_unknown(site: Site) -> Iterator[Fault]:
    """A pair names a VLAN that is not declared.

    Breaks: no address can be derived.
    Why: one table of VLANs.
    Mend: declare the VLAN, or correct the name.
    """
    for name, pair in _pairs(site):
        for keys, vlan in _vlans(pair):
            if vlan is not None and not site.knows("vlans", vlan):
                yield Fault(
                    ("lb_pairs", name, *keys),
                    f"VLAN {vlan} is not declared, so no address can be derived; declare it under vlans or correct "
                    "the name",
                )


@rule("PAIR_HOST_WITHOUT_LEG")
def pair_host_without_leg(site: Site) -> Iterator[Fault]:
    """A node has no address in a VLAN that its pair uses.

    Breaks: it can neither send advertisements nor be asked for its health there.
    Why: unicast VRRP needs an address of each node (keepalived.conf(5), unicast_src_ip); peers, statistics and health
    are bound to one.
    Mend: add interface and address under the device's `networks`.
    """
    for name, pair in _pairs(site):
        for keys, vlan in _vlans(pair):
            if vlan is None or vlan not in site.vlans:
                continue
            for host, device in devices_of(site, pair):
                leg = device.networks.get(vlan)
                if leg is None or (leg.address is None and leg.address6 is None):
                    yield Fault(
                        ("lb_pairs", name, *keys),
                        f"{host} has no address in VLAN {vlan}, and the pair needs one there; add networks.{vlan} "
                        f"at {host}",
                        (("devices", host),),
                    )


@rule("PAIR_HOST_WITHOUT_INTERFACE")
def pair_host_without_interface(site: Site) -> Iterator[Fault]:
    """A node does not say which interface is in the VLAN of the VIPs.

    Breaks: keepalived cannot be told where to put the VIP.
    Why: keepalived.conf(5), interface of vrrp_instance.
    Mend: add `interface` to the device's leg.
    """
    for name, pair in _pairs(site):
        for host, device in devices_of(site, pair):
            leg = device.networks.get(pair.vip_vlan)
            if leg is not None and leg.interface is None:
                yield Fault(
                    ("devices", host, "networks", pair.vip_vlan),
                    f"pair {name} puts its VIPs here, and no interface is named; add interface",
                    (("lb_pairs", name),),
                )


@rule("PRIORITIES")
def priorities(site: Site) -> Iterator[Fault]:
    """The preferred node's VRRP priority is not above the other's.

    Breaks: with equal priorities the higher address wins, or both are master at a takeover.
    Why: RFC 5798, 6.4.3; keepalived issue 1515.
    Mend: make `preferred` the greater one.
    """
    for name, pair in _pairs(site):
        if pair.priority.preferred <= pair.priority.standby:
            yield Fault(
                ("lb_pairs", name, "priority"),
                f"preferred {pair.priority.preferred} is not above standby {pair.priority.standby}, so both nodes "
                "could claim a VIP; make preferred the greater one",
            )


def _ids(name: str, pair: LbPair) -> tuple[int, int]:
    first = virtual_router_id(name, pair)
    return first, first + 1


def _id_path(name: str, pair: LbPair) -> Path:
    return ("lb_pairs", name, "virtual_router_id") if pair.virtual_router_id is not None else ("lb_pairs", name)


@rule("VIRTUAL_ROUTER_ID_CLASH", waivable=True)
def virtual_router_id_clash(site: Site) -> Iterator[Fault]:
    """Two pairs use the same virtual router id in one VLAN.

    Breaks: with multicast the VIPs of the pair with the lower priority are held by nobody; its nodes log "ip address
    associated with VRID 51 not present in advert".
    Why: RFC 5798, 5.2.3: the id names the virtual router on its link; keepalived 2.3.3 did so (measured). A pair uses
    its id and the next one.
    Mend: declare a virtual_router_id that is free in this VLAN, with the next one free too; waive it where one of the
    pairs speaks unicast only, which the other does not hear (measured), and is going to stay so.
    """
    owners: dict[tuple[str, int], str] = {}
    for name, pair in _pairs(site):
        clashing = {owners[(pair.vip_vlan, number)] for number in _ids(name, pair) if (pair.vip_vlan, number) in owners}
        for other in sorted(clashing):
            ids = " and ".join(str(number) for number in _ids(name, pair))
            yield Fault(
                _id_path(name, pair),
                f"its virtual router ids {ids} in VLAN {pair.vip_vlan} meet those of pair {other}, and where "
                "both speak multicast the VIPs of one of them would be held by nobody; declare a virtual_router_id "
                "that is free with the next one",
                (("lb_pairs", other),),
            )
        owners.update({(pair.vip_vlan, number): name for number in _ids(name, pair)})


@rule("VIRTUAL_ROUTER_ID_RESERVED", waivable=True)
def virtual_router_id_reserved(site: Site) -> Iterator[Fault]:
    """A pair uses a virtual router id that its VLAN reserves for somebody else.

    Breaks: the routers of the VLAN and the pair take each other's advertisements.
    Why: routers speak VRRP with ids of their own.
    Mend: declare another virtual_router_id; a pair uses the id and the next one. Waive it where the pair speaks
    unicast only and is going to stay so, for then neither hears the other.
    """
    for name, pair in _pairs(site):
        vlan = site.vlans.get(pair.vip_vlan)
        taken = sorted(set(_ids(name, pair)) & set(vlan.reserved_virtual_router_ids)) if vlan else []
        if taken:
            yield Fault(
                _id_path(name, pair),
                f"virtual router id {taken[0]} is reserved in VLAN {pair.vip_vlan}, and with multicast whoever has it "
                "would fight with the pair; declare another virtual_router_id (the pair uses it and the next one)",
            )


@rule("STATS_ON_VIP_VLAN", severity="warning", waivable=True)
def stats_on_vip_vlan(site: Site) -> Iterator[Fault]:
    """The statistics page or the exporter answers in the VLAN of the VIPs.

    Breaks: clients see server names, addresses and loads; the exporter has no password at all.
    Why: the exporter is served without the page's password, measured on HAProxy 3.0.
    Mend: give the nodes a `management_vlan` with an address, or name a `vlan` at stats and metrics.
    """
    for name, pair in _pairs(site):
        for key, part in (("stats", pair.stats), ("metrics", pair.metrics)):
            if part is not None and management_vlan(site, name, pair, part.vlan) == pair.vip_vlan:
                yield Fault(
                    ("lb_pairs", name, key),
                    f"{key} answers in VLAN {pair.vip_vlan}, where the clients are; give the nodes a "
                    "management_vlan, or name another vlan here",
                )


@rule("PORT_CLASH")
def port_clash(site: Site) -> Iterator[Fault]:
    """Two of a node's own listeners have the same address and port.

    Breaks: HAProxy cannot bind the second one and does not load the configuration.
    Why: statistics, exporter, peers and health (port 8405) are binds of their own.
    Mend: give one of them another port.
    """
    for name, pair in _pairs(site):
        inner = internal_vlan(site, name, pair)
        owners = {(inner, HEALTH_PORT): "health"}
        for key, vlan, port in _listeners(site, name, pair):
            first = owners.setdefault((vlan, port), key)
            if first != key:
                yield Fault(
                    ("lb_pairs", name, key),
                    f"port {port} in VLAN {vlan} is that of {first} already, and HAProxy could not bind both; give "
                    "it another port",
                )


def _listeners(site: Site, name: str, pair: LbPair) -> Iterator[tuple[str, str, int]]:
    yield "peers", pair.peers.vlan or internal_vlan(site, name, pair), pair.peers.port
    if pair.stats is not None:
        yield "stats", management_vlan(site, name, pair, pair.stats.vlan), pair.stats.port
    if pair.metrics is not None:
        yield "metrics", management_vlan(site, name, pair, pair.metrics.vlan), pair.metrics.port


@rule("PAIR_ON_ONE_HOST", severity="warning", waivable=True)
def pair_on_one_host(site: Site) -> Iterator[Fault]:
    """Both nodes of a pair run on the same hypervisor.

    Breaks: its failure takes both; and multicast between two guests of one host may get lost.
    Why: keepalived's advertisements and the VIPs' traffic share the hypervisor's fate.
    Mend: move one node, with an anti-affinity rule where the hypervisors are a cluster.
    """
    for name, pair in _pairs(site):
        carriers = {device.on for _host, device in devices_of(site, pair)}
        carrier = next(iter(carriers), None)
        if len(carriers) == 1 and carrier is not None and site.knows("devices", carrier):
            yield Fault(
                ("lb_pairs", name, "hosts"),
                f"both nodes run on {carrier}, whose failure would take both; move one of them",
            )


@rule("PAIR_WITHOUT_SERVICE", severity="warning", waivable=True)
def pair_without_service(site: Site) -> Iterator[Fault]:
    """A pair has no service.

    Breaks: it holds no VIP; often the service names another pair by mistake.
    Why: a pair without services is two idle hosts.
    Mend: correct `lb` of the service that is meant, or remove the pair.
    """
    broken = site.declared.get("services", frozenset()) - set(site.services)
    for name, _pair in _pairs(site):
        if not services_of(site, name) and not broken and site.complete:
            yield Fault(
                ("lb_pairs", name),
                "no service names it as its lb, so it would hold no VIP; correct lb of the service that is meant "
                "or remove the pair",
            )
