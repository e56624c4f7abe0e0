# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that a cabling file is read, and refused where a port or a NIC would have two cables."""

from __future__ import annotations

import pytest

import fabric
from delivery import Port

HEAD = "junos: 1\nvsphere: 2\ncables:\n"
ONE = "- {switch: ex1, port: ge-0/0/0, host: esx1, nic: vmnic0}\n"


def test_a_cabling_names_hosts_switches_and_other_far_ends() -> None:
    seen = fabric.read(HEAD + ONE + "- {switch: ex2, port: ge-0/0/1, far: {lacp: active, key: 3}}\n")
    assert (seen.junos, seen.vsphere, seen.management_vlan) == (1, 2, None)
    assert (seen.hosts, seen.switches) == (["esx1"], ["ex1", "ex2"])
    assert seen.others == {("ex2", "ge-0/0/1"): {"lacp": "active", "key": 3}}


@pytest.mark.parametrize(
    "other", [ONE, "- {switch: ex1, port: ge-0/0/0, far: {}}\n", "- {switch: ex1, port: x, host: esx1, nic: vmnic0}\n"]
)
def test_two_cables_in_one_hole_are_refused(other: str) -> None:
    with pytest.raises(fabric.FabricError, match="has two cables"):
        fabric.read(HEAD + ONE + other)


def test_an_enclosure_hides_from_its_nic_that_the_port_is_disabled() -> None:
    cabling = fabric.read(HEAD + ONE.replace("}", ", hides: true}") + ONE.replace("0/0/0", "0/0/1").replace("c0", "c1"))
    ports = [Port("ex1", f"ge-0/0/{number}", light=False, bundle="", forwards=False) for number in range(2)]
    assert fabric.Fabric(cabling).dark(ports) == {("esx1", "vmnic1")}


def test_an_absence_lasts_until_the_host_is_back_and_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(fabric.time, "monotonic", lambda: now[0])
    absences = fabric.Absences()
    for now[0], reachable in ((0, True), (10, False), (12, False), (17, True), (20, False), (21, True)):
        absences.note("esx1", reachable)
    assert absences.told() == {"esx1": 7}
    assert absences.told() == {}
