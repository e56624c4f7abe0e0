# SPDX-License-Identifier: GPL-3.0-or-later
"""Drives a simulated host with pyVmomi: sessions, the property collector, changes, and what is refused."""

from __future__ import annotations

import socket
import ssl
from typing import Any

import pytest

from device.client import ControlError
from kinds.esxi_vss.client import Simulator

from .builders import Center, Esxi, connect, hosts, network, trust

vim = pytest.importorskip("pyVmomi").vim
vmodl = pytest.importorskip("pyVmomi").vmodl
COLLECTOR = vmodl.query.PropertyCollector


def test_a_login_opens_a_session_and_a_logout_ends_it(esxi: Esxi) -> None:
    session = connect(esxi)
    assert esxi.simulator.control("sessions", endpoint="esx1")[0]["user"] == "root"
    session.content.sessionManager.Logout()
    assert esxi.simulator.control("sessions", endpoint="esx1") == []
    with pytest.raises(vim.fault.NotAuthenticated):
        hosts(session)


@pytest.mark.parametrize(("user", "password"), [("root", "wrong"), ("nobody", "lab123"), ("root", "")])
def test_a_wrong_login_is_refused(esxi: Esxi, user: str, password: str) -> None:
    with pytest.raises(vim.fault.InvalidLogin):
        connect(esxi, user, password)


def test_nothing_but_the_service_instance_is_read_without_a_login(esxi: Esxi) -> None:
    from pyVmomi import SoapStubAdapter

    stub = SoapStubAdapter("127.0.0.1", esxi.port, version="vim.version.v8_0_2_0", sslContext=trust(esxi.simulator))
    content = vim.ServiceInstance("ServiceInstance", stub).content
    assert content.about.apiType == "HostAgent"
    with pytest.raises(vim.fault.NotAuthenticated):
        hosts_of = vim.Folder("ha-folder-root", stub)
        hosts_of.childEntity  # noqa: B018 # reading the property is the request


def test_a_session_ends_when_nobody_uses_it_or_by_request(esxi: Esxi) -> None:
    for end in ("advance", "expire"):
        session = connect(esxi)
        assert network(session).networkInfo.vswitch
        if end == "advance":
            esxi.simulator.control("advance", seconds=1801)
        else:
            assert esxi.simulator.control("expire", endpoint="esx1") == 1
        with pytest.raises(vim.fault.NotAuthenticated):
            hosts(session)


def test_a_reader_reads_and_may_not_change(esxi: Esxi) -> None:
    system = network(connect(esxi, "reader"))
    spec = system.networkInfo.vswitch[0].spec
    for call in (
        lambda: system.UpdateVirtualSwitch("vSwitch0", spec),
        lambda: system.UpdateNetworkConfig(changes(system, 20), "modify"),
    ):
        with pytest.raises(vim.fault.NoPermission) as caught:
            call()
        assert caught.value.privilegeId == "Host.Config.Network"


def test_the_certificate_is_checked_by_name_and_authority(simulator: Simulator, esxi: Esxi) -> None:
    from pyVim.connect import SmartConnect

    other = Esxi(simulator, "esx2")
    assert hosts(connect(other))[0].name == "esx2"
    with pytest.raises(ssl.SSLCertVerificationError):
        SmartConnect(host="127.0.0.2", port=other.port, user="root", pwd="lab123")
    with socket.create_connection(("127.0.0.2", other.port)) as line:
        assert trust(simulator).wrap_socket(line, server_hostname="esx2").getpeercert()
    with (
        socket.create_connection(("127.0.0.2", other.port)) as line,
        pytest.raises(ssl.SSLCertVerificationError, match="esx1"),
    ):
        trust(simulator).wrap_socket(line, server_hostname="esx1")


