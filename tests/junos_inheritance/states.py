# SPDX-License-Identifier: GPL-3.0-or-later
"""States of a switch drawn from ranges, groups and inactive parts, and partial declarations of something in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from .configurations import Style
from .expander import ports_of
from .reader import from_set

VLANS = {"v10": 10, "v20": 20, "v30": 30, "v40": 40}
SWITCHED = [f"ge-0/0/{n}" for n in (0, 1, 2, 3, 5, 22, 23)] + [f"ge-1/0/{n}" for n in (0, 1, 2)]
LINKS = [f"ge-0/0/{n}" for n in (10, 11, 12, 13)]
"""Ports that are member links or free: what is drawn for switched ports does not fit them."""
HELD_SWITCHED = [
    *(f"member {port}" for port in SWITCHED),
    *(
        'member "ge-0/0/[0-1]"',
        'member "ge-0/0/[2,5]"',
        "member-range ge-0/0/0 to ge-0/0/3",
        "member-range ge-0/0/2 to ge-0/0/5",
    ),
    *("member-range ge-0/0/22 to ge-1/0/1", "member-range ge-1/0/1 to ge-1/0/3", 'member "ge-[0-1]/0/[0-1]"'),
]
HELD_LINKS = [
    *(f"member {port}" for port in LINKS),
    *("member-range ge-0/0/10 to ge-0/0/11", "member-range ge-0/0/11 to ge-0/0/13", 'member "ge-0/0/[12-13]"'),
]
PHYSICAL = ["mtu 1600", "mtu 9216", "description one", "hold-time up 100", "ether-options flow-control", "disable"]
HARMLESS = ["hold-time up 200", "gratuitous-arp-reply", "traps", "description two"]
EDGES = ["edge", "cost 100", "priority 32"]
PATTERNS = ["<ge-0/0/[0-9]>", "<ge-1/*>", "<ge-0/0/2?>", "<*-1/0/[01]>"]
AGGREGATED = ["lacp active", "lacp passive", "lacp periodic fast", "lacp periodic slow", "link-speed 1g"]


@dataclass(frozen=True)
class State:
    """What a switch has."""

    style: Style
    lines: tuple[str, ...]


def some(values, least=0, most=3):
    return st.lists(st.sampled_from(values), min_size=least, max_size=most, unique=True)


def _layer2(draw, style: Style) -> list[str]:
    family = "unit 0 family ethernet-switching"
    word = "interface-mode" if style == "els" else "port-mode"
    if draw(st.booleans()):
        return [f"{family} {word} access", *(f"{family} vlan members {name}" for name in draw(some(list(VLANS), 0, 1)))]
    native = f"native-vlan-id {VLANS['v30']}" if style == "els" else f"{family} native-vlan-id v30"
    carried = [f"{family} vlan members {name}" for name in draw(some(list(VLANS), 1, 3))]
    return [f"{family} {word} trunk", *carried, *([native] if draw(st.integers(0, 3)) == 0 else [])]


def _switched(draw, style: Style) -> list[str]:
    """Return what a switched port, or a range or group for some, says."""
    kind = draw(st.sampled_from(["layer 2", "physical", "both"]))
    found = _layer2(draw, style) if kind != "physical" else []
    return found + (draw(some(PHYSICAL, 1, 3)) if kind != "layer 2" else [])


def _ranges(draw, style: Style) -> list[str]:
    found: list[str] = []
    for name in [f"r{number}" for number in range(draw(st.integers(0, 2)))]:
        says = [*draw(some(HELD_SWITCHED, 1, 3)), *_switched(draw, style)]
        found += [f"interfaces interface-range {name} {text}" for text in says]
        found += draw(some(_references(name, style, any("family" in text for text in says)), 1, 2))
    if draw(st.booleans()):
        says = [*draw(some(HELD_LINKS, 1, 2)), f"ether-options 802.3ad ae{draw(st.integers(0, 1))}"]
        found += [f"interfaces interface-range links {text}" for text in [*says, *draw(some(HARMLESS, 0, 1))]]
    return found


def _references(name: str, style: Style, switched: bool) -> list[str]:
    """Return where a range is named: without ELS, spanning tree and VLANs take only what switches."""
    found = [f"protocols lldp interface {name}", f"poe interface {name}"]
    if style == "els" or switched:
        found += [f"protocols rstp interface {name} {text}" for text in EDGES]
    return [*found, f"vlans v40 interface {name}"] if style == "nonels" and switched else found


def _groups(draw, style: Style) -> list[str]:
    found: list[str] = []
    for number in range(draw(st.integers(0, 2))):
        name = f"g{number}"
        kind = draw(st.sampled_from(["ae", "port", "port", "harmless", "vlans", "edge", "links", "unit", "made"]))
        found += [f"groups {name} {text}" for text in _of_group(draw, kind, style)]
        found += _applied(draw, name)
    return found


def _of_group(draw, kind: str, style: Style) -> list[str]:
    if kind == "ae":
        says = [f"aggregated-ether-options {text}" for text in draw(some(AGGREGATED, 1, 2))]
        return [f"interfaces <ae*> {text}" for text in [*says, *draw(some(["mtu 9216", "description g"], 0, 1))]]
    if kind == "port":
        return [f"interfaces {draw(st.sampled_from(PATTERNS))} {text}" for text in _switched(draw, style)]
    if kind == "made":
        return [f"interfaces ge-0/0/9 {text}" for text in _switched(draw, style)]
    others = {
        "harmless": [f"interfaces <ge-*> {text}" for text in draw(some(HARMLESS, 1, 2))],
        "vlans": ["vlans <v[12]*> description g", "vlans v50 vlan-id 50"],
        "edge": [f"protocols rstp interface <ge-*> {text}" for text in draw(some(EDGES, 1, 2))],
        "links": [f"interfaces <ge-0/0/1[01]> ether-options 802.3ad ae{draw(st.integers(0, 1))}"],
        "unit": ["interfaces <*> unit <*> family ethernet-switching vlan members v30"],
    }
    return others[kind]


def _applied(draw, name: str) -> list[str]:
    """Return where a group is applied: above all, above the interfaces, or at some; at one it may be kept away."""
    where = draw(st.sampled_from(["", "", "interfaces ", "objects"]))
    objects = [*SWITCHED, *LINKS[:2], "ae0", "ae1", *(f"{port} unit 0" for port in SWITCHED[:3])]
    if where == "objects":
        return [f"interfaces {each} apply-groups {name}" for each in draw(some(objects, 1, 3))]
    kept = draw(some(objects, 0, 1))
    return [f"{where}apply-groups {name}", *(f"interfaces {each} apply-groups-except {name}" for each in kept)]


def _own(draw, style: Style) -> list[str]:
    found: list[str] = []
    for port in draw(some(SWITCHED, 0, 4)):
        says = _switched(draw, style)
        found += [f"interfaces {port} {text}" for text in says]
        if any("family" in text for text in says) and draw(st.booleans()):
            unit = ".0" if style == "nonels" else ""
            found.append(f"protocols rstp interface {port}{unit} {draw(st.sampled_from(EDGES))}")
    for port in draw(some(LINKS, 0, 2)):
        found.append(f"interfaces {port} ether-options 802.3ad ae{draw(st.integers(0, 1))}")
        found += [f"interfaces {port} {text}" for text in draw(some(HARMLESS, 0, 1))]
    for name in ("ae0", "ae1"):
        says = [f"aggregated-ether-options {text}" for text in draw(some(AGGREGATED, 1, 3))]
        found += [f"interfaces {name} {text}" for text in [*says, *_layer2(draw, style)]]
    return found


def _inactive(draw, lines: list[str]) -> list[str]:
    """Return lines that deactivate leaves, units, stanzas, members of ranges, and groups where they are applied."""
    places: dict[str, None] = {}
    for line in lines:
        words = line.split()
        if words[0] == "interfaces" and words[1] not in ("interface-range", "apply-groups"):
            places |= dict.fromkeys([line, " ".join(words[:2])])
            places |= dict.fromkeys([" ".join(words[:4])] if words[2] == "unit" else [])
        elif "apply-groups" in words or words[3:4] == ["member"] or words[:1] == ["groups"]:
            places[line] = None
    return draw(some(list(places), 0, 3)) if places and draw(st.booleans()) else []


@st.composite
def states(draw, style: Style) -> State:
    """Draw what a switch has."""
    found = [f"vlans {name} vlan-id {number}" for name, number in VLANS.items()]
    found += ["chassis aggregated-devices ethernet device-count 3", "protocols rstp"]
    found += [*_groups(draw, style), *_ranges(draw, style), *_own(draw, style)]
    off = _inactive(draw, found)
    return State(style, (*(f"set {line}" for line in found), *(f"deactivate {line}" for line in off)))


# -- declarations ------------------------------------------------------------------------------------------------------

PORT = st.fixed_dictionaries(
    {},
    optional={
        "description": st.sampled_from(["new", "one"]),
        "payload_mtu": st.sampled_from([1500, 9000]),
        "disabled": st.booleans(),
    },
)
PEER = st.sampled_from(["host", "switch", "external"])
NAMES = st.sampled_from(list(VLANS))
LAYER2 = st.one_of(
    st.just({}),
    st.builds(lambda name, peer: {"mode": "access", "untagged": name, "peer": peer}, NAMES, PEER),
    st.builds(lambda names: {"mode": "trunk", "tagged": names}, st.lists(NAMES, min_size=1, max_size=2, unique=True)),
    st.builds(
        lambda names: {"mode": "trunk", "untagged": "", "tagged": names}, st.lists(NAMES, min_size=1, max_size=2)
    ),
)
BUNDLE = st.fixed_dictionaries(
    {"lacp": st.sampled_from(["active", "passive"])},
    optional={
        "description": st.just("new"),
        "payload_mtu": st.just(9000),
        "periodic": st.sampled_from(["slow", "fast"]),
    },
)
SIZES = st.lists(st.sampled_from([*LINKS, *LINKS, "ge-0/0/3", "ge-1/0/2"]), min_size=1, max_size=3, unique=True)


def _at_stake(state: State) -> list[str]:
    """Return the drawn ports of which something is inherited or inactive, the more often the more of it there is."""
    root = from_set(state.lines)
    found = [port for stanza in root.iterfind("interfaces/interface-range") for port in ports_of(stanza, SWITCHED)]
    found += [line.split()[2] for line in state.lines if line.startswith("deactivate interfaces ")] * 2
    found += [words[2] for words in map(str.split, state.lines) if words[3:4] == ["apply-groups"]]
    return [port for port in found if port in SWITCHED]


@st.composite
def situations(draw, style: Style) -> tuple[State, dict[str, Any]]:
    """Draw what a switch has, and what a task declares of it: a port or two, or a bundle, and in which state."""
    state = draw(states(style))
    how = draw(st.sampled_from(["merged", "merged", "replaced", "replaced", "deleted"]))
    declared: dict[str, dict[str, Any]]
    if draw(st.integers(0, 2)):
        names = draw(some([*SWITCHED, "ge-0/0/9", *_at_stake(state) * 4], 1, 2))
        declared = {"ports": {name: {**draw(PORT), **draw(LAYER2)} for name in names}}
    else:
        name = draw(st.sampled_from(["ae0", "ae1", "ae2"]))
        declared = {"bundles": {name: {**draw(BUNDLE), **draw(LAYER2), "members": draw(SIZES)}}}
    if how == "deleted":
        return state, {"state": how, **{kind: list(named) for kind, named in declared.items()}}
    return state, {"state": how, **declared}
