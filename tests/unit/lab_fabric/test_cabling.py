# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that a cabling file is read, and refused where a port or a NIC would have two cables."""

from __future__ import annotations

import pytest

import fabric
from device.ends import Port

HEAD = "devices: {ex1: 1, ex2: 1, esx1: 2}\ncables:\n"
ONE = "- {switch: ex1, port: ge-0/0/0, host: esx1, nic: vmnic0}\n"


def test_a_cabling_names_hosts_switches_and_other_far_ends() -> None:
    seen = fabric.read(HEAD + ONE + "- {switch: ex2, port: ge-0/0/1, far: {lacp: active, key: 3}}\n")
    assert (seen.devices, seen.management_vlan) == ({"ex1": 1, "ex2": 1, "esx1": 2}, None)
    assert (seen.hosts, seen.switches) == (["esx1"], ["ex1", "ex2"])
    assert seen.others == {("ex2", "ge-0/0/1"): {"lacp": "active", "key": 3}}


@pytest.mark.parametrize(
    "other", [ONE, "- {switch: ex1, port: ge-0/0/0, far: {}}\n", "- {switch: ex1, port: x, host: esx1, nic: vmnic0}\n"]
)
def test_two_cables_in_one_hole_are_refused(other: str) -> None:
    with pytest.raises(fabric.FabricError, match="has two cables"):
        fabric.read(HEAD + ONE + other)


BETWEEN = "- {switch: ex1, port: ge-0/0/9, to: {switch: ex2, port: ge-0/0/8}, trunk: up1, vlan: 10}\n"


def test_a_cabling_names_cables_between_switches_and_where_single_hosts_have_their_clients() -> None:
    seen = fabric.read(f"management_vlans: {{esx1: 12}}\n{HEAD}{ONE}{BETWEEN}")
    assert seen.between == (fabric.Between(("ex1", "ge-0/0/9"), ("ex2", "ge-0/0/8"), "up1", 10),)
    assert (seen.switches, seen.management_vlans) == (["ex1", "ex2"], {"esx1": 12})


@pytest.mark.parametrize("far", [("ex2", "ge-0/0/8"), ("ex1", "ge-0/0/9")])
def test_a_port_of_a_cable_between_switches_has_no_other_cable(far: tuple[str, str]) -> None:
    other = f"- {{switch: {far[0]}, port: {far[1]}, far: {{}}}}\n"
    with pytest.raises(fabric.FabricError, match="has two cables"):
        fabric.read(HEAD + BETWEEN + other)


def test_two_switches_see_each_others_light_and_lacp() -> None:
    near = Port("ex1", "ge-0/0/9", True, "ae3", True, lacp="passive", periodic="slow")
    far = Port("ex2", "ge-0/0/8", False, "", False)
    seen = fabric.Fabric(fabric.read(HEAD + BETWEEN), {}).far_ends([near, far], ["ex1", "ex2"])
    lacp = {"cable": "up", "lacp": "passive", "periodic": "slow", "system": "00:00:5e:00:53:10", "key": 4}
    assert seen["ex2", "ge-0/0/8"] == lacp
    assert (seen["ex1", "ge-0/0/9"]["cable"], seen["ex1", "ge-0/0/9"]["lacp"]) == ("dead", "off")


def test_an_enclosure_hides_from_its_nic_that_the_port_is_disabled() -> None:
    cabling = fabric.read(HEAD + ONE.replace("}", ", hides: true}") + ONE.replace("0/0/0", "0/0/1").replace("c0", "c1"))
    ports = [Port("ex1", f"ge-0/0/{number}", light=False, bundle="", forwards=False) for number in range(2)]
    assert fabric.Fabric(cabling, {}).dark(ports) == {("esx1", "vmnic1")}


def test_an_absence_lasts_until_the_host_is_back_and_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(fabric.time, "monotonic", lambda: now[0])
    absences = fabric.Absences()
    for now[0], reachable in ((0, True), (10, False), (12, False), (17, True), (20, False), (21, True)):
        absences.note("esx1", reachable)
    assert absences.told() == {"esx1": 7}
    assert absences.told() == {}
