# SPDX-License-Identifier: GPL-3.0-or-later
"""The judge of this folder says what Juniper's pages say; the names of the pages are those of the expander."""

from __future__ import annotations

import pytest

from .configurations import ALL
from .expander import UnclearError, active, effective, expand_member
from .reader import from_set, from_text, to_set

R = "set interfaces interface-range r"


def says(text: str, precedence: str = "append", *, known=()) -> frozenset[str]:
    return effective(from_text(text), precedence, known)


def of(port: str, found: frozenset[str]) -> list[str]:
    return sorted(line.removeprefix(f"interfaces {port} ") for line in found if line.startswith(f"interfaces {port} "))


# -- RANGES ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "first", "last", "number"),
    [
        ("ge-0/0/*", "ge-0/0/0", "ge-0/0/47", 48),
        ("ge-[5-7]/0/3", "ge-5/0/3", "ge-7/0/3", 3),
        ("ge-0/0/[1,6,12]", "ge-0/0/1", "ge-0/0/12", 3),
        ("xe-[0,2]/[0-1]/[2-3]", "xe-0/0/2", "xe-2/1/3", 8),
        ("et-0/0/48:2", "et-0/0/48:2", "et-0/0/48:2", 1),
    ],
)
def test_a_member_names_one_port_or_a_pattern_of_them(text, first, last, number):
    found = expand_member(text)
    assert (found[0], found[-1], len(found)) == (first, last, number)


def test_a_member_range_runs_over_ports_pics_and_fpcs():
    found = says(
        "set interfaces interface-range r member-range ge-0/0/46 to ge-2/0/1\nset interfaces interface-range r mtu 9000"
    )
    ports = {line.split()[1] for line in found}
    assert {"ge-0/0/46", "ge-0/0/47", "ge-1/0/0", "ge-1/0/47", "ge-2/0/0", "ge-2/0/1"} <= ports
    assert not {"ge-0/0/45", "ge-2/0/2", "xe-1/0/0"} & ports


def test_a_port_of_another_pic_lies_in_the_range_where_the_switch_has_it():
    text = (
        "set interfaces interface-range r member-range ge-0/0/40 to ge-1/0/5\nset interfaces interface-range r mtu 9000"
    )
    found = says(text, known=["ge-0/0/39", "ge-0/0/41", "ge-0/1/0", "xe-0/1/0", "ge-1/0/4"])
    assert sorted(found) == [f"interfaces {port} mtu 9000" for port in ("ge-0/0/41", "ge-0/1/0", "ge-1/0/4")]


@pytest.mark.parametrize("precedence", ["append", "override"])
def test_what_the_interface_says_goes_before_its_range(precedence):
    text = """
        set interfaces interface-range r member-range ge-0/0/0 to ge-7/0/47
        set interfaces interface-range r mtu 256
        set interfaces ge-1/0/1 mtu 1024
    """
    found = says(text, precedence)
    assert (of("ge-1/0/1", found), of("ge-1/0/2", found)) == (["mtu 1024"], ["mtu 256"])


def test_a_port_of_two_ranges_inherits_from_both_and_the_first_goes_first():
    text = """
        set interfaces interface-range one member-range ge-0/0/0 to ge-0/0/47
        set interfaces interface-range one mtu 500
        set interfaces interface-range two member-range ge-0/0/0 to ge-0/0/47
        set interfaces interface-range two mtu 1024
        set interfaces interface-range two hold-time up 10
    """
    assert of("ge-0/0/0", says(text)) == ["hold-time up 10", "mtu 500"]


def test_ports_of_a_range_inherit_groups_and_the_range_goes_before_the_group():
    text = """
        set groups global interfaces <*> hold-time up 10
        set groups global interfaces <*> mtu 1500
        set apply-groups global
        set interfaces interface-range r member-range ge-1/0/0 to ge-7/0/47
        set interfaces interface-range r mtu 500
    """
    assert of("ge-1/0/0", says(text)) == ["hold-time up 10", "mtu 500"]


def test_a_range_named_elsewhere_stands_for_its_ports_and_a_port_named_beside_it_goes_first():
    text = """
        set interfaces interface-range r member ge-0/0/1
        set interfaces interface-range r member ge-0/0/2
        set protocols rstp interface r edge
        set protocols rstp interface r priority 16
        set protocols rstp interface ge-0/0/2.0 priority 32
        set vlans v10 interface r
    """
    assert set(says(text)) == {
        "protocols rstp interface ge-0/0/1 edge",
        "protocols rstp interface ge-0/0/1 priority 16",
        "protocols rstp interface ge-0/0/2 edge",
        "protocols rstp interface ge-0/0/2 priority 32",
        "vlans v10 interface ge-0/0/1",
        "vlans v10 interface ge-0/0/2",
    }


