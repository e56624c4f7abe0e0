# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The files that make the bonds at every boot, for netplan, systemd-networkd and ifupdown. Pure."""

from __future__ import annotations

import ipaddress
from typing import Iterable

from .model import Bond, Layer3, Vlan

MARKER = "# Managed by netstack.datacenter.linux_bond; the role puts local changes aside."
NETPLAN = {
    "mode": "mode",
    "miimon": "mii-monitor-interval",
    "lacp_rate": "lacp-rate",
    "xmit_hash_policy": "transmit-hash-policy",
    "min_links": "min-links",
    "primary": "primary",
}
NETWORKD = {
    "mode": "Mode",
    "miimon": "MIIMonitorSec",
    "lacp_rate": "LACPTransmitRate",
    "xmit_hash_policy": "TransmitHashPolicy",
    "min_links": "MinLinks",
}


def netplan(bonds: Iterable[Bond]) -> str:
    """Return the netplan file; the members get no addresses of their own."""
    bonds = list(bonds)
    lines = [MARKER, "network:", "  version: 2", "  ethernets:"]
    for member in (member for bond in bonds for member in bond.members):
        lines += [f'    "{member}":', "      dhcp4: false", "      dhcp6: false", "      link-local: []"]
    lines += ["  bonds:", *(line for bond in bonds for line in _netplan_bond(bond))]
    vlans = [(bond, vlan) for bond in bonds for vlan in bond.vlans]
    if vlans:
        lines += ["  vlans:", *(line for bond, vlan in vlans for line in _netplan_vlan(bond, vlan))]
    return "\n".join(lines) + "\n"


def _netplan_bond(bond: Bond) -> list[str]:
    members = ", ".join(f'"{member}"' for member in bond.members)
    lines = [f'    "{bond.name}":', f"      interfaces: [{members}]", *_netplan_net(bond.net), "      parameters:"]
    return lines + [f'        {NETPLAN[name]}: "{value}"' for name, value in bond.options.items()]


def _netplan_vlan(bond: Bond, vlan: Vlan) -> list[str]:
    return [f'    "{vlan.name}":', f"      id: {vlan.id}", f'      link: "{bond.name}"', *_netplan_net(vlan.net)]


def _netplan_net(net: Layer3) -> list[str]:
    lines = [f"      mtu: {net.mtu}"]
    if net.addresses:
        lines.append("      addresses: [{}]".format(", ".join(f'"{address}"' for address in net.addresses)))
    if net.gateway:
        lines += ["      routes:", f'        - {{to: "{_everywhere(net.gateway)}", via: "{net.gateway}"}}']
    return lines


def _everywhere(gateway: str) -> str:
    """Return all addresses of the gateway's family; the word `default` is unknown to netplan before 0.103."""
    return "0.0.0.0/0" if ipaddress.ip_address(gateway).version == 4 else "::/0"


def networkd(bonds: Iterable[Bond]) -> dict[str, str]:
    """Return networkd's files by name; they sort before others, since the first that matches an interface counts."""
    found: dict[str, str] = {}
    for bond in bonds:
        found[f"05-netstack-{bond.name}.netdev"] = _networkd_bond(bond)
        found[f"05-netstack-{bond.name}.network"] = _networkd_net(bond.name, bond.net, bond.vlans)
        for member in bond.members:
            found[f"05-netstack-{bond.name}-{member}.network"] = _networkd_member(bond, member)
        for vlan in bond.vlans:
            netdev = ["[NetDev]", f"Name={vlan.name}", "Kind=vlan", "[VLAN]", f"Id={vlan.id}"]
            found[f"05-netstack-{vlan.name}.netdev"] = _lines(netdev)
            found[f"05-netstack-{vlan.name}.network"] = _networkd_net(vlan.name, vlan.net, ())
    return found


def _lines(lines: list[str]) -> str:
    return "\n".join([MARKER, *lines]) + "\n"


def _networkd_bond(bond: Bond) -> str:
    lines = ["[NetDev]", f"Name={bond.name}", "Kind=bond", "[Bond]"]
    values = {**bond.options, "miimon": f"{bond.miimon}ms"}
    return _lines(lines + [f"{NETWORKD[name]}={value}" for name, value in values.items() if name in NETWORKD])


def _networkd_member(bond: Bond, member: str) -> str:
    primary = ["PrimarySlave=yes"] if member == bond.primary else []
    return _lines(["[Match]", f"Name={member}", "[Network]", f"Bond={bond.name}", *primary])


def _networkd_net(name: str, net: Layer3, vlans: tuple[Vlan, ...]) -> str:
    lines = ["[Match]", f"Name={name}", "[Link]", f"MTUBytes={net.mtu}", "[Network]"]
    lines += [f"VLAN={vlan.name}" for vlan in vlans] + [f"Address={address}" for address in net.addresses]
    if net.gateway:
        lines.append(f"Gateway={net.gateway}")
    if not net.addresses:
        lines.append("LinkLocalAddressing=no")
    return _lines(lines)


def ifupdown(bonds: Iterable[Bond]) -> str:
    """Return the stanzas for ifupdown with the package ifenslave."""
    lines: list[str] = []
    for bond in bonds:
        own = [f"bond-slaves {' '.join(bond.members)}"]
        own += [f"bond-{name.replace('_', '-')} {value}" for name, value in bond.options.items()]
        lines += _stanzas(bond.name, bond.net, own)
        for vlan in bond.vlans:
            lines += _stanzas(vlan.name, vlan.net, [f"vlan-raw-device {bond.name}", f"vlan-id {vlan.id}"])
    return _lines(lines)


def _stanzas(name: str, net: Layer3, own: list[str]) -> list[str]:
    """Return the stanzas of one interface: one for each address, the first of which makes it."""
    lines, gateway = ["", f"auto {name}"], net.gateway
    first = [*own, f"mtu {net.mtu}"]
    for address in net.addresses or ("",):
        lines.append(f"iface {name} {_family(address)} {'static' if address else 'manual'}")
        mine = gateway if address and _family(gateway) == _family(address) and _reaches(address, gateway) else ""
        gateway = "" if mine else gateway
        text = ([f"address {address}"] if address else []) + ([f"gateway {mine}"] if mine else []) + first
        lines += [f"    {line}" for line in text]
        first = []
    return lines


def _family(address: str) -> str:
    return "inet6" if ":" in address else "inet"


def _reaches(address: str, gateway: str) -> bool:
    return bool(gateway) and ipaddress.ip_address(gateway) in ipaddress.ip_interface(address).network