@pytest.mark.parametrize("version", ["vim.version.version9", "vim.version.version11", "vim.version.v7_0_3_2"])
def test_older_versions_of_the_api_are_spoken(esxi: Esxi, version: str) -> None:
    from pyVim.connect import Connect

    session = Connect(
        host="127.0.0.1", port=esxi.port, user="root", pwd="lab123", version=version, sslContext=trust(esxi.simulator)
    )
    assert network(session).networkInfo.portgroup[1].computedPolicy.nicTeaming.policy == "loadbalance_srcid"


def test_network_info_shows_keys_specifications_and_the_computed_policy(esxi: Esxi) -> None:
    esxi.two_uplinks("iphash")
    system = network(connect(esxi))
    info, config = system.networkInfo, system.networkConfig
    (switch,) = info.vswitch
    assert switch.pnic == ["key-vim.host.PhysicalNic-vmnic0", "key-vim.host.PhysicalNic-vmnic1"]
    assert switch.portgroup[1] == "key-vim.host.PortGroup-Management Network"
    assert (switch.numPorts, switch.spec.numPorts, switch.spec.bridge.beacon.interval) == (1536, 128, 1)
    assert {group.computedPolicy.nicTeaming.policy for group in info.portgroup} == {"loadbalance_ip"}
    assert [group.spec.name for group in config.portgroup] == ["VM Network", "Management Network"]
    assert (info.vnic[0].device, info.vnic[0].portgroup) == ("vmk0", "Management Network")
    assert [nic.device for nic in info.pnic] == ["vmnic0", "vmnic1", "vmnic2", "vmnic3"]


def test_a_nic_without_light_has_no_speed(esxi: Esxi) -> None:
    esxi.control("link", nic="vmnic1", up=False)
    info = network(connect(esxi)).networkInfo
    assert [nic.linkSpeed is None for nic in info.pnic] == [False, True, False, False]


def test_switches_and_port_groups_are_made_changed_and_removed(esxi: Esxi) -> None:
    system = network(connect(esxi))
    spec = vim.host.VirtualSwitch.Specification(numPorts=64, mtu=9000)
    spec.bridge = vim.host.VirtualSwitch.BondBridge(nicDevice=["vmnic2", "vmnic3"])
    system.AddVirtualSwitch("vSwitch1", spec)
    group = vim.host.PortGroup.Specification(name="vMotion", vlanId=30, vswitchName="vSwitch1")
    group.policy = vim.host.NetworkPolicy()
    system.AddPortGroup(group)
    group.vlanId = 31
    system.UpdatePortGroup("vMotion", group)
    state = esxi.state()
    assert state["switches"]["vSwitch1"]["uplinks"] == ["vmnic2", "vmnic3"] and state["groups"]["vMotion"]["vlan"] == 31
    with pytest.raises(vim.fault.AlreadyExists):
        system.AddPortGroup(group)
    system.RemovePortGroup("vMotion")
    system.RemoveVirtualSwitch("vSwitch1")
    assert list(esxi.state()["switches"]) == ["vSwitch0"]
    with pytest.raises(vim.fault.ResourceInUse):
        system.RemovePortGroup("Management Network")
    with pytest.raises(vim.fault.NotFound):
        system.RemoveVirtualSwitch("vSwitch1")


def changes(system: Any, vlan: int) -> Any:
    """Make one change of switch and port groups together."""
    old = system.networkConfig
    config = vim.host.NetworkConfig()
    spec = old.vswitch[0].spec
    spec.policy.nicTeaming.notifySwitches = False
    config.vswitch = [vim.host.VirtualSwitch.Config(changeOperation="edit", name="vSwitch0", spec=spec)]
    group = old.portgroup[0].spec
    group.vlanId = vlan
    config.portgroup = [vim.host.PortGroup.Config(changeOperation="edit", spec=group)]
    return config


