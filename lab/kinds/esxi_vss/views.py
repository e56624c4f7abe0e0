# SPDX-License-Identifier: GPL-3.0-or-later
"""A host's networking as the vSphere API shows it: networkInfo, networkConfig, network hints."""

from __future__ import annotations

import copy
from typing import Any

from . import hardware
from .host import Host, Nic, PortGroup, Switch, Vmk
from .vmomi import vim

PhysicalNic = vim.host.PhysicalNic
VirtualNic = vim.host.VirtualNic
Link = PhysicalNic.LinkSpeedDuplex
Manager = vim.host.VirtualNicManager
SERVICES = (
    *("faultToleranceLogging", "management", "nvmeRdma", "nvmeTcp", "ptp", "vSphereBackupNFC", "vSphereProvisioning"),
    *("vSphereReplication", "vSphereReplicationNFC", "vmotion", "vsan", "vsanWitness"),
)
# A host gives more ports than the specification asks for: 1536 for 128 on the one whose capture is known.
PORTS = 1536


def key(kind: str, name: str) -> str:
    """Give the key by which one part of networkInfo names another."""
    return f"key-vim.host.{kind}-{name}"


def info(host: Host) -> Any:
    """Give networkInfo."""
    return vim.host.NetworkInfo(
        vswitch=[_switch(host, name) for name in host.net.switches],
        portgroup=[_group(host, name) for name in host.net.groups],
        pnic=[_nic(nic) for nic in host.nics.values()],
        vnic=[_vnic(vmk) for vmk in host.net.vmks.values()],
        dnsConfig=vim.host.DnsConfig(dhcp=False, hostName=host.name.partition(".")[0], domainName=""),
        ipRouteConfig=vim.host.IpRouteConfig(),
        ipV6Enabled=False,
        atBootIpV6Enabled=False,
    )


def services(host: Host) -> Any:
    """Give virtualNicManagerInfo: which VMkernel interfaces are selected for what."""
    return vim.host.VirtualNicManagerInfo(netConfig=[service(host, name) for name in SERVICES])


def service(host: Host, name: str) -> Any:
    """Give the interfaces of one service; their keys are those of networkInfo behind the service's name."""
    candidates = [_vnic(vmk) for vmk in host.net.vmks.values()]
    for each in candidates:
        each.key = f"{name}.{each.key}"
    selected = [each.key for each in candidates if name in host.net.vmks[each.device].services]
    return Manager.NetConfig(nicType=name, multiSelectAllowed=True, candidateVnic=candidates, selectedVnic=selected)


def config(host: Host) -> Any:
    """Give networkConfig: the specifications alone."""
    net = host.net
    return vim.host.NetworkConfig(
        vswitch=[Switch.Config(name=name, spec=copy.deepcopy(spec)) for name, spec in net.switches.items()],
        portgroup=[PortGroup.Config(spec=copy.deepcopy(spec)) for spec in net.groups.values()],
        pnic=[PhysicalNic.Config(device=nic.device, spec=_nic(nic).spec) for nic in host.nics.values()],
        vnic=[
            VirtualNic.Config(device=vmk.device, portgroup=vmk.port_group, spec=_vnic(vmk).spec)
            for vmk in net.vmks.values()
        ],
        ipV6Enabled=False,
    )


def hints(host: Host, devices: list[str]) -> list[Any]:
    """Give what the neighbours say: nothing, unless a hint was set (a standard switch hears CDP, an EX speaks LLDP).

    Raises:
        NotFound: there is no such NIC.
    """
    for device in devices:
        if device not in host.nics:
            raise vim.fault.NotFound(msg=f"The object or item referred to could not be found: {device}")
    return [_hint(nic) for nic in host.nics.values() if not devices or nic.device in devices]


def _switch(host: Host, name: str) -> Any:
    spec = host.net.switches[name]
    return Switch(
        name=name,
        key=key("VirtualSwitch", name),
        numPorts=PORTS,
        numPortsAvailable=PORTS - 6,
        mtu=host.net.mtu(name),
        portgroup=[key("PortGroup", group) for group in host.net.members(name)],
        pnic=[key("PhysicalNic", nic) for nic in host.net.uplinks(name)],
        spec=copy.deepcopy(spec),
    )


def _group(host: Host, name: str) -> Any:
    spec = host.net.groups[name]
    users = [vmk for vmk in host.net.vmks.values() if vmk.port_group == name]
    return PortGroup(
        key=key("PortGroup", name),
        port=[PortGroup.Port(key=f"key-port-{vmk.device}", mac=[vmk.mac], type="host") for vmk in users],
        vswitch=key("VirtualSwitch", spec.vswitchName),
        computedPolicy=host.net.computed(name),
        spec=copy.deepcopy(spec),
    )


def _nic(nic: Nic) -> Any:
    return PhysicalNic(
        key=key("PhysicalNic", nic.device),
        device=nic.device,
        pci=hardware.address(nic.device),
        driver="igbn",
        linkSpeed=Link(speedMb=nic.speed, duplex=True) if nic.lit else None,
        validLinkSpecification=[Link(speedMb=nic.speed, duplex=True)],
        spec=PhysicalNic.Specification(),
        wakeOnLanSupported=False,
        mac=nic.mac,
    )


def _vnic(vmk: Vmk) -> Any:
    spec = VirtualNic.Specification(
        ip=vim.host.IpConfig(dhcp=False, ipAddress=vmk.address, subnetMask=vmk.mask),
        mac=vmk.mac,
        portgroup=vmk.port_group,
        mtu=vmk.mtu,
        tsoEnabled=True,
        netStackInstanceKey="defaultTcpipStack",
    )
    return VirtualNic(
        device=vmk.device, key=f"key-vim.host.VirtualNic-{vmk.device}", portgroup=vmk.port_group, spec=spec
    )


def _hint(nic: Nic) -> Any:
    made = PhysicalNic.NetworkHint(device=nic.device)
    if nic.hint:
        made.connectedSwitchPort = PhysicalNic.CdpInfo(**nic.hint)
    return made
