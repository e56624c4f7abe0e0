# SPDX-License-Identifier: GPL-3.0-or-later
"""Drives a simulated host with pyVmomi: VMkernel interfaces, what they are selected for, and its hardware."""

from __future__ import annotations

from typing import Any

import pytest

from .builders import Esxi, connect, hosts

vim = pytest.importorskip("pyVmomi").vim
vmodl = pytest.importorskip("pyVmomi").vmodl
GROUP = "VM Network"


def spec(address: str = "198.51.100.7", mask: str = "255.255.255.0", **changed: Any) -> Any:
    ip = vim.host.IpConfig(dhcp=False, ipAddress=address, subnetMask=mask)
    return vim.host.VirtualNic.Specification(**{"ip": ip, "mtu": 9000, **changed})


def test_an_interface_is_made_changed_moved_and_removed(esxi: Esxi) -> None:
    host = hosts(connect(esxi))[0]
    system = host.configManager.networkSystem
    assert system.AddVirtualNic(GROUP, spec()) == "vmk1"
    system.UpdateVirtualNic("vmk1", vim.host.VirtualNic.Specification(mtu=1500))
    made = host.config.network.vnic[1]
    assert (made.device, made.portgroup, made.spec.ip.ipAddress, made.spec.mtu) == ("vmk1", GROUP, "198.51.100.7", 1500)
    assert [user.type for user in host.config.network.portgroup[0].port] == ["host"]
    esxi.run("network vswitch standard portgroup add -p other -v vSwitch0")
    system.UpdateVirtualNic("vmk1", vim.host.VirtualNic.Specification(portgroup="other"))
    with pytest.raises(vim.fault.ResourceInUse):
        system.RemovePortGroup("other")
    system.RemoveVirtualNic("vmk1")
    assert list(esxi.state()["vmks"]) == ["vmk0"]


def test_what_is_wrong_or_not_simulated_is_refused_and_changes_nothing(esxi: Esxi) -> None:
    system = hosts(connect(esxi))[0].configManager.networkSystem
    before = esxi.state()
    route = vim.host.VirtualNic.IpRouteSpec(ipRouteConfig=vim.host.IpRouteConfig(defaultGateway="198.51.100.1"))
    for fault, group, nic in (
        (vmodl.fault.InvalidArgument, "nothing", spec()),
        (vmodl.fault.InvalidArgument, GROUP, spec("198.51.100.300")),
        (vmodl.fault.InvalidArgument, GROUP, spec(mask="255.0.255.0")),
        (vmodl.fault.InvalidArgument, GROUP, spec(mtu=100)),
        (vim.fault.AlreadyExists, "Management Network", spec()),
        (vmodl.fault.NotSupported, GROUP, spec(netStackInstanceKey="vmotion")),
        (vmodl.fault.NotSupported, GROUP, spec(ipRouteSpec=route)),
        (vmodl.fault.NotSupported, GROUP, spec(ip=vim.host.IpConfig(dhcp=True))),
    ):
        with pytest.raises(fault):
            system.AddVirtualNic(group, nic)
    for call in (lambda: system.UpdateVirtualNic("vmk9", spec()), lambda: system.RemoveVirtualNic("vmk9")):
        with pytest.raises(vim.fault.NotFound):
            call()
    with pytest.raises(vmodl.fault.NotSupported, match="SIM TEXT"):
        system.RemoveVirtualNic("vmk0")
    assert esxi.state() == before


def test_an_interface_is_selected_for_services(esxi: Esxi) -> None:
    host = hosts(connect(esxi))[0]
    manager = host.configManager.virtualNicManager
    host.configManager.networkSystem.AddVirtualNic(GROUP, spec())
    for service, device in (("vmotion", "vmk0"), ("vmotion", "vmk1"), ("management", "vmk1")):
        manager.SelectVnicForNicType(service, device)
    keys = [f"vmotion.key-vim.host.VirtualNic-{device}" for device in ("vmk0", "vmk1")]
    assert manager.QueryNetConfig("vmotion").selectedVnic == keys
    chosen = {each.nicType: len(each.selectedVnic) for each in manager.info.netConfig}
    assert (chosen["management"], chosen["vmotion"], chosen["vsan"]) == (2, 2, 0)
    assert {each.nicType: len(each.selectedVnic) for each in host.config.virtualNicManagerInfo.netConfig} == chosen
    manager.DeselectVnicForNicType("management", "vmk1")
    assert manager.QueryNetConfig("management").selectedVnic == ["management.key-vim.host.VirtualNic-vmk0"]
    for service, device in (("coffee", "vmk0"), ("vmotion", "vmk9")):
        with pytest.raises(vmodl.fault.InvalidArgument):
            manager.SelectVnicForNicType(service, device)


def test_a_reader_may_not_make_or_select_an_interface(esxi: Esxi) -> None:
    manager = hosts(connect(esxi, "reader"))[0].configManager
    for call in (
        lambda: manager.networkSystem.AddVirtualNic(GROUP, spec()),
        lambda: manager.virtualNicManager.SelectVnicForNicType("vmotion", "vmk0"),
    ):
        with pytest.raises(vim.fault.NoPermission):
            call()


def test_the_hardware_names_each_nic_by_its_place_on_the_bus(esxi: Esxi) -> None:
    host = hosts(connect(esxi))[0]
    places = [nic.pci for nic in host.config.network.pnic]
    assert [device.id for device in host.hardware.pciDevice] == places == [f"0000:0{bus}:00.0" for bus in (3, 4, 5, 6)]
    summary = host.summary.hardware
    assert (summary.uuid, summary.numNics) == (host.hardware.systemInfo.uuid, 4)
    assert summary.memorySize == host.hardware.memorySize == 16 * 1024**3
