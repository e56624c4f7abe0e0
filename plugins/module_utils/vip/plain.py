# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Plain secondary addresses: what is declared, and the files of netplan, networkd and ifupdown that keep them. Pure.

netplan and networkd take much that is wrong without a word, so everything is checked here first.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Any

from .model import DEVICE, MARKER, Interface, Reader, VipError
from .parse import parse_address

LABEL = re.compile(r"[A-Za-z0-9_.:@-]{1,15}\Z")  # IFNAMSIZ, as for interfaces
CIDR = re.compile(r"[0-9A-Fa-f:.]+/\d{1,3}")
HOOK_LINE = re.compile(r"^\s+ip address replace (\S+) dev (\S+)(?: label (\S+))?", re.M)


@dataclass(frozen=True)
class Plain:
    """One secondary address."""

    interface: str
    address: Interface
    label: str = ""


def parse_plain(items: list[dict[str, Any]]) -> list[Plain]:
    """Return the declared addresses. Raises VipError with every fault."""
    faults: list[str] = []
    if not items:
        faults.append("vip_addresses declares no address; to take them away say `vip_state: absent`.")
    found = [_parse_one(number, item, faults) for number, item in enumerate(items)]
    seen: set[str] = set()
    for plain in found:
        if plain and str(plain.address.ip) in seen:
            faults.append(f"address {plain.address.ip} is in vip_addresses twice.")
        seen.add(str(plain.address.ip) if plain else "")
    if faults:
        raise VipError(faults)
    return [plain for plain in found if plain]


def _parse_one(number: int, item: dict[str, Any], faults: list[str]) -> Plain | None:
    read = Reader(f"vip_addresses[{number}]", item, ["interface", "address", "label"], faults)
    address = parse_address(read, str(item.get("address")))
    interface, label = str(item.get("interface")), str(item.get("label") or "")
    if not DEVICE.match(interface):
        read.fault(f"`interface` is {interface}, which cannot be the name of an interface")
    if label and address is not None and address.version == 6:
        read.fault("has a label, which IPv6 addresses cannot have")
    elif label and not (LABEL.match(label) and label.startswith(interface)):
        read.fault(f"`label` is {label}, but must begin with {interface} and have at most 15 characters")
    return Plain(interface, address, label) if address is not None else None


def render_netplan(plains: list[Plain], sections: dict[str, str]) -> str:
    """Return a netplan file that adds to what other files say of the interfaces: netplan joins lists of addresses."""
    lines = [MARKER, "network:", "  version: 2"]
    for section in sorted(set(sections.values())):
        lines.append(f"  {section}:")
        for interface in sorted(name for name, own in sections.items() if own == section):
            lines += [f"    {interface}:", "      addresses:"]
            lines += [_netplan_item(plain) for plain in plains if plain.interface == interface]
    return "\n".join(lines) + "\n"


def _netplan_item(plain: Plain) -> str:
    if plain.label:
        return f'        - "{plain.address}": {{label: "{plain.label}"}}'
    return f'        - "{plain.address}"'


def render_networkd(plains: list[Plain]) -> str:
    """Return the drop-in for one interface's .network file; sections of addresses add up."""
    lines = [MARKER]
    for plain in plains:
        lines += ["[Address]", f"Address={plain.address}"] + (["Label=" + plain.label] if plain.label else [])
    return "\n".join(lines) + "\n"


def render_up_hook(plains: list[Plain]) -> str:
    """Return the script that ifup runs after each stanza of an interface.

    IPv4 waits for a stanza of its family, lest one of ours become the interface's first address. A failure does not
    keep ifup from finishing with the host's own addresses; the words of `ip` are in its output.
    """
    cases: list[str] = []
    for interface in sorted({plain.interface for plain in plains}):
        own = [plain for plain in plains if plain.interface == interface]
        cases += _case(f"{interface}/inet", [_replace(plain) for plain in own])
        cases += _case(f"{interface}/inet6", [_replace(plain) for plain in own if plain.address.version == 6])
    return _script(
        "ifup runs it after each stanza (interfaces(5)); more than once does no harm", "IFACE/$ADDRFAM", cases
    )


def render_down_hook(plains: list[Plain]) -> str:
    """Return the script that ifdown runs before it takes an interface down, once for each stanza."""
    cases: list[str] = []
    for interface in sorted({plain.interface for plain in plains}):
        own = [plain for plain in plains if plain.interface == interface]
        cases += _case(interface, [f"ip address del {plain.address} dev {interface} 2> /dev/null" for plain in own])
    return _script("ifdown runs it for each stanza; what an earlier one took away is no error", "IFACE", cases)


def _script(comment: str, key: str, cases: list[str]) -> str:
    return "\n".join(["#!/bin/sh", MARKER, f"# {comment}.", f'case "${key}" in', *cases, "esac", "exit 0"]) + "\n"


def _case(pattern: str, commands: list[str]) -> list[str]:
    return [f"{pattern})", *(f"    {command}" for command in commands), "    ;;"] if commands else []


def _replace(plain: Plain) -> str:
    """Return the command that adds an address. Two addresses of a link (RFC 3021) have no broadcast address."""
    label = f" label {plain.label}" if plain.label else ""
    wide = plain.address.version == 4 and plain.address.network.prefixlen < 31
    return f"ip address replace {plain.address} dev {plain.interface}{label}" + (" broadcast +" if wide else "")


def parse_hook(text: str) -> list[tuple[str, str, str]]:
    """Return the interface, the address with prefix and the label of each address that the script for ifup adds."""
    found = [(interface, address, label or "") for address, interface, label in HOOK_LINE.findall(text)]
    return list(dict.fromkeys(found))


def addresses_in(text: str) -> set[str]:
    """Return the addresses, without prefix, that one of our files has."""
    return {str(ipaddress.ip_interface(found).ip) for found in CIDR.findall(text)}