# -- SWITCHES ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("precedence", "vlans"), [("append", ["v10", "v20"]), ("override", ["v20"])])
def test_a_set_of_the_range_is_appended_or_overridden_by_release(precedence, vlans):
    text = """
        set interfaces interface-range r member ge-0/0/1
        set interfaces interface-range r unit 0 family ethernet-switching vlan members v10
        set interfaces ge-0/0/1 unit 0 family ethernet-switching vlan members v20
    """
    wanted = [f"unit 0 family ethernet-switching vlan members {vlan}" for vlan in vlans]
    assert of("ge-0/0/1", says(text, precedence)) == wanted


# -- GROUPS, APPLY, EXCEPT, SETS, WILD, REGIONAL -----------------------------------------------------------------------

T3 = """<configuration>
  <groups><name>standard</name><interfaces><interface><name>&lt;t3-*&gt;</name><t3-options>
    <compatibility-mode>larscom</compatibility-mode><idle-cycle-flag>ones</idle-cycle-flag>
  </t3-options></interface></interfaces></groups>
  <groups><name>northwest</name><interfaces><interface><name>&lt;t3-*&gt;</name><t3-options>
    <long-buildout/><compatibility-mode>kentrox</compatibility-mode>
  </t3-options></interface></interfaces></groups>
  <apply-groups>standard</apply-groups>
  <interfaces><interface><name>t3-0/0/0</name><apply-groups>northwest</apply-groups></interface></interfaces>
</configuration>"""


def test_the_group_of_an_inner_level_goes_before_that_of_an_outer_one():
    assert of("t3-0/0/0", says(T3)) == [
        "t3-options compatibility-mode kentrox",
        "t3-options idle-cycle-flag ones",
        "t3-options long-buildout",
    ]


PEERS = """<configuration>
  <groups><name>isp</name>
    <interfaces><interface><name>&lt;xe-*&gt;</name><gigether-options><flow-control/></gigether-options></interface></interfaces>
    <protocols><bgp><group><name>&lt;*&gt;</name><neighbor><name>&lt;*&gt;</name><remove-private/></neighbor></group></bgp></protocols>
  </groups>
  <interfaces><interface><name>xe-0/0/0</name><apply-groups>isp</apply-groups></interface>
    <interface><name>xe-0/0/1</name><mtu>9000</mtu></interface></interfaces>
  <protocols><bgp><group><name>main</name>
    <neighbor><name>10.254.0.1</name><apply-groups>isp</apply-groups></neighbor>
    <neighbor><name>10.254.0.2</name></neighbor></group></bgp></protocols>
</configuration>"""


def test_a_group_is_inherited_from_where_it_is_applied_downwards():
    assert says(PEERS) == {
        "interfaces xe-0/0/0 gigether-options flow-control",
        "interfaces xe-0/0/1 mtu 9000",
        "protocols bgp group main neighbor 10.254.0.1 remove-private",
        "protocols bgp group main neighbor 10.254.0.2",
    }


def test_of_sets_all_values_are_inherited():
    text = """
        set groups basic interfaces ge-0/0/1 unit 0 family ethernet-switching vlan members v10
        set apply-groups basic
        set interfaces ge-0/0/1 unit 0 family ethernet-switching vlan members v20
    """
    assert {line.rpartition(" ")[2] for line in says(text)} == {"v10", "v20"}


def test_the_first_group_of_a_list_goes_first_and_the_place_itself_before_all():
    text = """
        set groups a interfaces <ge-*> mtu 1000
        set groups a interfaces <ge-*> description a
        set groups b interfaces <ge-*> mtu 2000
        set groups b interfaces <ge-*> disable
        set apply-groups [ a b ]
        set interfaces ge-0/0/1 description own
        set interfaces ge-0/0/2 mtu 3000
    """
    assert of("ge-0/0/1", says(text)) == ["description own", "disable", "mtu 1000"]
    assert of("ge-0/0/2", says(text)) == ["description a", "disable", "mtu 3000"]


def test_a_wildcard_provides_data_for_existing_statements_only():
    text = """
        set groups g interfaces <ge-*> mtu 9000
        set groups g interfaces ae0 description made
        set apply-groups g
        set interfaces xe-0/0/1 description x
    """
    assert says(text) == {"interfaces ae0 description made", "interfaces xe-0/0/1 description x"}


@pytest.mark.parametrize(
    ("pattern", "met"),
    [
        ("<ge-*>", ["ge-0/0/1", "ge-0/0/12", "ge-1/0/1"]),
        ("<ge-0/0/?>", ["ge-0/0/1"]),
        ("<*-[1-9]/0/*>", ["ge-1/0/1"]),
        ("<[!g]*>", ["ae0"]),
        ("ae0", ["ae0"]),
    ],
)
def test_wildcards_are_those_of_a_unix_shell(pattern, met):
    ports = ["ae0", "ge-0/0/1", "ge-0/0/12", "ge-1/0/1"]
    lines = [f"set interfaces {port} description {port}" for port in ports]
    found = effective(from_set([f"set groups g interfaces {pattern} mtu 9000", "set apply-groups g", *lines]), "append")
    assert sorted(line.split()[1] for line in found if line.endswith("mtu 9000")) == met


