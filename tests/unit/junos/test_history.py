# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that what switches of many years have is gathered, kept and declared again without a change."""

from __future__ import annotations

import pytest

from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.config import gather, layout
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.config.statements import entry
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.declared import declaration
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.platform import limit_of

from .builders import STYLES, declared, made, switch

AE = "set chassis aggregated-devices ethernet device-count 2\n"
LACP = "set interfaces ae1 aggregated-ether-options lacp active\n"
JOINED = f"{AE}{LACP}set interfaces ge-0/0/1 ether-options 802.3ad ae1\n"
L2 = "unit 0 family ethernet-switching"


def again(text: str, style: str, state: str = "replaced", **options):
    """Declare what is gathered, and return the plan: it must have nothing to do and nothing to refuse."""
    current = switch(text, style)
    found = gather.structured(current, style)
    result = made(current, declared(found["vlans"], found["bundles"], found["ports"], **options), style, state)
    assert result.findings == []
    assert result.commands == []
    return found


def findings(text: str, style: str, state: str = "merged", **objects) -> list[str]:
    return [finding.rule for finding in made(switch(text, style), declared(**objects), style, state).findings]


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("state", ["merged", "replaced", "overridden"])
def test_the_timer_of_lacp_is_written_only_where_it_is_declared(style, state):
    text = f"{JOINED}set interfaces ae1 {L2} MODE access\nset interfaces ae1 {L2} vlan members v10\n"
    again(f"{text}set vlans v10 vlan-id 10\n", style, state)
    new = made(switch(), declared(None, {"ae1": {"members": ["ge-0/0/1"], "lacp": "active"}}), style, state)
    assert not [line for line in new.commands if "periodic" in line]


def test_replaced_takes_a_timer_away_that_is_not_declared_and_merged_leaves_it():
    text = f"{JOINED}set interfaces ae1 aggregated-ether-options lacp periodic slow\n"
    wanted = declared(None, {"ae1": {"members": ["ge-0/0/1"], "lacp": "active"}})
    removed = ["delete interfaces ae1 aggregated-ether-options lacp periodic"]
    assert made(switch(text), wanted, "nonels", "replaced").commands == removed
    assert made(switch(text), wanted, "nonels", "merged").commands == []


@pytest.mark.parametrize("style", STYLES)
def test_a_bundle_without_a_unit_gets_none_that_nobody_declared(style):
    again(JOINED, style)


@pytest.mark.parametrize("style", STYLES)
def test_a_bundle_that_loses_its_vlans_keeps_the_unit_by_which_it_has_members(style):
    text = f"{JOINED}set vlans v10 vlan-id 10\nset interfaces ae1 {L2} MODE trunk\n"
    text += f"set interfaces ae1 {L2} vlan members v10\n"
    wanted = declared(None, {"ae1": {"members": ["ge-0/0/1"], "lacp": "active"}})
    result = made(switch(text, style), wanted, style, "replaced")
    assert result.after.has("interfaces", entry("interface", "ae1"), entry("unit", "0"), "family", "ethernet-switching")
    assert not result.after.has(*layout.family("ae1"), "vlan")


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("members", [["all"], ["257-259"], ["v2", "300-310"]])
def test_all_and_ranges_of_ids_are_declared_as_they_are_gathered(style, members):
    text = f"{JOINED}set vlans v2 vlan-id 2\nset interfaces ae1 {L2} MODE trunk\n"
    text += "".join(f"set interfaces ae1 {L2} vlan members {member}\n" for member in members)
    assert again(text, style)["bundles"]["ae1"]["tagged"] == members


@pytest.mark.parametrize(
    ("members", "known"),
    [(["all"], True), (["10-20"], True), (["30-40"], False), (["50-60"], True), (["70"], True), (["9"], False)],
)
def test_a_range_is_known_by_one_vlan_of_it(members, known):
    text = "set vlans v15 vlan-id 15\nset vlans many vlan-range 55-58\nset vlans list vlan-id-list 70\n"
    found = findings(text, "nonels", ports={"ge-0/0/1": {"tagged": members}})
    assert found == ([] if known else ["VLAN_UNKNOWN"])


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("name", ["10-mgmt", "bob's lab", "R&D", "a b"])
def test_vlans_of_any_name_are_declared_as_they_are_gathered(style, name):
    family = f"set interfaces ge-0/0/1 {L2}"
    text = f'set vlans "{name}" vlan-id 10\n{family} MODE access\n{family} vlan members "{name}"\n'
    assert again(text, style)["ports"]["ge-0/0/1"]["untagged"] == name


