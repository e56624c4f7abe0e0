# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Junos configuration says once ranges and groups are expanded: the judge of the tests in this folder.

Written from Juniper's pages alone, each rule with its page; it shares nothing with the product or the simulator. Pages:

RANGES   "Interface Ranges for Physical Interfaces" (interfaces-fundamentals, interfaces-interface-ranges-multi-task)
SWITCHES "Interface Ranges", Understanding Interface Ranges for Switches (interfaces-ethernet-switches,
         switches-interface-range)
GROUPS   "Use Configuration Groups to Quickly Configure Devices" (cli, configuration-groups-usage)
APPLY    statement apply-groups, EXCEPT statement apply-groups-except (13.2)
SETS     "Configuring Sets of Statements with Configuration Groups" (13.1)
WILD     "Using Wildcards with Configuration Groups" (13.1)
REGIONAL "Establishing Regional Configurations" (12.2)

What no page says raises UnclearError: a range within a group, apply-groups within a range or within a group, a wildcard
that meets what another group makes.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from itertools import product
from typing import Literal
from xml.etree.ElementTree import Element, SubElement

Precedence = Literal["override", "append"]
"""Before 14.1X53-D15 what the interface says overrides its range; from it on, the range's is appended (SWITCHES)."""

SETS = frozenset({"members", "apply-groups", "apply-groups-except"})
EITHER = ({"active", "passive"}, {"flow-control", "no-flow-control"}, {"auto-negotiation", "no-auto-negotiation"})
"""Statements of which one excludes the other, so that one that is inherited does not come beside one that is said."""
PORT = re.compile(r"([a-z]+)-(\d+)/(\d+)/(\d+)(?::(\d+))?")
REFERRING = ("protocols", "vlans", "ethernet-switching-options", "switch-options", "poe")
"""Where the name of a range may stand for its interfaces."""


class UnclearError(Exception):
    """No page of Juniper's says what comes of it."""


# -- what lies inactive ------------------------------------------------------------------------------------------------


def active(configuration: Element) -> Element:
    """Return a copy without what is inactive: Junos acts as if it were not there."""
    found = copy.deepcopy(configuration)
    for node in list(found.iter()):
        for child in [child for child in node if child.get("inactive")]:
            node.remove(child)
    return found


# -- ranges ------------------------------------------------------------------------------------------------------------


def port_order(name: str) -> tuple[str, int, int, int, int]:
    """Return where a port stands: a member-range runs over ports, PICs and FPCs (RANGES, et-1/0/0 to et-4/0/40)."""
    found = PORT.fullmatch(name)
    if found is None:
        raise UnclearError(f"{name} is not the name of a port")
    kind, *numbers = found.groups()
    fpc, pic, port, channel = (-1 if number is None else int(number) for number in numbers)
    return kind, fpc, pic, port, channel


def expand_member(text: str) -> list[str]:
    """Return the ports of a `member`: `*` is 0 to 47, `[low-high]` and `[n1,n2]` are numbers (RANGES)."""
    kind, _dash, rest = text.partition("-")
    return [f"{kind}-{'/'.join(numbers)}" for numbers in product(*(_numbers(part) for part in rest.split("/")))]


def _numbers(part: str) -> list[str]:
    if part == "*":
        return [str(number) for number in range(48)]
    if not part.startswith("["):
        return [part]
    found: list[str] = []
    for piece in part.strip("[]").split(","):
        low, _dash, high = piece.strip().partition("-")
        found += [str(number) for number in range(int(low), int(high or low) + 1)]
    return found


def ports_of(stanza: Element, known: Iterable[str]) -> list[str]:
    """Return the ports of a range; of a member-range those of `known` that lie in it."""
    found = {port: None for member in stanza.findall("member") for port in expand_member(member.findtext("name") or "")}
    for piece in stanza.findall("member-range"):
        low, high = port_order(piece.findtext("name") or ""), port_order(piece.findtext("end-range") or "")
        inside = [port for port in known if PORT.fullmatch(port) and low <= port_order(port) <= high]
        found.update(dict.fromkeys(port for port in sorted(inside, key=port_order) if port_order(port)[0] == low[0]))
    return list(found)


