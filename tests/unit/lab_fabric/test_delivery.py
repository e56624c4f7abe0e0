# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves, row by row of the pairing table, which flows between a switch and a host's standard vSwitch are delivered."""

from __future__ import annotations

from typing import Any

import pytest

from delivery import CLIENTS, Team, cross, deliver
from device.ends import Interface, Port

NICS = ("vmnic0", "vmnic1")
CABLES = {("ex1", "p0"): ("esx1", "vmnic0"), ("ex1", "p1"): ("esx1", "vmnic1")}
HALF = len(CLIENTS) // 2
SOURCE_POLICIES = ("loadbalance_srcid", "loadbalance_srcmac", "failover_explicit")


def team(policy: str = "loadbalance_ip", **more: Any) -> Team:
    lit = more.pop("lit", frozenset(NICS))
    interface = Interface("", **{"vlan": 0, "policy": policy, "active": NICS, **more})
    return Team("esx1", interface, interface.used(lit))


def port(name: str, bundle: str = "", **more: Any) -> Port:
    return Port("ex1", name, **{"light": True, "bundle": bundle, "forwards": True, "untagged": 10, **more})


def plain(**more: Any) -> list[Port]:
    return [port("p0", **more), port("p1", **more)]


def bundle(**more: Any) -> list[Port]:
    return [port("p0", "ae0", **more), port("p1", "ae0", **more)]


def test_a_static_bundle_and_ip_hash_deliver_everything_over_both_cables() -> None:
    assert deliver(team(), bundle(), CABLES, 10).complete
    assert {team().sends(client) for client in CLIENTS} == set(NICS)


@pytest.mark.parametrize("policy", SOURCE_POLICIES)
def test_plain_ports_and_any_policy_but_ip_hash_deliver_everything(policy: str) -> None:
    assert deliver(team(policy), plain(), CABLES, 10).complete


def test_explicit_failover_sends_over_its_first_lit_uplink_alone() -> None:
    explicit = team("failover_explicit", number=1)
    assert {explicit.sends(client) for client in CLIENTS} == {"vmnic0"}
    dark = team("failover_explicit", number=1, lit=frozenset(["vmnic1"]))
    assert {dark.sends(client) for client in CLIENTS} == {"vmnic1"}
    assert {team("loadbalance_srcid", number=1).sends(client) for client in CLIENTS} == {"vmnic1"}


@pytest.mark.parametrize("policy", SOURCE_POLICIES)
def test_a_static_bundle_against_a_host_without_ip_hash_loses_half_of_the_flows(policy: str) -> None:
    seen = deliver(team(policy), bundle(), CABLES, 10)
    assert (seen.lost, seen.flaps) == (HALF, False)
    assert set(seen.flows.values()) == {"", "vmnic1 does not take it"}


def test_ip_hash_against_plain_ports_flaps_and_loses_the_host() -> None:
    seen = deliver(team(), plain(), CABLES, 10)
    assert (seen.lost, seen.flaps) == (len(CLIENTS), True)


def test_a_bundle_that_waits_for_lacp_passes_nothing() -> None:
    seen = deliver(team(), bundle(forwards=False), CABLES, 10)
    assert seen.lost == len(CLIENTS) and set(seen.flows.values()) == {"p0 carries no traffic", "p1 carries no traffic"}


def test_ip_hash_with_one_uplink_in_a_bundle_of_one_delivers_everything() -> None:
    alone = team(active=("vmnic1",))
    assert deliver(alone, [port("p0"), port("p1", "ae0")], CABLES, 10).complete


@pytest.mark.parametrize("order", [{"active": ("vmnic0",), "standby": ("vmnic1",)}, {"active": ("vmnic0",)}])
def test_a_standby_or_unused_uplink_in_the_bundle_swallows_half(order: dict[str, tuple[str, ...]]) -> None:
    assert deliver(team(**order), bundle(), CABLES, 10).lost == HALF


def test_a_standby_uplink_takes_over_when_no_active_one_has_light() -> None:
    waiting = team("loadbalance_srcid", active=("vmnic0",), standby=("vmnic1",), lit=frozenset(["vmnic1"]))
    assert deliver(waiting, [port("p0", light=False, forwards=False), port("p1")], CABLES, 10).complete