@pytest.mark.parametrize("style", STYLES)
def test_a_vlan_without_an_id_is_declared_as_it_is_gathered_and_a_new_one_is_refused(style):
    assert again("set vlans lab description bench\n", style)["vlans"] == {"lab": {"description": "bench"}}
    assert findings("", style, vlans={"lab": {}}) == ["VLAN_ID_MISSING"]


def test_an_id_that_is_no_number_is_none_of_the_declaration():
    assert again("set vlans lab vlan-id none\n", "els")["vlans"] == {"lab": {}}


LISTED = f"set vlans servers vlan-id 10\nset vlans servers interface ge-0/0/1.0\nset interfaces ge-0/0/1 {L2} port-mode"


def test_without_els_a_vlan_that_lists_a_port_is_its_vlan():
    assert again(f"{LISTED} access\n", "nonels")["ports"]["ge-0/0/1"] == {"mode": "access", "untagged": "servers"}
    assert again(f"{LISTED} trunk\n", "nonels")["ports"]["ge-0/0/1"]["tagged"] == ["servers"]


@pytest.mark.parametrize("state", ["merged", "replaced"])
@pytest.mark.parametrize("name", ["servers", "10"])
def test_without_els_a_vlan_that_lists_a_port_is_not_written_a_second_time(state, name):
    wanted = declared(None, None, {"ge-0/0/1": {"untagged": name}})
    assert made(switch(f"{LISTED} access\n"), wanted, "nonels", state).commands == []


def test_without_els_a_trunk_keeps_the_vlans_that_list_it():
    wanted = declared({"dmz": {"id": 20}}, None, {"ge-0/0/1": {"tagged": ["dmz"]}})
    commands = made(switch(f"{LISTED} trunk\nset vlans dmz vlan-id 20\n"), wanted, "nonels").commands
    assert commands == [f"set interfaces ge-0/0/1 {L2} vlan members dmz"]


def test_without_els_a_port_leaves_the_vlan_that_lists_it_for_another():
    wanted = declared({"dmz": {"id": 20}}, None, {"ge-0/0/1": {"untagged": "dmz"}})
    commands = made(switch(f"{LISTED} access\nset vlans dmz vlan-id 20\n"), wanted, "nonels").commands
    assert "delete vlans servers interface ge-0/0/1.0" in commands
    assert f"set interfaces ge-0/0/1 {L2} vlan members dmz" in commands


def test_without_els_a_vlan_that_lists_a_port_is_in_use_once():
    wanted = declared(["servers"], None, None, going=True)
    found = made(switch(f"{LISTED} access\n"), wanted, "nonels", "deleted").findings
    assert [finding.what for finding in found] == ["the VLAN is used by ge-0/0/1"]


def test_replaced_takes_a_port_out_of_the_vlan_that_lists_it_where_none_is_declared():
    result = made(switch(f"{LISTED} access\n"), declared(None, None, {"ge-0/0/1": {}}), "nonels", "replaced")
    assert "delete vlans servers interface ge-0/0/1.0" in result.commands


@pytest.mark.parametrize("style", STYLES)
def test_a_port_in_the_default_vlan_stays_there(style):
    text = f"set interfaces ge-0/0/1 description desk\nset interfaces ge-0/0/1 {L2} MODE access\n"
    assert again(text, style)["ports"] == {"ge-0/0/1": {"description": "desk"}}


