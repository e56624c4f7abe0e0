# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who needs which VLAN, and for what: the members of each VLAN that have to reach each other in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.lookup import (
    as_address,
    backend_leg,
    common_vlans,
    devices_of,
    internal_vlan,
    legs,
    services_of,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.model import LbPair, Site

SERVICE, BACKEND, PAIR, MANAGEMENT = "service", "backend", "pair", "management"
VMKERNEL, FILER, GATEWAY, OUTSIDE, NEIGHBOUR = "VMkernel", "filer", "gateway", "way out", "neighbour"
CENTRES = (PAIR, SERVICE, FILER, GATEWAY, OUTSIDE)
"""What the others of a VLAN mean to reach."""
Need = tuple[str, str, str]
"""A VLAN, a device, and what that needs the VLAN for."""


@dataclass
class Needs:
    """The members of each VLAN with what they need it for, and the backends that are reached in no VLAN of the pair."""

    by_vlan: dict[str, dict[str, set[str]]] = field(default_factory=dict)
    routed: dict[str, set[str]] = field(default_factory=dict)
    addresses: dict[str, set[str]] = field(default_factory=dict)
    """By pair: backends behind a router, and backends of which nothing but the address is declared."""
    of_pairs: dict[str, dict[str, tuple[set[str], set[str]]]] = field(default_factory=dict)
    """By VLAN and pair: its nodes, and all who need the VLAN for it."""

    def add(self, vlan: str, host: str, kind: str) -> None:
        """Let a device need a VLAN."""
        self.by_vlan.setdefault(vlan, {}).setdefault(host, set()).add(kind)


def needs_of(site: Site, outside: Mapping[str, Mapping[str, set[str]]]) -> Needs:
    """Return what the site needs. `outside` has for each VLAN the external devices that may lead it out of the site."""
    found = Needs()
    for name, pair in sorted(site.lb_pairs.items()):
        for need in (*_of_nodes(site, name, pair), *_of_backends(site, name, pair, found)):
            found.add(*need)
            found.of_pairs.setdefault(need[0], {}).setdefault(name, (set(pair.hosts), set()))[1].add(need[1])
    for need in _of_devices(site):
        found.add(*need)
    for need in _beside(site, found, outside):
        found.add(*need)
    found.by_vlan = {vlan: found.by_vlan[vlan] for vlan in sorted(found.by_vlan) if vlan in site.vlans}
    return found


def _of_nodes(site: Site, name: str, pair: LbPair) -> Iterator[Need]:
    for vlan in {pair.vip_vlan, internal_vlan(site, name, pair), pair.peers.vlan or pair.vip_vlan}:
        for host, device in devices_of(site, pair):
            if vlan in device.networks:
                yield vlan, host, PAIR
                if vlan == pair.vip_vlan and services_of(site, name):
                    yield vlan, host, SERVICE


def _of_backends(site: Site, name: str, pair: LbPair, found: Needs) -> Iterator[Need]:
    shared = set(common_vlans(site, pair))
    for host in sorted({each.host for _service, service in services_of(site, name) for each in service.backends}):
        leg = backend_leg(site, pair, site.devices[host]) if host in site.devices else None
        if as_address(host) is not None:
            found.addresses.setdefault(name, set()).add(host)
        elif leg is not None and leg[0] not in shared:
            found.routed.setdefault(name, set()).add(host)
        elif leg is not None:
            yield leg[0], host, BACKEND
            yield from ((leg[0], node, PAIR) for node in pair.hosts if node in site.devices)


def _of_devices(site: Site) -> Iterator[Need]:
    for name, device in sorted(site.devices.items()):
        if device.management_vlan is not None:
            yield device.management_vlan, name, MANAGEMENT
        kind = VMKERNEL if device.traits.hypervisor else FILER if device.traits.storage else None
        if kind is not None:
            yield from ((vlan, name, kind) for vlan in device.networks if vlan != device.management_vlan)


def _beside(site: Site, found: Needs, outside: Mapping[str, Mapping[str, set[str]]]) -> Iterator[Need]:
    """Yield who is there for the others: gateways, the way out, and whoever has a leg beside VIPs or files."""
    kinds = {vlan: set().union(*members.values()) for vlan, members in found.by_vlan.items()}
    for leg in legs(site):
        vlan = site.vlans.get(leg.vlan)
        if vlan is not None and leg.vlan in kinds:
            if leg.address in (vlan.gateway, vlan.gateway6):
                yield leg.vlan, leg.device, GATEWAY
            elif leg.device not in found.by_vlan[leg.vlan] and kinds[leg.vlan] & {SERVICE, FILER}:
                yield leg.vlan, leg.device, NEIGHBOUR
    for name, every in kinds.items():
        if SERVICE in every:
            yield from ((name, host, OUTSIDE) for host in outside.get(name, ()) if host not in found.by_vlan[name])
