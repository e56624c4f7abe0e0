# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that a cabling file is read, and refused where a port or a NIC would have two cables."""

from __future__ import annotations

import pytest

import fabric

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
