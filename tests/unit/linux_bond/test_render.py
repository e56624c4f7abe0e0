# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of the three backends, as a reader of the host sees them."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from ansible_collections.netstack.datacenter.plugins.module_utils.linux_bond import render

from .bond_builders import declared

GOLDEN = Path(__file__).parent / "golden"
PLAIN = {
    "bond0": {"members": ["eth0", "eth1"], "mode": "active-backup", "primary": "eth1", "addresses": ["192.0.2.9/24"]},
    "bond1": {"members": ["eth2"], "mode": "balance-xor", "vlans": {"storage": {"id": 20}}},
}


def networkd(bonds):
    return "".join(f"== {name}\n{text}" for name, text in sorted(render.networkd(bonds).items()))


WRITERS = {"netplan.yaml": render.netplan, "networkd.txt": networkd, "interfaces.txt": render.ifupdown}


@pytest.mark.parametrize("name", WRITERS)
def test_lacp_with_a_vlan_is_written_as_the_golden_file_has_it(name, golden):
    golden(GOLDEN / f"lacp.{name}", WRITERS[name](declared().bonds))


@pytest.mark.parametrize("name", WRITERS)
def test_the_other_modes_are_written_as_the_golden_file_has_them(name, golden):
    golden(GOLDEN / f"plain.{name}", WRITERS[name](declared(**PLAIN).bonds))


def test_netplan_gets_valid_yaml_in_which_no_member_has_an_address():
    network = yaml.safe_load(render.netplan(declared().bonds))["network"]
    assert all(not item.get("dhcp4") and "addresses" not in item for item in network["ethernets"].values())


def test_networkd_files_come_before_those_of_others():
    assert all(name.startswith("05-") for name in render.networkd(declared().bonds))