def test_a_network_configuration_changes_all_of_it_or_nothing(esxi: Esxi) -> None:
    system = network(connect(esxi))
    with pytest.raises(vmodl.fault.InvalidArgument):
        system.UpdateNetworkConfig(changes(system, 5000), "modify")
    assert esxi.state()["revision"] == esxi.state()["revision"]
    assert esxi.state()["switches"]["vSwitch0"]["policy"]["nicTeaming"]["notifySwitches"] is True
    result = system.UpdateNetworkConfig(changes(system, 20), "modify")
    assert result.vnicDevice == []
    state = esxi.state()
    assert state["groups"]["VM Network"]["vlan"] == 20
    assert state["switches"]["vSwitch0"]["policy"]["nicTeaming"]["notifySwitches"] is False
    with pytest.raises(vmodl.fault.NotSupported, match="SIM TEXT"):
        system.UpdateNetworkConfig(changes(system, 20), "replace")


def test_hints_come_from_cdp_neighbours_only(esxi: Esxi) -> None:
    system = network(connect(esxi))
    assert [hint.connectedSwitchPort for hint in system.QueryNetworkHint(["vmnic0"])] == [None]
    esxi.control("hint", nic="vmnic0", devId="switch", portId="1/0/1")
    hint = system.QueryNetworkHint()[0]
    assert (hint.device, hint.connectedSwitchPort.portId, hint.lldpInfo) == ("vmnic0", "1/0/1", None)
    with pytest.raises(vim.fault.NotFound):
        system.QueryNetworkHint(["vmnic9"])


def spec_of(view: Any, paths: list[str]) -> Any:
    step = COLLECTOR.TraversalSpec(type=vim.view.ContainerView, path="view", skip=False)
    chosen = COLLECTOR.ObjectSpec(obj=view, skip=True, selectSet=[step])
    return COLLECTOR.FilterSpec(
        objectSet=[chosen], propSet=[COLLECTOR.PropertySpec(type=vim.HostSystem, pathSet=paths)]
    )


def test_hundreds_of_hosts_come_in_pages_of_the_size_asked_for(center: Center) -> None:
    content = connect(center).content
    view = content.viewManager.CreateContainerView(content.rootFolder, [vim.HostSystem], True)
    paths = ["name", "configManager.networkSystem", "config.network.vswitch", "config.network.portgroup"]
    center.simulator.control("clear_log")
    page = content.propertyCollector.RetrievePropertiesEx(
        [spec_of(view, paths)], COLLECTOR.RetrieveOptions(maxObjects=60)
    )
    sizes, names = [len(page.objects)], []
    while True:
        names += [each.val for content_of in page.objects for each in content_of.propSet if each.name == "name"]
        if not page.token:
            break
        page = content.propertyCollector.ContinueRetrievePropertiesEx(page.token)
        sizes.append(len(page.objects))
    assert sizes == [60, 60, 60, 60, 10] and names == [f"vc1-esx{number:03d}" for number in range(1, 251)]
    assert center.calls() == {"RetrievePropertiesEx": 1, "ContinueRetrievePropertiesEx": 4}


def test_a_page_is_fetched_once_and_belongs_to_its_session(center: Center) -> None:
    first, second = connect(center).content, connect(center).content
    view = first.viewManager.CreateContainerView(first.rootFolder, [vim.HostSystem], True)
    page = first.propertyCollector.RetrievePropertiesEx([spec_of(view, ["name"])], COLLECTOR.RetrieveOptions())
    assert len(page.objects) == 100
    with pytest.raises(vmodl.fault.InvalidArgument):
        second.propertyCollector.ContinueRetrievePropertiesEx(page.token)
    rest = first.propertyCollector.ContinueRetrievePropertiesEx(page.token)
    with pytest.raises(vmodl.fault.InvalidArgument):
        first.propertyCollector.ContinueRetrievePropertiesEx(page.token)
    first.propertyCollector.CancelRetrievePropertiesEx(rest.token)
    view.DestroyView()
    with pytest.raises(vmodl.fault.ManagedObjectNotFound):
        first.propertyCollector.RetrieveContents([spec_of(view, ["name"])])


