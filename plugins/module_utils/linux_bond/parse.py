# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From the variable of the role to the bonds: every fault is found at once. Pure.

netplan takes a wrong hash policy without a word, networkd and ifupdown take far more, so all is checked here first.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Any

from ansible_collections.netstack.datacenter.plugins.module_utils.mapping import Note, Reader

from .model import BACKUP, LACP, MODES, POLICIES, RATES, STATIC, Bond, BondError, Layer3, Vlan

DEVICE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,14}\Z")  # IFNAMSIZ is 16, its last byte a zero
NET_KEYS = ["addresses", "gateway", "mtu"]
BOND_KEYS = [
    "members", "mode", "lacp_rate", "xmit_hash_policy", "miimon", "min_links", "primary", "vlans", *NET_KEYS,
]  # fmt: skip
OF_MODE = {
    "lacp_rate": [LACP],
    "min_links": [LACP],
    "xmit_hash_policy": [LACP, STATIC],
    "primary": [BACKUP],
}
"""Options that only some modes have; the kernel refuses or ignores them in the others."""
LEAST_MTU = 576
LEAST_MTU_6 = 1280
"""The kernel takes IPv6 off an interface with less (RFC 8200 section 5)."""


def parse(data: dict[str, Any]) -> tuple[Bond, ...]:
    """Return the declared bonds, sorted by name. Raises BondError with every fault."""
    faults: list[str] = []
    if not data:
        faults.append("linux_bond_bonds declares no bond; to take them away say `linux_bond_state: absent`.")
    bonds = [_bond(str(name), entry, faults) for name, entry in sorted(data.items(), key=lambda item: str(item[0]))]
    _once([(member, bond.name) for bond in bonds for member in bond.members], "is a member of", faults)
    _once([(name, bond.name) for bond in bonds for name in bond.interfaces], "is an interface of", faults)
    _gateways(bonds, faults)
    if faults:
        raise BondError(faults)
    return tuple(bonds)


def _bond(name: str, data: Any, faults: list[str]) -> Bond:
    def note(text: str) -> None:
        faults.append(f"{name}: {text}.")

    read = Reader(data, BOND_KEYS, note)
    mode = read.choice("mode", MODES, LACP)
    _known_to(mode, read)
    members = _members(name, read)
    net = _net(read, 1500)
    lacp, hashed = mode == LACP, mode in (LACP, STATIC)
    return Bond(
        name=name,
        mode=mode,
        members=members,
        miimon=read.number("miimon", 100, 10, 10000),
        lacp_rate=read.choice("lacp_rate", RATES, "slow") if lacp else "",
        xmit_hash_policy=read.choice("xmit_hash_policy", POLICIES, "layer2+3") if hashed else "",
        min_links=read.number("min_links", 0, 0, len(members)) if lacp else 0,
        primary=_primary(read, members) if mode == BACKUP else "",
        net=net,
        vlans=_vlans(read, net.mtu),
    )


def _known_to(mode: str, read: Reader) -> None:
    for option, modes in OF_MODE.items():
        if read.get(option, None) is not None and mode not in modes:
            read.fault(f"`{option}` means nothing in mode {mode}, only in {' and '.join(modes)}")


def _members(bond: str, read: Reader) -> tuple[str, ...]:
    value = read.data.get("members")
    if not isinstance(value, list) or not value:
        read.fault("lacks `members`, the list of its interfaces")
        return ()
    for name in [bond, *value]:
        _device(name, read.fault)
    if len(set(map(str, value))) < len(value):
        read.fault("has a member twice")
    return tuple(map(str, value))


def _device(name: Any, note: Note) -> None:
    if not DEVICE.match(str(name)):
        note(f"{name} cannot be the name of an interface (letters, digits, . _ -, at most 15)")


def _primary(read: Reader, members: tuple[str, ...]) -> str:
    primary = str(read.get("primary", ""))
    if primary and primary not in members:
        read.fault(f"`primary` is {primary}, which is no member")
    return primary


