# SPDX-License-Identifier: GPL-3.0-or-later
"""A Linux host that asks for it gets the bond that its switch's end of the link needs; one that does not gets none."""

from __future__ import annotations

import pytest

from ansible_collections.netstack.datacenter.plugins.module_utils.linux_bond.parse import parse
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.linux.derivation import DERIVED
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.derive import inventory

from . import link_builders as cabled
from . import stack_builders as builders

VLANS = {
    "mgmt": {"id": 10, "subnet": "192.0.2.0/24", "gateway": "192.0.2.1"},
    "storage": {"id": 20, "subnet": "198.51.100.0/24", "mtu": 9000},
    "guests": {"id": 30},
}
NETWORKS = {"mgmt": {"address": "192.0.2.11"}, "storage": {"interface": "nfs0", "address": "198.51.100.11"}}
CARRIED = {"untagged": "mgmt", "tagged": ["storage", "guests"]}


def site(bundle="lacp", asked=True, **more):
    """Return a site of one switch and one Linux host with two cables."""
    lag = {} if bundle == "none" else {"lag": "ae0"}
    ends = {"ex1": {**lag, "ports": cabled.ports(0)}, "db1": {"lag": "bond0", "ports": ["eth0", "eth1"]}}
    return {
        "plugin": builders.PLUGIN,
        "vlans": VLANS,
        "devices": {
            "ex1": {"kind": "junos_ex"},
            "db1": {"kind": "linux", "provision_links": asked, "networks": NETWORKS},
        },
        "links": {"db1": {"bundle": bundle, "vlans": CARRIED, "ends": ends, **more}},
    }


def halves(content, folder):
    loaded = builders.loaded(content, folder)
    assert [str(item) for item in loaded.errors] == []
    return inventory(loaded)


def test_the_bond_has_members_vlans_addresses_and_the_gateway(tmp_path):
    assert halves(site(), tmp_path)["db1"]["linux_bond_bonds"] == {
        "bond0": {
            "mode": "802.3ad",
            "members": ["eth0", "eth1"],
            "mtu": 9000,
            "lacp_rate": "slow",
            "min_links": 0,
            "addresses": ["192.0.2.11/24"],
            "gateway": "192.0.2.1",
            "vlans": {"nfs0": {"id": 20, "mtu": 9000, "addresses": ["198.51.100.11/24"]}},
        }
    }


@pytest.mark.parametrize(
    ("bundle", "mode"), [("lacp", "802.3ad"), ("static", "balance-xor"), ("none", "active-backup")]
)
def test_the_mode_follows_the_bundle(tmp_path, bundle, mode):
    assert halves(site(bundle), tmp_path)["db1"]["linux_bond_bonds"]["bond0"]["mode"] == mode


@pytest.mark.parametrize("periodic", ["slow", "fast"])
def test_both_ends_have_the_same_lacp_timer(tmp_path, periodic):
    found = halves(site(periodic=periodic), tmp_path)
    assert found["db1"]["linux_bond_bonds"]["bond0"]["lacp_rate"] == periodic
    assert found["ex1"]["junos_lag_bundles"]["ae0"]["periodic"] == periodic


def test_both_ends_have_the_same_payload(tmp_path):
    found = halves(site(), tmp_path)
    mtu = found["db1"]["linux_bond_bonds"]["bond0"]["mtu"]
    assert mtu == found["ex1"]["junos_lag_bundles"]["ae0"]["payload_mtu"]


@pytest.mark.parametrize("bundle", ["lacp", "static", "none"])
def test_the_role_takes_every_bond_that_is_derived(tmp_path, bundle):
    (bond,) = parse(halves(site(bundle), tmp_path)["db1"]["linux_bond_bonds"])
    assert bond.members == ("eth0", "eth1")


def test_a_host_that_does_not_ask_gets_no_bond_and_its_switch_is_told(tmp_path):
    found = halves(site(asked=False), tmp_path)
    assert found["db1"]["linux_bond_bonds"] == {}
    assert found["ex1"]["stack_links"][0]["provisioned"] is False


def test_the_switch_of_a_host_that_asks_is_told_so(tmp_path):
    assert halves(site(), tmp_path)["ex1"]["stack_links"][0]["provisioned"] is True


def test_the_derived_variable_is_listed_and_has_its_digest(tmp_path):
    found = halves(site(), tmp_path)["db1"]
    assert {name for name in found["stack_derived"] if name.startswith("linux_bond")} == set(DERIVED)
