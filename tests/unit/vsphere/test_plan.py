# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves what a plan changes, in which order, and what the rules say once the host is known."""

from __future__ import annotations

import pytest

from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.declared.model import Teaming
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.run import plan

from .builders import OVERRIDE, declared, group, host, made, rules, switch, teaming

PAIR = ("vmnic0", "vmnic1")
HASH = {"load_balancing": "loadbalance_ip"}


def steps(result) -> list[str]:
    return [str(step) for step in result.steps]


def test_only_what_is_declared_differs():
    result = made(host(switch()), declared({"vSwitch0": {"mtu": 9000}}))
    assert steps(result) == ["UpdateVirtualSwitch vSwitch0: mtu 1500 -> 9000"]


def test_the_trap_of_the_management_network_is_refused_with_its_kb():
    current = host(switch(), groups=[group(own=OVERRIDE)])
    result = made(current, declared({"vSwitch0": {"teaming": HASH, "bundle": {"mode": "static", "ports": 2}}}))
    assert rules(result.findings) == ["OVERRIDE_NOT_DECLARED"]
    assert "KB 1022751" in str(result.findings[0])


def test_inherit_takes_the_override_away_and_settles_it():
    current = host(switch(), groups=[group(own=OVERRIDE)])
    half = declared({"vSwitch0": {"teaming": HASH}}, {"Management Network": {"teaming": "inherit"}})
    result = made(current, half)
    assert not result.findings
    assert result.after.groups["Management Network"].teaming == Teaming()
    assert not made(result.after, half).changed


def test_explicit_values_equal_to_those_of_the_switch_are_as_good_as_inheriting():
    current = host(switch(), groups=[group(own=OVERRIDE)])
    own = {**HASH, "active_uplinks": list(PAIR)}
    result = made(current, declared({"vSwitch0": {"teaming": HASH}}, {"Management Network": {"teaming": own}}))
    assert not result.findings


@pytest.mark.parametrize(
    ("before", "rule"),
    [
        (teaming(active=("vmnic0",), standby=("vmnic1",)), "IP_HASH_STANDBY"),
        (teaming(active=("vmnic0",)), "IP_HASH_UNUSED"),
        (Teaming("loadbalance_srcid", "beacon_probing", True, True, PAIR, ()), "IP_HASH_BEACON"),
    ],
)
def test_ip_hash_on_what_the_host_has_is_refused(before, rule):
    result = made(host(switch(teaming=before)), declared({"vSwitch0": {"teaming": HASH}}))
    assert rules(result.findings) == [rule]


def test_fewer_uplinks_than_the_bundle_has_ports_are_refused_though_they_are_the_hosts_own():
    half = declared({"vSwitch0": {"teaming": HASH, "bundle": {"mode": "static", "ports": 2}}})
    assert rules(made(host(switch(uplinks=("vmnic0",))), half).findings) == ["BUNDLE_PORTS"]


def test_what_was_wrong_before_and_is_not_asked_about_is_noted_only():
    broken = switch(teaming=teaming("loadbalance_ip", ("vmnic0",)))
    result = made(host(broken), declared({"vSwitch0": {"mtu": 9000}}))
    assert not result.findings
    assert "IP_HASH_UNUSED" in result.notes[0]


def test_a_foreign_port_group_on_another_switch_is_no_matter():
    current = host(switch(), switch("vSwitch1", ("vmnic2", "vmnic3")), groups=[group(own=OVERRIDE)])
    assert not made(current, declared({"vSwitch1": {"teaming": HASH}})).findings


def test_the_order_of_active_uplinks_matters_to_the_explicit_order_alone():
    half = declared({"vSwitch0": {"teaming": {"active_uplinks": ["vmnic1", "vmnic0"]}}})
    assert not made(host(switch()), half).changed
    assert made(host(switch(teaming=teaming("failover_explicit", PAIR))), half).changed


def test_the_order_of_the_uplinks_themselves_means_nothing():
    assert not made(host(switch()), declared({"vSwitch0": {"uplinks": ["vmnic1", "vmnic0"]}})).changed


def test_a_new_uplink_becomes_active_and_one_that_goes_leaves_every_order():
    own = teaming(active=("vmnic1",), standby=("vmnic0",))
    current = host(switch(), groups=[group(own=own)])
    after = made(current, declared({"vSwitch0": {"uplinks": ["vmnic1", "vmnic2"]}})).after
    assert after.switches["vSwitch0"].teaming.active_uplinks == ("vmnic1", "vmnic2")
    assert after.groups["Management Network"].teaming.standby_uplinks == ()


def test_an_order_that_would_be_left_without_any_uplink_is_dropped_and_said():
    current = host(switch(), groups=[group(own=OVERRIDE)])
    result = made(current, declared({"vSwitch0": {"uplinks": ["vmnic1"]}}))
    assert result.after.groups["Management Network"].teaming.active_uplinks is None
    assert "inherits its uplinks" in result.notes[0]


def test_an_uplink_that_is_declared_active_leaves_the_standby_ones():
    current = host(switch(teaming=teaming(active=("vmnic0",), standby=("vmnic1",))))
    after = made(current, declared({"vSwitch0": {"teaming": {"active_uplinks": list(PAIR)}}})).after
    assert after.switches["vSwitch0"].teaming.standby_uplinks == ()


def test_a_nic_that_is_not_there_and_one_that_another_switch_keeps_are_refused():
    current = host(switch(), switch("vSwitch1", ("vmnic2",)))
    half = declared({"vSwitch0": {"uplinks": ["vmnic2", "vmnic9"]}})
    assert rules(made(current, half).findings) == ["NO_SUCH_NIC", "UPLINK_HELD"]