@pytest.mark.parametrize("style", STYLES)
def test_replaced_takes_the_vlan_of_a_port_away_where_none_is_declared(style):
    text = f"set vlans v10 vlan-id 10\nset interfaces ge-0/0/1 {L2} MODE access\n"
    text += f"set interfaces ge-0/0/1 {L2} vlan members v10\nset interfaces ge-0/0/2 mtu 9216\n"
    result = made(switch(text, style), declared(None, None, {"ge-0/0/1": {}}), style, "replaced")
    assert result.commands == ["delete interfaces ge-0/0/1"]


@pytest.mark.parametrize("style", STYLES)
def test_channelised_ports_are_ports_and_members(style):
    text = f"set vlans v5 vlan-id 5\nset interfaces xe-0/0/48:0 {L2} MODE access\n"
    text += f"set interfaces xe-0/0/48:0 {L2} vlan members v5\nset interfaces et-0/0/50:1 ether-options 802.3ad ae1\n"
    found = again(AE + LACP + text, style)
    assert found["ports"]["xe-0/0/48:0"]["untagged"] == "v5"
    assert found["bundles"]["ae1"]["members"] == ["et-0/0/50:1"]


def test_a_channelised_port_is_told_from_its_neighbours_and_joins_a_bundle():
    text = f"{JOINED}set vlans v5 vlan-id 5\nset protocols rstp interface xe-0/0/48:0.0 edge\n"
    for port in ("xe-0/0/48:0", "xe-0/0/48"):
        text += f"set interfaces {port} {L2} vlan members v5\n"
    wanted = declared(None, {"ae1": {"members": ["ge-0/0/1", "xe-0/0/48:0"], "lacp": "active"}})
    result = made(switch(text), wanted, "nonels")
    assert sorted(result.commands) == [
        "delete interfaces xe-0/0/48:0 unit 0",
        "delete protocols rstp interface xe-0/0/48:0.0",
        "set interfaces xe-0/0/48:0 ether-options 802.3ad ae1",
        "set protocols rstp",
    ]
    assert result.touched == {"ae1", "ge-0/0/1", "xe-0/0/48:0"}


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(
    ("statements", "payload"),
    [
        (f"{L2} MODE access;{L2} vlan members stor", 9202),
        (f"{L2} MODE trunk;{L2} vlan members stor", 9198),
        ("unit 0 family inet address 10.0.0.1/24", 9202),
        ("vlan-tagging;unit 50 vlan-id 50", 9198),
        ("flexible-vlan-tagging;unit 50 vlan-id 50", 9198),
    ],
)
def test_the_highest_mtu_is_declared_as_it_is_gathered(style, statements, payload):
    text = f"set vlans stor vlan-id 50\n{JOINED}set interfaces ae1 mtu 9216\n"
    text += "".join(f"set interfaces ae1 {item}\n" for item in statements.split(";"))
    assert again(text, style)["bundles"]["ae1"]["payload_mtu"] == payload


def test_a_payload_that_does_not_fit_beside_the_tag_of_the_switch_is_refused():
    text = f"{JOINED}set interfaces ae1 vlan-tagging\n"
    bundle = {"members": ["ge-0/0/1"], "lacp": "active", "payload_mtu": 9202}
    assert findings(text, "els", bundles={"ae1": bundle}) == ["OUT_OF_RANGE"]


@pytest.mark.parametrize("style", STYLES)
def test_an_mtu_that_says_the_default_stays_as_it_is(style):
    assert again(f"{JOINED}set interfaces ae1 mtu 1514\n", style)["bundles"]["ae1"]["payload_mtu"] == 1500


def test_with_els_a_native_vlan_that_is_not_listed_stays_so():
    text = f"{JOINED}set vlans v10 vlan-id 10\nset vlans v20 vlan-id 20\nset interfaces ae1 native-vlan-id 10\n"
    text += f"set interfaces ae1 {L2} interface-mode trunk\nset interfaces ae1 {L2} vlan members v20\n"
    again(text, "els")
    more = declared({"v30": {"id": 30}}, {"ae1": {"members": ["ge-0/0/1"], "lacp": "active", "tagged": ["v30"]}})
    commands = made(switch(text), more, "els").commands
    assert [line for line in commands if "members" in line] == [f"set interfaces ae1 {L2} vlan members v30"]


