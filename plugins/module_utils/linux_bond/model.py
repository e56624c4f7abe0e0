# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a host's bonds ought to be. Pure data; :mod:`parse` makes it and :mod:`render` writes it for the host."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import Any

LACP, STATIC, BACKUP = "802.3ad", "balance-xor", "active-backup"
MODES = [LACP, STATIC, BACKUP]
RATES = ["slow", "fast"]
POLICIES = ["layer2", "layer2+3", "layer3+4", "encap2+3", "encap3+4", "vlan+srcmac"]


class BondError(ValueError):
    """The declared bonds cannot be configured; ``faults`` has one sentence for each cause."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass(frozen=True)
class Layer3:
    """What an interface has above Ethernet: addresses with prefix, the default gateway, and the MTU in octets."""

    addresses: tuple[str, ...] = ()
    gateway: str = ""
    mtu: int = 1500


@dataclass(frozen=True)
class Vlan:
    """One VLAN interface on a bond."""

    name: str
    id: int
    net: Layer3 = Layer3()


@dataclass(frozen=True)
class Bond:
    """One bond with its VLAN interfaces.

    ``miimon`` is in milliseconds. What does not belong to the mode is empty: ``lacp_rate`` and ``min_links`` are of
    802.3ad, ``xmit_hash_policy`` of 802.3ad and balance-xor, ``primary`` of active-backup.
    """

    name: str
    mode: str
    members: tuple[str, ...]
    miimon: int = 100
    lacp_rate: str = ""
    xmit_hash_policy: str = ""
    min_links: int = 0
    primary: str = ""
    net: Layer3 = Layer3()
    vlans: tuple[Vlan, ...] = ()

    @property
    def options(self) -> dict[str, str]:
        """Return the kernel's options of the bond, as `/sys/class/net/BOND/bonding` names them; empty ones left out."""
        found = {
            "mode": self.mode,
            "miimon": str(self.miimon),
            "lacp_rate": self.lacp_rate,
            "xmit_hash_policy": self.xmit_hash_policy,
            "min_links": str(self.min_links) if self.mode == LACP else "",
            "primary": self.primary,
        }
        return {name: value for name, value in found.items() if value}

    @property
    def interfaces(self) -> list[str]:
        """Return the bond and its VLAN interfaces."""
        return [self.name, *(vlan.name for vlan in self.vlans)]


@dataclass(frozen=True)
class Declared:
    """All bonds of a host, and what writes them: netplan, networkd or ifupdown; "" where none was ever written."""

    backend: str = ""
    bonds: tuple[Bond, ...] = ()

    def bond(self, name: str) -> Bond | None:
        """Return a bond by its name."""
        return next((bond for bond in self.bonds if bond.name == name), None)

    @property
    def layers(self) -> dict[str, Layer3]:
        """Return what each interface has above Ethernet, by name."""
        found = {bond.name: bond.net for bond in self.bonds}
        return {**found, **{vlan.name: vlan.net for bond in self.bonds for vlan in bond.vlans}}

    @property
    def members(self) -> list[str]:
        """Return the members of all bonds."""
        return [member for bond in self.bonds for member in bond.members]


def dump(declared: Declared) -> bytes:
    """Return what is kept on the host of the bonds, so that a later run knows what this one made."""
    return (json.dumps(asdict(declared), indent=1, sort_keys=True) + "\n").encode()


def load(content: bytes | None) -> Declared:
    """Return what :func:`dump` kept; without it, no bonds."""
    if not content:
        return Declared()
    data = json.loads(content)
    return Declared(data["backend"], tuple(_bond(bond) for bond in data["bonds"]))


def _bond(data: dict[str, Any]) -> Bond:
    known = {field.name for field in fields(Bond)}
    values = {name: value for name, value in data.items() if name in known}
    values.update(members=tuple(data["members"]), net=_net(data["net"]))
    return Bond(**{**values, "vlans": tuple(Vlan(v["name"], v["id"], _net(v["net"])) for v in data["vlans"])})


def _net(data: dict[str, Any]) -> Layer3:
    return Layer3(tuple(data["addresses"]), data["gateway"], data["mtu"])
