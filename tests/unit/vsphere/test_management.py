# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves which changes of the management network may cut a host off, and which keep a working uplink."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.declared.model import Vmk
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.run import management

from .builders import declared, group, host, made, switch, teaming

HASH = "loadbalance_ip"
PAIR = ("vmnic0", "vmnic1")


def judged(current, vswitches=None, port_groups=None) -> list[str]:
    result = made(current, declared(vswitches, port_groups))
    vmks = management.interfaces(current, [], None)
    return [finding.what for vmk in vmks for finding in management.refuse(result, vmk)]


def managed(before, down=()):
    return host(switch(teaming=before), groups=[group(), group("VM Network")], down=down)


PLAIN, ONE, HASHED = teaming(active=PAIR), teaming(active=("vmnic0",)), teaming(HASH, PAIR)


@pytest.mark.parametrize(
    ("before", "down", "change"),
    [
        (PLAIN, (), {"mtu": 9000}),
        (PLAIN, (), {"teaming": {"active_uplinks": ["vmnic0"]}}),
        (PLAIN, (), {"uplinks": ["vmnic0"]}),
        (ONE, (), {"teaming": {"active_uplinks": ["vmnic0", "vmnic1"]}}),
        (ONE, ("vmnic1",), {"teaming": {"load_balancing": HASH, "active_uplinks": ["vmnic0", "vmnic1"]}}),
        (PLAIN, ("vmnic1",), {"teaming": {"load_balancing": HASH}}),
        (PLAIN, (), {"uplinks": ["vmnic0"], "teaming": {"load_balancing": HASH}}),
        (HASHED, (), {"uplinks": ["vmnic0"], "teaming": {"load_balancing": "loadbalance_srcid"}}),
    ],
)
def test_a_change_that_keeps_an_uplink_which_suits_any_far_end_needs_no_consent(before, down, change):
    assert judged(managed(before, down), {"vSwitch0": change}) == []


@pytest.mark.parametrize(
    ("before", "change", "told"),
    [
        (PLAIN, {"teaming": {"load_balancing": HASH}}, "load balancing changes"),
        (HASHED, {"teaming": {"load_balancing": "loadbalance_srcid"}}, "load balancing changes"),
        (ONE, {"teaming": {"active_uplinks": ["vmnic1"]}}, "no uplink with link stays in use"),
        (teaming(HASH, ("vmnic0",)), {"teaming": {"active_uplinks": list(PAIR)}}, "IP hash spreads to vmnic1"),
    ],
)
def test_a_change_that_may_cut_the_host_off_is_refused(before, change, told):
    (found,) = judged(managed(before), {"vSwitch0": change})
    assert told in found


def test_a_leg_without_link_carries_nothing_so_it_may_join_an_ip_hash():
    current = managed(teaming(HASH, ("vmnic0",)), down=("vmnic1",))
    assert judged(current, {"vSwitch0": {"teaming": {"active_uplinks": list(PAIR)}}}) == []


def test_the_vlan_and_the_switch_of_the_management_port_group_are_guarded():
    current = managed(PLAIN)
    assert "VLAN" in judged(current, None, {"Management Network": {"vlan": 12}})[0]
    assert judged(current, None, {"VM Network": {"vlan": 12}}) == []
    other = host(switch(), switch("vSwitch1", ("vmnic2",)), groups=[group()])
    assert "moves" in judged(other, None, {"Management Network": {"vswitch": "vSwitch1"}})[0]


def carrying(current, addresses=(), named=None) -> list[str]:
    return [vmk.name for vmk in management.interfaces(current, addresses, named)]


def two_interfaces(managed=None):
    current = replace(host(switch(), groups=[group()]), managed=managed)
    current.vmks["vmk1"] = Vmk("vmk1", "vmotion", "198.51.100.1")
    return current


def test_the_interface_is_the_named_one_or_that_of_the_address_or_vmk0():
    current = two_interfaces()
    assert carrying(current, ["198.51.100.1"]) == ["vmk1"]
    assert carrying(current, ["203.0.113.1"]) == ["vmk0"]
    assert carrying(current, ["198.51.100.1"], "vmk0") == ["vmk0"]
    assert carrying(current, named="vmk9") == []


@pytest.mark.parametrize(
    ("managed", "addresses", "found"),
    [
        (("vmk1",), [], ["vmk1"]),
        (("vmk0", "vmk1"), [], ["vmk0", "vmk1"]),
        (("vmk0",), ["198.51.100.1"], ["vmk1", "vmk0"]),
        ((), [], ["vmk0"]),
        (("vmk7",), [], ["vmk0"]),
    ],
)
def test_all_that_the_host_has_selected_for_management_are_guarded(managed, addresses, found):
    assert carrying(two_interfaces(managed), addresses) == found
    known = addresses or set(managed) & {"vmk0", "vmk1"}
    assert management.is_guessed(two_interfaces(managed), addresses, None) is not bool(known)
