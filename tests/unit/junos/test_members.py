# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that a port that joins a bundle is cleaned of all that keeps it out, and that nothing else is touched."""

from __future__ import annotations

import pytest

from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.config.members import bundle_of
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.config.statements import from_xml
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.plan import refuse_foreign

from .builders import STYLES, declared, made, settled, switch

ONE = {"ae0": {"members": ["ge-0/0/1"], "lacp": "none"}}
BLOCKING = ("mtu 9216", "flow-control", "vlan-tagging", "flexible-vlan-tagging", "native-vlan-id 5", "encapsulation x")


def deletes(result) -> list[str]:
    return [line.removeprefix("delete ") for line in result.commands if line.startswith("delete ")]


def xml(body: str):
    return from_xml(f"<configuration>{body}</configuration>")


@pytest.mark.parametrize("statement", BLOCKING)
def test_each_statement_that_junos_forbids_on_a_member_goes(statement):
    result = made(switch(f"set interfaces ge-0/0/1 {statement}"), declared(None, ONE), "nonels")
    assert deletes(result) == [f"interfaces ge-0/0/1 {statement.split()[0]}"]


def test_what_a_member_may_keep_stays():
    text = "set interfaces ge-0/0/1 description uplink\nset interfaces ge-0/0/1 ether-options no-auto-negotiation"
    assert deletes(made(switch(text), declared(None, ONE), "nonels")) == []


def test_every_unit_goes_not_only_the_first():
    text = "set interfaces ge-0/0/1 unit 0 family ethernet-switching\nset interfaces ge-0/0/1 unit 7 vlan-id 7"
    assert deletes(made(switch(text), declared(None, ONE), "els")) == [
        "interfaces ge-0/0/1 unit 0",
        "interfaces ge-0/0/1 unit 7",
    ]


REFERENCES = """
<protocols><rstp><interface><name>ge-0/0/1.0</name><edge/></interface><interface><name>ge-0/0/11.0</name></interface></rstp>
 <lldp><interface><name>ge-0/0/1</name></interface><interface><name>ge-0/0/1.0</name></interface></lldp>
 <igmp-snooping><vlan><name>all</name><interface><name>ge-0/0/1.0</name></interface></vlan></igmp-snooping></protocols>
<vlans><vlan><name>v10</name><vlan-id>10</vlan-id><interface><name>ge-0/0/1.0</name></interface></vlan></vlans>
<ethernet-switching-options><storm-control><interface><name>ge-0/0/1.0</name></interface></storm-control>
 <analyzer><name>mirror</name><input><ingress><interface><name>ge-0/0/1.0</name></interface></ingress></input></analyzer>
</ethernet-switching-options>"""


def test_what_names_the_port_elsewhere_goes_and_what_names_another_port_stays():
    assert deletes(made(xml(REFERENCES), declared(None, ONE), "nonels")) == [
        "protocols rstp interface ge-0/0/1.0",
        "protocols lldp interface ge-0/0/1.0",
        "protocols igmp-snooping",
        "vlans v10 interface ge-0/0/1.0",
        "ethernet-switching-options",
    ]


FOREIGN = """
<interfaces><interface><name>ge-0/0/1</name><unit><name>0</name><family><inet><address><name>10.1.1.1/24</name></address>
 </inet></family></unit></interface></interfaces>
<class-of-service><interfaces><interface><name>ge-0/0/1</name><scheduler-map>voice</scheduler-map></interface></interfaces>
</class-of-service><poe><interface><name>ge-0/0/1</name></interface></poe>
<protocols><dot1x><authenticator><interface><name>ge-0/0/1.0</name></interface></authenticator></dot1x>
 <ospf><area><name>0</name><interface><name>ge-0/0/1.0</name></interface></area></ospf></protocols>"""


def test_configuration_of_other_kinds_is_listed_and_needs_consent():
    result = made(xml(FOREIGN), declared(None, ONE), "nonels")
    said = [str(finding) for finding in sorted(refuse_foreign(result, consent=False))]
    assert [line.split("[")[0] for line in said] == [
        "ge-0/0/1: class-of-service: class-of-service interfaces ge-0/0/1 ",
        "ge-0/0/1: dot1x: protocols dot1x authenticator interface ge-0/0/1.0 ",
        "ge-0/0/1: poe: poe interface ge-0/0/1 ",
        "ge-0/0/1: protocols: protocols ospf area 0 interface ge-0/0/1.0 ",
        "ge-0/0/1: routed: interfaces ge-0/0/1 unit 0 family inet ",
    ]
    assert refuse_foreign(result, consent=True) == []


