# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that layer 2 is merged field by field, as each style needs it, and that spanning tree follows the peer."""

from __future__ import annotations

import pytest

from .builders import STYLES, declared, made, settled, switch

VLANS = {"server": {"id": 10}, "nfs": {"id": 20}, "dmz": {"id": 30}}
FAMILY = "interfaces ge-0/0/1 unit 0 family ethernet-switching"
KNOWN = "\n".join(f"set vlans {name} vlan-id {data['id']}" for name, data in VLANS.items()) + "\n"
TRUNK = KNOWN + f"set {FAMILY} MODE trunk\nset {FAMILY} vlan members server\nset {FAMILY} vlan members 20-25\n"


def changed(had: str, style: str, state: str = "merged", **port) -> list[str]:
    wanted = declared(VLANS, None, {"ge-0/0/1": port})
    result = made(switch(had, style), wanted, style, state)
    assert not result.findings, result.findings
    assert settled(result, wanted, state)
    return result.commands


@pytest.mark.parametrize("style", STYLES)
def test_merged_adds_a_vlan_to_a_trunk_and_takes_none_away(style):
    assert changed(TRUNK, style, tagged=["dmz"]) == [f"set {FAMILY} vlan members dmz"]


@pytest.mark.parametrize("style", STYLES)
def test_a_vlan_that_a_range_or_an_id_covers_is_not_added_again(style):
    assert changed(TRUNK, style, tagged=["nfs", "server"]) == []


@pytest.mark.parametrize("style", STYLES)
def test_replaced_makes_the_vlans_of_a_trunk_exact(style):
    assert changed(TRUNK, style, "replaced", tagged=["dmz"]) == [
        f"delete {FAMILY} vlan members server",
        f"delete {FAMILY} vlan members 20-25",
        f"set {FAMILY} vlan members dmz",
    ]


def test_without_els_the_native_vlan_leaves_the_members_even_out_of_a_range():
    assert changed(TRUNK, "nonels", mode="trunk", untagged="nfs") == [
        f"delete {FAMILY} vlan members 20-25",
        f"set {FAMILY} vlan members 21-25",
        f"set {FAMILY} native-vlan-id nfs",
    ]


def test_with_els_a_new_native_vlan_takes_the_place_of_the_old_one():
    had = TRUNK + "set interfaces ge-0/0/1 native-vlan-id 10"
    assert changed(had, "els", mode="trunk", untagged="dmz") == [
        f"delete {FAMILY} vlan members server",
        f"set {FAMILY} vlan members dmz",
        "set interfaces ge-0/0/1 native-vlan-id 30",
    ]


@pytest.mark.parametrize("style", STYLES)
def test_a_trunk_becomes_an_access_port_with_one_vlan(style):
    commands = changed(TRUNK, style, mode="access", untagged="dmz")
    mode = "port-mode" if style == "nonels" else "interface-mode"
    assert f"set {FAMILY} {mode} access" in commands
    assert [line for line in commands if line.startswith("set") and "members" in line] == [
        f"set {FAMILY} vlan members dmz"
    ]


@pytest.mark.parametrize("style", STYLES)
def test_what_is_not_asked_for_is_not_touched(style):
    assert changed(TRUNK + "set interfaces ge-0/0/1 mtu 9018", style, description="x") == [
        "set interfaces ge-0/0/1 description x"
    ]


@pytest.mark.parametrize(
    ("port", "mtu"),
    [
        ({"untagged": "server", "payload_mtu": 9000}, "9014"),
        ({"tagged": ["server"], "payload_mtu": 9000}, "9018"),
        ({"untagged": "server", "payload_mtu": 1500}, None),
    ],
)
def test_the_mtu_is_the_payload_and_the_header_and_a_tag_on_a_trunk(port, mtu):
    lines = [line for line in changed("", "nonels", **port) if " mtu " in line]
    assert lines == ([f"set interfaces ge-0/0/1 mtu {mtu}"] if mtu else [])