def _vlans(read: Reader, mtu: int) -> tuple[Vlan, ...]:
    data = read.get("vlans", {})
    if not isinstance(data, dict):
        read.fault("`vlans` must be a mapping of interfaces by name")
        return ()
    vlans = [_vlan(str(name), data[name], mtu, read.fault) for name in sorted(data, key=str)]
    ids = [vlan.id for vlan in vlans]
    for vlan in vlans:
        if ids.count(vlan.id) > 1:
            read.fault(f"`vlans` has the id {vlan.id} at {vlan.name} and at another interface")
    return tuple(vlans)


def _vlan(name: str, data: Any, mtu: int, note: Note) -> Vlan:
    def note_here(text: str) -> None:
        note(f"vlan {name}: {text}")

    _device(name, note_here)
    read = Reader(data, ["id", *NET_KEYS], note_here)
    read.required("id")
    net = _net(read, mtu)
    if net.mtu > mtu:
        note_here(f"`mtu` is {net.mtu}, more than the {mtu} of the bond below it")
    return Vlan(name, read.number("id", 1, 1, 4094), net)


def _net(read: Reader, mtu: int) -> Layer3:
    value = read.get("addresses", [])
    if not isinstance(value, list):
        read.fault("`addresses` must be a list")
        value = []
    found = [address for item in value if (address := _address(item, read.fault))]
    least = LEAST_MTU_6 if any(address.version == 6 for address in found) else LEAST_MTU
    gateway = _gateway(read, found)
    # The MTU of the bond is its VLANs' default, and may be less than their addresses take.
    mtus = Reader({"mtu": read.get("mtu", mtu)}, ["mtu"], read.fault)
    return Layer3(tuple(map(str, found)), gateway, mtus.number("mtu", mtu, least, 9216))


def _address(item: Any, note: Note) -> Any:
    try:
        address = ipaddress.ip_interface(str(item))
    except ValueError:
        note(f"{item} is no address with a prefix")
        return None
    if "/" not in str(item):
        note(f"address {item} lacks its prefix, such as {item}/24")
    elif address.ip == address.network.network_address and address.network.num_addresses > 2:
        note(f"{item} is the network's own address and no host's")
    return address


def _gateway(read: Reader, addresses: list[Any]) -> str:
    value = read.get("gateway", "")
    if not value:
        return ""
    try:
        gateway = ipaddress.ip_address(str(value))
    except ValueError:
        read.fault(f"`gateway` is {value}, which is no address")
        return ""
    if not any(gateway in address.network for address in addresses):
        read.fault(f"`gateway` {gateway} is in the network of none of its addresses")
    elif any(gateway == address.ip for address in addresses):
        read.fault(f"`gateway` {gateway} is its own address")
    return str(gateway)


def _gateways(bonds: list[Bond], faults: list[str]) -> None:
    nets = [(name, net) for bond in bonds for name, net in _layers(bond) if net.gateway]
    for family in (4, 6):
        named = [name for name, net in nets if ipaddress.ip_address(net.gateway).version == family]
        if len(named) > 1:
            faults.append(f"{' and '.join(named)} have a gateway each; a host has one default route in IPv{family}.")


def _layers(bond: Bond) -> list[tuple[str, Layer3]]:
    return [(bond.name, bond.net), *((vlan.name, vlan.net) for vlan in bond.vlans)]


def _once(pairs: list[tuple[str, str]], what: str, faults: list[str]) -> None:
    seen: dict[str, str] = {}
    for name, bond in pairs:
        if name in seen:
            faults.append(f"{name} {what} {seen[name]} already, and of {bond} too.")
        seen.setdefault(name, bond)


def missing_members(bonds: tuple[Bond, ...], here: list[str]) -> None:
    """Raise BondError for members that this host does not have."""
    faults = [
        f"{bond.name}: this host has no interface {member}, only {', '.join(here)}."
        for bond in bonds
        for member in bond.members
        if member not in here
    ]
    if faults:
        raise BondError(faults)
