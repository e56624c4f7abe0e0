# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves what is written where a port lives of ranges and groups: nothing that nobody declared changes its effect."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.config import ranges, views
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.config.emit import config_set
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.config.statements import from_xml
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run import plan

from .builders import declared, made, settled, switch

R = "set interfaces interface-range desks"
FAMILY = "unit 0 family ethernet-switching"
VLANS = "set vlans v10 vlan-id 10\nset vlans v20 vlan-id 20\n"
DESKS = f"""{VLANS}{R} member ge-0/0/1
{R} member-range ge-0/0/3 to ge-0/0/9
{R} {FAMILY} interface-mode access
{R} {FAMILY} vlan members v10
{R} {FAMILY} storm-control default
{R} speed 100m
"""


def changed(current: str, state: str = "merged", style: str = "els", **wanted) -> plan.Plan:
    asked = declared(wanted.get("vlans"), wanted.get("bundles"), wanted.get("ports"), going=state == "deleted")
    return made(switch(current), asked, style, state)


def rules(found: plan.Plan) -> list[tuple[str, str]]:
    return [(each.where, each.rule) for each in found.findings]


def takes_effect(found: plan.Plan) -> bool:
    return views.offline(found.written).inherited.statements.keys() == found.after.statements.keys()


@pytest.mark.parametrize(
    ("port", "line"), [({"description": "printer"}, "description printer"), ({"disabled": True}, "disable")]
)
def test_what_can_be_said_beside_a_range_leaves_the_port_in_it(port, line):
    found = changed(DESKS, ports={"ge-0/0/1": port})
    assert found.commands == [f"set interfaces ge-0/0/1 {line}"]
    assert takes_effect(found)


def test_a_leaf_with_one_value_is_written_to_the_object_and_hides_the_ranges():
    found = changed(f"{DESKS}{R} mtu 1514", ports={"ge-0/0/1": {"payload_mtu": 9000}})
    assert found.commands == ["set interfaces ge-0/0/1 mtu 9014"]
    assert takes_effect(found)


@pytest.mark.parametrize(("mode", "mtu"), [("access", 1514), ("trunk", 1518)])
def test_the_default_of_an_mtu_is_written_where_a_range_gives_another(mode, mtu):
    found = changed(f"{DESKS.replace('access', mode)}{R} mtu 9014", ports={"ge-0/0/1": {"payload_mtu": 1500}})
    assert found.commands == [f"set interfaces ge-0/0/1 mtu {mtu}"]
    assert takes_effect(found)
    assert found.notes == []


def test_the_defaults_of_a_bundle_are_written_where_a_range_gives_others():
    """What is said by absence alone (`lacp: none`, no description) has no value that could hide a range's."""
    lags, options = "set interfaces interface-range lags", "aggregated-ether-options"
    lines = f"""{VLANS}set chassis aggregated-devices ethernet device-count 2
{lags} member-range ae0 to ae1
{lags} {options} lacp periodic slow
{lags} {options} minimum-links 2
set interfaces ge-0/0/1 ether-options 802.3ad ae0
set interfaces ae0 {options} lacp active
"""
    wanted = {"members": ["ge-0/0/1"], "lacp": "active", "periodic": "fast", "minimum_links": 1}
    found = changed(lines, bundles={"ae0": wanted})
    assert sorted(found.commands) == [
        f"set interfaces ae0 {options} lacp periodic fast",
        f"set interfaces ae0 {options} minimum-links 1",
    ]
    assert takes_effect(found)


def test_a_port_whose_vlan_changes_leaves_its_range_with_all_else_that_it_had_of_it():
    found = changed(DESKS, ports={"ge-0/0/4": {"mode": "access", "untagged": "v20"}})
    assert found.commands == [
        "delete interfaces interface-range desks member-range ge-0/0/3",
        "set interfaces interface-range desks member ge-0/0/3",
        "set interfaces interface-range desks member-range ge-0/0/5 to ge-0/0/9",
        f"set interfaces ge-0/0/4 {FAMILY} vlan members v20",
        f"set interfaces ge-0/0/4 {FAMILY} interface-mode access",
        f"set interfaces ge-0/0/4 {FAMILY} storm-control default",
        "set interfaces ge-0/0/4 speed 100m",
    ]
    assert takes_effect(found)
    assert found.touched == {"ge-0/0/4"}
    assert found.notes == [
        "ge-0/0/4 leaves interface-range desks; what else the range gives it is written for the port itself."
    ]
    concerned = {each.object: each.concerns for each in found.changes}
    assert concerned["interface-range desks"] == ("ge-0/0/4",)