def test_a_new_switch_with_a_slash_is_refused_and_an_old_one_is_left_its_name():
    half = declared({"a/b": {"mtu": 9000}})
    assert rules(made(host(switch()), half).findings) == ["NAME"]
    assert made(host(switch("a/b")), half).findings == []


def test_a_nic_moves_from_one_switch_to_another_in_that_order():
    current = host(switch(), switch("vSwitch1", ("vmnic2", "vmnic3")))
    half = declared({"vSwitch0": {"uplinks": [*PAIR, "vmnic2"]}, "vSwitch1": {"uplinks": ["vmnic3"]}})
    assert [step.name for step in made(current, half).steps] == ["vSwitch1", "vSwitch0"]


def test_switches_that_exchange_nics_are_refused():
    current = host(switch(), switch("vSwitch1", ("vmnic2", "vmnic3")))
    half = declared({"vSwitch0": {"uplinks": ["vmnic2"]}, "vSwitch1": {"uplinks": ["vmnic0", "vmnic3"]}})
    assert rules(made(current, half).findings) == ["NICS_EXCHANGED"]


def test_what_is_new_is_made_with_its_switch_first():
    half = declared({"vSwitch1": {"uplinks": ["vmnic2"]}}, {"vmotion": {"vswitch": "vSwitch1", "vlan": 30}})
    assert [step.call for step in made(host(switch()), half).steps] == ["AddVirtualSwitch", "AddPortGroup"]


def test_a_new_port_group_needs_a_switch_that_is_there():
    current = host(switch())
    assert rules(made(current, declared(None, {"a": {"vlan": 3}})).findings) == ["VSWITCH_MISSING"]
    assert rules(made(current, declared(None, {"a": {"vswitch": "vSwitch7"}})).findings) == ["NO_SUCH_VSWITCH"]


def test_replaced_gives_what_is_left_out_its_default_and_touches_no_other_object():
    current = host(switch(mtu=9000), switch("vSwitch1", ("vmnic2",)), groups=[group(own=OVERRIDE, vlan=7)])
    half = declared({"vSwitch0": {"uplinks": list(PAIR)}}, {"Management Network": {"vswitch": "vSwitch0"}}, "replaced")
    result = made(current, half, "replaced")
    assert result.after.switches["vSwitch0"].mtu == 1500
    assert result.after.groups["Management Network"] == group()
    assert result.after.switches["vSwitch1"] == current.switches["vSwitch1"]


def test_overridden_removes_the_others_and_refuses_what_is_in_use():
    current = host(switch(), switch("vSwitch1", ("vmnic2",)), groups=[group(), group("vmotion", on="vSwitch1")])
    half = declared({"vSwitch0": {"uplinks": list(PAIR)}}, None, "overridden")
    assert rules(made(current, half, "overridden").findings) == ["IN_USE"]
    kept = declared(
        {"vSwitch0": {"uplinks": list(PAIR)}}, {"Management Network": {"vswitch": "vSwitch0"}}, "overridden"
    )
    calls = [step.call for step in made(current, kept, "overridden").steps]
    assert calls == ["RemovePortGroup", "RemoveVirtualSwitch"]


def test_deleted_wants_the_port_groups_named_that_go_with_a_switch():
    current = host(switch(), groups=[group("a"), group("b")])
    half = declared({"vSwitch0": None}, {"a": None}, "deleted")
    assert rules(made(current, half, "deleted").findings) == ["PORT_GROUPS_LEFT"]
    whole = declared(["vSwitch0"], ["a", "b", "gone already"], "deleted")
    assert len(made(current, whole, "deleted").steps) == 3


def test_one_list_of_an_order_keeps_the_other():
    current = host(switch(teaming=teaming(active=PAIR)), groups=[group()])
    after = made(current, declared(None, {"Management Network": {"teaming": {"standby_uplinks": ["vmnic1"]}}})).after
    own = after.groups["Management Network"].teaming
    assert (own.active_uplinks, own.standby_uplinks) == (("vmnic0",), ("vmnic1",))


def test_a_host_that_lists_the_uplinks_in_another_order_has_what_was_sent():
    assert plan.difference(host(switch(uplinks=PAIR)), host(switch(uplinks=PAIR[::-1]))) == []


def test_a_port_group_that_loses_its_last_uplink_is_refused():
    split = switch(teaming=teaming(active=("vmnic1",), standby=("vmnic0",)))
    half = declared({"vSwitch0": {"uplinks": ["vmnic0"]}}, {"a": {"teaming": {"standby_uplinks": []}}})
    result = made(host(split, groups=[group("a")]), half)
    assert [str(finding) for finding in result.findings] == [
        "port_groups.a: no uplink stays active or standby [NO_ACTIVE_UPLINK]. All uplinks would be unused, and nothing "
        "could be sent. List one in teaming.active_uplinks."
    ]


@pytest.mark.parametrize(
    ("switches", "own", "asked"),
    [
        (switch(), Teaming(), {"standby_uplinks": []}),
        (switch(uplinks=()), Teaming(), {"standby_uplinks": []}),
        (switch(), Teaming(active_uplinks=(), standby_uplinks=()), {"standby_uplinks": []}),
        (switch(), Teaming(active_uplinks=(), standby_uplinks=()), {"notify_switches": False}),
    ],
)
def test_a_port_group_with_an_uplink_or_without_one_already_is_not(switches, own, asked):
    half = declared(None, {"a": {"teaming": asked}})
    assert made(host(switches, groups=[group("a", own=own)]), half).findings == []
