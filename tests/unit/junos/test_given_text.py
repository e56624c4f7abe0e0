# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that a configuration given as text is read as the switch means it, or refused, and never taken for nothing."""

from __future__ import annotations

import re

import pytest

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.finding import RefusalError
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.config import setform
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.config.emit import (
    config_set,
    config_xml,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.config.statements import from_xml
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run import offline, plan
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.request import Request

from .builders import declared

FAMILY = "interfaces ae1 unit 0 family ethernet-switching"
LAG = f"""set chassis aggregated-devices ethernet device-count 2
set vlans v10 vlan-id 10
set interfaces ge-0/0/1 ether-options 802.3ad ae1
set interfaces ae1 mtu 9216
set interfaces ae1 aggregated-ether-options lacp active
set {FAMILY} interface-mode trunk
set {FAMILY} vlan members v10
set {FAMILY} vlan members v20
"""
XML = """<configuration><interfaces><interface><name>ae1</name><mtu inactive="inactive">9216</mtu>
<aggregated-ether-options><lacp><active/></lacp></aggregated-ether-options></interface></interfaces></configuration>"""
BRACES = """interfaces {
    ae1 {
        mtu 9216;
    }
}
"""


def parsed(text: str) -> dict:
    found, _style = offline.parse(text, "els")
    return found


def test_a_deactivated_leaf_takes_no_effect():
    found = parsed(LAG + "deactivate interfaces ae1 mtu\n")
    assert "payload_mtu" not in found["bundles"]["ae1"]
    assert found["bundles"]["ae1"]["tagged"] == ["v10", "v20"]
    assert parsed(LAG)["bundles"]["ae1"]["payload_mtu"] == 9198


@pytest.mark.parametrize(
    ("line", "tagged"),
    [
        (f"deactivate {FAMILY} vlan members v10", ["v20"]),
        (f"deactivate {FAMILY} vlan members", None),
        (f"deactivate {FAMILY} vlan", None),
    ],
)
def test_a_deactivated_value_or_container_takes_its_own_statements_alone(line, tagged):
    assert parsed(f"{LAG}{line}\n")["bundles"]["ae1"].get("tagged") == tagged


def test_both_forms_say_the_same_of_an_inactive_leaf():
    line = "deactivate interfaces ae1 mtu"
    by_set = setform.from_set(
        ["set interfaces ae1 mtu 9216", "set interfaces ae1 aggregated-ether-options lacp active", line]
    )
    by_xml = from_xml(XML)
    assert by_set == by_xml
    assert config_set(by_xml)[-1] == line


@pytest.mark.parametrize(
    ("text", "form"),
    [
        (BRACES, "it is in braces"),
        ("chassis { aggregated-devices { ethernet { device-count 8; } } }\n", "it is in braces"),
        ("## Last commit: 2021-03-04 by admin\n" + BRACES, "it is in braces"),
        ('{\n    "configuration" : {\n        "interfaces" : {}\n    }\n}\n', "it is JSON"),
        ('{"configuration": {}}', "it is JSON"),
    ],
)
def test_braces_and_json_are_refused_and_not_read_as_an_empty_switch(text, form):
    with pytest.raises(RefusalError) as caught:
        parsed(text)
    assert len(caught.value.findings) == 1
    assert "[UNREADABLE]" in str(caught.value)
    assert form in str(caught.value)
    assert "| display xml, or | display set" in str(caught.value)


@pytest.mark.parametrize(
    "line",
    ["set apply-groups [ campus re0 ]", "set interfaces apply-groups campus", "set interfaces ae1 apply-groups campus"],
)
def test_a_text_that_inherits_from_groups_is_refused_by_their_names(line):
    with pytest.raises(RefusalError, match="GROUP_INHERITED") as caught:
        parsed(f"{LAG}{line}\n")
    assert "campus" in str(caught.value)


@pytest.mark.parametrize("line", ["interfaces ae1 mtu 9216", "delete interfaces ae1", 'set vlans v1 description "x'])
def test_a_line_that_is_none_of_the_set_form_is_refused_by_its_number(line):
    with pytest.raises(RefusalError, match="line 2: "):
        parsed(f"set vlans v10 vlan-id 10\n{line}\n")


def test_what_a_terminal_prints_around_a_configuration_is_passed_over():
    around = "admin@sw1> show configuration | display set | no-more\n\n" + LAG + "\n{master:0}\nadmin@sw1> \n"
    assert parsed(around) == parsed(LAG)


def test_other_parts_of_the_configuration_are_passed_over():
    others = "set system host-name sw1\ndeactivate system services\nprotect interfaces ae1\n"
    assert setform.from_set((LAG + others).splitlines()) == setform.from_set(LAG.splitlines())


@pytest.mark.parametrize("name", ["bob's lab", "it's", 'a "b"', "10-mgmt", "back\\slash", "R&D", "mtu"])
def test_names_and_texts_of_any_kind_come_back_out_of_both_forms(name):
    text = name.replace("\\", "\\\\").replace('"', '\\"')
    lines = [f'set vlans "{text}" vlan-id 10', f'set interfaces ge-0/0/1 description "{text}"']
    config = setform.from_set(
        [*lines, f'set interfaces ge-0/0/1 unit 0 family ethernet-switching vlan members "{text}"']
    )
    assert setform.from_set(config_set(config)) == config
    assert from_xml(config_xml(config)) == config
    found = parsed("\n".join(config_set(config)))
    assert list(found["vlans"]) == [name]
    port = found["ports"]["ge-0/0/1"]
    assert (port["untagged"], port["description"]) == (name, name)


def test_an_apostrophe_is_a_letter_without_quotes_too():
    assert (
        parsed("set vlans v10 vlan-id 10\nset vlans v10 description bob's\n")["vlans"]["v10"]["description"] == "bob's"
    )


@pytest.mark.parametrize("text", ["", " \n\n", "admin@sw1> show configuration | display set | no-more\n{master:0}\n"])
def test_a_text_without_any_configuration_is_refused_and_not_parsed_as_an_empty_switch(text):
    with pytest.raises(RefusalError, match=r"there is no configuration in it \[EMPTY\]"):
        parsed(text)


def rendered(text: str, style: str = "els") -> plan.Plan:
    bundles = {"ae1": {"members": ["ge-0/0/1", "ge-0/0/3"], "lacp": "active"}}
    return offline.render(Request(declared(bundles=bundles), style=style), LAG + text)


@pytest.mark.parametrize(
    "line",
    [
        "switch-options interface ge-0/0/3.0 interface-mac-limit 5",
        "switch-options voip interface ge-0/0/3.0 vlan v20",
        "ethernet-switching-options voip interface ge-0/0/3.0 vlan v20",
        "ethernet-switching-options secure-access-port interface ge-0/0/3.0 mac-limit 5",
        "class-of-service interfaces ge-0/0/3 scheduler-map MAP",
    ],
)
def test_other_parts_that_name_a_port_are_cleaned_of_it(line):
    found = rendered(f"set {line}\nset {line.replace('0/3', '0/9')}\n")
    where = re.match(r".*ge-0/0/3(\.0)?", line)[0]
    assert f"delete {where}" in found.commands
    assert [each.kind for each in found.foreign] == ["class-of-service"] * line.startswith("class-of-service")
    gone = from_xml(found.xml.replace(' delete="delete"', ""))
    assert setform.from_set([f"set {where}"]).statements.keys() <= gone.statements.keys()


def test_power_over_ethernet_of_a_port_is_told_and_stays():
    found = rendered("set poe interface ge-0/0/3 priority high\nset poe interface all\n")
    assert [(each.kind, each.goes) for each in found.foreign] == [("poe", False)]
    assert not any("poe" in line for line in found.commands)


@pytest.mark.parametrize(
    "line",
    [
        "ethernet-switching-options static vlan v20 mac 00:00:5e:00:53:01 next-hop ge-0/0/3.0",
        "ethernet-switching-options redundant-trunk-group group RTG interface ge-0/0/3.0",
        "ethernet-switching-options analyzer A input ingress interface ae1.0",
        "class-of-service interfaces desks scheduler-map MAP",
        "protocols sflow interfaces ge-0/0/3.0",
    ],
)
def test_a_line_of_which_the_set_form_does_not_tell_where_the_port_is_named_is_refused_for_rendered_alone(line):
    text = f"set interfaces interface-range desks member ge-0/0/3\nset {line}\n"
    with pytest.raises(RefusalError, match="UNREADABLE") as caught:
        rendered(text)
    assert f"it holds {line}" in str(caught.value)
    assert "display xml" in str(caught.value)
    assert parsed(LAG + text)["bundles"] == parsed(LAG)["bundles"]


def test_what_names_no_port_or_a_range_by_its_name_alone_is_read():
    others = "class-of-service forwarding-classes class gold queue-num 5", "ethernet-switching-options storm-control"
    rendered("".join(f"set {line}\n" for line in others))
    desks = "set interfaces interface-range desks member ge-0/0/3\nset interfaces interface-range desks mtu 9014\n"
    desks += "set interfaces interface-range desks member ge-0/0/9\n"
    assert [each.kind for each in rendered(f"{desks}set poe interface desks\n").foreign] == ["poe"]
