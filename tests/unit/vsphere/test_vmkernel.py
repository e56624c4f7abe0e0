# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves how VMkernel interfaces are read over both transports, and what is judged of what a host does not tell."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pyVmomi import vim

from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.config import printed, shape
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.declared import vmkernel
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.declared.model import Vmk, Vmkernel
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.device import specs

from .builders import group, host, switch

LISTED = """vmk0
   Name: vmk0
   MAC Address: 00:50:56:00:00:01
   Enabled: true
   Portset: vSwitch0
   Portgroup: Management Network
   Netstack Instance: defaultTcpipStack
   VDS Name: N/A
   VDS UUID: N/A
   VDS Port: N/A
   VDS Connection: -1
   MTU: 1500

vmk1
   Name: vmk1
   MAC Address: 00:50:56:00:00:02
   Enabled: true
   Portset: DvsPortset-0
   Portgroup: N/A
   Netstack Instance: vmotion
   VDS Name: dvs1
   VDS UUID: 50 1e 52 4a
   VDS Port: 12
   VDS Connection: 77
   MTU: 9000
"""
ADDRESSES = """Name  IPv4 Address  IPv4 Netmask   IPv4 Broadcast  Address Type  Gateway  DHCP DNS
----  ------------  -------------  --------------  ------------  -------  --------
vmk0  192.0.2.11    255.255.255.0  192.0.2.255     STATIC        0.0.0.0     false
"""
VMK0 = Vmk("vmk0", "Management Network", "192.0.2.11", "255.255.255.0", 1500, "00:50:56:00:00:01", "defaultTcpipStack")
VMK1 = Vmk("vmk1", "", "", "", 9000, "00:50:56:00:00:02", "vmotion", "port 12 of dvs1")


def test_esxcli_tells_address_mtu_stack_and_the_port_of_a_distributed_switch():
    empty = dict.fromkeys(printed.LISTS, "")
    outputs = {**empty, "network ip interface list": LISTED, "network ip interface ipv4 get": ADDRESSES}
    state = printed.host_state("esx1", outputs)
    assert dict(state.vmks) == {"vmk0": VMK0, "vmk1": VMK1}
    assert shape.vmks(state)["vmk1"]["distributed_port"] == "port 12 of dvs1"


def test_the_api_tells_the_same():
    ip = vim.host.IpConfig(dhcp=False, ipAddress="192.0.2.11", subnetMask="255.255.255.0")
    plain = vim.host.VirtualNic.Specification(
        ip=ip, mac=VMK0.mac, mtu=1500, netStackInstanceKey="defaultTcpipStack", portgroup="Management Network"
    )
    port = vim.dvs.PortConnection(switchUuid="dvs1", portKey="12", portgroupKey="dvportgroup-7")
    far = vim.host.VirtualNic.Specification(
        ip=vim.host.IpConfig(dhcp=True),
        mac=VMK1.mac,
        mtu=9000,
        netStackInstanceKey="vmotion",
        distributedVirtualPort=port,
    )
    nic = vim.host.VirtualNic
    found = [nic(device="vmk0", portgroup="Management Network", spec=plain), nic(device="vmk1", portgroup="", spec=far)]
    assert dict(specs.host_state("esx1", {"vnic": found}).vmks) == {"vmk0": VMK0, "vmk1": VMK1}


def differences(vmk: Vmk, **declared) -> list[tuple[str, str]]:
    state = host(switch(), groups=[group("vmotion", vlan=30)])
    found = vmkernel.judge(replace(state, vmks={vmk.name: vmk}), (Vmkernel(vmk.name, **declared),))
    return [(each.finding.rule, each.finding.what) for each in found]


def test_one_on_a_distributed_switch_is_on_no_declared_switch_and_its_address_is_judged():
    assert differences(VMK1, address="10.0.30.11", prefix=24, vlans={"vSwitch0": 30}) == [
        ("VMKERNEL_ADDRESS", "vmk1 has no IPv4 address, not 10.0.30.11/24"),
        (
            "VMKERNEL_VLAN",
            "vmk1 is on no port group of a standard switch (port 12 of dvs1), not in VLAN 30 on vSwitch0",
        ),
    ]


@pytest.mark.parametrize("mask", ["", "255.0.255.0"])
def test_a_mask_that_is_not_told_is_no_length_and_a_length_that_is_not_declared_is_not_judged(mask):
    untold = replace(VMK0, port_group="vmotion", mask=mask, mtu=None)
    assert untold.prefix is None
    assert differences(untold, address="192.0.2.11", mtu=9000, vlans={"vSwitch0": 30}) == []
    assert differences(untold, address="192.0.2.11", prefix=24) == [
        ("VMKERNEL_ADDRESS", "vmk0 has 192.0.2.11, not 192.0.2.11/24")
    ]


def test_no_command_takes_the_interface_of_the_management_away():
    state = host(switch(), groups=[group("mgmt", vlan=99)])
    state = replace(state, vmks={"vmk0": replace(VMK0, port_group="mgmt")})
    for vlans in ({"vSwitch0": 10}, {"vSwitch1": 99}):
        declared = Vmkernel("vmk0", vlans=vlans, management=True)
        (found,) = vmkernel.judge(state, (declared,))
        assert found.level == "refused" and "remove" not in found.finding.mend
        (other,) = vmkernel.judge(state, (replace(declared, management=False),))
        assert other.level == "wrong" and "remove --interface-name=vmk0" in other.finding.mend


def test_several_switches_may_carry_one_vlan():
    vlans = {"vSwitch1": 0, "vSwitch0": 30}
    assert differences(replace(VMK0, port_group="vmotion"), vlans=vlans) == []
