# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves by random configurations what holds of every inherited view, whatever ranges and groups say."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from kinds.junos_ex import schema, setform
from kinds.junos_ex.inherited import effective, shown, view
from kinds.junos_ex.models import MODELS, Model
from kinds.junos_ex.tree import Node, active, equal

PORTS = ["ge-0/0/1", "ge-1/0/0"]
PLACES = [*PORTS, "<*>", "<ge-1*>", "<ge-0/0/[1-1]>", "interface-range zz"]
MEMBERS = ["member ge-0/0/1", "member ge-0/0/[1-2]", "member-range ge-0/0/47 to ge-1/0/0", "member ge-[0-1]/0/1"]
SAYS = [
    *("mtu 9000", "mtu 9100", "aggregated-ether-options lacp active", "aggregated-ether-options lacp passive"),
    "unit 0 family ethernet-switching vlan members v10",
    "unit 0 family ethernet-switching vlan members v20",
    "unit 0 family ethernet-switching interface-mode trunk",
]


def said(where: str, names: list[str], what: list[str]) -> st.SearchStrategy[list[str]]:
    """Draw some `set` commands."""
    line = st.builds(f"set {where} {{}} {{}}".format, st.sampled_from(names), st.sampled_from(what))
    return st.lists(line, min_size=1, max_size=6)


OWN = said("interfaces", PORTS, [*SAYS, "apply-groups g1", "apply-groups g2", "apply-groups-except g1"])
RANGES = said("interfaces interface-range", ["zz", "aa"], [*MEMBERS, *MEMBERS, *SAYS, "apply-groups g2"])
GROUPS = [said(f"groups {name} interfaces", PLACES, [*SAYS, "apply-groups g2"]) for name in ("g1", "g2")]
TOP = st.lists(st.sampled_from(["set apply-groups g1", "set apply-groups g2", "set interfaces apply-groups g2"]))
INACTIVE = st.builds("deactivate interfaces {}{}".format, st.sampled_from(PORTS), st.sampled_from(["", " mtu"]))
ABOUT = ("groups", "apply-groups", "apply-groups-except", "interface-range")
TEXTS = st.tuples(OWN, RANGES, *GROUPS, TOP, st.lists(INACTIVE, max_size=1)).map(
    lambda parts: [line for part in parts for line in part]
)
MODEL = st.sampled_from([MODELS["ex4300-48t"], MODELS["ex4300-24t"]])


def load(lines: list[str]) -> Node:
    """Make a configuration; what is not there is not deactivated."""
    made = Node(schema.load("els"))
    there = "".join(f"{line} " for line in lines)
    for line in lines:
        words = line.partition(" ")[2]
        if not line.startswith("deactivate") or f"set {words} " in there:
            setform.load(made, line)
    return made


def statements(root: Node) -> dict[tuple[str, ...], list[str]]:
    """Give the values of all statements that are not about inheritance, by their words."""
    found = {(*node.words(), node.schema.name): node.values or [node.value] for node in root.walk()}
    return {path: values for path, values in found.items() if not set(ABOUT) & set(path)}


@settings(max_examples=150)
@given(lines=TEXTS, model=MODEL)
def test_what_is_shown_written_out_inherits_nothing_more(lines: list[str], model: Model) -> None:
    seen = shown(load(lines), model, 2).root
    back = load(setform.lines(seen))
    assert equal(shown(back, model, 2).root, seen)
    assert not [node for node in seen.walk() if node.schema.name in ABOUT]


@settings(max_examples=150)
@given(lines=TEXTS, model=MODEL)
def test_what_is_written_and_active_is_always_in_force(lines: list[str], model: Model) -> None:
    written = load(lines)
    force = statements(effective(written, model, 2))
    own = statements(active(written))
    assert {path: force.get(path, [])[: len(values)] for path, values in own.items()} == own


@settings(max_examples=150)
@given(lines=TEXTS, model=MODEL)
def test_a_mark_names_a_group_that_is_applied_and_says_just_that(lines: list[str], model: Model) -> None:
    written = load(lines)
    found = view(written, model, 2)
    applied = {value for node in written.walk() if node.schema.name == "apply-groups" for value in node.values}
    for node in found.root.walk():
        for value in node.values or [""]:
            group = found.group(node, value)
            text = written.find("groups", group) if group else None
            words = [each for each in text.walk() if each.schema.name == node.schema.name] if text is not None else []
            assert not group or (group in applied and any(value in (each.values or [""]) for each in words))
