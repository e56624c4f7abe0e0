# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves with PyEZ and ncclient that the inherited view is shown as Juniper's page says, marked on demand.

Juniper, "Specify How to Display Inheritance for Configuration Groups and Interface Ranges" (Junos XML protocol guide).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from jnpr.junos import exception as failures
from jnpr.junos.utils.config import Config
from lxml import etree
from ncclient import manager

from .builders import Switch, connect

TEXT = """\
set groups PORTS interfaces <ge-*> hold-time up 10
set groups PORTS interfaces <ge-*> unit 0 family ethernet-switching vlan members v20
set groups TIME system services netconf rfc-compliant
set apply-groups [ PORTS TIME ]
set interfaces interface-range desks member ge-0/0/5
set interfaces interface-range desks member-range ge-0/0/7 to ge-0/0/8
set interfaces interface-range desks unit 0 family ethernet-switching vlan members v10
set interfaces interface-range desks description given
set interfaces ge-0/0/5 description own
set interfaces ge-0/0/6 mtu 9000
deactivate interfaces ge-0/0/6 mtu
set vlans v10 vlan-id 10
set vlans v20 vlan-id 20
"""
ALL = {"inherit": "inherit", "groups": "groups", "interface-ranges": "interface-ranges"}
SEPARATE = ("groups", "apply-groups", "apply-groups-except", "interface-range")


@pytest.fixture
def device(switch: Switch) -> Iterator[Any]:
    made = connect(switch)
    config = Config(made)
    config.load(
        TEXT.replace("set groups PORTS interfaces <ge-*> unit 0", "set groups PORTS interfaces <ge-0/0/6> unit 0"),
        format="set",
    )
    yield made
    made.close()


def read(device: Any, **options: str) -> Any:
    return device.rpc.get_config(options={"database": "candidate", **options})


def port(found: Any, name: str) -> Any:
    (entry,) = [each for each in found.findall("interfaces/interface") if each.findtext("name") == name]
    return entry


def marks(found: Any) -> dict[str, set[str]]:
    """Give the attributes of all elements: name -> values."""
    seen: dict[str, set[str]] = {}
    for element in found.iterdescendants():
        for name, value in element.attrib.items():
            seen.setdefault(etree.QName(name).localname, set()).add(value)
    return seen


def test_without_inherit_groups_and_ranges_are_shown_where_they_are_written(device: Any) -> None:
    found = read(device)
    assert [each.text for each in found.findall("apply-groups")] == ["PORTS", "TIME"]
    assert [each.text for each in found.findall("groups/name")] == ["PORTS", "TIME"]
    assert found.findtext("groups/interfaces/interface/name") == "<ge-*>"
    assert found.findtext("interfaces/interface-range/name") == "desks"
    assert port(found, "ge-0/0/5").find("hold-time") is None


def test_inherit_alone_shows_all_in_its_place_and_marks_nothing(device: Any) -> None:
    found = read(device, inherit="inherit")
    assert not [element.tag for element in found.iter() if element.tag in SEPARATE]
    assert marks(found) == {"inactive": {"inactive"}}
    entry = port(found, "ge-0/0/5")
    assert (entry.findtext("description"), entry.findtext("hold-time/up")) == ("own", "10")
    assert port(found, "ge-0/0/8").findtext("description") == "given"
    assert port(found, "ge-0/0/6").find("mtu").get("inactive") == "inactive"


def test_groups_marks_each_element_that_a_group_gave_and_only_these(device: Any) -> None:
    found = read(device, **ALL)
    entry = port(found, "ge-0/0/5")
    assert (entry.find("hold-time").get("group"), entry.find("hold-time/up").get("group")) == ("PORTS", "PORTS")
    assert entry.find("description").get("group") is entry.find("unit/name").get("group") is entry.get("group") is None
    assert found.find("system/services/netconf/rfc-compliant").get("group") == "TIME"
    assert {name: values for name, values in marks(found).items() if name != "inactive"} == {"group": {"PORTS", "TIME"}}


