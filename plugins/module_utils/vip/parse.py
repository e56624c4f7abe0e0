# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From a role's variables to :class:`Site`, with every fault found. Pure."""

from __future__ import annotations

import ipaddress
import re
from typing import Any

from .model import (
    DEVICE,
    HEALTH_KEYS,
    INSTANCE_KEYS,
    MAX_TTL,
    NAME,
    PROFILES,
    Health,
    Instance,
    Interface,
    Reader,
    Site,
    VipError,
)

AUTH_PASS = 8  # octets that VRRPv2's authentication field holds (RFC 2338, 5.3.6.1)
ROUTER = re.compile(r"[A-Za-z0-9._-]{1,64}\Z")
V2_ADVERT = (1, 255)  # seconds, one octet
V3_ADVERT = (0.01, 40.95)  # seconds, twelve bits of centiseconds (RFC 9568, 5.2.7)


def parse(
    instances: Any,
    health: Any,
    profile: str,
    secrets: dict[str, Any],
    router_id: str,
    raw: list[str] | None = None,
) -> Site:
    """Return what the variables declare.

    Raises VipError with every fault of all of them.
    """
    faults: list[str] = []
    declared = instances if isinstance(instances, dict) else {}
    if not declared:
        faults.append("vip_instances declares no instance; to take the role away say `vip_state: absent`.")
    found = [parse_instance(str(name), data, profile, secrets, faults) for name, data in sorted(declared.items())]
    good = tuple(instance for instance in found if instance is not None)
    faults += clashes(good)
    checked = parse_health(health, profile, faults)
    lines = Reader("vip_raw", {"vip_raw": raw or []}, ["vip_raw"], faults).lines("vip_raw")
    if any(line.split()[:1] == ["router_id"] for line in lines):
        faults.append("vip_raw sets `router_id`; that is what vip_router_id is for.")
    if not ROUTER.match(router_id):
        faults.append(f"vip_router_id is {router_id}, but may have letters, digits, `.`, `_` and `-` only.")
    if faults:
        raise VipError(faults)
    return Site(router_id, good, checked, profile, lines)


def parse_instance(name: str, data: Any, profile: str, secrets: dict[str, Any], faults: list[str]) -> Instance | None:
    """Return one instance, or None when it has faults, which are added to ``faults``."""
    before = len(faults)
    read = Reader(f"vip_instances.{name}", data, INSTANCE_KEYS, faults)
    if not isinstance(data, dict):
        return None
    if not NAME.match(name):
        read.fault("is no usable name: letters, digits, `_` and `-`, 48 at most, since a file is called after it")
    interface = parse_device(read)
    addresses = parse_addresses(read)
    password = parse_password(read, addresses, secrets)
    low, high = V2_ADVERT if password else V3_ADVERT
    source, peers = parse_unicast(read, addresses)
    read.flag("preferred", False)
    result = Instance(
        name=name,
        interface=interface,
        virtual_router_id=read.needed("virtual_router_id", 1, 255),
        priority=read.needed("priority", 1, 254),
        addresses=addresses,
        advert_interval=read.number("advert_interval", PROFILES[profile]["advert_interval"], low, high, float),
        unicast_source=source,
        unicast_peers=peers,
        unicast_hops=parse_hops(read, peers),
        preempt=read.flag("preempt", False),
        password=password,
        raw=parse_raw(read),
    )
    check_advert(read, result)
    return result if len(faults) == before else None


def parse_raw(read: Reader) -> tuple[str, ...]:
    """Return further lines of the instance, none of which may change the TTL that the peer asks for."""
    lines = read.lines("raw")
    if any(line.split()[:1] == ["unicast_ttl"] for line in lines):
        read.fault("`raw` sets `unicast_ttl`, but the peer takes adverts of TTL 255 only: say `unicast_hops` instead")
    return lines


def check_advert(read: Reader, instance: Instance) -> None:
    """VRRPv2, which authentication needs, counts whole seconds; version 3 counts hundredths."""
    interval = instance.advert_interval
    if instance.password and interval != int(interval):
        read.fault(
            "asks for authentication, which only VRRPv2 has, and for an advert every "
            f"{interval:g} s, which VRRPv2 cannot do: "
            "drop `authentication_secret`, or set a whole `advert_interval`"
        )
    elif abs(interval * 100 - round(interval * 100)) > 1e-6:
        read.fault(f"`advert_interval` is {interval:g}, but VRRPv3 counts hundredths of a second")


def parse_device(read: Reader) -> str:
    """Return the interface's name."""
    if not read.required("interface"):
        return ""
    device = str(read.data["interface"])
    if not DEVICE.match(device):
        read.fault(f"`interface` is {device}, which cannot be the name of an interface")
    return device


def parse_addresses(read: Reader) -> tuple[Interface, ...]:
    """Return the virtual addresses with their prefixes, all of one family, as a virtual router is (RFC 9568)."""
    if not read.required("addresses"):
        return ()
    value = read.data["addresses"]
    items = value if isinstance(value, list) else [value]
    found = [parse_address(read, str(item)) for item in items]
    good = tuple(item for item in found if item is not None)
    if len({item.version for item in good}) > 1:
        read.fault("mixes IPv4 and IPv6 addresses: VRRP wants one instance for each family")
    if len(set(good)) != len(good):
        read.fault("names an address twice")
    return good


