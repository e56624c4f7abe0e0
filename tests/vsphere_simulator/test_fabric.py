# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves, with simulated switches and a simulated host cabled by lab/fabric.py, that a mismatch hurts as in life."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from unit.lab_junos.builders import MODE

from fabric_client import Fabric
from kinds.esxi_vss.client import Simulator
from kinds.junos_ex.client import Simulator as Junos

from .builders import Center, Esxi, connect, hosts, network
from .test_faults import LOST, to_ip_hash

SWITCHES = {"nonels": "ex4200-48t", "els": "ex4300-48t"}
PORTS = ("ge-0/0/0", "ge-0/0/1")
PLAIN = """\
delete interfaces ge-0/0/0
delete interfaces ge-0/0/1
set vlans mgmt vlan-id 10
set vlans other vlan-id 20
set interfaces ge-0/0/0 unit 0 family ethernet-switching MODE access
set interfaces ge-0/0/0 unit 0 family ethernet-switching vlan members mgmt
set interfaces ge-0/0/1 unit 0 family ethernet-switching MODE access
set interfaces ge-0/0/1 unit 0 family ethernet-switching vlan members mgmt
"""
BUNDLE = """\
delete interfaces ge-0/0/0 unit 0
delete interfaces ge-0/0/1 unit 0
set chassis aggregated-devices ethernet device-count 1
set interfaces ge-0/0/0 ether-options 802.3ad ae0
set interfaces ge-0/0/1 ether-options 802.3ad ae0
set interfaces ae0 unit 0 family ethernet-switching MODE access
set interfaces ae0 unit 0 family ethernet-switching vlan members mgmt
"""
# The bundle with one leg, while the other one stays a plain port.
ONE_LEG = """\
delete interfaces ge-0/0/1 unit 0
set chassis aggregated-devices ethernet device-count 1
set interfaces ge-0/0/1 ether-options 802.3ad ae0
set interfaces ae0 unit 0 family ethernet-switching MODE access
set interfaces ae0 unit 0 family ethernet-switching vlan members mgmt
"""
FAILOVER = "network vswitch standard policy failover set -v vSwitch0"


class Lab:
    """A switch and a host with two cables between them."""

    def __init__(self, junos: Junos, esxi: Esxi, style: str, fabric: Fabric) -> None:
        self.junos, self.esxi, self.style, self.fabric = junos, esxi, style, fabric

    def commit(self, text: str, **more: Any) -> None:
        self.junos.control("commit", switch=self.style, set=text.replace("MODE", MODE[self.style]), **more)

    def reach(self) -> str:
        return str(self.esxi.state()["reach"])

    def vmk0(self) -> dict[str, Any]:
        return self.fabric.deliveries()["esx1"]["vmk0"]

    def stations(self) -> dict[str, list[list[str]]]:
        far = self.junos.control("far_end", switch=self.style, ports={})
        return {port: end["macs"] for port, end in far.items()}


@pytest.fixture(scope="module")
def junos() -> Iterator[Junos]:
    with Junos(SWITCHES) as started:
        yield started


@pytest.fixture(params=list(SWITCHES))
def lab(junos: Junos, simulator: Simulator, esxi: Esxi, request: pytest.FixtureRequest) -> Iterator[Lab]:
    """Give plain ports in the management VLAN, and a host with port ID over both uplinks."""
    style = request.param
    junos.control("reset", switch=style)
    cables = [{"switch": style, "port": port, "host": "esx1", "nic": f"vmnic{i}"} for i, port in enumerate(PORTS)]
    esxi.two_uplinks()
    with Fabric(junos.about["control"], simulator.about["control"], cables, management_vlan=10) as fabric:
        made = Lab(junos, esxi, style, fabric)
        made.commit(PLAIN)
        yield made


def test_plain_ports_and_port_id_reach_the_host(lab: Lab) -> None:
    assert lab.reach() == "up" and lab.vmk0() == {"lost": 0, "of": 16, "flaps": False, "reasons": []}
    assert lab.stations() == {"ge-0/0/0": [["00:50:56:00:01:00", "mgmt"]], "ge-0/0/1": []}


def test_ip_hash_before_the_bundle_loses_the_host_and_the_commit_brings_it_back(lab: Lab) -> None:
    with pytest.raises(LOST):
        to_ip_hash(network(connect(lab.esxi, timeout=1)))
    assert lab.reach() == "silent" and lab.vmk0()["flaps"] is True
    with pytest.raises(LOST):
        connect(lab.esxi, timeout=0.5)
    lab.commit(BUNDLE)
    assert network(connect(lab.esxi)).networkInfo.vswitch and lab.vmk0()["lost"] == 0
    assert set(map(str, lab.stations().values())) == {"[['00:50:56:00:01:00', 'mgmt']]"}


def test_a_static_bundle_before_ip_hash_loses_half_of_the_flows(lab: Lab) -> None:
    lab.commit(BUNDLE)
    assert lab.reach() == "silent" and lab.vmk0()["lost"] == 8
    lab.esxi.run(f"{FAILOVER} -l iphash")
    assert lab.reach() == "up"


