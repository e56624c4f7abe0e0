# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves what interface-ranges stand for: their ports, both precedences by release, their names in other places."""

from __future__ import annotations

from typing import Any

import pytest

from kinds.junos_ex import rules, schema, setform
from kinds.junos_ex.device import Options
from kinds.junos_ex.inherited import effective, shown
from kinds.junos_ex.models import MODELS, Model
from kinds.junos_ex.ranges import between, pattern
from kinds.junos_ex.state import State
from kinds.junos_ex.tree import Node

NEW, OLD = MODELS["ex4300-48t"], MODELS["ex4300-24t"]
RANGE = "set interfaces interface-range desks "
PORT = "set interfaces ge-0/0/1 "
MEMBERS = "unit 0 family ethernet-switching vlan members"


def tree(text: str, style: Any = "els") -> Node:
    made = Node(schema.load(style))
    setform.load(made, text)
    return made


def inherited(text: str, model: Model = NEW, fpcs: int = 1) -> list[str]:
    return setform.lines(shown(tree(text), model, fpcs).root)


def test_the_releases_say_which_precedence_they_have() -> None:
    seen = {model.release: model.appends for model in MODELS.values()}
    assert seen == {
        **{"12.3R12.4": False, "13.2X51-D39.1": False},
        **{"15.1R7.9": True, "18.2R3.4": True, "18.4R3.3": True, "20.4R3.8": True, "21.4R3.15": True},
    }
    at = [
        Model("x", "els", release, (), 1, 1).appends for release in ("14.1R9", "14.1X53-D10", "14.1X53-D15", "14.2R1")
    ]
    assert at == [False, False, True, True]


def test_lists_of_values_are_overridden_by_older_releases_and_appended_by_newer_ones() -> None:
    text = f"{RANGE}member ge-0/0/1\n{RANGE}{MEMBERS} [ a1 b2 ]\n{PORT}{MEMBERS} c3"
    assert inherited(text, OLD) == [f"{PORT}{MEMBERS} c3"]
    assert inherited(text, NEW) == [f"{PORT}{MEMBERS} {name}" for name in ("c3", "a1", "b2")]


@pytest.mark.parametrize("model", [OLD, NEW])
def test_a_single_value_and_a_choice_are_the_ports_own(model: Model) -> None:
    text = f"{RANGE}member ge-0/0/1\n{RANGE}mtu 1000\n{RANGE}speed 100m\n{RANGE}vlan-tagging\n"
    seen = inherited(f"{text}{PORT}mtu 2000\n{PORT}flexible-vlan-tagging", model)
    assert seen == [f"{PORT}flexible-vlan-tagging", f"{PORT}speed 100m", f"{PORT}mtu 2000"]


def test_the_first_of_two_ranges_over_one_port_has_priority() -> None:
    text = "".join(
        f"set interfaces interface-range {name} member ge-0/0/1\nset interfaces interface-range {name} mtu {mtu}\n"
        for name, mtu in (("zz", 500), ("aa", 1000))
    )
    assert inherited(f"{text}set interfaces interface-range aa description d") == [
        f"{PORT}description d",
        f"{PORT}mtu 500",
    ]


def test_ranges_are_not_shown_and_make_interfaces_that_are_not_configured() -> None:
    assert inherited(f"{RANGE}member ge-0/0/1\n{RANGE}member ge-0/0/2") == [
        *("set interfaces ge-0/0/1", "set interfaces ge-0/0/2")
    ]


@pytest.mark.parametrize(
    ("text", "ports"),
    [
        ("ge-0/0/3", ["ge-0/0/3"]),
        ("ge-0/0/[0-2,7]", ["ge-0/0/0", "ge-0/0/1", "ge-0/0/2", "ge-0/0/7"]),
        ("ge-[0-1]/0/[5,6]", ["ge-0/0/5", "ge-0/0/6", "ge-1/0/5", "ge-1/0/6"]),
        ("xe-0/0/48:[0-3]", [f"xe-0/0/48:{channel}" for channel in range(4)]),
        ("ge-0/0/*", [f"ge-0/0/{port}" for port in range(48)]),
        ("ge-*/0/1", [f"ge-{fpc}/0/1" for fpc in range(48)]),
    ],
)
def test_a_member_can_be_a_pattern(text: str, ports: list[str]) -> None:
    assert pattern(text) == ports