def test_a_port_that_joins_a_bundle_takes_of_its_range_what_a_member_may_have():
    found = changed(DESKS, bundles={"ae0": {"members": ["ge-0/0/1"], "lacp": "active", "tagged": ["v10"]}})
    assert "set interfaces ge-0/0/1 speed 100m" in found.commands
    assert not any(line.startswith(f"set interfaces ge-0/0/1 {FAMILY}") for line in found.commands)
    assert takes_effect(found)


@pytest.mark.parametrize("state", ["deleted", "overridden"])
def test_the_last_ports_of_a_range_are_refused_with_its_name(state):
    lines = f"""{VLANS}set chassis aggregated-devices ethernet device-count 2
set interfaces interface-range links member ge-0/0/4
set interfaces interface-range links member ge-0/0/5
set interfaces interface-range links ether-options 802.3ad ae1
set interfaces ae1 aggregated-ether-options lacp active
"""
    bundles = ["ae1"] if state == "deleted" else {"ae0": {"members": ["ge-0/0/9"], "lacp": "none"}}
    found = changed(lines, state, bundles=bundles)
    assert rules(found) == [("interface-range links", "RANGE_LAST_PORT")]
    assert found.findings[0].what == "its last ports would leave it: ge-0/0/4 to ge-0/0/5"
    assert found.findings[0].mend.startswith(
        "Write what it says for its ports and delete it"
    )  # deleted alone, they lose it


def test_ports_are_told_as_spans_of_those_that_follow_each_other():
    ports = ["ge-0/0/10", "ge-0/0/9", "ge-0/0/8", "ge-1/0/11", "xe-0/0/1:0", "xe-0/0/2:0", "xe-0/0/3:1", "ae1", "ae2"]
    assert ranges.spans(ports) == "ae1 to ae2, ge-0/0/8 to ge-0/0/10, ge-1/0/11, xe-0/0/1:0 to xe-0/0/2:0, xe-0/0/3:1"


def test_a_port_of_whose_range_nothing_stays_is_not_said_to_get_it_written():
    lines = f"{VLANS}{R} member-range ge-0/0/3 to ge-0/0/9\n{R} disable"
    found = changed(lines, ports={"ge-0/0/4": {"disabled": False}})
    assert found.notes == ["ge-0/0/4 leaves interface-range desks."]
    assert takes_effect(found)


def test_a_bundle_by_range_that_is_declared_as_it_is_needs_no_change():
    lines = f"""{VLANS}set chassis aggregated-devices ethernet device-count 2
set interfaces interface-range links member-range ge-0/0/4 to ge-0/0/5
set interfaces interface-range links ether-options 802.3ad ae1
set interfaces ae1 aggregated-ether-options lacp active
set interfaces ae1 {FAMILY} interface-mode trunk
set interfaces ae1 {FAMILY} vlan members v10
"""
    bundle = {"members": ["ge-0/0/4", "ge-0/0/5"], "lacp": "active", "tagged": ["v10"]}
    assert changed(lines, bundles={"ae1": bundle}).commands == []


def test_a_port_leaves_each_range_that_says_what_must_not_be():
    more = "set interfaces interface-range more member ge-0/0/1\nset interfaces interface-range more member ge-0/0/30\n"
    lines = f"{DESKS}{more}set interfaces interface-range more {FAMILY} vlan members v10\n"
    found = changed(lines, ports={"ge-0/0/1": {"mode": "access", "untagged": "v20"}})
    assert [line for line in found.commands if line.startswith("delete")] == [
        "delete interfaces interface-range desks member ge-0/0/1",
        "delete interfaces interface-range more member ge-0/0/1",
    ]
    assert takes_effect(found)


def test_a_list_that_is_written_down_for_a_port_stands_beside_no_other_range_that_gives_it():
    """Two values of one list beside a range are one or two by the release."""
    more = "set interfaces interface-range more member ge-0/0/1\nset interfaces interface-range more member ge-0/0/30\n"
    lines = f"{DESKS}{R} disable\n{more}set interfaces interface-range more {FAMILY} vlan members v10\n"
    found = changed(lines, ports={"ge-0/0/1": {"disabled": False}})
    assert [line for line in found.commands if line.startswith("delete")] == [
        "delete interfaces interface-range desks member ge-0/0/1",
        "delete interfaces interface-range more member ge-0/0/1",
    ]
    assert takes_effect(found)


def test_where_a_range_is_named_elsewhere_a_port_that_leaves_it_is_named_itself():
    lines = f"{DESKS}set protocols rstp interface desks edge\n"
    found = changed(lines, ports={"ge-0/0/1": {"mode": "access", "untagged": "v20"}})
    assert "set protocols rstp interface ge-0/0/1 edge" in found.commands
    assert takes_effect(found)
    without_els = changed(
        lines.replace("interface-mode", "port-mode"),
        style="nonels",
        ports={"ge-0/0/1": {"mode": "access", "untagged": "v20"}},
    )
    assert "set protocols rstp interface ge-0/0/1.0 edge" in without_els.commands