def test_apply_groups_except_takes_a_group_away_from_there_on():
    text = """
        set groups g interfaces <ge-*> mtu 9000
        set groups g interfaces <ge-*> unit <*> description g
        set apply-groups g
        set interfaces ge-0/0/1 apply-groups-except g
        set interfaces ge-0/0/1 unit 0 family ethernet-switching
        set interfaces ge-0/0/2 unit 0 apply-groups-except g
        set interfaces ge-0/0/3 unit 0
    """
    found = says(text)
    assert of("ge-0/0/1", found) == ["unit 0 family ethernet-switching"]
    assert of("ge-0/0/2", found) == ["mtu 9000", "unit 0"]
    assert of("ge-0/0/3", found) == ["mtu 9000", "unit 0 description g"]


def test_of_statements_that_exclude_each_other_the_one_said_at_the_place_holds():
    text = """
        set groups g interfaces <ae*> aggregated-ether-options lacp active
        set groups g interfaces <ae*> aggregated-ether-options lacp periodic fast
        set apply-groups g
        set interfaces ae0 aggregated-ether-options lacp passive
    """
    options = "aggregated-ether-options lacp"
    assert of("ae0", says(text)) == [f"{options} passive", f"{options} periodic fast"]


# -- what lies inactive, and what is not known -------------------------------------------------------------------------


def test_what_is_inactive_is_as_if_it_were_not_there():
    text = """
        set groups g interfaces <ge-*> mtu 9000
        set groups g interfaces <ge-*> description g
        deactivate groups g interfaces <ge-*> description
        set apply-groups g
        set interfaces interface-range r member ge-0/0/1
        set interfaces interface-range r member ge-0/0/3
        deactivate interfaces interface-range r member ge-0/0/3
        set interfaces interface-range r disable
        set interfaces ge-0/0/1 mtu 1500
        deactivate interfaces ge-0/0/1 mtu
        set interfaces ge-0/0/2 mtu 1500
        deactivate interfaces ge-0/0/2
    """
    assert says(text) == {"interfaces ge-0/0/1 disable", "interfaces ge-0/0/1 mtu 9000"}


@pytest.mark.parametrize(
    "line",
    [
        "set groups g interfaces interface-range r member ge-0/0/1",
        "set groups g interfaces <ge-*> apply-groups g",
        "set interfaces interface-range r apply-groups g",
        "set groups h interfaces ge-0/0/7 description made\nset apply-groups [ g h ]",
    ],
)
def test_what_no_page_says_is_unclear(line):
    with pytest.raises(UnclearError):
        says(f"set groups g interfaces <ge-*> mtu 9000\nset interfaces interface-range r member ge-0/0/1\n{line}")


def test_the_configuration_that_is_expanded_stays_as_it_was():
    root = from_set("set interfaces ge-0/0/1 mtu 1500\ndeactivate interfaces ge-0/0/1")
    assert len(active(root).find("interfaces")) == 0
    assert root.find("interfaces/interface/mtu").text == "1500"


def test_set_lines_and_xml_are_read_alike():
    lines = """
        set interfaces interface-range r member-range ge-0/0/0 to ge-0/0/3
        set interfaces interface-range r ether-options 802.3ad ae0
        set interfaces ae0 unit 0 family ethernet-switching storm-control default
        set vlans "v one" vlan-id 5
    """
    xml = """<configuration xmlns="http://example.net/junos"><interfaces>
      <interface-range><name>r</name><member-range><name>ge-0/0/0</name><end-range>ge-0/0/3</end-range></member-range>
        <ether-options><ieee-802.3ad><bundle>ae0</bundle></ieee-802.3ad></ether-options></interface-range>
      <interface><name>ae0</name><unit><name>0</name><family><ethernet-switching>
        <storm-control><profile-name>default</profile-name></storm-control></ethernet-switching></family></unit></interface>
      </interfaces><vlans><vlan><name>v one</name><vlan-id>5</vlan-id></vlan></vlans></configuration>"""
    assert says(lines) == says(xml)
    assert "interfaces ge-0/0/3 ether-options 802.3ad ae0" in says(xml)


@pytest.mark.parametrize("configuration", ALL, ids=lambda found: found.name)
def test_what_is_written_as_set_lines_is_read_back_the_same(configuration):
    root = configuration.root
    again = from_set(to_set(root))
    assert effective(again, "append") == effective(root, "append")
    assert to_set(again) == to_set(root)