def test_a_member_range_runs_over_the_members_and_pics_of_a_virtual_chassis() -> None:
    ports = NEW.ports(3)
    seen = between("ge-0/0/46", "ge-2/0/1", ports)
    assert seen == ["ge-0/0/46", "ge-0/0/47", *(f"ge-1/0/{port}" for port in range(48)), "ge-2/0/0", "ge-2/0/1"]
    assert between("xe-0/2/2", "xe-1/2/0", ports) == ["xe-0/2/2", "xe-0/2/3", "xe-1/2/0"]
    older = MODELS["ex2200-24t-4g"].ports(2)
    assert between("ge-0/0/22", "ge-1/0/0", older) == [
        *("ge-0/0/22", "ge-0/0/23", "ge-0/1/0", "ge-0/1/1", "ge-0/1/2", "ge-0/1/3", "ge-1/0/0")
    ]


def test_a_member_range_within_one_pic_or_one_channelised_port_is_all_its_numbers() -> None:
    assert between("ge-0/0/46", "ge-0/0/49", NEW.ports(1)) == [f"ge-0/0/{port}" for port in (46, 47, 48, 49)]
    split = MODELS["ex4650-48y"].ports(1)
    assert between("xe-0/0/48:1", "xe-0/0/48:3", split) == ["xe-0/0/48:1", "xe-0/0/48:2", "xe-0/0/48:3"]
    assert between("xe-0/0/47", "xe-0/0/48:1", split) == ["xe-0/0/47", "xe-0/0/48:0", "xe-0/0/48:1"]
    assert between("xe-0/0/48", "xe-0/0/48:1", split) == ["xe-0/0/48:0", "xe-0/0/48:1"]
    assert between("xe-0/0/48:3", "xe-0/0/49:1", split) == ["xe-0/0/48:3", "xe-0/0/49:0", "xe-0/0/49:1"]


def test_a_channelised_port_is_an_interface_with_state(make_device: Any, session: Any) -> None:
    from kinds.junos_ex import factory

    device = factory.make("sw", "ex4650-48y", text="")
    text = "set vlans v5 vlan-id 5\n" + "".join(
        f"set interfaces interface-range split {line}\n"
        for line in ("member-range xe-0/0/48:0 to xe-0/0/48:1", "unit 0 family ethernet-switching vlan members v5")
    )
    setform.load(device.edit(session), text)
    device.commit(session, Options())
    assert State(device).vlans()["v5"].interfaces == ["xe-0/0/48:0.0", "xe-0/0/48:1.0"]


def test_a_ranges_name_stands_for_its_ports_in_other_places() -> None:
    text = (
        f"{RANGE}member-range ge-0/0/1 to ge-0/0/2\n{RANGE}unit 0 family ethernet-switching\n"
        "set protocols rstp interface desks edge\nset protocols rstp interface ge-0/0/2 priority 16\n"
        "set protocols lldp interface desks.0\nset poe interface desks maximum-power 15"
    )
    seen = setform.lines(effective(tree(text), NEW, 1))
    assert [line for line in seen if line.startswith(("set protocols", "set poe"))] == [
        "set protocols lldp interface ge-0/0/1.0",
        "set protocols lldp interface ge-0/0/2.0",
        "set protocols rstp interface ge-0/0/1 edge",
        "set protocols rstp interface ge-0/0/2 priority 16",
        "set protocols rstp interface ge-0/0/2 edge",
        "set poe interface ge-0/0/1 maximum-power 15",
        "set poe interface ge-0/0/2 maximum-power 15",
    ]
    assert "set protocols rstp interface desks edge" in inherited(text)


def test_a_vlan_that_names_a_range_has_its_ports(make_device: Any, session: Any) -> None:
    device = make_device("nonels")
    text = f"{RANGE}member ge-0/0/1\n{RANGE}unit 0 family ethernet-switching\nset vlans v9 vlan-id 9\n"
    setform.load(device.edit(session), text + "set vlans v9 interface desks")
    device.commit(session, Options())
    assert State(device).vlans()["v9"].interfaces == ["ge-0/0/1.0"]


def test_a_rule_of_the_device_counts_the_ports_of_a_named_range() -> None:
    text = f"{RANGE}member ge-0/0/1\n{RANGE}description plain\nset protocols rstp interface desks"
    words = "XSTP : Interface ge-0/0/1.0 is not enabled for Ethernet Switching"
    assert [each.message for each in rules.check(tree(text, "nonels"), MODELS["ex4200-48t"], 1, "x")][:1] == [words]
