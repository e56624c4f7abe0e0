# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From the variable of the role to the bonds: every fault is found at once. Pure.

netplan takes a wrong hash policy without a word, networkd and ifupdown take far more, so all is checked here first.
"""

from __future__ import annotations

import difflib
import ipaddress
import re
from typing import Any, Callable

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
Note = Callable[[str], None]


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

    entry = _mapping(data, BOND_KEYS, note)
    mode = _choice(entry, "mode", MODES, LACP, note)
    _known_to(mode, entry, note)
    members = _members(name, entry, note)
    net = _net(entry, 1500, note)
    lacp, hashed = mode == LACP, mode in (LACP, STATIC)
    return Bond(
        name=name,
        mode=mode,
        members=members,
        miimon=_number(entry, "miimon", 100, 10, 10000, note),
        lacp_rate=_choice(entry, "lacp_rate", RATES, "slow", note) if lacp else "",
        xmit_hash_policy=_choice(entry, "xmit_hash_policy", POLICIES, "layer2+3", note) if hashed else "",
        min_links=_number(entry, "min_links", 0, 0, len(members), note) if lacp else 0,
        primary=_primary(entry, members, note) if mode == BACKUP else "",
        net=net,
        vlans=_vlans(entry, net.mtu, note),
    )


def _mapping(data: Any, keys: list[str], note: Note) -> dict[str, Any]:
    if not isinstance(data, dict):
        note(f"must be a mapping of settings, not {type(data).__name__}")
        return {}
    for key in data:
        if key not in keys:
            close = difflib.get_close_matches(str(key), keys, 1)
            note(f"knows no `{key}`" + (f"; did you mean `{close[0]}`?" if close else ", only " + ", ".join(keys)))
    return {key: value for key, value in data.items() if value is not None}


def _known_to(mode: str, entry: dict[str, Any], note: Note) -> None:
    for option, modes in OF_MODE.items():
        if option in entry and mode not in modes:
            note(f"`{option}` means nothing in mode {mode}, only in {' and '.join(modes)}")


def _members(bond: str, entry: dict[str, Any], note: Note) -> tuple[str, ...]:
    value = entry.get("members")
    if not isinstance(value, list) or not value:
        note("lacks `members`, the list of its interfaces")
        return ()
    for name in [bond, *value]:
        _device(name, note)
    if len(set(map(str, value))) < len(value):
        note("has a member twice")
    return tuple(map(str, value))


def _device(name: Any, note: Note) -> None:
    if not DEVICE.match(str(name)):
        note(f"{name} cannot be the name of an interface (letters, digits, . _ -, at most 15)")


def _primary(entry: dict[str, Any], members: tuple[str, ...], note: Note) -> str:
    primary = str(entry.get("primary", ""))
    if primary and primary not in members:
        note(f"`primary` is {primary}, which is no member")
    return primary


def _vlans(entry: dict[str, Any], mtu: int, note: Note) -> tuple[Vlan, ...]:
    data = entry.get("vlans", {})
    if not isinstance(data, dict):
        note("`vlans` must be a mapping of interfaces by name")
        return ()
    vlans = [_vlan(str(name), data[name], mtu, note) for name in sorted(data, key=str)]
    ids = [vlan.id for vlan in vlans]
    for vlan in vlans:
        if ids.count(vlan.id) > 1:
            note(f"`vlans` has the id {vlan.id} at {vlan.name} and at another interface")
    return tuple(vlans)


def _vlan(name: str, data: Any, mtu: int, note: Note) -> Vlan:
    def note_here(text: str) -> None:
        note(f"vlan {name}: {text}")

    _device(name, note_here)
    entry = _mapping(data, ["id", *NET_KEYS], note_here)
    if "id" not in entry:
        note_here("lacks `id`")
    net = _net(entry, mtu, note_here)
    if net.mtu > mtu:
        note_here(f"`mtu` is {net.mtu}, more than the {mtu} of the bond below it")
    return Vlan(name, _number(entry, "id", 1, 1, 4094, note_here), net)


def _net(entry: dict[str, Any], mtu: int, note: Note) -> Layer3:
    value = entry.get("addresses", [])
    if not isinstance(value, list):
        note("`addresses` must be a list")
        value = []
    found = [address for item in value if (address := _address(item, note))]
    least = LEAST_MTU_6 if any(address.version == 6 for address in found) else LEAST_MTU
    gateway = _gateway(entry, found, note)
    return Layer3(tuple(map(str, found)), gateway, _number(entry, "mtu", mtu, least, 9216, note))


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


def _gateway(entry: dict[str, Any], addresses: list[Any], note: Note) -> str:
    value = entry.get("gateway", "")
    if not value:
        return ""
    try:
        gateway = ipaddress.ip_address(str(value))
    except ValueError:
        note(f"`gateway` is {value}, which is no address")
        return ""
    if not any(gateway in address.network for address in addresses):
        note(f"`gateway` {gateway} is in the network of none of its addresses")
    elif any(gateway == address.ip for address in addresses):
        note(f"`gateway` {gateway} is its own address")
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


def _choice(entry: dict[str, Any], key: str, choices: list[str], default: str, note: Note) -> str:
    value = str(entry.get(key, default))
    if value not in choices:
        note(f"`{key}` is {value}, but must be one of {', '.join(choices)}")
        return default
    return value


def _number(entry: dict[str, Any], key: str, default: int, low: int, high: int, note: Note) -> int:
    value = entry.get(key, default)
    try:
        number = int(value)
        fits = low <= number <= high and not isinstance(value, (bool, float))
    except (TypeError, ValueError):
        fits = False
    if fits:
        return number
    note(f"`{key}` is {value}, but must be a whole number from {low} to {high}")
    return default


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
