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
