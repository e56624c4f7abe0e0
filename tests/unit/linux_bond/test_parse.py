# SPDX-License-Identifier: GPL-3.0-or-later
"""A wrong declaration is refused with every fault at once, and a right one gets its defaults."""

from __future__ import annotations

import pytest

from ansible_collections.netstack.datacenter.plugins.module_utils.linux_bond.model import (
    BondError,
    Declared,
    dump,
    load,
)
from ansible_collections.netstack.datacenter.plugins.module_utils.linux_bond.parse import missing_members, parse

from .bond_builders import bond, declared


def faults(**bonds):
    with pytest.raises(BondError) as caught:
        parse(bonds)
    return caught.value.faults


def test_what_is_left_out_is_lacp_with_a_slow_timer():
    found = parse({"bond0": {"members": ["eth0"]}})[0]
    assert (found.mode, found.lacp_rate, found.xmit_hash_policy, found.miimon) == ("802.3ad", "slow", "layer2+3", 100)


def test_a_mode_has_only_its_own_options():
    found = parse({"bond0": {"members": ["eth0", "eth1"], "mode": "active-backup", "primary": "eth1"}})[0]
    assert found.options == {"mode": "active-backup", "miimon": "100", "primary": "eth1"}


def test_a_vlan_has_the_mtu_of_its_bond():
    found = parse({"bond0": {"members": ["eth0"], "mtu": 9000, "vlans": {"bond0.10": {"id": 10}}}})[0]
    assert found.vlans[0].net.mtu == 9000


WRONG = [
    ({"members": []}, "bond0: lacks `members`, the list of its interfaces."),
    ({"members": ["eth0", "eth0"]}, "bond0: has a member twice."),
    ({"member": ["eth0"]}, "bond0: knows no `member`; did you mean `members`?."),
    ({"mode": "lacp"}, "bond0: `mode` is lacp, but must be one of 802.3ad, balance-xor, active-backup."),
    ({"mode": "balance-xor"}, "bond0: `lacp_rate` means nothing in mode balance-xor, only in 802.3ad."),
    ({"primary": "eth0"}, "bond0: `primary` means nothing in mode 802.3ad, only in active-backup."),
    ({"xmit_hash_policy": "layer4"}, "bond0: `xmit_hash_policy` is layer4, but must be one of layer2, "),
    ({"miimon": 0}, "bond0: `miimon` is 0, but must be a whole number from 10 to 10000."),
    ({"min_links": 3}, "bond0: `min_links` is 3, but must be a whole number from 0 to 2."),
    ({"addresses": ["192.0.2.9"]}, "bond0: address 192.0.2.9 lacks its prefix, such as 192.0.2.9/24."),
    ({"addresses": ["192.0.2.0/24"]}, "bond0: 192.0.2.0/24 is the network's own address and no host's."),
    (
        {"addresses": [], "gateway": "192.0.2.1"},
        "bond0: `gateway` 192.0.2.1 is in the network of none of its addresses.",
    ),
    ({"gateway": "198.51.100.11"}, "bond0: `gateway` 198.51.100.11 is its own address."),
    ({"mtu": 1200}, "bond0: `mtu` is 1200, but must be a whole number from 1280 to 9216."),
    (
        {"mtu": 600, "addresses": [], "gateway": None, "vlans": {"v": {"id": 1, "addresses": ["2001:db8::1/64"]}}},
        "bond0: vlan v: `mtu` is 600, but must be a whole number from 1280 to 9216.",
    ),
    ({"vlans": {"v": {"id": 4095}}}, "bond0: vlan v: `id` is 4095, but must be a whole number from 1 to 4094."),
    (
        {"vlans": {"v": {"id": 1, "mtu": 9001}}},
        "bond0: vlan v: `mtu` is 9001, more than the 9000 of the bond below it.",
    ),
    ({"vlans": {"a": {"id": 1}, "b": {"id": 1}}}, "bond0: `vlans` has the id 1 at a and at another interface."),
    ({"vlans": {"much-too-long-name": {"id": 1}}}, "bond0: vlan much-too-long-name: much-too-long-name cannot be the "),
]


@pytest.mark.parametrize(("values", "text"), WRONG)
def test_refuses(values, text):
    assert any(fault.startswith(text) for fault in faults(bond0=bond(**values)))


def test_tells_all_faults_at_once():
    assert len(faults(bond0=bond(mode="lacp", mtu=1), bond1={"members": ["eth0"]})) == 3


def test_a_member_belongs_to_one_bond():
    assert "eth0 is a member of bond0 already, and of bond1 too." in faults(bond0=bond(), bond1={"members": ["eth0"]})


def test_a_host_has_one_default_route():
    second = bond(members=["eth2"], addresses=["203.0.113.9/24"], gateway="203.0.113.1", vlans={})
    assert "bond0.10 and bond1 have a gateway each; a host has one default route in IPv4." in faults(
        bond0=bond(), bond1=second
    )


def test_nothing_declared_is_refused_and_absent_named():
    assert faults() == ["linux_bond_bonds declares no bond; to take them away say `linux_bond_state: absent`."]


def test_members_that_the_host_lacks_are_named():
    with pytest.raises(BondError, match="this host has no interface eth1, only eth0, lo"):
        missing_members(declared().bonds, ["eth0", "lo"])


def test_what_is_kept_of_the_bonds_is_read_back_as_it_was():
    assert load(dump(declared())) == declared()
    assert load(None) == Declared()
