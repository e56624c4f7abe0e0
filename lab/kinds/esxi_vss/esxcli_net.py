# SPDX-License-Identifier: GPL-3.0-or-later
"""esxcli: physical NICs and VMkernel interfaces."""

from __future__ import annotations

from typing import Any

from . import hardware
from .command import Option, RefusedError, Values
from .esxcli import command
from .host import Host


@command("network nic list", {}, "table")
def nic_list(host: Host, given: Values) -> list[dict[str, Any]]:
    """List the physical NICs."""
    mtu = {nic: host.net.mtu(name) for name in host.net.switches for nic in host.net.uplinks(name)}
    return [
        {
            "Name": nic.device,
            "PCI Device": hardware.address(nic.device),
            "Driver": "igbn",
            "Admin Status": "Up",
            "Link Status": "Up" if nic.lit else "Down",
            "Speed": nic.speed if nic.lit else 0,
            "Duplex": "Full" if nic.lit else "Half",
            "MAC Address": nic.mac,
            "MTU": mtu.get(nic.device, 1500),
            "Description": "simulated",
        }
        for nic in host.nics.values()
    ]


@command("network ip interface list", {}, "records")
def interface_list(host: Host, given: Values) -> list[dict[str, Any]]:
    """List the VMkernel interfaces."""
    return [
        {
            "Name": vmk.device,
            "MAC Address": vmk.mac,
            "Enabled": True,
            "Portset": host.net.groups[vmk.port_group].vswitchName,
            "Portgroup": vmk.port_group,
            "Netstack Instance": "defaultTcpipStack",
            "MTU": vmk.mtu,
        }
        for vmk in host.net.vmks.values()
    ]


@command("network ip interface ipv4 get", {"interface-name": Option("i")}, "table")
def ipv4_get(host: Host, given: Values) -> list[dict[str, Any]]:
    """Show the addresses."""
    wanted = given.get("interface-name")
    if wanted is not None and wanted not in host.net.vmks:
        raise RefusedError(f"Error: Unable to find interface {wanted}")
    return [
        {"Name": vmk.device, "IPv4 Address": vmk.address, "IPv4 Netmask": vmk.mask, "Address Type": "STATIC"}
        for vmk in host.net.vmks.values()
        if wanted in (None, vmk.device)
    ]
