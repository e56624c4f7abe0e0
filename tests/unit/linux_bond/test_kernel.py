# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel's own files tell what a bond lacks: options, members, VLAN, MTU, addresses, and LACP's partner."""

from __future__ import annotations

import pytest

from ansible_collections.netstack.datacenter.plugins.module_utils.linux_bond.kernel import (
    differences,
    not_working,
    parse_proc,
)

from .bond_builders import PROC, Host, declared

BONDING = "sys/class/net/bond0/bonding"


@pytest.fixture
def host(tmp_path):
    return Host(tmp_path, declared())


def wrong(host):
    return differences(declared(), host.kernel).texts


def test_a_host_as_declared_has_no_differences_and_works(host):
    assert wrong(host) == []
    assert not_working(declared(), host.kernel, True) == []


@pytest.mark.parametrize(
    ("option", "value", "text"),
    [
        ("mode", "balance-xor 2", "bond0 has mode balance-xor, not 802.3ad"),
        ("lacp_rate", "slow 0", "bond0 has lacp_rate slow, not fast"),
        ("xmit_hash_policy", "layer3+4 1", "bond0 has xmit_hash_policy layer3+4, not layer2+3"),
        ("slaves", "eth0", "bond0 has the members eth0, not eth0 eth1"),
    ],
)
def test_an_option_of_the_bond_that_differs_is_told(host, option, value, text):
    host.set(f"{BONDING}/{option}", value)
    assert wrong(host) == [text]


def test_a_bond_that_is_missing_is_told_with_its_vlan(tmp_path):
    assert wrong(Host(tmp_path)) == ["there is no bond0", "there is no bond0.10"]


@pytest.mark.parametrize(
    ("name", "changed", "text"),
    [
        ("bond0", {"mtu": 1500}, "bond0 has the MTU 1500, not 9000"),
        ("bond0.10", {"addr_info": []}, "bond0.10 lacks the address 192.0.2.11/24"),
        ("bond0.10", {"link": "eth2"}, "bond0.10 is VLAN 10 on eth2, not VLAN 10 on bond0"),
    ],
)
def test_what_is_above_the_bond_is_told(host, name, changed, text):
    host.shown[name].update(changed)
    assert wrong(host) == [text]


def test_a_default_route_that_is_missing_is_told(host):
    host.routes.clear()
    assert wrong(host) == ["there is no default route by 192.0.2.1 on bond0.10"]


def test_reads_partner_ports_and_the_members_aggregators():
    found = parse_proc(PROC)
    assert (found.mac, found.ports, found.aggregators) == ("1a:85:dd:1a:30:d7", 2, {"eth1": "1", "eth0": "1"})


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("Partner Mac Address: 1a:85:dd:1a:30:d7", "Partner Mac Address: 00:00:00:00:00:00", "nobody answers LACP"),
        ("Number of ports: 2", "Number of ports: 1", "only 1 of the 2 members of bond0 are in use"),
        ("Slave queue ID: 0\nAggregator ID: 1", "Slave queue ID: 0\nAggregator ID: 2", "do not end in one bundle"),
        (
            "port state: 63",
            "port state: 15",
            "this end of eth1 of bond0 does not collect and distribute (LACP state 15)",
        ),
        ("port state: 61", "port state: 5", "the far end of eth1 of bond0 does not collect and distribute"),
        ("Interface: eth1\nMII Status: up", "Interface: eth1\nMII Status: down", "member eth1 of bond0 is down"),
    ],
)
def test_a_bond_that_does_not_work_is_told(host, old, new, text):
    host.set("proc/net/bonding/bond0", PROC.replace(old, new, 1))
    assert text in "\n".join(not_working(declared(), host.kernel, True))


def test_without_the_demand_a_missing_partner_is_no_fault(host):
    host.set("proc/net/bonding/bond0", PROC.replace("Partner Mac Address: 1a:85:dd:1a:30:d7", ""))
    assert not_working(declared(), host.kernel, False) == []


def test_a_vlan_rests_on_its_bond_and_the_members(host):
    assert host.kernel.below("bond0.10") == {"bond0.10", "bond0", "eth0", "eth1"}