def test_a_management_network_that_overrides_the_teaming_loses_half_of_its_flows(lab: Lab) -> None:
    lab.esxi.run(f"{FAILOVER} -l iphash")
    lab.esxi.run("network vswitch standard portgroup policy failover set -p 'Management Network' -l portid")
    lab.commit(BUNDLE)
    assert lab.vmk0()["lost"] == 8 and lab.reach() == "silent"


def test_lacp_against_a_standard_switch_passes_nothing(lab: Lab) -> None:
    lab.esxi.run(f"{FAILOVER} -l iphash")
    lab.commit(BUNDLE + "set interfaces ae0 aggregated-ether-options lacp active")
    assert lab.vmk0()["lost"] == 16 and lab.reach() == "silent"
    bundle = lab.junos.control("state", switch=lab.style)["ae0"]
    assert bundle["up"] is False and bundle["active"] == []


def test_a_vlan_that_the_ports_do_not_carry_makes_management_unreachable(lab: Lab) -> None:
    for port in PORTS:
        lab.commit(f"delete interfaces {port} unit 0 family ethernet-switching vlan members mgmt")
        lab.commit(f"set interfaces {port} unit 0 family ethernet-switching vlan members other")
    assert lab.reach() == "silent" and "puts it into VLAN 20, not 10" in lab.vmk0()["reasons"][0]


def test_a_disabled_port_is_dark_at_the_host_too(lab: Lab) -> None:
    lab.commit("set interfaces ge-0/0/0 disable")
    info = network(connect(lab.esxi)).networkInfo
    assert [nic.linkSpeed is None for nic in info.pnic[:2]] == [True, False]
    assert lab.reach() == "up" and lab.esxi.state()["management"]["uplinks"] == ["vmnic1"]


def test_a_broken_cable_is_dead_at_the_switch_too(lab: Lab) -> None:
    lab.esxi.run(f"{FAILOVER} -l iphash")
    lab.commit(BUNDLE)
    lab.esxi.control("link", nic="vmnic0", up=False)
    assert lab.junos.control("state", switch=lab.style)["ae0"]["active"] == ["ge-0/0/1"]
    assert lab.reach() == "up"


def test_a_switch_that_was_reset_gets_its_cables_again(lab: Lab) -> None:
    lab.junos.control("reset", switch=lab.style)
    assert lab.reach() == "silent"
    lab.commit(PLAIN)
    assert lab.reach() == "up" and lab.stations()["ge-0/0/0"] == [["00:50:56:00:01:00", "mgmt"]]


def test_a_confirmed_commit_that_runs_out_brings_the_host_back(lab: Lab) -> None:
    lab.commit(BUNDLE, confirmed=1)
    assert lab.reach() == "silent"
    lab.junos.control("advance", switch=lab.style, seconds=61)
    assert lab.reach() == "up"


def test_one_leg_at_a_time_never_loses_the_host(lab: Lab) -> None:
    steps = [
        lambda: lab.esxi.run(f"{FAILOVER} -a vmnic0"),
        lambda: lab.commit(ONE_LEG),
        lambda: lab.esxi.run(f"{FAILOVER} -l iphash -a vmnic1"),
        lambda: lab.commit(
            "set interfaces ge-0/0/0 disable\ndelete interfaces ge-0/0/0 unit 0\n"
            "set interfaces ge-0/0/0 ether-options 802.3ad ae0"
        ),
        lambda: lab.esxi.run(f"{FAILOVER} -a vmnic0,vmnic1"),
        lambda: lab.commit("delete interfaces ge-0/0/0 disable"),
    ]
    for step in steps:
        step()
        assert lab.reach() == "up" and network(connect(lab.esxi)).networkInfo.vswitch
    assert lab.junos.control("state", switch=lab.style)["ae0"]["active"] == list(PORTS)


def test_a_vcenter_takes_back_what_the_fabric_shows_to_cut_the_host_off(
    junos: Junos, simulator: Simulator, center: Center
) -> None:
    from pyVmomi import vim

    junos.control("reset", switch="els")
    junos.control("commit", switch="els", set=PLAIN.replace("MODE", MODE["els"]))
    first = center.first
    for command in (
        "uplink add -u vmnic1 -v vSwitch0",
        "portgroup policy failover set -p 'Management Network' --use-vswitch",
    ):
        simulator.control("console", host=first, command=f"esxcli network vswitch standard {command}")
    cables = [{"switch": "els", "port": port, "host": first, "nic": f"vmnic{i}"} for i, port in enumerate(PORTS)]
    with Fabric(junos.about["control"], simulator.about["control"], cables, management_vlan=10):
        host = hosts(connect(center))[0]
        with pytest.raises(vim.fault.NetworkDisruptedAndConfigRolledBack):
            to_ip_hash(host.configManager.networkSystem)
        assert host.runtime.connectionState == "connected"
