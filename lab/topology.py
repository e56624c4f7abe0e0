# SPDX-License-Identifier: GPL-3.0-or-later
"""The description of a lab, read from YAML: networks, hosts and what runs on them, simulated devices and cables."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

SIMULATORS = ("junos",)


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
class Device:
    """A simulated device behind a port of its own on loopback; ``simulator`` is the package of lab/ that plays it."""

    name: str
    simulator: str
    model: str
    port: int


@dataclass(frozen=True)
class Topology:
    """One lab. Containers and networks bear its name as a prefix.

    ``cables`` are the far ends of the devices' ports, by device and port, as their simulator's control port takes them.
    """

    name: str
    networks: list[Network] = field(default_factory=list)
    hosts: list[Host] = field(default_factory=list)
    devices: list[Device] = field(default_factory=list)
    cables: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)

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
        ValueError: a host has an address that its network does not have, or a device cannot be; names which.
    """
    data: dict[str, Any] = yaml.safe_load(path.read_text())
    lab = Topology(
        data["name"],
        [Network(name, **entry) for name, entry in data.get("networks", {}).items()],
        [Host(name, **entry) for name, entry in data.get("hosts", {}).items()],
        [Device(name, **entry) for name, entry in data.get("devices", {}).items()],
        data.get("cables", {}),
    )
    for fault in [*_wrong_addresses(lab), *_wrong_devices(lab)]:
        raise ValueError(f"{path}: {fault}")
    return lab


def _wrong_addresses(lab: Topology) -> Iterator[str]:
    subnets = {network.name: ipaddress.ip_network(network.subnet) for network in lab.networks}
    for host in lab.hosts:
        for name, address in host.networks.items():
            if name not in subnets or ipaddress.ip_address(address) not in subnets[name]:
                yield f"host {host.name}: {address} is not in a network {name} of this lab"


def _wrong_devices(lab: Topology) -> Iterator[str]:
    """Two devices at one port, or cables of a device that there is not, would come to light only in a run."""
    for device in lab.devices:
        if device.simulator not in SIMULATORS:
            yield f"device {device.name}: no simulator {device.simulator}; there is {', '.join(SIMULATORS)}"
        if [other.name for other in lab.devices if other.port == device.port] != [device.name]:
            yield f"device {device.name}: port {device.port} is not its own"
    for name in lab.cables:
        if name not in {device.name for device in lab.devices}:
            yield f"cables of {name}: there is no such device"


def address6(network: Network, address: str) -> str:
    """Return the IPv6 address of a host: the last number of its IPv4 address, taken as hexadecimal digits."""
    return str(ipaddress.ip_network(network.subnet6)[int(address.rsplit(".", 1)[1], 16)])


def mac(address: str) -> str:
    """Return the MAC address of the interface with an IPv4 address: locally administered, and the same for good.

    podman would make a new one at each start, and who knew the old one would not reach a host that was powered off and
    on until its ARP entry is asked again (half a minute).
    """
    return "02:00:" + ":".join(f"{octet:02x}" for octet in ipaddress.ip_address(address).packed)