def test_traversals_by_name_walk_the_whole_inventory(center: Center) -> None:
    content = connect(center).content
    back = [COLLECTOR.SelectionSpec(name=name) for name in ("folder", "datacenter", "compute")]
    steps = [
        COLLECTOR.TraversalSpec(name="folder", type=vim.Folder, path="childEntity", selectSet=back),
        COLLECTOR.TraversalSpec(name="datacenter", type=vim.Datacenter, path="hostFolder", selectSet=back),
        COLLECTOR.TraversalSpec(name="compute", type=vim.ComputeResource, path="host"),
    ]
    chosen = COLLECTOR.ObjectSpec(obj=content.rootFolder, selectSet=steps)
    wanted = COLLECTOR.PropertySpec(type=vim.ManagedEntity, pathSet=["name"])
    found = content.propertyCollector.RetrieveContents([COLLECTOR.FilterSpec(objectSet=[chosen], propSet=[wanted])])
    names = [each.propSet[0].val for each in found]
    assert names[:5] == ["Datacenters", "DC0", "host", "C0", "vc1-esx001"] and len(names) == 254


def test_properties_that_do_not_exist_or_are_not_known_are_told_apart(esxi: Esxi) -> None:
    session = connect(esxi)
    host = hosts(session)[0]
    wrong = COLLECTOR.FilterSpec(
        objectSet=[COLLECTOR.ObjectSpec(obj=host)],
        propSet=[COLLECTOR.PropertySpec(type=vim.HostSystem, pathSet=["config.colour"])],
    )
    with pytest.raises(vmodl.query.InvalidProperty):
        session.content.propertyCollector.RetrieveContents([wrong])
    with pytest.raises(vmodl.fault.NotSupported, match=r"SIM TEXT: the property HostSystem\.systemResources"):
        host.systemResources  # noqa: B018 # reading the property is the request
    with pytest.raises(vmodl.fault.NotSupported, match=r"SIM TEXT: the method HostSystem\.RebootHost_Task"):
        host.RebootHost_Task(True)


def test_a_task_is_waited_for_by_pyvim(esxi: Esxi) -> None:
    from pyVim.task import WaitForTask

    session = connect(esxi)
    host = hosts(session)[0]
    assert WaitForTask(host.EnterMaintenanceMode_Task(0), si=session) == "success"
    assert host.runtime.inMaintenanceMode is True
    with pytest.raises(vim.fault.InvalidState):
        WaitForTask(host.EnterMaintenanceMode_Task(0), si=session)
    assert WaitForTask(host.ExitMaintenanceMode_Task(0), si=session) == "success"


def test_hosts_are_found_by_name_and_by_path(center: Center) -> None:
    index = connect(center).content.searchIndex
    found = index.FindByInventoryPath("DC0/host/C0/vc1-esx007")
    assert found == index.FindByDnsName(dnsName="vc1-esx007", vmSearch=False) and found.name == "vc1-esx007"
    assert index.FindByInventoryPath("DC0/host/C0/nobody") is None


def test_the_control_port_refuses_what_makes_no_sense(esxi: Esxi) -> None:
    wrong: list[tuple[str, dict[str, Any]]] = [
        ("state", {"host": "nobody"}),
        ("trouble", {"host": "esx1", "reach": "perhaps"}),
        ("trouble", {"host": "esx1", "license": "gold"}),
        ("far_end", {"host": "esx1", "bundles": {"vmnic9": ""}}),
        ("link", {"host": "esx1", "nic": "vmnic9", "up": True}),
        ("advance", {"seconds": -1}),
        ("fault", {"host": "esx1", "fault": {"what": "explode"}}),
        ("fault", {"host": "esx1", "fault": {"what": "fault", "fault": "Nothing"}}),
        ("console", {"host": "esx1", "command": "esxcli nothing"}),
        ("reset", {"host": "esx1", "state": {"switches": {"vSwitch0": {"uplinks": ["vmnic9"]}}}}),
        ("dance", {}),
    ]
    for op, arguments in wrong:
        with pytest.raises(ControlError):
            esxi.simulator.control(op, **arguments)