def test_a_member_link_leaves_a_range_that_only_names_it_for_spanning_tree():
    lines = f"{VLANS}{R} member-range ge-0/0/0 to ge-0/0/5\nset protocols rstp interface desks edge\n"
    found = changed(lines, bundles={"ae0": {"members": ["ge-0/0/0"], "lacp": "none"}})
    assert f"{R} member-range ge-0/0/1 to ge-0/0/5" in found.commands
    assert not any("rstp" in line for line in found.commands)
    assert takes_effect(found)


def test_foreign_configuration_by_the_name_of_a_range_is_told_with_it():
    found = changed(
        f"{DESKS}set protocols dot1x interface desks\n", ports={"ge-0/0/4": {"mode": "access", "untagged": "v20"}}
    )
    refused = plan.refuse_foreign(found, consent=False)
    assert [each.what for each in refused] == ["dot1x: protocols dot1x interface ge-0/0/4, by interface-range desks"]


@pytest.mark.parametrize("said", ["vlan members v20", "vlan members 15-20"])
def test_a_vlan_that_a_range_gives_to_ports_that_are_away_is_in_use(said):
    """The switch shows no port of a card that is away; it comes back with the VLAN."""
    written = switch(f"{VLANS}{R} member-range ge-5/0/0 to ge-6/0/9\n{R} {FAMILY} {said}\n")
    shown = ElementTree.fromstring(f"<configuration>{V10}{V10.replace('10', '20')}</configuration>")
    asked = declared(vlans=["v20"], going=True)
    found = plan.make(views.of_effect(written, shown), asked, "deleted", "els")
    assert [(each.rule, each.what) for each in found.findings] == [
        ("VLAN_IN_USE", "the VLAN is used by interface-range desks")
    ]


V10 = "<vlans><vlan><name>v10</name><vlan-id>10</vlan-id></vlan></vlans>"
LAG = """<groups><name>LAG</name></groups><apply-groups>LAG</apply-groups>
<vlans><vlan><name>v10</name><vlan-id>10</vlan-id></vlan></vlans>"""
AE1 = """<vlans><vlan><name>v10</name><vlan-id>10</vlan-id></vlan></vlans>
<chassis><aggregated-devices><ethernet><device-count>2</device-count></ethernet></aggregated-devices></chassis>
<interfaces><interface><name>ge-0/0/1</name><ether-options><ieee-802.3ad><bundle>ae1</bundle></ieee-802.3ad></ether-options>
</interface><interface><name>ae1</name>{}
<unit><name>0</name><family><ethernet-switching/></family></unit></interface></interfaces>"""
OWN = AE1.format("")
GIVEN = AE1.format(
    '<mtu group="LAG">9014</mtu><aggregated-ether-options group="LAG"><lacp><active/></lacp></aggregated-ether-options>'
)


def grouped(wanted: dict, state: str = "merged", own: str = OWN, given: str = GIVEN, **options) -> plan.Plan:
    written = from_xml(f"<configuration>{LAG}{own}</configuration>")
    seen = views.of_effect(written, ElementTree.fromstring(f"<configuration>{given}</configuration>"))
    return plan.make(seen, declared(bundles=wanted, going=state == "deleted", **options), state, "els")


def test_what_a_group_gives_counts_as_there():
    assert grouped({"ae1": {"members": ["ge-0/0/1"], "lacp": "active", "payload_mtu": 9000}}).commands == []


def test_a_leaf_of_a_group_is_hidden_by_the_objects_own():
    found = grouped({"ae1": {"members": ["ge-0/0/1"], "lacp": "active", "payload_mtu": 2000}})
    assert (found.commands, rules(found)) == (["set interfaces ae1 mtu 2014"], [])


def test_what_only_the_group_could_take_back_is_refused_with_its_name():
    found = grouped({"ae1": {"members": ["ge-0/0/1"], "lacp": "passive"}})
    assert rules(found) == [("ae1", "GROUP_INHERITED")]
    assert "lacp active is inherited from group LAG" in found.findings[0].what
    assert "apply-groups-except LAG" in found.findings[0].mend


@pytest.mark.parametrize(
    ("own", "mend"),
    [
        (
            "<interface><name>ae1</name><apply-groups>LAG</apply-groups></interface>",
            "Delete apply-groups LAG from interfaces ae1 on the switch, or edit the group.",
        ),
        (
            "<interface-range><name>lags</name><member><name>ae1</name></member><apply-groups>LAG</apply-groups>"
            "<mtu>2014</mtu></interface-range>",
            "Take ae1 out of interface-range lags, which applies the group, on the switch, or edit the group.",
        ),
    ],
)
def test_where_the_object_or_its_range_applies_the_group_the_way_out_is_there(own, mend):
    there = OWN.replace("<interfaces>", f"<interfaces>{own}")
    found = grouped({"ae1": {"members": ["ge-0/0/1"], "lacp": "passive"}}, own=there)
    assert [each.mend for each in found.findings] == [mend]


