# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The declared site: VLANs, devices, links, load-balancer pairs, certificates.

Each object refuses keys that it does not know. What one object alone can show to be wrong is refused here; what takes
two objects is a rule (rules/).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import IPv4Address, IPv6Address
from typing import TYPE_CHECKING, Annotated, Literal

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.kind import Kind
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds import NAMES, kind
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.link import Link
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.service import Service
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.third_party import (
    BaseModel,
    ConfigDict,
    Field,
    model_validator,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.values import (
    Address4,
    Address6,
    AnyAddress,
    Duration,
    Flag,
    Port,
    Subnet4,
    Subnet6,
    Text,
    VirtualRouterId,
    Waivers,
)

if TYPE_CHECKING:
    KindName = str
else:
    KindName = Literal[NAMES]
UNKNOWN = Kind("", "device of an unknown kind", {})
"""What a device is whose kind cannot be read: nothing that a rule asks for."""
ENDS = 2
"""A link has two ends."""


class Object(BaseModel):
    """What every object of the site has in common."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Vlan(Object):
    """One VLAN with its subnets; whoever has an address in it takes the prefix length from here."""

    id: Annotated[int, Field(strict=True, ge=1, le=4094)]
    subnet: Subnet4 | None = None
    subnet6: Subnet6 | None = None
    gateway: Address4 | None = None
    gateway6: Address6 | None = None
    mtu: Annotated[int, Field(strict=True, ge=576, le=9216)] = 1500
    domain: Text = "default"
    reserved_virtual_router_ids: tuple[VirtualRouterId, ...] = ()
    waive: Waivers = Field(default_factory=dict)


class Network(Object):
    """A device's leg in one VLAN; `other_addresses` are those of further LIFs, VMkernel interfaces or aliases in it."""

    interface: Annotated[str, Field(pattern=r"^[^\s/]{1,64}$")] | None = None
    address: Address4 | None = None
    address6: Address6 | None = None
    other_addresses: tuple[AnyAddress, ...] = ()

    @model_validator(mode="after")
    def _others_follow_one(self) -> Network:
        if self.other_addresses and self.address is None and self.address6 is None:
            raise ValueError("other_addresses stand beside an address, and there is none; write the first as address")
        return self

    @property
    def addresses(self) -> tuple[IPv4Address | IPv6Address, ...]:
        """Return all addresses, the first ones first."""
        return (*(each for each in (self.address, self.address6) if each is not None), *self.other_addresses)


class Device(Object):
    """One host of the inventory."""

    kind: KindName
    model: Text | None = None
    release: Text | None = None
    chassis: Text | None = None
    management_vlan: Text | None = None
    on: Text | None = None
    vcenter: Text | None = None
    provision_links: Flag = False
    storage: Flag | None = None
    networks: dict[str, Network] = Field(default_factory=dict)
    waive: Waivers = Field(default_factory=dict)

    @property
    def serves_storage(self) -> bool:
        """Whether others mount it: a filer does, any other kind where it is declared with `storage`."""
        return self.traits.storage if self.storage is None else self.storage

    @property
    def traits(self) -> Kind:
        """What its kind is."""
        return kind(self.kind)

    @property
    def managed_by(self) -> str | None:
        """The host through which it is configured, where that is another one."""
        return self.vcenter


class Priority(Object):
    """VRRP priorities of a VIP's preferred node and of the other; 255 is the address owner's (RFC 5798, 5.2.4)."""

    preferred: Annotated[int, Field(strict=True, ge=1, le=254)] = 150
    standby: Annotated[int, Field(strict=True, ge=1, le=254)] = 100


class Stats(Object):
    """HAProxy's statistics page on the management address of each node."""

    user: Text
    password_secret: Text
    port: Port = 8404
    vlan: Text | None = None
    uri: Annotated[str, Field(pattern=r"^/\S*$")] = "/"


class Metrics(Object):
    """The Prometheus exporter, on a bind of its own: the page's password does not cover it."""

    port: Port = 9101
    vlan: Text | None = None


class Peers(Object):
    """The connection over which both nodes replicate their stick tables; by TLS where the pair has a CA."""

    port: Port = 10000
    vlan: Text | None = None
    ca_secret: Text | None = None


class LbPair(Object):
    """Two load balancers that share VIPs."""

    hosts: Annotated[tuple[Text, ...], Field(min_length=1)]
    vip_vlan: Text
    internal_vlan: Text | None = None
    virtual_router_id: Annotated[int, Field(strict=True, ge=1, le=254)] | None = None
    priority: Priority = Priority()
    preempt: Flag = False
    unicast: Flag = True
    profile: Literal["standard", "tuned"] = "standard"
    advert_interval: Annotated[float, Field(ge=0.01, le=40.95)] | None = None
    authentication_secret: Text | None = None
    peers: Peers = Peers()
    stats: Stats | None = None
    metrics: Metrics | None = None
    waive: Waivers = Field(default_factory=dict)


class Certificate(Object):
    """One certificate of the load balancers, as the role tls_certificate takes it."""

    source: Literal["pem", "pkcs12", "remote", "secret", "self_signed"]
    file: Text | None = None
    certificate_file: Text | None = None
    key_file: Text | None = None
    chain_file: Text | None = None
    ca_file: Text | None = None
    path: Annotated[str, Field(pattern=r"^/\S+$")] | None = None
    password_secret: Text | None = None
    secret: Text | None = None
    names: tuple[Text, ...] = ()
    minimum_days: Annotated[int, Field(strict=True, ge=0, le=3650)] | None = None
    key_type: Literal["ec", "rsa"] | None = None
    valid_days: Annotated[int, Field(strict=True, ge=1, le=3650)] | None = None
    waive: Waivers = Field(default_factory=dict)


SECTIONS: dict[str, type[BaseModel]] = {
    "vlans": Vlan,
    "devices": Device,
    "links": Link,
    "lb_pairs": LbPair,
    "certificates": Certificate,
    "services": Service,
}
PROFILE_SECTIONS = {"services": "profiles", "links": "link_profiles"}
"""Where the defaults of a section's objects stand."""
LATER_SECTIONS = ("nlb", "nat")
"""Sections of the design that this version does not know yet."""


@dataclass(frozen=True)
class Site:
    """The objects that are valid.

    `declared` names the others as well, and `complete` tells whether every file and section could be read, so that a
    reference to what could not is no second fault. Services in `partial` lack values that are refused already.
    """

    vlans: Mapping[str, Vlan] = field(default_factory=dict)
    devices: Mapping[str, Device] = field(default_factory=dict)
    links: Mapping[str, Link] = field(default_factory=dict)
    lb_pairs: Mapping[str, LbPair] = field(default_factory=dict)
    certificates: Mapping[str, Certificate] = field(default_factory=dict)
    services: Mapping[str, Service] = field(default_factory=dict)
    declared: Mapping[str, frozenset[str]] = field(default_factory=dict)
    complete: bool = True
    partial: frozenset[str] = frozenset()

    @cached_property
    def services_by_pair(self) -> Mapping[str, list[tuple[str, Service]]]:
        """Return each pair's services by name; made once, so that no cost grows with pairs x services."""
        found: dict[str, list[tuple[str, Service]]] = {}
        for name, service in sorted(self.services.items()):
            found.setdefault(service.lb, []).append((name, service))
        return found

    @cached_property
    def pair_of_host(self) -> Mapping[str, str]:
        """Return the pair that each load balancer is a node of."""
        return {host: name for name, pair in sorted(self.lb_pairs.items()) for host in pair.hosts}

    @cached_property
    def links_by_host(self) -> Mapping[str, list[tuple[str, Link]]]:
        """Return each host's links by name; made once, so that no cost grows with hosts x links."""
        found: dict[str, list[tuple[str, Link]]] = {}
        for name, link in sorted(self.links.items()):
            for host in link.ends:
                found.setdefault(host, []).append((name, link))
        return found

    @cached_property
    def storage_by_vlan(self) -> Mapping[str, list[str]]:
        """Return the storage servers with an address in each VLAN, sorted by name."""
        found: dict[str, list[str]] = {}
        for name, device in sorted(self.devices.items()):
            for vlan, leg in device.networks.items() if device.serves_storage else ():
                if leg.addresses:
                    found.setdefault(vlan, []).append(name)
        return found

    @cached_property
    def hosts_by_manager(self) -> Mapping[str, list[str]]:
        """Return the hosts that are configured through each other one, sorted by name."""
        found: dict[str, list[str]] = {}
        for name, device in sorted(self.devices.items()):
            if device.managed_by is not None:
                found.setdefault(device.managed_by, []).append(name)
        return found

    def kind(self, host: str) -> str | None:
        """Return the kind of a device, or None where it cannot be read."""
        device = self.devices.get(host)
        return None if device is None else device.kind

    def traits(self, host: str) -> Kind:
        """Return what the kind of a device is; UNKNOWN where that cannot be read."""
        device = self.devices.get(host)
        return UNKNOWN if device is None else device.traits

    def knows(self, section: str, name: str) -> bool:
        """Tell whether the object is declared, be it valid or not; when something cannot be read, it may be there."""
        return not self.complete or name in self.declared.get(section, frozenset())


__all__ = [
    "LATER_SECTIONS",
    "PROFILE_SECTIONS",
    "SECTIONS",
    "Certificate",
    "Device",
    "Duration",
    "LbPair",
    "Link",
    "Network",
    "Site",
    "Vlan",
]