def test_with_consent_power_over_ethernet_stays_and_what_cannot_be_on_a_member_goes():
    gone = deletes(made(xml(FOREIGN), declared(None, ONE), "nonels"))
    assert "class-of-service" in gone
    assert "protocols" in gone
    assert not any(line.startswith("poe") for line in gone)


@pytest.mark.parametrize("protocol", ["rstp", "mstp", "vstp", "stp"])
def test_the_last_port_that_spanning_tree_names_does_not_take_it_along(protocol):
    spanning_tree = f"set protocols {protocol} interface ge-0/0/1.0 edge"
    text = f"set interfaces ge-0/0/1 unit 0 family ethernet-switching\n{spanning_tree}\n"
    result = made(switch(text), declared(None, ONE), "nonels")
    assert deletes(result) == ["interfaces ge-0/0/1 unit 0", f"protocols {protocol} interface ge-0/0/1.0"]
    assert result.after.has("protocols", protocol)


def test_a_member_that_is_not_touched_needs_no_consent():
    text = "set interfaces ge-0/0/1 ether-options 802.3ad ae0\nset interfaces ae0 unit 0 family ethernet-switching"
    current = switch(text + "\nset chassis aggregated-devices ethernet device-count 1")
    current.statements.update(xml("<poe><interface><name>ge-0/0/1</name></interface></poe>").statements)
    result = made(current, declared(None, ONE), "nonels")
    assert not result.changed
    assert refuse_foreign(result, consent=False) == []


@pytest.mark.parametrize(
    ("held", "left"),
    [
        ("member ge-0/0/1\nmember ge-0/0/9", ["member ge-0/0/9"]),
        ("member-range ge-0/0/0 to ge-0/0/1", ["member ge-0/0/0"]),
        ("member-range ge-0/0/1 to ge-0/0/4", ["member-range ge-0/0/2 to ge-0/0/4"]),
        (
            "member-range ge-0/0/0 to ge-0/0/4",
            ["member ge-0/0/0", "member-range ge-0/0/2 to ge-0/0/4"],
        ),
        ("member ge-0/0/1\nmember ge-0/0/[7-8]", ['member "ge-0/0/[7-8]"']),
        ("member-range ge-0/0/40 to ge-1/0/3\nmember ge-0/0/1", ["member-range ge-0/0/40 to ge-1/0/3"]),
    ],
)
@pytest.mark.parametrize("style", STYLES)
def test_a_member_leaves_its_interface_range_and_the_other_ports_stay(style, held, left):
    head = "set interfaces interface-range desks"
    text = "\n".join(f"{head} {line}" for line in [*held.split("\n"), "mtu 9216"])
    result = made(switch(text), declared(None, ONE), style)
    kept = [line for line in _lines(result) if line.startswith(head)]
    assert sorted(kept) == sorted(f"{head} {line}" for line in [*left, "mtu 9216"])
    assert settled(result, declared(None, ONE))


def _lines(result) -> list[str]:
    from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.config.emit import config_set

    return config_set(result.written)


@pytest.mark.parametrize("pattern", ["ge-0/0/*", "ge-0/0/[0-23]", "ge-*/0/[1,3]"])
def test_a_range_that_holds_the_port_by_a_pattern_is_refused_with_its_name(pattern):
    text = f'set interfaces interface-range desks member "{pattern}"\nset interfaces interface-range desks mtu 9216'
    result = made(switch(text), declared(None, ONE), "nonels")
    assert [(finding.where, finding.rule) for finding in result.findings] == [("ge-0/0/1", "RANGE_PATTERN")]


def test_a_pattern_that_does_not_match_is_left_alone():
    text = 'set interfaces interface-range desks member "ge-0/0/[2-23]"\nset interfaces interface-range desks mtu 9216'
    assert made(switch(text), declared(None, ONE), "nonels").findings == []


@pytest.mark.parametrize("style", STYLES)
def test_several_bundles_swap_their_ports_in_one_load(style):
    had = "\n".join(
        [
            *(f"set interfaces ge-0/0/{port} ether-options 802.3ad ae{port}" for port in (0, 1)),
            *(f"set interfaces ae{port} unit 0 family ethernet-switching" for port in (0, 1)),
            "set chassis aggregated-devices ethernet device-count 2",
        ]
    )
    wanted = declared(None, {f"ae{1 - port}": {"members": [f"ge-0/0/{port}"], "lacp": "none"} for port in (0, 1)})
    assert sorted(made(switch(had), wanted, style).commands) == [
        "set interfaces ge-0/0/0 ether-options 802.3ad ae1",
        "set interfaces ge-0/0/1 ether-options 802.3ad ae0",
    ]