def test_the_default_payload_takes_another_mtu_away():
    had = f"{KNOWN}set interfaces ge-0/0/1 mtu 9014\nset {FAMILY} port-mode access\nset {FAMILY} vlan members server"
    assert changed(had, "nonels", payload_mtu=1500) == ["delete interfaces ge-0/0/1 mtu"]


def test_a_vlan_that_the_switch_does_not_have_is_refused_before_anything_is_sent():
    wanted = declared(None, None, {"ge-0/0/1": {"untagged": "nowhere"}})
    assert [finding.rule for finding in made(switch(), wanted, "nonels").findings] == ["VLAN_UNKNOWN"]


def test_with_els_a_trunk_that_would_carry_nothing_is_refused_with_the_words_of_junos():
    wanted = declared(None, None, {"ge-0/0/1": {"mode": "trunk"}})
    found = made(switch(), wanted, "els").findings
    assert [finding.rule for finding in found] == ["TRUNK_NO_VLAN"]
    assert "For trunk interface, please ensure either vlan members is configured" in found[0].why


def test_with_els_a_port_leaves_the_lists_of_vlans_that_junos_refuses_beside_a_mode():
    had = KNOWN + "set vlans nfs interface ge-0/0/1.0"
    assert "delete vlans nfs interface" in " ".join(changed(had, "els", untagged="server"))


@pytest.mark.parametrize(("style", "name"), [("nonels", "ge-0/0/1.0"), ("els", "ge-0/0/1")])
def test_a_host_gets_an_edge_port_where_the_style_writes_it(style, name):
    had = KNOWN + f"set protocols rstp bridge-priority 4k\nset {FAMILY} MODE access\n"
    assert changed(had, style, peer="esxi_vss") == [f"set protocols rstp interface {name} edge"]


def test_without_els_a_port_that_is_not_switched_gets_no_edge_which_junos_refuses():
    had = "set protocols rstp bridge-priority 4k\nset interfaces ge-0/0/1 unit 0 family inet"
    result = made(switch(had), declared(None, None, {"ge-0/0/1": {"peer": "linux"}}), "nonels")
    assert not result.changed
    assert result.notes == ["ge-0/0/1 is no switched port, so edge for peer linux is left alone."]


def test_without_els_a_port_that_is_switched_no_more_leaves_spanning_tree_which_junos_refuses():
    had = TRUNK + "set protocols rstp interface ge-0/0/1.0 edge\nset protocols rstp interface ge-0/0/10.0 edge\n"
    assert "delete protocols rstp interface ge-0/0/1.0" in changed(had, "nonels", "replaced", description="x")
    assert "delete protocols rstp interface ge-0/0/1.0" not in changed(had, "nonels", "merged", description="x")


def test_a_switch_loses_the_edge_port_and_an_unknown_peer_is_left_alone():
    had = KNOWN + "set protocols rstp interface ge-0/0/1.0 edge"
    assert changed(had, "nonels", peer="external") == []
    assert changed(had + "\nset protocols rstp interface ge-0/0/2.0", "nonels", peer="junos_ex") == [
        "delete protocols rstp interface ge-0/0/1.0"
    ]


def test_spanning_tree_is_never_switched_on():
    result = made(switch(), declared(None, None, {"ge-0/0/1": {"peer": "linux"}}), "nonels")
    assert not result.changed
    assert result.notes == ["ge-0/0/1: the switch runs neither RSTP nor MSTP, so edge for peer linux is left alone."]


def test_a_used_vlan_is_not_deleted():
    wanted = declared(["server"], None, None, going=True)
    found = made(switch(TRUNK, "nonels"), wanted, "nonels", "deleted").findings
    assert [(finding.rule, finding.what) for finding in found] == [("VLAN_IN_USE", "the VLAN is used by ge-0/0/1")]
