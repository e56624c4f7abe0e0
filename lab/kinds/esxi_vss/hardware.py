# SPDX-License-Identifier: GPL-3.0-or-later
"""A host's hardware as the vSphere API shows it: one package of four cores, 16 GiB, and its NICs on the PCI bus."""

from __future__ import annotations

import uuid
from typing import Any

from .host import Host
from .vmomi import vim

GIB = 1024**3
HZ = 2_400_000_000
CPU = "Simulated CPU @ 2.40GHz"
# Intel I350: the API's identifiers are signed 16-bit numbers.
VENDOR, NIC = 0x8086 - 0x10000, 0x1521


def address(device: str) -> str:
    """Give the place of a NIC on the PCI bus."""
    return f"0000:{int(device[5:]) + 3:02x}:00.0"


def info(host: Host) -> Any:
    """Give hardware."""
    return vim.host.HardwareInfo(
        systemInfo=vim.host.SystemInfo(vendor="netstack", model="lab/kinds/esxi_vss", uuid=_uuid(host)),
        cpuInfo=vim.host.CpuInfo(numCpuPackages=1, numCpuCores=4, numCpuThreads=8, hz=HZ),
        cpuPkg=[_package()],
        memorySize=16 * GIB,
        pciDevice=[_nic(nic.device) for nic in host.nics.values()],
        biosInfo=vim.host.BIOSInfo(biosVersion="1"),
    )


def summary(host: Host) -> Any:
    """Give summary.hardware."""
    return vim.host.Summary.HardwareSummary(
        vendor="netstack",
        model="lab/kinds/esxi_vss",
        uuid=_uuid(host),
        memorySize=16 * GIB,
        cpuModel=CPU,
        cpuMhz=HZ // 1_000_000,
        numCpuPkgs=1,
        numCpuCores=4,
        numCpuThreads=8,
        numNics=len(host.nics),
        numHBAs=0,
    )


def _uuid(host: Host) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, host.name))


def _package() -> Any:
    return vim.host.CpuPackage(
        index=0, vendor="intel", hz=HZ, busHz=100_000_000, description=CPU, threadId=list(range(8))
    )


def _nic(device: str) -> Any:
    bus = int(device[5:]) + 3
    return vim.host.PciDevice(
        id=address(device),
        classId=0x0200,
        bus=bus - 0x100 if bus > 0x7F else bus,
        slot=0,
        function=0,
        vendorId=VENDOR,
        subVendorId=VENDOR,
        vendorName="Intel Corporation",
        deviceId=NIC,
        subDeviceId=0,
        deviceName="I350 Gigabit Network Connection",
    )