def parse_address(read: Reader, text: str) -> Interface | None:
    """Return one address with its prefix, which must be written out: keepalived would take a bare one for a /32."""
    try:
        found = ipaddress.ip_interface(text)
    except ValueError:
        read.fault(f"address {text} is not an IP address with a prefix")
        return None
    if "/" not in text:
        read.fault(f"address {text} lacks its prefix, as in {text}/{24 if found.version == 4 else 64}")
        return None
    if found.ip.is_multicast or found.ip.is_loopback or found.ip.is_unspecified:
        read.fault(f"address {text} cannot be a host's address")
    elif found.version == 4 and found.network.prefixlen < 31 and found.ip in _reserved(found):
        read.fault(f"address {text} is the network's own or its broadcast address")
    return found


def _reserved(address: Interface) -> tuple[Any, Any]:
    """Return the two addresses of an IPv4 network that no host can have."""
    return address.network.network_address, address.network.broadcast_address


def parse_unicast(read: Reader, addresses: tuple[Interface, ...]) -> tuple[str, tuple[str, ...]]:
    """Return source and peers of unicast adverts. Without peers the adverts are multicast."""
    peers = tuple(read.host("unicast_peers", peer) for peer in read.data.get("unicast_peers") or [])
    if peers and not read.required("unicast_source"):
        return "", peers
    given = read.data.get("unicast_source")
    if given and not peers:
        read.fault("has a `unicast_source` but no `unicast_peers` to send adverts to")
    source = read.host("unicast_source", given) if given else ""
    check_unicast(read, addresses, source, peers)
    return source, peers


def parse_hops(read: Reader, peers: tuple[str, ...]) -> int:
    """Return how many routers lie between the nodes."""
    hops = int(read.number("unicast_hops", 0, 0, MAX_TTL - 1))
    if hops and not peers:
        read.fault("has `unicast_hops` but no `unicast_peers` behind them")
    return hops


def check_unicast(read: Reader, addresses: tuple[Interface, ...], source: str, peers: tuple[str, ...]) -> None:
    """Note what contradicts itself between the addresses, the source and the peers."""
    ends = [ipaddress.ip_address(end) for end in (source, *peers) if end]
    if addresses and any(end.version != addresses[0].version for end in ends):
        read.fault("sends adverts between addresses of the other family than the virtual ones")
    if source and source in peers:
        read.fault(f"`unicast_source` {source} is among its own `unicast_peers`")
    if len(set(peers)) != len(peers):
        read.fault("names a peer twice")
    for address in addresses:
        if address.ip in ends:
            read.fault(f"address {address.ip} is also a node's own address")


def parse_password(read: Reader, addresses: tuple[Interface, ...], secrets: dict[str, Any]) -> str:
    """Return the password of VRRPv2 that the declared secret holds; the message of a fault never has the password."""
    name = read.data.get("authentication_secret")
    if not name:
        return ""
    if addresses and addresses[0].version == 6:
        read.fault("asks for authentication, which VRRP for IPv6 does not have (RFC 5798, 9)")
    value = secrets.get(str(name))
    if not isinstance(value, str) or not value:
        read.fault(f"names the secret {name}, which vip_secrets does not hold")
        return ""
    if not 1 <= len(value.encode()) <= AUTH_PASS or not value.isalnum():
        read.fault(f"the secret {name} must be 1 to 8 letters and digits: VRRPv2 sends no more")
    return value


def parse_health(data: Any, profile: str, faults: list[str]) -> Health:
    """Return the health check; what is not given comes from the profile."""
    read = Reader("vip_health", data if data is not None else {}, HEALTH_KEYS, faults)
    path = str(read.data.get("path", Health.path))
    if not path.startswith("/") or not all(character.isalnum() or character in "/._-" for character in path):
        read.fault(f"`path` is {path}, but must be a plain path such as /healthz")
    return Health(
        enabled=read.flag("enabled", True),
        address=read.host("address", read.data.get("address") or Health.address),
        port=read.number("port", Health.port, 1, 65535),
        path=path,
        interval=read.number("interval", PROFILES[profile]["health_interval"], 0.1, 3600, float),
        timeout=read.number("timeout", Health.timeout, 1, 3600),
        fall=read.number("fall", Health.fall, 1, 255),
        rise=read.number("rise", Health.rise, 1, 255),
        owner=read.number("owner", Health.owner, 0, 2**32 - 2),
    )


def clashes(instances: tuple[Instance, ...]) -> list[str]:
    """Return what two instances of this host cannot both have."""
    faults = []
    routers: dict[tuple[str, int, int], str] = {}
    owners: dict[str, str] = {}
    for instance in instances:
        key = (instance.interface, instance.family, instance.virtual_router_id)
        if key in routers:
            faults.append(
                f"vip_instances.{routers[key]} and .{instance.name} both are IPv{key[1]} virtual router {key[2]} "
                f"on {key[0]}: each would take the other's adverts for its own."
            )
        routers.setdefault(key, instance.name)
        for address in instance.addresses:
            if str(address.ip) in owners:
                faults.append(
                    f"address {address.ip} is in vip_instances.{owners[str(address.ip)]} and .{instance.name}."
                )
            owners.setdefault(str(address.ip), instance.name)
    return faults
