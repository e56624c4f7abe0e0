# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves what configuration groups give: Juniper's own examples and rules, told by the inherited view."""

from __future__ import annotations

from typing import Any

import pytest

from kinds.junos_ex import groups, rules, schema, setform
from kinds.junos_ex.inherited import effective, shown, view
from kinds.junos_ex.models import MODELS
from kinds.junos_ex.tree import Node

NEW, OLD = MODELS["ex4300-48t"], MODELS["ex4300-24t"]
PORT = "set interfaces ge-0/0/1 "
UPLINKS = (
    "set groups LAG interfaces <ae*> mtu 9216\n"
    "set groups LAG interfaces <ae*> aggregated-ether-options lacp active\n"
    "set groups LAG interfaces <ae*> aggregated-ether-options lacp periodic fast\n"
    "set groups LAG interfaces <ae*> unit <*> family ethernet-switching interface-mode trunk\n"
)


def tree(text: str, style: Any = "els") -> Node:
    made = Node(schema.load(style))
    setform.load(made, text)
    return made


def inherited(text: str) -> list[str]:
    """Give the inherited view of set commands as set commands."""
    return setform.lines(shown(tree(text), NEW, 1).root)


def test_a_group_gives_its_statements_where_it_is_applied_and_is_not_shown_itself() -> None:
    text = "set groups g system services netconf ssh\nset groups g vlans v9 vlan-id 9\nset system host-name h\n"
    assert inherited(text) == ["set system host-name h"]
    assert inherited(text + "set apply-groups g") == [
        *("set system host-name h", "set system services netconf ssh", "set vlans v9 vlan-id 9")
    ]
    assert inherited(text + "set system apply-groups g") == [
        "set system host-name h",
        "set system services netconf ssh",
    ]


def test_a_pattern_gives_to_entries_that_are_there_and_makes_none() -> None:
    assert inherited(UPLINKS + "set apply-groups LAG") == []
    seen = inherited(UPLINKS + "set apply-groups LAG\nset interfaces ae1 unit 0\nset interfaces ge-0/0/1 description x")
    assert seen == [
        "set interfaces ge-0/0/1 description x",
        "set interfaces ae1 mtu 9216",
        "set interfaces ae1 aggregated-ether-options lacp active",
        "set interfaces ae1 aggregated-ether-options lacp periodic fast",
        "set interfaces ae1 unit 0 family ethernet-switching interface-mode trunk",
    ]


@pytest.mark.parametrize(
    ("pattern", "matching"),
    [
        ("<*>", ["ge-0/0/1", "ge-0/0/12", "xe-0/2/1", "ae0"]),
        ("<ge-*>", ["ge-0/0/1", "ge-0/0/12"]),
        ("<ge-0/0/[0-5]>", ["ge-0/0/1"]),
        ("<ge-0/0/[!0-5]>", []),
        ("<ge-0/0/1?>", ["ge-0/0/12"]),
        ("<[gx]e-0/[02]/1>", ["ge-0/0/1", "xe-0/2/1"]),
    ],
)
def test_patterns_are_those_of_the_shell(pattern: str, matching: list[str]) -> None:
    names = ["ge-0/0/1", "ge-0/0/12", "xe-0/2/1", "ae0"]
    text = "".join(f"set interfaces {name} description own\n" for name in names)
    seen = inherited(f'{text}set groups g interfaces "{pattern}" mtu 9000\nset apply-groups g')
    assert [line.split()[2] for line in seen if line.endswith("mtu 9000")] == matching


def test_what_is_written_wins_then_the_inner_level_then_the_first_of_a_list() -> None:
    text = "".join(f"set groups g{mtu} interfaces <*> mtu {mtu}\n" for mtu in (1000, 2000, 3000))
    text += f"set apply-groups g1000\n{PORT}description x\n"
    assert f"{PORT}mtu 1000" in inherited(text)
    assert f"{PORT}mtu 3000" in inherited(f"{text}set interfaces apply-groups [ g3000 g2000 ]")
    assert f"{PORT}mtu 2000" in inherited(f"{text}{PORT}apply-groups g2000\nset interfaces apply-groups g3000")
    assert f"{PORT}mtu 4000" in inherited(f"{text}{PORT}apply-groups g2000\n{PORT}mtu 4000")


def test_of_a_set_all_values_are_inherited() -> None:
    members = "unit 0 family ethernet-switching vlan members"
    text = f"set groups g interfaces <*> {members} [ a1 b2 ]\nset apply-groups g\n{PORT}{members} [ b2 c3 ]"
    assert inherited(text) == [f"{PORT}{members} {name}" for name in ("b2", "c3", "a1")]
    servers = "set groups g system name-server 10.0.0.100\nset apply-groups g\nset system name-server 10.0.0.1"
    assert inherited(servers) == ["set system name-server 10.0.0.1", "set system name-server 10.0.0.100"]


def test_a_choice_that_is_made_keeps_the_groups_out() -> None:
    text = "set apply-groups LAG\nset interfaces ae0 aggregated-ether-options lacp passive"
    seen = inherited(UPLINKS + text)
    assert "set interfaces ae0 aggregated-ether-options lacp passive" in seen
    assert "set interfaces ae0 aggregated-ether-options lacp active" not in seen


def test_apply_groups_except_keeps_a_group_of_outside_out_here_and_below() -> None:
    text = f"{UPLINKS}set apply-groups LAG\nset interfaces ae0 unit 0\nset interfaces ae1 unit 0\n"
    seen = inherited(text + "set interfaces ae1 apply-groups-except LAG")
    assert "set interfaces ae1 unit 0" in seen and "set interfaces ae0 mtu 9216" in seen
    assert not [line for line in seen if line.startswith("set interfaces ae1") and "mtu" in line]


