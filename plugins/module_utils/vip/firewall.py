# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the nodes of a pair say to one another, taken from the peer alone, by a table of nftables of its own.

It says nothing of any other traffic: what it does not drop goes on to the tables of others, and SSH is never in it.
Pure; :mod:`firewall_host` puts it in force.
"""

from __future__ import annotations

import hashlib
import ipaddress
from dataclasses import dataclass
from typing import Any, Sequence

from .model import DEVICE, MARKER, Health, VipError

FILE = "/etc/netstack/vip-firewall.nft"
UNIT = "netstack-vip-firewall.service"
UNIT_FILE = f"/etc/systemd/system/{UNIT}"
DROP_IN = "/etc/systemd/system/nftables.service.d/netstack-vip.conf"
LISTING = "/run/netstack-vip-firewall"
NAME = "inet netstack_vip"

# What the kernel has after loading is kept: nft writes rules in words of its own, and a hand may have changed them.
_LOAD = f"/bin/sh -c '/usr/sbin/nft -f {FILE} && exec /usr/sbin/nft list table {NAME} >{LISTING}'"
UNIT_TEXT = f"""{MARKER}
[Unit]
Description=VRRP, health and peers of this load balancer, from its peers only
After=nftables.service
Before=keepalived.service haproxy.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart={_LOAD}
ExecReload={_LOAD}
ExecStop=-/usr/sbin/nft delete table {NAME}

[Install]
WantedBy=multi-user.target
"""

# It empties the kernel's rules whenever it is started, restarted or reloaded, of which a unit can follow no start.
DROP_IN_TEXT = f"""{MARKER}
[Service]
ExecStartPost=-{_LOAD}
ExecReload=-{_LOAD}
"""


@dataclass(frozen=True)
class Firewall:
    """Who may send what: VRRP on the instances' interfaces, and TCP to the ports by which the nodes ask one another."""

    interfaces: tuple[str, ...]
    peers: tuple[str, ...]
    ports: tuple[int, ...]


def declared(parameters: dict[str, Any]) -> Firewall:
    """Return what the module's parameters declare. Raises VipError with every fault."""
    faults: list[str] = []
    instances = {name: own for name, own in parameters["instances"].items() if isinstance(own, dict)}
    named = _addresses(parameters["peers"], "vip_firewall_peers", faults)
    asked = _addresses([own["address"] for own in parameters["peer_health"]], "vip_peer_health", faults)
    heard = {
        name: _addresses(own.get("unicast_peers") or [], f"vip_instances.{name}.unicast_peers", faults)
        for name, own in instances.items()
    }
    for name, own in instances.items():
        if not DEVICE.match(str(own.get("interface") or "")):
            faults.append(f"vip_instances.{name} lacks an `interface`, to which the firewall ties its adverts.")
        if not heard[name] and not named:
            faults.append(
                f"vip_instances.{name} has no `unicast_peers`: multicast adverts come from addresses that only "
                "vip_firewall_peers can name."
            )
    if not instances:
        faults.append("vip_instances declares no instance, so there is nothing that the firewall could let in.")
    faults += [f"vip_firewall_ports: {port} is no port." for port in parameters["ports"] if not 0 < port < 65536]
    if faults:
        raise VipError(faults)
    peers = {*named, *asked, *(peer for own in heard.values() for peer in own)}
    own_ports = [_health_port(parameters["health"])] if parameters["health"].get("enabled", True) else []
    return Firewall(
        tuple(sorted({str(own["interface"]) for own in instances.values()})),
        tuple(sorted(peers, key=lambda peer: (":" in peer, peer))),
        tuple(sorted({*own_ports, *parameters["ports"]})),
    )


def _health_port(health: dict[str, Any]) -> int:
    return int(health.get("port") or Health.port)


def _addresses(values: Sequence[Any], where: str, faults: list[str]) -> list[str]:
    found = []
    for value in values:
        try:
            found.append(str(ipaddress.ip_address(value)))
        except ValueError:
            faults.append(f"{where}: {value} is not an IP address.")
    return found


def render_rules(firewall: Firewall) -> str:
    """Return the file that nft loads as one transaction. A comment in it has the digest of all the rest."""
    families = {"ip": [p for p in firewall.peers if ":" not in p], "ip6": [p for p in firewall.peers if ":" in p]}
    vrrp = "meta l4proto 112"
    interfaces = "iifname {}".format(_set([f'"{name}"' for name in firewall.interfaces]))
    rules = ['iifname "lo" accept comment "netstack @DIGEST@"']
    rules += [f"{vrrp} {interfaces} {family} saddr {_set(own)} accept" for family, own in families.items() if own]
    rules.append(f"{vrrp} drop")
    if firewall.ports:
        ports = f"tcp dport {_set([str(port) for port in firewall.ports])}"
        rules += [f"{ports} {family} saddr {_set(own)} accept" for family, own in families.items() if own]
        rules.append(f"{ports} drop")
    text = "\n".join(
        [
            MARKER,
            f"table {NAME}",
            f"delete table {NAME}",
            f"table {NAME} {{",
            "    chain input {",
            "        type filter hook input priority filter - 10; policy accept;",
            *(f"        {rule}" for rule in rules),
            "    }",
            "}",
            "",
        ]
    )
    return text.replace("@DIGEST@", hashlib.sha256(text.encode()).hexdigest()[:16])


def _set(members: list[str]) -> str:
    return "{ " + ", ".join(members) + " }"
