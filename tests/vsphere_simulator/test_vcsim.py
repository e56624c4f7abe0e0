# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the same client cases against lab/kinds/esxi_vss and govmomi's simulator, for what the latter implements.

It is built (about a minute, once) from Debian's packages golang-go and golang-github-vmware-govmomi-dev; where they are
not installed, these tests are skipped. Its host is a capture of a real one, so what a host is delivered with is
compared field by field. It knows no update of switches and port groups, pages nothing and lets anybody read.
"""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from kinds.esxi_vss import plainform
from kinds.esxi_vss.client import Simulator

GOPATH = Path("/usr/share/gocode")
SOURCE = Path(__file__).with_name("vcsim") / "main.go"
CACHE = Path(__file__).resolve().parents[2] / ".cache"
HOSTS = {"esxi": 1, "vcenter": 3}

vim = pytest.importorskip("pyVmomi").vim
vmodl = pytest.importorskip("pyVmomi").vmodl
COLLECTOR = vmodl.query.PropertyCollector
pytestmark = pytest.mark.skipif(
    shutil.which("go") is None or not (GOPATH / "src/github.com/vmware/govmomi/simulator").is_dir(),
    reason="Debian's golang-go and golang-github-vmware-govmomi-dev are not installed",
)


@dataclass
class Double:
    """One of the doubles, of one kind."""

    name: str
    kind: str
    port: int
    ca_file: str

    def connect(self, password: str = "lab123") -> Any:
        """Log in; 6.5 is the newest that both speak."""
        from pyVim.connect import Connect

        return Connect(
            version="vim.version.version11",
            host="127.0.0.1",
            port=self.port,
            user="root",
            pwd=password,
            sslContext=ssl.create_default_context(cafile=self.ca_file),
            httpConnectionTimeout=20,
        )


@pytest.fixture(scope="module")
def ours() -> Iterator[Simulator]:
    with Simulator({"esx1": 1}, {"vc1": HOSTS["vcenter"]}) as started:
        yield started


@pytest.fixture(scope="module")
def program() -> Path:
    """Build govmomi's simulator."""
    made = CACHE / "vcsim"
    CACHE.mkdir(exist_ok=True)
    go = {"GO111MODULE": "off", "GOPATH": str(GOPATH), "GOCACHE": str(CACHE / "go-build")}
    command = ["go", "build", "-o", str(made), str(SOURCE)]
    built = subprocess.run(command, env={**os.environ, **go}, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    return made


@pytest.fixture(scope="module")
def theirs(ours: Simulator, program: Path) -> Iterator[dict[str, int]]:
    """Start govmomi's simulator twice, with a certificate of our CA; give the ports."""
    pair = Path(ours.ca_file).with_name("esx1.pem")
    running, ports = [], {}
    for kind, options in (("esxi", []), ("vcenter", ["-hosts", str(HOSTS["vcenter"])])):
        command = [str(program), "-pair", str(pair), *options]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        running.append(process)
        ports[kind] = int(process.stdout.readline())
    yield ports
    for process in running:
        process.communicate(timeout=10)


@pytest.fixture(params=["ours", "govmomi's"])
def double(ours: Simulator, theirs: dict[str, int], request: pytest.FixtureRequest, kind: str) -> Double:
    ports = {"esxi": ours.port("esx1"), "vcenter": ours.port("vc1")} if request.param == "ours" else theirs
    return Double(request.param, kind, ports[kind], ours.ca_file)


@pytest.fixture(params=["esxi", "vcenter"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def hosts(session: Any) -> list[Any]:
    view = session.content.viewManager.CreateContainerView(session.content.rootFolder, [vim.HostSystem], True)
    return list(view.view)


def test_a_login_is_enforced_and_ended(double: Double) -> None:
    with pytest.raises(vim.fault.InvalidLogin):
        double.connect("wrong")
    session = double.connect()
    assert session.content.about.apiType == {"esxi": "HostAgent", "vcenter": "VirtualCenter"}[double.kind]
    content = session.content
    content.sessionManager.Logout()
    with pytest.raises(vim.fault.NotAuthenticated):
        content.viewManager.CreateContainerView(content.rootFolder, [vim.HostSystem], True)


def test_a_view_gives_all_hosts(double: Double) -> None:
    found = hosts(double.connect())
    assert len(found) == HOSTS[double.kind] and {type(each) for each in found} == {vim.HostSystem}
    assert len({each.name for each in found}) == len(found)


def test_one_request_reads_name_network_system_and_configuration_of_every_host(double: Double) -> None:
    content = double.connect().content
    view = content.viewManager.CreateContainerView(content.rootFolder, [vim.HostSystem], True)
    step = COLLECTOR.TraversalSpec(type=vim.view.ContainerView, path="view", skip=False)
    paths = ["name", "configManager.networkSystem", "config.network.vswitch", "config.network.portgroup"]
    spec = COLLECTOR.FilterSpec(
        objectSet=[COLLECTOR.ObjectSpec(obj=view, skip=True, selectSet=[step])],
        propSet=[COLLECTOR.PropertySpec(type=vim.HostSystem, pathSet=paths)],
    )
    page = content.propertyCollector.RetrievePropertiesEx([spec], COLLECTOR.RetrieveOptions())
    assert len(page.objects) == HOSTS[double.kind] and not page.token
    for each in page.objects:
        values = {prop.name: prop.val for prop in each.propSet}
        assert sorted(values) == sorted(paths)
        assert isinstance(values["configManager.networkSystem"], vim.host.NetworkSystem)
        assert [group.spec.name for group in values["config.network.portgroup"]] == ["VM Network", "Management Network"]


def test_traversals_by_name_walk_from_the_root_to_the_hosts(double: Double) -> None:
    content = double.connect().content
    back = [COLLECTOR.SelectionSpec(name=name) for name in ("folder", "datacenter", "compute")]
    steps = [
        COLLECTOR.TraversalSpec(name="folder", type=vim.Folder, path="childEntity", selectSet=back),
        COLLECTOR.TraversalSpec(name="datacenter", type=vim.Datacenter, path="hostFolder", selectSet=back),
        COLLECTOR.TraversalSpec(name="compute", type=vim.ComputeResource, path="host"),
    ]
    chosen = COLLECTOR.ObjectSpec(obj=content.rootFolder, selectSet=steps)
    wanted = COLLECTOR.PropertySpec(type=vim.ManagedEntity, pathSet=["name"])
    found = content.propertyCollector.RetrieveContents([COLLECTOR.FilterSpec(objectSet=[chosen], propSet=[wanted])])
    kinds = [type(each.obj).__name__.rpartition(".")[2] for each in found]
    compute = {"esxi": "ComputeResource", "vcenter": "ClusterComputeResource"}[double.kind]
    assert kinds == ["Folder", "Datacenter", "Folder", compute, *["HostSystem"] * HOSTS[double.kind]]


def test_an_object_that_is_not_there_is_told(double: Double) -> None:
    collector = double.connect().content.propertyCollector
    spec = COLLECTOR.FilterSpec(
        objectSet=[COLLECTOR.ObjectSpec(obj=vim.HostSystem("nothing"))],
        propSet=[COLLECTOR.PropertySpec(type=vim.HostSystem, pathSet=["name"])],
    )
    with pytest.raises(vmodl.fault.ManagedObjectNotFound):
        collector.RetrieveContents([spec])


def test_switches_and_port_groups_are_added_and_removed(double: Double) -> None:
    system = hosts(double.connect())[0].configManager.networkSystem
    system.AddVirtualSwitch("vSwitch1")
    with pytest.raises(vim.fault.AlreadyExists):
        system.AddVirtualSwitch("vSwitch1")
    group = vim.host.PortGroup.Specification(name="vMotion", vlanId=30, vswitchName="vSwitch1")
    group.policy = vim.host.NetworkPolicy()
    system.AddPortGroup(group)
    assert [each.spec.vlanId for each in system.networkInfo.portgroup if each.spec.name == "vMotion"] == [30]
    system.RemovePortGroup("vMotion")
    system.RemoveVirtualSwitch("vSwitch1")
    for call in (system.RemovePortGroup, system.RemoveVirtualSwitch):
        with pytest.raises(vim.fault.NotFound):
            call("nothing")


def test_a_task_ends_in_maintenance_mode(double: Double) -> None:
    from pyVim.task import WaitForTask

    session = double.connect()
    host = hosts(session)[0]
    WaitForTask(host.EnterMaintenanceMode_Task(0), si=session)
    assert host.runtime.inMaintenanceMode is True
    WaitForTask(host.ExitMaintenanceMode_Task(0), si=session)
    assert host.runtime.inMaintenanceMode is False


def known(data: Any) -> dict[str, Any]:
    """Give a data object as plain data, without the zeros that Go leaves out."""
    plain = plainform.plain(data)
    if "policy" in plain and "nicTeaming" in plain["policy"]:
        plain["policy"]["nicTeaming"].get("failureCriteria", {}).pop("percentage", None)
    plain.get("nicTeaming", {}).get("failureCriteria", {}).pop("percentage", None)
    return plain


def delivered(double: Double) -> dict[str, Any]:
    """Give what a host is delivered with, but for its NICs and addresses."""
    info = hosts(double.connect())[0].config.network
    switches = [
        (each.name, each.mtu, each.numPorts, list(each.portgroup), list(each.pnic), known(each.spec))
        for each in info.vswitch
    ]
    groups = [(each.key, each.vswitch, known(each.spec), known(each.computedPolicy)) for each in info.portgroup]
    return {"switches": switches, "groups": groups, "vnics": [(each.key, each.portgroup) for each in info.vnic]}


def test_a_host_is_delivered_as_the_captured_one_was(ours: Simulator, theirs: dict[str, int]) -> None:
    mine = delivered(Double("ours", "esxi", ours.port("esx1"), ours.ca_file))
    captured = delivered(Double("govmomi's", "esxi", theirs["esxi"], ours.ca_file))
    assert mine == captured