TRUNK = f"{JOINED}set vlans v10 vlan-id 10\nset vlans v20 vlan-id 20\nset interfaces ae1 {L2} MODE trunk\n"
TRUNK += f"set interfaces ae1 {L2} vlan members v10\n"


def bundle(**fields):
    return {"ae1": {"members": ["ge-0/0/1"], "lacp": "active", **fields}}


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("state", ["merged", "replaced", "overridden"])
def test_untagged_alone_makes_no_access_port_of_a_trunk(style, state):
    assert findings(TRUNK, style, state, bundles=bundle(untagged="v20")) == ["MODE_NOT_SAID"]
    for mode in ("access", "trunk"):
        assert findings(TRUNK, style, state, bundles=bundle(untagged="v20", mode=mode)) == []


@pytest.mark.parametrize("style", STYLES)
def test_merged_takes_no_access_port_out_of_its_vlan_in_silence(style):
    text = TRUNK.replace("MODE trunk", "MODE access")
    assert findings(text, style, bundles=bundle(tagged=["v20"])) == ["UNTAGGED_NOT_SAID"]
    for said in ({"untagged": "v10"}, {"untagged": ""}, {"tagged": ["v10", "v20"]}):
        assert findings(text, style, bundles=bundle(**{"tagged": ["v20"], **said})) == []
    assert findings(text, style, "replaced", bundles=bundle(tagged=["v20"])) == []


GIG = "gigether-options 802.3ad"


def test_members_stay_in_their_bundle_by_the_options_that_the_model_wants():
    text = f"{AE}{LACP}set interfaces ge-0/0/1 {GIG} ae1\nset interfaces ge-0/0/2 {GIG} ae1\n"
    again(text, "els")
    three = declared(None, {"ae1": {"members": ["ge-0/0/1", "ge-0/0/2", "ge-0/0/3"], "lacp": "active"}})
    assert made(switch(text), three, "els").commands == [f"set interfaces ge-0/0/3 {GIG} ae1"]


def test_a_member_keeps_its_form_beside_members_of_the_other():
    text = f"{AE}{LACP}set interfaces ge-0/0/1 {GIG} ae1\nset interfaces ge-0/0/2 ether-options 802.3ad ae1\n"
    again(text, "els")


def test_a_new_bundle_takes_the_form_of_the_others_of_the_switch():
    text = f"{AE}{LACP}set interfaces ge-0/0/1 {GIG} ae1\n"
    new = declared(None, {"ae0": {"members": ["ge-0/0/5"], "lacp": "active"}})
    assert f"set interfaces ge-0/0/5 {GIG} ae0" in made(switch(text), new, "els").commands
    mixed = f"{text}set interfaces ge-0/0/2 ether-options 802.3ad ae1\n"
    assert "set interfaces ge-0/0/5 ether-options 802.3ad ae0" in made(switch(mixed), new, "els").commands


@pytest.mark.parametrize(
    ("model", "name", "rules"),
    [
        ("ex9208", "ae479", []),
        ("ex9208", "ae480", ["AE_BEYOND_MODEL"]),
        ("ex8208", "ae254", []),
        ("ex4300-48t", "ae128", ["AE_BEYOND_MODEL"]),
        (None, "ae128", ["AE_BEYOND_MODEL"]),
        (None, "ae127", []),
    ],
)
def test_how_far_the_numbers_of_bundles_go_is_the_models(model, name, rules):
    limit = limit_of(model) if model else None
    _declared, found = declaration.read(None, {name: {"members": ["ge-0/0/1"], "lacp": "none"}}, None, limit=limit)
    assert [finding.rule for finding in found] == rules


def test_a_bundle_of_a_high_number_is_seen_wherever_it_is_read():
    text = "set chassis aggregated-devices ethernet device-count 201\n"
    text += "set interfaces ge-0/0/1 ether-options 802.3ad ae200\n"
    text += "set interfaces ae200 aggregated-ether-options lacp active\n"
    assert list(again(text, "els", limit=limit_of("ex9208"))["bundles"]) == ["ae200"]