def _expand_ranges(root: Element, precedence: Precedence, known: Sequence[str]) -> None:
    """Write what ranges give into the stanzas of their interfaces, which are made where there are none (RANGES).

    An interface in several ranges inherits from all of them, first come first (RANGES, inheritance priorities).
    """
    interfaces = root.find("interfaces")
    if interfaces is None:
        return
    for stanza in interfaces.findall("interface-range"):
        if stanza.find("apply-groups") is not None or stanza.find("apply-groups-except") is not None:
            raise UnclearError("apply-groups within an interface-range")
        ports = ports_of(stanza, known)
        for port in ports:
            target = _entry(interfaces, "interface", port)
            _take_over(target, stanza, precedence, leave_out=("name", "member", "member-range"))
        for top in REFERRING:
            for node in root.findall(top):
                _expand_references(node, stanza.findtext("name") or "", ports)
        interfaces.remove(stanza)


def _expand_references(node: Element, name: str, ports: Iterable[str]) -> None:
    """Write an `interface RANGE` out for each of its interfaces; what one of them says itself goes before (RANGES)."""
    for child in list(node):
        _expand_references(child, name, ports)
        if child.tag == "interface" and child.findtext("name") == name:
            node.remove(child)
            for port in ports:
                same = [other for other in node.findall("interface") if other.findtext("name") in (port, f"{port}.0")]
                target = same[0] if same else _entry(node, "interface", port)
                _take_over(target, child, "override", leave_out=("name",))


def _entry(node: Element, tag: str, key: str) -> Element:
    for child in node.findall(tag):
        if child.findtext("name") == key:
            return child
    made = SubElement(node, tag)
    SubElement(made, "name").text = key
    return made


def _take_over(target: Element, source: Element, precedence: Precedence, leave_out: Sequence[str] = ()) -> None:
    """Write what `source` says into `target`, which goes before it."""
    said = {child.tag for child in target}
    for child in source:
        if child.tag in leave_out or _excluded(child.tag, said):
            continue
        if child.tag in SETS:
            if precedence == "append" or child.tag not in said:
                _add(target, child)
        elif (same := _same(target, child)) is None:
            target.append(copy.deepcopy(child))
        elif len(child):
            _take_over(same, child, precedence, leave_out=("name",))


def _excluded(tag: str, said: Iterable[str]) -> bool:
    return any(tag in choice and (choice - {tag}) & set(said) for choice in EITHER)


def _add(target: Element, value: Element) -> None:
    if value.text not in [child.text for child in target.findall(value.tag)]:
        SubElement(target, value.tag).text = value.text


def _same(target: Element, child: Element) -> Element | None:
    key = child.findtext("name")
    return next((other for other in target.findall(child.tag) if other.findtext("name") == key), None)


# -- groups ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Source:
    """A group where it meets a place of the configuration: the parts of it that lie at this place."""

    group: str
    parts: tuple[Element, ...]

    def below(self, child: Element) -> Source:
        """Return what of it lies at a child, by its name or a wildcard in angle brackets (WILD); exact names first."""
        met = [part for whole in self.parts for part in whole.findall(child.tag) if _meets(part, child)]
        met.sort(key=lambda part: (part.findtext("name") or "").startswith("<"))
        return replace(self, parts=tuple(met))


def _meets(part: Element, child: Element) -> bool:
    pattern, name = part.findtext("name"), child.findtext("name")
    if pattern is None or name is None:
        return pattern == name
    return fnmatchcase(name, pattern[1:-1]) if pattern.startswith("<") else pattern == name


def _expand_groups(root: Element) -> None:
    """Write what groups give where they are applied, and take away what says so."""
    groups = {group.findtext("name") or "": group for group in root.findall("groups")}
    for name, group in groups.items():
        inner = {"apply-groups", "apply-groups-except", "interface-range"} & {node.tag for node in group.iter()}
        if inner:
            raise UnclearError(f"{sorted(inner)} within group {name}")
    for node in root.findall("groups"):
        root.remove(node)
    whole = {name: Source(name, (group,)) for name, group in groups.items()}
    _inherit(root, whole, [])


