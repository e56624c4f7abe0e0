# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the kernel has of the bonds, and what it lacks: `/sys/class/net`, `/proc/net/bonding`, `ip -json`.

The files say what ought to be; only the kernel says what is. netplan, for example, leaves an existing bond its hash
policy, and says nothing.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.netstack.datacenter.plugins.module_utils.hostnet.shown_by_ip import shown
from ansible_collections.netstack.datacenter.plugins.module_utils.service.systemd import Run

from .model import LACP, Bond, Declared, Layer3, Vlan

NOBODY = "00:00:00:00:00:00"
CARRYING = 0x38  # synchronization, collecting and distributing in the state of an LACPDU (IEEE 802.1AX)
_NUMBER = re.compile("[0-9]{1,9}")
_FIELD = re.compile(r"\s*([^:]+): *(.*?)\s*")


@dataclass(frozen=True)
class Partner:
    """What `/proc/net/bonding/BOND` says of LACP: the partner, the ports in use, and each member's state.

    ``states`` are each member's LACP states, of this end and of the far one; a kernel that tells none leaves them out.
    """

    mac: str = ""
    ports: int = 0
    aggregators: dict[str, str] = field(default_factory=dict)
    down: tuple[str, ...] = ()
    states: dict[str, list[int]] = field(default_factory=dict)


def parse_proc(text: str) -> Partner:
    """Return what the file says; members by name, with their aggregator where there is one."""
    mac, ports, member = "", 0, ""
    aggregators: dict[str, str] = {}
    down: list[str] = []
    states: dict[str, list[int]] = {}
    for line in text.splitlines():
        found = _FIELD.fullmatch(line)
        name, value = found.groups() if found else ("", "")
        if name == "Slave Interface":
            member = value
        elif name == "MII Status" and member and value != "up":
            down.append(member)
        elif name == "Aggregator ID" and member:
            aggregators[member] = value
        elif name == "port state" and member and _NUMBER.fullmatch(value):
            states.setdefault(member, []).append(int(value))
        elif name == "Partner Mac Address":
            mac = value
        elif name == "Number of ports" and _NUMBER.fullmatch(value):
            ports = int(value)
    return Partner(mac, ports, aggregators, tuple(down), states)


class Kernel:
    """The interfaces of this host."""

    def __init__(self, run: Run, root: str = "/") -> None:
        self.run, self.sys, self.proc = run, Path(root, "sys/class/net"), Path(root, "proc/net/bonding")

    def has(self, name: str) -> bool:
        """Tell whether there is such an interface."""
        return (self.sys / name).exists()

    def names(self) -> list[str]:
        """Return all interfaces."""
        return sorted(path.name for path in self.sys.iterdir() if path.is_dir())

    def value(self, path: str) -> str:
        """Return the first word of a file below /sys/class/net, "" where it is missing."""
        try:
            return ((self.sys / path).read_text().split() or [""])[0]
        except OSError:
            return ""

    def options(self, bond: str) -> dict[str, str]:
        """Return the kernel's options of a bond; empty for what is none."""
        names = ["mode", "miimon", "lacp_rate", "xmit_hash_policy", "min_links", "primary"]
        return {name: self.value(f"{bond}/bonding/{name}") for name in names} if self.is_bond(bond) else {}

    def is_bond(self, name: str) -> bool:
        """Tell whether an interface is a bond."""
        return (self.sys / name / "bonding").is_dir()

    def members(self, bond: str) -> list[str]:
        """Return the members of a bond."""
        try:
            return sorted((self.sys / bond / "bonding/slaves").read_text().split())
        except OSError:
            return []

    def below(self, name: str) -> set[str]:
        """Return an interface with all that it rests on: the bond of a VLAN, the members of a bond."""
        folder = self.sys / name
        entries = os.listdir(str(folder)) if folder.exists() else []
        lower = [entry[len("lower_") :] for entry in entries if entry.startswith("lower_")]
        return {name}.union(*(self.below(entry) for entry in lower))

    def partner(self, bond: str) -> Partner:
        """Return what the bond says of its members and its partner."""
        try:
            return parse_proc((self.proc / bond).read_text())
        except OSError:
            return Partner()

    def shown(self) -> dict[str, dict[str, Any]]:
        """Return all interfaces with their addresses as `ip` shows them, by name."""
        return {item["ifname"]: item for item in shown(self.run, OSError, "-details")}

    def default_routes(self) -> set[tuple[str, str]]:
        """Return the gateways of the default routes, each with its interface."""
        found = set()
        for family in ("-4", "-6"):
            rc, out, _err = self.run(["ip", family, "-json", "route", "show", "default"])
            found |= _routes(out) if rc == 0 else set()
        return found