def test_what_nothing_explains_is_refused_too():
    found = grouped({"ae1": {"members": ["ge-0/0/1"], "lacp": "passive"}}, given=GIVEN.replace(' group="LAG"', ""))
    assert [(each.rule, "inherited from elsewhere" in each.what) for each in found.findings] == [
        ("GROUP_INHERITED", True)
    ]


def test_an_object_that_goes_takes_its_own_groups_along():
    own = AE1.format("<apply-groups>LAG</apply-groups>")
    found = grouped(["ae1"], "deleted", own=own)
    assert rules(found) == []
    assert found.commands == ["delete interfaces"]
    kept = grouped(["ae1"], "deleted", own=OWN.replace("<unit>", "<unit><apply-groups>LAG</apply-groups>"))
    assert not any("ae1" in line for line in config_set(kept.written))


AE1_BY_SET = """set chassis aggregated-devices ethernet device-count 2
set interfaces ge-0/0/1 ether-options 802.3ad ae1
set interfaces ae1 unit 0 family ethernet-switching
set interfaces ae1 mtu 9014
"""


def test_a_port_that_is_freed_keeps_what_its_range_says_beside_the_bundle():
    """Its own description told of the bundle; that of a range is one of all its ports."""
    lines = f"""set interfaces interface-range desks member ge-0/0/1
{R} member ge-0/0/9
{R} description desk
{AE1_BY_SET}set interfaces ge-0/0/2 ether-options 802.3ad ae1
"""
    found = made(switch(lines), declared(bundles={"ae1": {"members": ["ge-0/0/2"], "lacp": "none"}}), "els", "replaced")
    assert "delete interfaces ge-0/0/1" in found.commands
    assert not any("range" in line or "description" in line for line in found.commands)


def test_an_interface_stays_standing_where_a_wildcard_gives_it_what_shall_stay():
    port = (
        "<interfaces><interface><name>ge-0/0/1</name>{}<ether-options><ieee-802.3ad><bundle>ae1</bundle></ieee-802.3ad>"
    )
    port += "</ether-options></interface></interfaces>"
    found = grouped(["ae1"], "deleted", own=port.format(""), given=port.format('<traps group="LAG"/>'))
    assert found.commands == ["delete interfaces ge-0/0/1 ether-options", "set interfaces ge-0/0/1"]
    assert rules(found) == []


PORTS = [f"ge-0/0/{number}" for number in range(4)]
HELD = st.sampled_from(
    ["", "mtu 9014", "description x", f"{FAMILY} vlan members v10", f"{FAMILY} interface-mode access"]
)
RANGES = st.lists(
    st.tuples(st.lists(st.sampled_from(PORTS), min_size=1, unique=True), st.lists(HELD, min_size=1, unique=True)),
    max_size=3,
)
ASKED = st.fixed_dictionaries(
    {},
    optional={
        "description": st.sampled_from(["a", "b", ""]),
        "payload_mtu": st.sampled_from([1500, 9000]),
        "disabled": st.booleans(),
    },
)
VLAN = st.sampled_from([{}, {"mode": "access", "untagged": "v20"}, {"mode": "trunk", "tagged": ["v10", "v20"]}])


@st.composite
def running(draw) -> str:
    lines = [VLANS, f"set interfaces ge-0/0/3 description own\nset interfaces ge-0/0/2 {FAMILY} vlan members v20"]
    for number, (ports, said) in enumerate(draw(RANGES)):
        head = f"set interfaces interface-range r{number}"
        said = [line for line in said if line and not ("ge-0/0/2" in ports and "members" in line)]
        lines += [f"{head} member {port}" for port in ports] + [f"{head} member ge-1/0/{number}"]
        lines += [f"{head} {line}" for line in said]
        lines += [f"set protocols rstp interface r{number} edge"] if draw(st.booleans()) else []
    return "\n".join(lines)


@settings(max_examples=150, deadline=None)
@given(running(), st.dictionaries(st.sampled_from(PORTS), st.tuples(ASKED, VLAN), min_size=1), st.booleans())
def test_whatever_is_declared_for_ports_of_ranges_takes_effect_and_nothing_else(current, ports, exact):
    wanted = declared(ports={port: {**plain, **vlan} for port, (plain, vlan) in ports.items()})
    state = "replaced" if exact else "merged"
    found = made(switch(current), wanted, "els", state)
    if found.findings:
        assert {each.rule for each in found.findings} <= {"MODE_MISSING", "TRUNK_NO_VLAN"}
        return
    assert takes_effect(found)
    assert settled(found, wanted, state)
    assert {item[1].key for item in found.before.statements.keys() ^ found.after.statements.keys()} <= set(ports)