def _inherit(node: Element, here: dict[str, Source], outer: Sequence[Source]) -> None:
    """Give a place what its groups say of it. `here` is where each group stands there, `outer` those applied above.

    The first of the groups goes first (APPLY), the groups of an inner apply-groups before those of an outer one
    (REGIONAL), and what the place says itself before all (GROUPS). apply-groups-except takes groups away from here on
    (EXCEPT).
    """
    without = {child.text for child in node.findall("apply-groups-except")}
    named = [child.text or "" for child in node.findall("apply-groups")]
    for child in [*node.findall("apply-groups"), *node.findall("apply-groups-except")]:
        node.remove(child)
    missing = [name for name in named if name not in here]
    assert not missing, f"groups that are not there: {missing}"
    applied = [here[name] for name in named]
    applied += [source for source in outer if source.group not in {*without, *named}]
    existing = list(node)
    for source in applied:
        for part in source.parts:
            _receive(node, part)
    for child in node:
        below = [source.below(child) for source in applied] if child in existing else _literal(applied, child)
        _inherit(child, {name: source.below(child) for name, source in here.items()}, below)


def _literal(applied: Iterable[Source], child: Element) -> list[Source]:
    """Return what lies at an entry that a group made.

    Wildcards provide data for existing statements (WILD); whether one that a group makes is among them no page says.
    """
    found = [source.below(child) for source in applied]
    if any((part.findtext("name") or "").startswith("<") for source in found for part in source.parts):
        raise UnclearError(f"a wildcard meets {child.findtext('name')}, which a group makes")
    return found


def _receive(node: Element, part: Element) -> None:
    """Take what a group has for this place: each value of a set (SETS), a statement only where none is."""
    said = {child.tag for child in node}
    for child in part:
        key = child.findtext("name")
        if child.tag == "name" or (key or "").startswith("<") or _excluded(child.tag, said):
            continue
        if child.tag in SETS:
            _add(node, child)
        elif _same(node, child) is None:
            made = SubElement(node, child.tag)
            made.text = child.text if not len(child) else None
            if key is not None:
                SubElement(made, "name").text = key


# -- the whole ---------------------------------------------------------------------------------------------------------


def expand(configuration: Element, precedence: Precedence, known: Iterable[str] = ()) -> Element:
    """Return the configuration that takes effect.

    Ranges come before groups: their interfaces are put in first, and inherit groups like any other (RANGES).
    `known` are the ports that the switch has; where they are not given, each FPC and PIC that is named has 48.
    """
    root = active(configuration)
    _expand_ranges(root, precedence, sorted({*(known or _assumed(root))}, key=port_order))
    _expand_groups(root)
    return root


def _assumed(root: Element) -> Iterator[str]:
    """Yield the ports that are named, and all 48 of the PICs on which they lie."""
    texts = [node.text for node in root.iter() if node.tag in ("name", "end-range") and node.text]
    ends = [text.removesuffix(".0") for text in texts if PORT.fullmatch(text.removesuffix(".0"))]
    fpcs = [int(port_order(end)[1]) for end in ends]
    for end in ends:
        kind, _fpc, pic, _port, channel = port_order(end)
        yield end
        if channel < 0:
            yield from (f"{kind}-{fpc}/{pic}/{n}" for fpc in range(max(fpcs, default=0) + 1) for n in range(48))


def statements(expanded: Element) -> frozenset[str]:
    """Return an expanded configuration as lines without `set`, to compare it; stanzas of ports without content go."""
    return frozenset(line for line in _lines(expanded, ()) if not re.fullmatch(r"interfaces \S+", line))


FOLDERS = frozenset({"ether-options", "family", "hold-time", "ieee-802.3ad", "vlan"})
"""Containers that say nothing when they are empty, as what lies inactive in them leaves them."""
SPOKEN = {("interfaces", "interface"), ("vlans", "vlan")}


def _lines(node: Element, above: tuple[str, ...]) -> Iterator[str]:
    for child in node:
        if child.tag == "name":
            continue
        key = child.findtext("name")
        tags = (
            ()
            if (*above, child.tag) in SPOKEN or child.tag in ("bundle", "profile-name")
            else (child.tag.removeprefix("ieee-"),)
        )
        value = key if key is not None else (child.text or "").strip() if not len(child) else ""
        if key is not None and above and child.tag == "interface":
            value = key.removesuffix(".0") if above[0] != "interfaces" else key
        here = (*above, *tags, *([value] if value else []))
        inner = [other for other in child if other.tag != "name"]
        if inner or value or child.tag not in FOLDERS:
            yield from _lines(child, here) if inner else [" ".join(here)]


def effective(configuration: Element, precedence: Precedence, known: Iterable[str] = ()) -> frozenset[str]:
    """Return what takes effect of a configuration, as lines."""
    return statements(expand(configuration, precedence, known))