def test_a_member_that_leads_to_another_host_swallows_half() -> None:
    swapped = {**CABLES, ("ex1", "p1"): ("esx2", "vmnic0")}
    seen = deliver(team(active=("vmnic0",)), bundle(), swapped, 10)
    assert seen.lost == HALF and "p1 leads to esx2" in seen.flows.values()


def test_a_member_that_leads_nowhere_known_swallows_half() -> None:
    seen = deliver(team(active=("vmnic0",)), bundle(), {("ex1", "p0"): ("esx1", "vmnic0")}, 10)
    assert seen.lost == HALF and "p1 leads to nobody that is known" in seen.flows.values()


def test_a_bundle_over_two_switches_flaps() -> None:
    cables = {("ex1", "p0"): ("esx1", "vmnic0"), ("ex2", "p1"): ("esx1", "vmnic1")}
    ports = [port("p0", "ae0"), Port("ex2", "p1", True, "ae0", True, 10)]
    assert deliver(team(), ports, cables, 10).flaps


def test_a_dark_cable_leaves_the_other_one() -> None:
    dark = [port("p0", "ae0"), port("p1", "ae0", light=False, forwards=False)]
    assert deliver(team(lit=frozenset(["vmnic0"])), dark, CABLES, 10).complete


def test_a_port_that_does_not_carry_the_vlan_loses_everything() -> None:
    tagged = team(vlan=20)
    assert deliver(tagged, bundle(tagged=(30,)), CABLES).lost == len(CLIENTS)
    assert deliver(tagged, bundle(tagged=(20, 30)), CABLES, 20).complete


def test_untagged_frames_need_an_untagged_vlan_and_the_right_one() -> None:
    assert deliver(team(), bundle(untagged=None, tagged=(10,)), CABLES, 10).lost == len(CLIENTS)
    assert deliver(team(), bundle(untagged=20), CABLES, 10).lost == len(CLIENTS)
    assert deliver(team(), bundle(untagged=20), CABLES).complete


def test_a_tag_of_the_untagged_vlan_is_not_taken() -> None:
    assert deliver(team(vlan=10), bundle(), CABLES, 10).lost == len(CLIENTS)


def test_a_host_without_cables_or_uplinks_delivers_nothing() -> None:
    assert not deliver(team(), bundle(), {}, 10).complete
    assert not deliver(team(lit=frozenset()), bundle(), CABLES, 10).complete


def trunk(**other: Any) -> list[tuple[Port, Port]]:
    """Return two cables; `other` is what the second switch has at its end of the first one."""
    ends = {"light": True, "bundle": "ae0", "forwards": True, "untagged": 10, "tagged": (20,)}
    far = [Port("ex2", "p0", **{**ends, **other}), Port("ex2", "p1", **ends)]
    return [(Port("ex1", each.name, **ends), each) for each in far]


@pytest.mark.parametrize("vlan", [10, 20])
def test_two_ends_alike_carry_a_vlan_from_switch_to_switch(vlan: int) -> None:
    assert cross(vlan, trunk()).complete


@pytest.mark.parametrize(
    ("vlan", "other", "lost"),
    [
        (10, {"forwards": False}, HALF),
        (10, {"untagged": 30}, HALF),
        (10, {"untagged": None, "tagged": (10, 20)}, HALF),
        (20, {"tagged": ()}, HALF),
        (30, {}, len(CLIENTS)),
    ],
    ids=["waits for LACP", "other native VLAN", "tagged instead", "not a member", "no end has it"],
)
def test_what_one_end_does_not_carry_as_the_other_is_lost_on_its_cable(vlan: int, other: Any, lost: int) -> None:
    assert cross(vlan, trunk(**other)).lost == lost


def test_two_switches_without_a_port_that_forwards_lose_everything() -> None:
    dark = [(near, far) for near, far in trunk(forwards=False)[:1]]
    assert set(cross(10, dark).flows.values()) == {"ex2 p0 carries no traffic"}
    assert cross(10, [(far, near) for near, far in dark]).flows[CLIENTS[0]] == "no port of ex2 carries traffic"
