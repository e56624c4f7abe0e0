# SPDX-License-Identifier: GPL-3.0-or-later
"""The description of a lab, read from YAML: networks, hosts and what runs on them, simulated devices and cables."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import yaml

import checkout
from device.simulator import Device
from kinds import simulators


@dataclass(frozen=True)
class Network:
    """A layer-2 segment; ``subnet6`` is empty where it has no IPv6."""

    name: str
    subnet: str
    subnet6: str = ""


@dataclass(frozen=True)
class Host:
    """A container. Its networks become eth0, eth1, ... in their order; ``run`` is a command kept running by systemd.

    ``sysctl`` are settings of its kernel that it is started with, for inside of it they are read-only.
    """

    name: str
    image: str
    networks: dict[str, str]
    run: str = ""
    sysctl: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Topology:
    """One lab. Containers and networks bear its name as a prefix, and the checkout's number where it is not 231.

    ``cables`` are the far ends of the switches' ports, by switch and port: as the simulator's control port takes them,
    or ``{host, nic}`` of a simulated host. ``management_vlan`` is where the clients of these hosts are.
    """

    name: str
    networks: list[Network] = field(default_factory=list)
    hosts: list[Host] = field(default_factory=list)
    devices: list[Device] = field(default_factory=list)
    cables: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    management_vlan: int | None = None
    number: int = checkout.FIRST
    path: Path = Path()

    @property
    def prefix(self) -> str:
        """Return what the lab is called on this machine."""
        return self.name if self.number == checkout.FIRST else f"{self.name}-{self.number}"

    @property
    def loopback(self) -> str:
        """Return the address at which the simulated devices listen."""
        return f"127.{self.number}.0.1"

    def played_by(self, simulator: str) -> list[Device]:
        """Return the devices that a simulator plays."""
        return [device for device in self.devices if device.simulator == simulator]

    @property
    def switches(self) -> list[Device]:
        """Return the devices at which cables are declared."""
        return [device for device in self.devices if simulators()[device.simulator].switch]

    @property
    def plugged(self) -> list[Device]:
        """Return the devices that are plugged into these."""
        return [device for device in self.devices if device not in self.switches]

    def far_ends(self, switch: str) -> dict[str, dict[str, Any]]:
        """Return the ports of a switch whose far end is described."""
        return {port: end for port, end in self.cables.get(switch, {}).items() if "host" not in end}

    def uplinks(self) -> list[dict[str, str]]:
        """Return the cables between switches and simulated hosts."""
        found = [(switch, port, end) for switch, ends in self.cables.items() for port, end in ends.items()]
        return [{"switch": switch, "port": port, **end} for switch, port, end in found if "host" in end]

    def container(self, host: str) -> str:
        """Return the container's name of a host."""
        return f"{self.prefix}-{host}"

    def segment(self, network: str) -> str:
        """Return podman's name of a network."""
        return f"{self.prefix}-{network}"

    def management(self, host: Host) -> str:
        """Return the address by which the controller reaches a host: its first one."""
        return next(iter(host.networks.values()))


def load(path: Path, number: int | None = None) -> Topology:
    """Read a topology, with the addresses of a checkout's number: this one's unless it is given.

    Raises:
        CheckoutError: this checkout gets no number.
        ValueError: a host has an address that its network does not have, or a device cannot be; names which.
    """
    number = checkout.number() if number is None else number
    data: dict[str, Any] = yaml.safe_load(checkout.localised(path.read_text(), number))
    lab = Topology(
        data["name"],
        [Network(name, **entry) for name, entry in data.get("networks", {}).items()],
        [Host(name, **entry) for name, entry in data.get("hosts", {}).items()],
        [_device(name, **entry) for name, entry in data.get("devices", {}).items()],
        data.get("cables", {}),
        data.get("management_vlan"),
        number,
        path.resolve(),
    )
    for fault in chain(_wrong_addresses(lab), _wrong_devices(lab)):  # the first one ends it
        raise ValueError(f"{path}: {fault}")
    return lab


def _device(name: str, simulator: str, port: int, setup: list[str] | None = None, **about: Any) -> Device:
    return Device(name, simulator, port, setup or [], about)


def _wrong_addresses(lab: Topology) -> Iterator[str]:
    subnets = {network.name: ipaddress.ip_network(network.subnet) for network in lab.networks}
    for host in lab.hosts:
        for name, address in host.networks.items():
            if name not in subnets or ipaddress.ip_address(address) not in subnets[name]:
                yield f"host {host.name}: {address} is not in a network {name} of this lab"


def _wrong_devices(lab: Topology) -> Iterator[str]:
    """Two devices at one port, or cables of a device that there is not, would come to light only in a run."""
    for device in lab.devices:
        if device.simulator not in simulators():
            yield f"device {device.name}: no simulator {device.simulator}; there is {', '.join(simulators())}"
        if [other.name for other in lab.devices if other.port == device.port] != [device.name]:
            yield f"device {device.name}: port {device.port} is not its own"
        if set(device.about) != set(fields := simulators()[device.simulator].fields):
            yield f"device {device.name}: simulator {device.simulator} has {', '.join(fields)} of each of its devices"
    for name in lab.cables:
        if name not in {device.name for device in lab.switches}:
            yield f"cables of {name}: there is no such switch"
    for cable in lab.uplinks():
        if cable["host"] not in {device.name for device in lab.plugged}:
            yield f"cables of {cable['switch']}: {cable['port']}: there is no host {cable['host']}"


def address6(network: Network, address: str) -> str:
    """Return the IPv6 address of a host: the last number of its IPv4 address, taken as hexadecimal digits."""
    return str(ipaddress.ip_network(network.subnet6)[int(address.rsplit(".", 1)[1], 16)])


def mac(address: str) -> str:
    """Return the MAC address of the interface with an IPv4 address: locally administered, and the same for good.

    podman would make a new one at each start, and who knew the old one would not reach a host that was powered off and
    on until its ARP entry is asked again (half a minute).
    """
    return "02:00:" + ":".join(f"{octet:02x}" for octet in ipaddress.ip_address(address).packed)