def test_a_group_can_apply_another_one() -> None:
    text = (
        "set groups inner interfaces <*> mtu 9000\n"
        "set groups outer interfaces <ge-*> apply-groups inner\n"
        "set groups outer interfaces <ge-*> description given\n"
        f"set apply-groups outer\n{PORT}unit 0\nset interfaces ae0 unit 0"
    )
    assert inherited(text) == [
        *(f"{PORT}description given", f"{PORT}mtu 9000", f"{PORT}unit 0", "set interfaces ae0 unit 0")
    ]
    assert f"{PORT}mtu 9000" in inherited(text + "\nset groups inner apply-groups outer")
    described = [f"{PORT}description given", f"{PORT}unit 0", "set interfaces ae0 unit 0"]
    assert inherited(f"{text}\n{PORT}apply-groups-except inner") == described
    assert inherited(f"{text}\n{PORT}apply-groups-except outer") == described[1:]


def test_within_a_group_the_first_entry_that_matches_is_used() -> None:
    entries = ["<ge-0/0/1>", "<ge-*>"]
    for first, second in (entries, entries[::-1]):
        text = f"set groups g interfaces {first} mtu 1000\nset groups g interfaces {second} mtu 2000\n"
        assert f"{PORT}mtu 1000" in inherited(f"{text}set apply-groups g\n{PORT}unit 0")


def test_each_statement_names_the_group_that_gave_it() -> None:
    text = f"{UPLINKS}set apply-groups LAG\nset interfaces ae0 description own"
    found = view(tree(text), NEW, 1)
    ae = found.root.find("interfaces", "interface", "ae0")
    assert ae is not None
    own, given = ae.child("description"), ae.child("mtu")
    assert own is not None and given is not None
    assert (found.group(ae), found.group(own), found.group(given)) == ("", "", "LAG")


def test_the_group_of_the_other_routing_engine_gives_nothing() -> None:
    text = "".join(f"set groups re{slot} system host-name h{slot}\n" for slot in (0, 1))
    for listed in ("re0 re1", "re1 re0", "re0"):
        assert inherited(text + f"set apply-groups [ {listed} ]") == ["set system host-name h0"]
    assert inherited("set apply-groups [ re0 re1 ]") == []


def test_the_candidate_with_an_undefined_group_is_refused() -> None:
    text = f"set groups known system host-name h\nset apply-groups known\n{PORT}apply-groups gone"
    reports = rules.check(tree(text), NEW, 1, "x")
    assert [(each.message, each.path, each.bad) for each in reports[:1]] == [
        ("SIM TEXT: group gone is not defined", "[edit interfaces ge-0/0/1]", "apply-groups gone")
    ]
    assert reports[-1].message == "configuration check-out failed"
    assert rules.check(tree(text.replace("gone", "known")), NEW, 1, "x") == []


def test_a_range_gets_what_groups_say_of_it_and_its_members_what_they_say_of_interfaces() -> None:
    text = (
        "set groups global interfaces <*> hold-time up 10\nset groups global interfaces <*> hold-time down 0\n"
        "set groups global interfaces interface-range <desk*> speed 100m\nset apply-groups global\n"
        "set interfaces interface-range desks member ge-0/0/1\nset interfaces interface-range desks mtu 256"
    )
    assert inherited(text) == [
        f"{PORT}{rest}" for rest in ("speed 100m", "mtu 256", "hold-time up 10", "hold-time down 0")
    ]
    found = view(tree(text), NEW, 1)
    speed = found.root.find("interfaces", "interface", "ge-0/0/1", "speed")
    assert speed is not None and found.group(speed) == "global"


def test_a_range_can_apply_a_group_and_a_group_can_define_a_range() -> None:
    ranged = "set groups g interfaces <*> mtu 9000\nset interfaces interface-range r member ge-0/0/1\n"
    assert inherited(f"{ranged}set interfaces interface-range r apply-groups g") == [f"{PORT}mtu 9000"]
    of = "set groups g interfaces interface-range r "
    assert inherited(f"{of}member ge-0/0/1\n{of}mtu 9000\nset apply-groups g") == [f"{PORT}mtu 9000"]


def test_what_a_group_gives_to_a_member_is_checked_at_commit() -> None:
    text = f"{PORT}ether-options 802.3ad ae0\nset groups g interfaces <ge-*> mtu 9000\nset apply-groups g"
    assert rules.check(tree(text), NEW, 1, "x")[0].message == "Setting mtu on ae child device is not allowed"
    assert rules.check(tree(f"{text}\n{PORT}apply-groups-except g"), NEW, 1, "x") == []


def test_an_inactive_statement_is_shown_only_where_nothing_is_in_force_instead() -> None:
    text = f"{PORT}mtu 1000\n{PORT}description x\ndeactivate interfaces ge-0/0/1 mtu\n"
    assert inherited(text)[-1] == "deactivate interfaces ge-0/0/1 mtu"
    given = f"{text}set groups g interfaces <*> mtu 9000\nset apply-groups g"
    assert inherited(given) == [f"{PORT}description x", f"{PORT}mtu 9000"]
    assert inherited(f"{given}\ndeactivate apply-groups") == inherited(text)
    node = effective(tree(text), NEW, 1).find("interfaces", "interface", "ge-0/0/1")
    assert node is not None and not node.has("mtu")


def test_a_pattern_alone_makes_nothing_concrete() -> None:
    made = tree("set groups g interfaces <*> mtu 9000\nset groups g vlans v9 vlan-id 9")
    group = made.find("groups", "g")
    assert group is not None
    assert [groups.concrete(child) for child in group.ordered()] == [False, True]
