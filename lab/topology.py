# SPDX-License-Identifier: GPL-3.0-or-later
"""The description of a lab: its networks, its hosts and what runs on them, read from YAML."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml


@dataclass(frozen=True)
class Network:
    """A layer-2 segment; ``subnet6`` is empty where it has no IPv6."""

    name: str
    subnet: str
    subnet6: str = ""


@dataclass(frozen=True)
class Host:
    """A container. Its networks become eth0, eth1, ... in their order; ``run`` is a command kept running by systemd."""

    name: str
    image: str
    networks: dict[str, str]
    run: str = ""


@dataclass(frozen=True)
class Topology:
    """One lab. Containers and networks bear its name as a prefix."""

    name: str
    networks: list[Network]
    hosts: list[Host] = field(default_factory=list)

    def container(self, host: str) -> str:
        """Return the container's name of a host."""
        return f"{self.name}-{host}"

    def segment(self, network: str) -> str:
        """Return podman's name of a network."""
        return f"{self.name}-{network}"

    def management(self, host: Host) -> str:
        """Return the address by which the controller reaches a host: its first one."""
        return next(iter(host.networks.values()))


def load(path: Path) -> Topology:
    """Read a topology.

    Raises:
        ValueError: a host names a network or has an address that does not exist in it; names the host.
    """
    data: dict[str, Any] = yaml.safe_load(path.read_text())
    networks = [Network(name, **entry) for name, entry in data["networks"].items()]
    hosts = [Host(name, **entry) for name, entry in data["hosts"].items()]
    subnets = {network.name: ipaddress.ip_network(network.subnet) for network in networks}
    for host in hosts:
        for name, address in host.networks.items():
            if name not in subnets or ipaddress.ip_address(address) not in subnets[name]:
                raise ValueError(f"{path}: host {host.name}: {address} is not in a network {name} of this lab")
    return Topology(data["name"], networks, hosts)


def address6(network: Network, address: str) -> str:
    """Return the IPv6 address of a host: the last number of its IPv4 address, taken as hexadecimal digits."""
    return str(ipaddress.ip_network(network.subnet6)[int(address.rsplit(".", 1)[1], 16)])


def mac(address: str) -> str:
    """Return the MAC address of the interface with an IPv4 address: locally administered, and the same for good.

    podman would make a new one at each start, and who knew the old one would not reach a host that was powered off and
    on until its ARP entry is asked again (half a minute).
    """
    return "02:00:" + ":".join(f"{octet:02x}" for octet in ipaddress.ip_address(address).packed)