def test_interface_ranges_sets_no_mark(device: Any) -> None:
    assert marks(read(device, **{"inherit": "inherit", "interface-ranges": "interface-ranges"})) == {
        "inactive": {"inactive"}
    }


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"groups": "groups"}, "groups without inherit"),
        ({"interface-ranges": "interface-ranges"}, "interface-ranges without inherit"),
        ({"inherit": "defaults"}, 'inherit="defaults"'),
        ({"inherit": "inherit", "groups": "groups", "format": "text"}, "groups in another format than XML"),
        ({"inherit": "inherit", "groups": "PORTS"}, 'groups="PORTS"'),
    ],
)
def test_what_no_page_describes_is_refused(device: Any, options: dict[str, str], words: str) -> None:
    with pytest.raises(failures.RpcError, match=f"SIM TEXT: get-configuration {words} is not simulated"):
        read(device, **options)


def test_the_committed_view_and_a_filter_are_inherited_too(device: Any, switch: Switch) -> None:
    Config(device).commit()
    wanted = etree.fromstring(
        "<configuration><interfaces><interface><name>ge-0/0/8</name></interface></interfaces></configuration>"
    )
    found = device.rpc.get_config(filter_xml=wanted, options={"database": "committed", **ALL})
    assert [each.findtext("name") for each in found.findall("interfaces/interface")] == ["ge-0/0/8"]
    assert found.find("interfaces/interface/hold-time").get("group") == "PORTS"
    assert "set interfaces ge-0/0/8 hold-time up 10" in switch.control("configuration", inherit=True)


def test_the_inherited_view_can_be_read_as_set_commands_and_in_braces(device: Any) -> None:
    lines = read(device, inherit="inherit", format="set").text.splitlines()
    assert "set interfaces ge-0/0/8 hold-time up 10" in lines and "deactivate interfaces ge-0/0/6 mtu" in lines
    text = read(device, inherit="inherit", format="text").text
    assert "inactive: mtu 9000;" in text and "apply-groups" not in text


def test_ncclient_reads_the_mark_in_the_releases_own_namespace(device: Any, switch: Switch) -> None:
    options = {"host": "127.0.0.1", "port": switch.port, "username": "lab", "password": "lab123"}
    with manager.connect(**options, hostkey_verify=False, look_for_keys=False, allow_agent=False) as session:
        asked = etree.fromstring('<get-configuration inherit="inherit" groups="groups"/>')
        answer = etree.fromstring(session.dispatch(asked).xml.encode())
    ups = [each for each in answer.iter("{*}up") if each.attrib]
    space = answer.nsmap["junos"]
    assert space.startswith("http://xml.juniper.net/junos/")
    assert {each.get(f"{{{space}}}group") for each in ups} == {"PORTS"}


def test_a_group_that_is_not_defined_is_refused_at_the_check(device: Any) -> None:
    config = Config(device)
    config.load("set interfaces ge-0/0/5 apply-groups GONE", format="set")
    with pytest.raises(failures.CommitError) as caught:
        config.commit_check()
    first = caught.value.errs[0]
    assert (first["edit_path"], first["bad_element"]) == ("[edit interfaces ge-0/0/5]", "apply-groups GONE")


def test_all_three_forms_load_groups_alike(switch: Switch) -> None:
    element = (
        "<configuration><groups><name>G</name><interfaces><interface><name>&lt;ae*&gt;</name><mtu>9216</mtu></interface>"
        "</interfaces></groups><apply-groups>G</apply-groups></configuration>"
    )
    braces = "groups { G { interfaces { <ae*> { mtu 9216; } } } } apply-groups G;"
    lines = "set groups G interfaces <ae*> mtu 9216\nset apply-groups G"
    seen = set()
    for form, text in (("xml", element), ("text", braces), ("set", lines)):
        made = connect(switch)
        config = Config(made)
        config.lock()
        config.load(etree.fromstring(text) if form == "xml" else text, format=form, merge=form != "set")
        seen.add(config.diff())
        config.unlock()
        made.close()
    assert seen == {
        "\n[edit]\n+  groups {\n+      G {\n+          interfaces {\n+              <ae*> {\n"
        "+                  mtu 9216;\n+              }\n+          }\n+      }\n+  }\n+  apply-groups G;\n"
    }