def _routes(text: str) -> set[tuple[str, str]]:
    """Return gateway and interface of the routes in what `ip` prints; nothing of what is no route."""
    try:
        found = json.loads(text or "[]")
    except (ValueError, RecursionError):
        return set()
    routes = [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
    return {(str(route.get("gateway", "")), str(route.get("dev", ""))) for route in routes}


@dataclass(frozen=True)
class Differences:
    """What the kernel has otherwise than declared, by interface: bonds, VLANs, and what is above them."""

    bonds: dict[str, list[str]]
    vlans: dict[str, list[str]]
    layers: dict[str, list[str]]

    @property
    def texts(self) -> list[str]:
        """Return all of it."""
        return [text for part in (self.bonds, self.vlans, self.layers) for texts in part.values() for text in texts]


def differences(declared: Declared, kernel: Kernel) -> Differences:
    """Return what the kernel has otherwise than declared; interfaces without a difference are left out."""
    shown = kernel.shown()
    routes = kernel.default_routes() if any(net.gateway for net in declared.layers.values()) else set()
    bonds = {bond.name: _wrong_bond(bond, kernel) for bond in declared.bonds}
    vlans = {vlan.name: _wrong_vlan(bond, vlan, shown) for bond in declared.bonds for vlan in bond.vlans}
    layers = {name: _wrong_layer(name, net, shown.get(name), routes) for name, net in declared.layers.items()}
    return Differences(_only(bonds), _only(vlans), _only(layers))


def _only(found: dict[str, list[str]]) -> dict[str, list[str]]:
    return {name: texts for name, texts in found.items() if texts}


def _wrong_bond(bond: Bond, kernel: Kernel) -> list[str]:
    if not kernel.has(bond.name):
        return [f"there is no {bond.name}"]
    if not kernel.is_bond(bond.name):
        return [f"{bond.name} is there and no bond"]
    has = kernel.options(bond.name)
    faults = [
        f"{bond.name} has {name} {has.get(name) or 'none'}, not {value}"
        for name, value in bond.options.items()
        if has.get(name) != value
    ]
    members = kernel.members(bond.name)
    if members != sorted(bond.members):
        faults.append(
            f"{bond.name} has the members {' '.join(members) or 'none'}, not {' '.join(sorted(bond.members))}"
        )
    return faults


def _wrong_layer(name: str, net: Layer3, item: dict[str, Any] | None, routes: set[tuple[str, str]]) -> list[str]:
    if item is None:
        return []
    faults = [] if item.get("mtu") == net.mtu else [f"{name} has the MTU {item.get('mtu')}, not {net.mtu}"]
    has = _addresses(item)
    faults += [f"{name} lacks the address {address}" for address in net.addresses if address not in has]
    if net.gateway and (net.gateway, name) not in routes:
        faults.append(f"there is no default route by {net.gateway} on {name}")
    return faults


def _wrong_vlan(bond: Bond, vlan: Vlan, shown: dict[str, dict[str, Any]]) -> list[str]:
    item = shown.get(vlan.name)
    if item is None:
        return [f"there is no {vlan.name}"]
    number = _vlan_id(item.get("linkinfo"))
    if number == vlan.id and item.get("link") == bond.name:
        return []
    return [f"{vlan.name} is VLAN {number} on {item.get('link')}, not VLAN {vlan.id} on {bond.name}"]


def _vlan_id(info: Any) -> Any:
    """Return the id in an interface's `linkinfo`; None where it is no VLAN."""
    data = info.get("info_data") if isinstance(info, dict) and info.get("info_kind") == "vlan" else None
    return data.get("id") if isinstance(data, dict) else None


def _addresses(item: dict[str, Any]) -> list[str]:
    return [f"{info['local']}/{info['prefixlen']}" for info in item["addr_info"]]


def not_working(declared: Declared, kernel: Kernel, partner: bool) -> list[str]:
    """Return what keeps the bonds from carrying frames; with ``partner``, also a far end that answers no LACP."""
    return [
        fault for bond in declared.bonds for fault in _not_working(bond, kernel.partner(bond.name), kernel, partner)
    ]


def _not_working(bond: Bond, seen: Partner, kernel: Kernel, partner: bool) -> list[str]:
    faults = [f"member {member} of {bond.name} is down" for member in seen.down]
    if kernel.value(f"{bond.name}/operstate") != "up":
        faults.append(f"{bond.name} is {kernel.value(f'{bond.name}/operstate') or 'missing'}")
    if bond.mode != LACP or not partner:
        return faults
    if seen.mac in ("", NOBODY):
        faults.append(f"nobody answers LACP at {bond.name} (partner {NOBODY}): the switch has no LACP bundle there")
    elif len(set(seen.aggregators.values())) > 1 or seen.ports < len(bond.members):
        groups = ", ".join(f"{member} in {seen.aggregators[member]}" for member in sorted(seen.aggregators))
        faults.append(
            f"only {seen.ports} of the {len(bond.members)} members of {bond.name} are in use (aggregators: {groups}): "
            "their cables do not end in one bundle"
        )
    else:
        faults += _not_carrying(bond, seen)
    return faults


def _not_carrying(bond: Bond, seen: Partner) -> list[str]:
    """Return the members over which LACP lets no frames pass: a partner is known seconds before both ends agree."""
    return [
        f"{end} of {member} of {bond.name} does not collect and distribute (LACP state {state})"
        for member, states in sorted(seen.states.items())
        for end, state in zip(("this end", "the far end"), states)
        if state & CARRYING != CARRYING
    ]
