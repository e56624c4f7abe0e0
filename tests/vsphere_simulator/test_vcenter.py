# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that a vCenter takes back what cuts a host off, and tells of hosts that it has lost."""

from __future__ import annotations

from typing import Any

import pytest

from .builders import Center, connect, hosts

vim = pytest.importorskip("pyVmomi").vim
vmodl = pytest.importorskip("pyVmomi").vmodl


@pytest.fixture
def host(center: Center) -> Any:
    """Give the first host through vCenter: port ID over two uplinks in plain ports, management inherits."""
    for command in (
        "uplink add -u vmnic1 -v vSwitch0",
        "portgroup policy failover set -p 'Management Network' --use-vswitch",
    ):
        center.simulator.control("console", host=center.first, command=f"esxcli network vswitch standard {command}")
    center.simulator.control("far_end", host=center.first, bundles={"vmnic0": "", "vmnic1": ""})
    return hosts(connect(center))[0]


def to_ip_hash(host: Any) -> None:
    system = host.configManager.networkSystem
    spec = system.networkInfo.vswitch[0].spec
    spec.policy.nicTeaming.policy = "loadbalance_ip"
    system.UpdateVirtualSwitch("vSwitch0", spec)


def policy(center: Center) -> str:
    state = center.simulator.control("state", host=center.first)
    return str(state["switches"]["vSwitch0"]["policy"]["nicTeaming"]["policy"])


def test_a_change_that_cuts_the_host_off_is_taken_back(center: Center, host: Any) -> None:
    with pytest.raises(vim.fault.NetworkDisruptedAndConfigRolledBack) as caught:
        to_ip_hash(host)
    assert caught.value.host == center.first and "has been rolled back" in caught.value.msg
    assert policy(center) == "loadbalance_srcid" and host.runtime.connectionState == "connected"


def test_without_rollback_the_change_stays_and_the_host_is_lost(center: Center, host: Any) -> None:
    center.simulator.control("rollback", endpoint="vc1", enabled=False)
    to_ip_hash(host)
    assert policy(center) == "loadbalance_ip" and host.runtime.connectionState == "notResponding"
    with pytest.raises(vmodl.fault.HostNotConnected):
        to_ip_hash(host)
    center.simulator.control("far_end", host=center.first, bundles={"vmnic0": "ae0", "vmnic1": "ae0"})
    assert host.runtime.connectionState == "connected"
    to_ip_hash(host)


def test_a_host_that_its_switch_has_cut_off_is_not_responding(center: Center, host: Any) -> None:
    center.simulator.control("far_end", host=center.first, bundles={"vmnic0": "ae0", "vmnic1": "ae0"})
    assert host.runtime.connectionState == "notResponding"
    center.simulator.control("far_end", host=center.first, bundles={})
    assert host.runtime.connectionState == "connected"


def test_a_change_that_keeps_the_host_is_kept(center: Center, host: Any) -> None:
    system = host.configManager.networkSystem
    spec = system.networkInfo.vswitch[0].spec
    spec.policy.nicTeaming.nicOrder.activeNic = ["vmnic0"]
    system.UpdateVirtualSwitch("vSwitch0", spec)
    to_ip_hash(host)
    assert policy(center) == "loadbalance_ip"


def test_one_hosts_fault_and_licence_are_its_own(center: Center, host: Any) -> None:
    center.simulator.control("trouble", host=center.first, license="free")
    with pytest.raises(vim.fault.RestrictedVersion):
        to_ip_hash(host)
    center.simulator.control("fault", host="vc1", fault={"method": "UpdateVirtualSwitch", "what": "drop"})
    other = hosts(connect(center))[1]
    with pytest.raises(ConnectionError):
        to_ip_hash(other)
    to_ip_hash(other)
    center.simulator.control("reset", host="vc1-esx002")


def told_of(center: Center, *paths: str) -> Any:
    """Give what the property collector tells of the first host, asked for by its reference."""
    content = connect(center).content
    ref = vim.HostSystem("host-100", content.rootFolder._stub)
    query = vmodl.query.PropertyCollector
    wanted = query.FilterSpec(
        objectSet=[query.ObjectSpec(obj=ref)],
        propSet=[query.PropertySpec(type=vim.HostSystem, pathSet=list(paths), all=False)],
    )
    (found,) = content.propertyCollector.RetrievePropertiesEx([wanted], query.RetrieveOptions()).objects
    return found


def test_what_a_user_may_not_read_of_a_host_is_named_in_the_missing_set_and_refused_by_itself(center: Center) -> None:
    center.simulator.control("rights", host=center.first, user="root", role="viewer")
    found = told_of(center, "name", "config.network.vswitch", "runtime.connectionState")
    assert [(each.name, each.val) for each in found.propSet] == [("name", center.first)]
    assert [each.path for each in found.missingSet] == ["config.network.vswitch", "runtime.connectionState"]
    for each in found.missingSet:
        assert isinstance(each.fault, vim.fault.NoPermission)
        assert (each.fault.privilegeId, each.fault.object._moId) == ("System.Read", "host-100")
    first, second = hosts(connect(center))[:2]
    with pytest.raises(vim.fault.NoPermission) as caught:
        first.runtime  # noqa: B018 # it is fetched
    assert caught.value.privilegeId == "System.Read"
    assert second.runtime.connectionState == "connected"


def test_a_user_without_any_right_on_a_host_does_not_see_it_and_a_reader_changes_nothing_there(center: Center) -> None:
    everyone = [each.name for each in hosts(connect(center))]
    center.simulator.control("rights", host=center.first, user="root", role="none")
    assert [each.name for each in hosts(connect(center))] == everyone[1:]
    center.simulator.control("rights", host=center.first, user="root", role="reader")
    first, second = hosts(connect(center))[:2]
    with pytest.raises(vim.fault.NoPermission) as caught:
        to_ip_hash(first)
    assert caught.value.privilegeId == "Host.Config.Network"
    to_ip_hash(second)


def test_the_selected_interfaces_are_named_by_the_keys_of_the_candidates(center: Center) -> None:
    """As in the capture of govmomi's simulator (esx/host_vnic_manager.go)."""
    (found,) = told_of(center, "config.virtualNicManagerInfo.netConfig").propSet
    management = next(each for each in found.val if each.nicType == "management")
    assert [(each.key, each.device) for each in management.candidateVnic] == [
        ("management.key-vim.host.VirtualNic-vmk0", "vmk0")
    ]
    assert list(management.selectedVnic) == ["management.key-vim.host.VirtualNic-vmk0"]
    assert management.multiSelectAllowed
    vmotion = next(each for each in found.val if each.nicType == "vmotion")
    assert list(vmotion.selectedVnic) == []
