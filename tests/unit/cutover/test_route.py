# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that a link is converted by steps at each of which its host's management has a path."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.end import HostSeen, SwitchSeen
from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.link_state import (
    BOTH,
    Link,
    LinkState,
    PortForm,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.cutover.route import (
    HOST_FIRST,
    NoRouteError,
    route,
    unproven,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.cutover.where import situation
from ansible_collections.netstack.datacenter.plugins.plugin_utils.cutover.wording import describe

from .builders import PAIRS, declared, path, start, walk
from .pair import HASH, LACP, PLAIN, PORT_ID, STATIC


def words(name: str) -> list[str]:
    link, steps = path(start(name))
    return [describe(link, step, "esx1", "ex1") for step in steps]


def test_plain_ports_become_a_static_bundle_one_group_at_a_time():
    assert words("plain to static") == [
        "ex1: ge-0/0/0 disabled",
        "esx1 uses vmnic3",
        "ex1: ge-0/0/0 into ae0, ge-0/0/0 no longer disabled",
        "esx1 uses vmnic2 with its final teaming",
        "ex1: ge-1/0/0 into ae0, ge-1/0/0 disabled",
        "esx1 uses vmnic2, vmnic3 with its final teaming",
        "ex1: ge-1/0/0 no longer disabled",
    ]


def test_a_static_bundle_becomes_plain_ports_the_same_way():
    assert words("static to plain") == [
        "ex1: ge-0/0/0 disabled",
        "esx1 uses vmnic3",
        "ex1: ge-0/0/0 out of ae0, ge-0/0/0 no longer disabled",
        "esx1 uses vmnic2 with its final teaming",
        "ex1: ge-1/0/0 out of ae0, ge-1/0/0 disabled",
        "ex1: ge-1/0/0 no longer disabled",
        "esx1 uses vmnic2, vmnic3 with its final teaming",
    ]


def test_a_bundle_that_gets_another_vlan_is_changed_in_place():
    assert words("another vlan") == [
        "ex1: ge-0/0/0 as declared, ge-1/0/0 as declared",
    ]


IN_BUNDLE = PortForm("ae0", True, 10, frozenset({20}))
"""A trunk of a static bundle, in whose native VLAN the management is."""


def changed_in_its_bundle(new: PortForm, **host) -> Link:
    names = (("ge-0/0/0",), ("ge-1/0/0",)), (("vmnic2",), ("vmnic3",))
    return Link("rack1", *names, (IN_BUNDLE, IN_BUNDLE), new, HASH, replace(HASH, **host))


def test_members_that_stay_in_their_bundle_lose_a_vlan_at_once_after_both_cables_are_proven():
    steps = route(changed_in_its_bundle(replace(IN_BUNDLE, tagged=frozenset())), LinkState())
    changed = [step.after.ports_new - step.before.ports_new for step in steps]
    assert [groups for groups in changed if groups] == [BOTH]
    assert [step.disables for step in steps if step.disables] == [frozenset({0}), frozenset({1})]


def test_no_path_leads_through_a_bundle_whose_members_are_in_two_vlans():
    tagged = PortForm("ae0", True, None, frozenset({10, 20}))
    with pytest.raises(NoRouteError, match="no order of changes"):
        route(changed_in_its_bundle(tagged, vlan=10), LinkState())


def test_a_link_that_loses_half_of_its_frames_is_mended_at_the_end_that_is_wrong():
    assert words("bundle without hash") == ["esx1 uses vmnic2, vmnic3 with its final teaming"]
    assert words("hash without bundle")[:3] == [
        "ex1: ge-0/0/0 disabled",
        "esx1 uses vmnic3 with its final teaming",
        "ex1: ge-0/0/0 into ae0, ge-0/0/0 no longer disabled",
    ]


def test_lacp_against_a_standard_vswitch_is_mended_once_its_cables_are_proven():
    assert words("lacp to static") == [
        "ex1: ge-0/0/0 disabled",
        "ex1: ge-0/0/0 no longer disabled",
        "ex1: ge-1/0/0 disabled",
        "ex1: ge-1/0/0 no longer disabled",
        "ex1: ge-0/0/0 as declared, ge-1/0/0 as declared",
    ]


@pytest.mark.parametrize("name", PAIRS)
def test_no_state_of_a_path_that_begins_well_loses_a_frame(name):
    world = start(name)
    world.note()
    broken = bool(world.lost)
    world.lost.clear()
    link, steps = path(world)
    walk(world, link, steps)
    assert bool(world.lost) <= broken
    assert all(map(world.comes_back, range(16)))
    assert path(world)[1] == []


def test_one_cable_with_the_management_on_it_has_no_path():
    one = declared(ports=("ge-0/0/0",), nics=("vmnic2",))
    link, state = situation(one, SwitchSeen({"ge-0/0/0": PLAIN}), HostSeen(("vmnic2",), PORT_ID, False))
    with pytest.raises(NoRouteError, match="this one cable"):
        route(link, state)


def test_a_cable_without_light_is_no_cable_to_move_to():
    forms = {"ge-0/0/0": PLAIN, "ge-1/0/0": PLAIN}
    with pytest.raises(NoRouteError, match=r"no light at ge-1/0/0"):
        situation(declared(), SwitchSeen(forms, dead=frozenset({"ge-1/0/0"})), HostSeen(("vmnic2",), PORT_ID, False))


def test_a_cable_that_lost_its_light_is_no_reason_to_refuse_a_link_that_is_done():
    forms = dict.fromkeys(("ge-0/0/0", "ge-1/0/0"), STATIC)
    seen = SwitchSeen(forms, frozenset(forms), dead=frozenset({"ge-1/0/0"}))
    assert route(*situation(declared(), seen, HostSeen(("vmnic2", "vmnic3"), HASH, True))) == []


def test_what_was_disabled_by_hand_is_not_enabled():
    forms = dict.fromkeys(("ge-0/0/0", "ge-1/0/0"), STATIC)
    seen = SwitchSeen(forms, frozenset(forms), disabled_by_hand=frozenset({"ge-0/0/0"}))
    with pytest.raises(NoRouteError, match=r"ge-0/0/0 disabled by hand"):
        situation(declared(), seen, HostSeen(("vmnic2", "vmnic3"), HASH, True))


def test_cables_in_three_states_are_no_two_groups():
    ports, nics = tuple(f"ge-0/0/{n}" for n in range(4)), tuple(f"vmnic{n}" for n in range(4))
    forms = dict(zip(ports, (PLAIN, STATIC, LACP, LACP), strict=True))
    with pytest.raises(NoRouteError, match="3 different states"):
        situation(declared(ports=ports, nics=nics), SwitchSeen(forms), HostSeen(nics, PORT_ID, False))


def test_four_cables_are_two_groups_of_two():
    link, steps = path(start("four cables"))
    assert link.nics == (("vmnic0", "vmnic1"), ("vmnic2", "vmnic3"))
    assert len(steps) == 7


def test_a_management_that_moves_to_another_network_is_no_accident():
    moved = declared(port=PortForm("ae0", untagged=30))
    forms = dict.fromkeys(("ge-0/0/0", "ge-1/0/0"), PLAIN)
    link, state = situation(moved, SwitchSeen(forms), HostSeen(("vmnic2", "vmnic3"), PORT_ID, False))
    assert [step.at_host for step in route(link, state)] == [False, True, False, True, False, True, False]


def one_path(old: PortForm, new: PortForm, cables: int = 2, **seen) -> list[str]:
    """Return the words of the path from one form of the ports to another; the host sends by port id."""
    ports, nics = ("ge-0/0/0", "ge-1/0/0")[:cables], ("vmnic2", "vmnic3")[:cables]
    wanted = replace(declared(ports, nics, new, PORT_ID), **seen)
    link, state = situation(wanted, SwitchSeen(dict.fromkeys(ports, old)), HostSeen(nics, PORT_ID, True))
    return [describe(link, step, "esx1", "ex1") for step in route(link, state)]


def test_a_vlan_that_is_added_takes_nothing_from_whoever_is_at_the_port():
    assert one_path(PLAIN, replace(PLAIN, tagged=frozenset({20}))) == [
        "ex1: ge-0/0/0 as declared, ge-1/0/0 as declared",
    ]


def test_a_vlan_is_only_removed_once_the_cables_are_proven():
    assert one_path(replace(PLAIN, tagged=frozenset({20})), PLAIN) == [
        "ex1: ge-0/0/0 as declared, ge-0/0/0 disabled",
        "ex1: ge-0/0/0 no longer disabled",
        "ex1: ge-1/0/0 as declared, ge-1/0/0 disabled",
        "ex1: ge-1/0/0 no longer disabled",
    ]


def test_one_cable_cannot_be_proven_and_is_changed_where_the_management_does_not_notice():
    assert one_path(replace(PLAIN, tagged=frozenset({20})), PLAIN, cables=1) == ["ex1: ge-0/0/0 as declared"]


def test_a_host_that_does_not_see_a_disabled_port_has_no_path_over_one():
    with pytest.raises(NoRouteError, match=r"hides from it that a port is disabled \(a blade\)"):
        one_path(PLAIN, PortForm("ae0", untagged=10), hidden="a blade")


def test_what_no_step_disables_is_not_proven():
    for name in PAIRS:
        link, steps = path(start(name))
        proven = link.groups - unproven(link, steps)
        assert proven == {group for step in steps for group in step.disables}
        assert unproven(replace(link, hidden="a blade"), steps) == link.groups


@pytest.mark.parametrize("name", PAIRS)
def test_no_port_takes_anything_away_before_its_cable_is_proven(name):
    _link, steps = path(start(name))
    proven: set[int] = set()
    for step in steps:
        proven |= step.disables
        changed = step.after.ports_new - step.before.ports_new
        assert changed <= proven or name == "another vlan"
        assert len(step.disables) < 2


def test_with_consent_too_the_cables_are_proven_first_but_the_only_one_that_the_management_has():
    world = start("plain to static")
    link, steps = path(world, HOST_FIRST)
    assert [len(step.disables) for step in steps] == [1, 0, 1, 0, 0, 0]
    world.uplinks = ("vmnic2",)
    link, steps = path(world, HOST_FIRST)
    assert [link.ports_of(step.disables) for step in steps if step.disables] == [("ge-1/0/0",)]
    assert link.ports_of(unproven(link, steps)) == ("ge-0/0/0",)


def test_two_groups_are_not_disabled_at_once_for_a_host_that_uses_neither():
    forms = dict.fromkeys(("ge-0/0/0", "ge-1/0/0"), PLAIN)
    link, state = situation(declared(), SwitchSeen(forms), HostSeen(("vmnic9",), PORT_ID, False))
    steps = route(link, state)
    assert [len(step.disables) for step in steps if step.disables] == [1, 1]
    assert unproven(link, steps) == frozenset()


@pytest.mark.parametrize("name", PAIRS)
def test_a_group_is_disabled_while_the_host_has_another_whatever_the_cables_are(name):
    _link, steps = path(start(name))
    proven: frozenset[int] = frozenset()
    for step in steps:
        assert not step.disables or len(step.before.enabled) > 1 or step.after.enabled & proven
        proven |= step.disables