HAD = """
set interfaces ge-0/0/0 ether-options 802.3ad ae0
set interfaces ge-0/0/1 ether-options 802.3ad ae7
set interfaces ge-0/0/1 description "esx1 vmnic2"
set interfaces ge-0/0/1 ether-options no-auto-negotiation
set interfaces ae0 unit 0 family ethernet-switching
set interfaces ae7 unit 0 family ethernet-switching
set interfaces ae7 aggregated-ether-options minimum-links 1
set protocols rstp interface ae7.0 edge
set chassis aggregated-devices ethernet device-count 8
"""


def test_a_removed_bundle_leaves_clean_ports_and_nothing_that_names_it():
    wanted = declared(None, ["ae7"], going=True)
    result = made(switch(HAD), wanted, "nonels", "deleted")
    assert deletes(result) == [
        "interfaces ge-0/0/1 ether-options 802.3ad",
        "interfaces ge-0/0/1 description",
        "interfaces ae7",
        "protocols rstp interface ae7.0",
    ]
    assert "set protocols rstp" in result.commands
    assert settled(result, wanted, "deleted")


@pytest.mark.parametrize(("state", "goes"), [("merged", False), ("replaced", True)])
def test_a_member_that_becomes_a_plain_port_keeps_a_description_that_merged_says_nothing_of(state, goes):
    text = HAD.replace("minimum-links 1", "link-speed 1g")
    commands = made(switch(text), declared(None, None, {"ge-0/0/1": {}}), "nonels", state).commands
    assert ("delete interfaces ge-0/0/1 description" in commands) == goes


def test_device_count_is_not_lowered_but_by_overridden_and_never_under_an_ae_in_use():
    wanted = declared(None, {"ae0": {"members": ["ge-0/0/0"], "lacp": "none"}})
    assert not made(switch(HAD), wanted, "nonels").changed
    lowered = made(switch(HAD), wanted, "nonels", "overridden")
    assert "set chassis aggregated-devices ethernet device-count 1" in lowered.commands
    assert "delete interfaces ae7" in lowered.commands


def test_a_member_that_would_leave_a_bundle_below_its_minimum_links_is_refused():
    wanted = declared(None, {"ae1": {"members": ["ge-0/0/1"], "lacp": "none"}})
    assert [finding.rule for finding in made(switch(HAD), wanted, "nonels").findings] == ["MINIMUM_LINKS"]


def test_an_inactive_member_statement_is_activated_because_it_is_asked_for():
    text = "set interfaces ge-0/0/1 ether-options 802.3ad ae0\ndeactivate interfaces ge-0/0/1"
    result = made(switch(text), declared(None, ONE), "nonels")
    assert "activate interfaces ge-0/0/1" in result.commands
    assert '<interface active="active">' in result.xml


def test_a_port_disabled_by_hand_stays_so_and_that_is_said():
    result = made(switch("set interfaces ge-0/0/1 disable"), declared(None, ONE), "nonels")
    assert result.notes == ["ge-0/0/1 is disabled by hand in the configuration, and stays so."]


def test_a_plan_says_what_comes_changes_or_goes_and_else_its_commands():
    now = "set vlans old vlan-id 9\nset interfaces ae0 description x\nset interfaces ge-0/0/9 description y"
    wanted = declared({"server": {"id": 10}}, ONE | {"ae1": {"members": ["ge-0/0/2"], "lacp": "none"}})
    assert made(switch(now), wanted, "nonels").summary() == ["VLAN server", "bundle ae0", "bundle ae1"]
    stray = "set interfaces ge-0/0/1 ether-options 802.3ad ae0\nset interfaces ge-0/0/1 encapsulation x"
    left = made(
        switch(f"{stray}\nset chassis aggregated-devices ethernet device-count 1"), declared(None, ONE), "nonels"
    )
    assert "delete interfaces ge-0/0/1 encapsulation" in left.summary()[0]


@pytest.mark.parametrize(
    ("lines", "bundle"),
    [
        (["gigether-options 802.3ad ae1", "ether-options 802.3ad ae0"], "ae0"),
        (["gigether-options 802.3ad ae1"], "ae1"),
        (["ether-options no-auto-negotiation"], None),
    ],
)
def test_a_port_is_in_the_bundle_of_its_ether_options_first(lines, bundle):
    config = switch("\n".join(f"set interfaces ge-0/0/1 {line}" for line in lines))
    assert bundle_of(config, "ge-0/0/1") == bundle
