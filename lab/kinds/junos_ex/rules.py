# SPDX-License-Identifier: GPL-3.0-or-later
"""Commit check: what the daemons of the switch refuse, in their words. Juniper's stated constraints are in must.txt.

A rule gives the errors it finds. A text that begins with `SIM TEXT` is this simulator's own: it is known that the
device refuses the case (or not known that it accepts it), but not in which words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from . import groups, must
from .errors import SIM, Report
from .inherited import effective
from .models import Model
from .tree import Node, active, edit_path
from .values import PORT

Rule = Callable[["Candidate"], Iterator[Report]]
TRUNK_NEEDS_MEMBERS = (
    "For trunk interface, please ensure either vlan members is configured or inner-vlan-id-list is configured"
)
SPANNING_TREES = ("rstp", "mstp", "stp")


@dataclass
class Candidate:
    """The configuration under check: what is in force, interface-ranges and groups put in."""

    root: Node
    model: Model
    fpcs: int

    @property
    def els(self) -> bool:
        """Tell the switch's style."""
        return self.model.style == "els"

    @cached_property
    def interfaces(self) -> list[Node]:
        """Give all interfaces."""
        node = self.root.child("interfaces")
        return node.entries("interface") if node is not None else []

    @cached_property
    def vlans(self) -> list[Node]:
        """Give all VLANs."""
        node = self.root.child("vlans")
        return node.entries("vlan") if node is not None else []

    @cached_property
    def members(self) -> Counter[str]:
        """Give how many members each bundle has."""
        return Counter(filter(None, map(bundle_of, self.interfaces)))

    def switching(self) -> Iterator[tuple[Node, Node, Node]]:
        """Give interface, unit and `family ethernet-switching` wherever it is configured."""
        for interface in self.interfaces:
            for unit in interface.entries("unit"):
                family = unit.find("family", "ethernet-switching")
                if family is not None:
                    yield interface, unit, family


def bundle_of(interface: Node) -> str:
    """Give the ae that an interface is a member of, or nothing.

    Where a model has no gigether-options, they are refused (`options_of_the_kind`), so they can count everywhere.
    """
    names = (f"{kind}ether-options" for kind in ("", "gig"))
    return next(filter(None, (interface.text(name, "ieee-802.3ad", "bundle") for name in names)), "")


def check(root: Node, model: Model, fpcs: int, words: str) -> list[Report]:
    """Give what the switch answers to a commit (check) of `root`: nothing, or errors and the closing line `words`."""
    reports = list(groups.undefined(active(root)))
    if reports:
        return [*reports, Report("configuration check-out failed")]
    candidate = Candidate(effective(root, model, fpcs), model, fpcs)
    reports = must.check(candidate.root)
    if reports:
        return [*reports, Report(f"{words}: (statements constraint check failed)")]
    reports = [report for rule in RULES for report in rule(candidate)]
    return [*reports, Report("configuration check-out failed")] if reports else []


def minimum_links(candidate: Candidate) -> Iterator[Report]:
    """Refuse a bundle with fewer members than its minimum-links (facts, section 5: an 18.4R1 reply)."""
    for interface in candidate.interfaces:
        wanted = interface.text("aggregated-ether-options", "minimum-links")
        count = candidate.members[interface.key]
        if wanted and count < int(wanted):
            text = (
                f"Number of member links configured, i.e [{count}], for interface [{interface.key}]is lesser "
                f"than the required minimum [{wanted}]."
            )
            yield Report(text, path=edit_path(interface), bad="aggregated-ether-options", daemon="dcd")


def unit_zero(candidate: Candidate) -> Iterator[Report]:
    """Refuse units other than 0 on untagged ports and bundles (facts, section 5: PyEZ's own tests)."""
    for interface in candidate.interfaces:
        tagged = any(interface.has(f"{word}vlan-tagging") for word in ("", "flexible-", "stacked-"))
        if not (PORT.fullmatch(interface.key) or interface.key.startswith("ae")) or tagged:
            continue
        for unit in interface.entries("unit"):
            if unit.key != "0":
                words = "Only unit 0 is valid for this encapsulation"
                yield Report(words, path=edit_path(interface), bad=f"unit {unit.key}", daemon="dcd")


def member_without_unit(candidate: Candidate) -> Iterator[Report]:
    """Refuse a member that still has logical units (facts, section 4: refused; the words were not found)."""
    for interface in candidate.interfaces:
        for unit in interface.entries("unit") if bundle_of(interface) else []:
            words = f"{SIM}member link {interface.key} of {bundle_of(interface)} must have no logical unit"
            yield Report(words, path=edit_path(interface), bad=f"unit {unit.key}", daemon="dcd")


def members_per_bundle(candidate: Candidate) -> Iterator[Report]:
    """Refuse more members than the model can have in one bundle (facts, section 3)."""
    for name, count in candidate.members.items():
        if count > candidate.model.members_per_lag:
            words = f"{SIM}{name} has {count} member links, this model has at most {candidate.model.members_per_lag}"
            yield Report(words, path="[edit interfaces]", bad=name, daemon="dcd")


def options_of_the_kind(candidate: Candidate) -> Iterator[Report]:
    """Refuse bundle options on a port, port options on a bundle, and gigether-options alone (overlay of the YANG)."""
    for interface in candidate.interfaces:
        wrong = "ether-options" if interface.key.startswith("ae") else "aggregated-ether-options"
        for name in (wrong, "gigether-options"):
            if interface.has(name) and not (name != wrong and candidate.model.gigether):
                words = f"{SIM}{name} cannot be configured on {interface.key}"
                yield Report(words, path=edit_path(interface), bad=name, daemon="dcd")


def _vlan_numbers(candidate: Candidate) -> tuple[set[str], set[int]]:
    """Give the names and the tags of all VLANs that are defined (`default` always is)."""
    names, tags = {"default"}, {1}
    for vlan in candidate.vlans:
        names.add(vlan.key)
        listed = vlan.find("vlan-id-list")
        words = [vlan.text("vlan-id"), vlan.text("vlan-range"), *(listed.values if listed is not None else [])]
        for word in words:
            low, _, high = word.partition("-")
            if low.isdigit():
                tags.update(range(int(low), int(high or low) + 1))
    return names, tags


def _unknown(member: str, names: set[str], tags: set[int]) -> list[str]:
    """Give what of a `members` value is no VLAN: a name, a tag or some tags of a range."""
    if member in names or member == "all":
        return []
    low, _, high = member.partition("-")
    if low.isdigit() and (high or low).isdigit():
        return [str(tag) for tag in range(int(low), int(high or low) + 1) if tag not in tags]
    return [member]


def known_vlans(candidate: Candidate) -> Iterator[Report]:
    """Refuse members and native VLANs that are not defined (facts, section 5: a 12.3R3 reply, fake-switches)."""
    names, tags = _vlan_numbers(candidate)
    for interface, unit, family in candidate.switching():
        members = family.find("vlan", "members")
        used = [*(members.values if members is not None else [])]
        used += [word for word in [family.text("native-vlan-id"), interface.text("native-vlan-id")] if word]
        for wrong in [wrong for word in used for wrong in _unknown(word, names, tags)][:1]:
            words = f"No vlan matches vlan tag {wrong} for interface {interface.key}.{unit.key}"
            yield Report(words, daemon="l2ald" if candidate.els else "eswd")


def access_has_one_vlan(candidate: Candidate) -> Iterator[Report]:
    """Refuse two VLANs on an access port (junipernetworks.junos#452: the commit fails; the words are not known)."""
    for interface, unit, family in candidate.switching():
        mode = family.text("interface-mode") or family.text("port-mode") or "access"
        members = family.find("vlan", "members")
        if mode == "access" and members is not None and len(members.values) > 1:
            words = f"{SIM}access interface {interface.key}.{unit.key} has more than one vlan"
            yield Report(words, path=edit_path(family), bad="vlan", daemon="l2ald" if candidate.els else "eswd")


def els_trunk_has_members(candidate: Candidate) -> Iterator[Report]:
    """Refuse an ELS trunk without VLANs (facts, section 1; without ELS it commits)."""
    for _, unit, family in candidate.switching() if candidate.els else []:
        if family.text("interface-mode") == "trunk" and not family.has("vlan", "members"):
            yield Report(TRUNK_NEEDS_MEMBERS, path=f"{edit_path(unit)[:-1]} family]", bad="ethernet-switching")


def els_interface_under_vlans(candidate: Candidate) -> Iterator[Report]:
    """Refuse `vlans V interface X` for a port with interface-mode (facts, section 4: a must of ELS)."""
    moded = {
        f"{interface.key}.{unit.key}"
        for interface, unit, family in candidate.switching()
        if family.has("interface-mode")
    }
    for vlan in candidate.vlans if candidate.els else []:
        for entry in vlan.entries("interface"):
            if entry.key in moded or f"{entry.key}.0" in moded:
                words = "Interface with 'interface-mode' config is not allowed under vlans"
                yield Report(words, path=edit_path(vlan), bad=f"interface {entry.key}")


def spanning_tree_ports(candidate: Candidate) -> Iterator[Report]:
    """Refuse, without ELS, spanning tree on a port that does not switch (facts, section 4: fake-switches)."""
    switching = {f"{interface.key}.{unit.key}" for interface, unit, _ in candidate.switching()}
    for protocol in SPANNING_TREES if not candidate.els else ():
        node = candidate.root.find("protocols", protocol)
        for entry in node.entries("interface") if node is not None else []:
            name = entry.key if "." in entry.key else f"{entry.key}.0"
            if entry.key != "all" and name not in switching and not entry.has("disable"):
                yield Report(f"XSTP : Interface {name} is not enabled for Ethernet Switching", daemon="eswd")


def vlan_tags_are_unique(candidate: Candidate) -> Iterator[Report]:
    """Refuse one tag at two VLANs (the words are not known)."""
    seen: dict[str, str] = {}
    for vlan in candidate.vlans:
        tag = vlan.text("vlan-id")
        if tag in seen and tag not in ("", "none", "all"):
            words = f"{SIM}vlan-id {tag} is used by {seen[tag]} and {vlan.key}"
            yield Report(words, path=edit_path(vlan), bad=f"vlan-id {tag}")
        seen[tag] = vlan.key


RULES: tuple[Rule, ...] = (
    minimum_links,
    unit_zero,
    member_without_unit,
    members_per_bundle,
    options_of_the_kind,
    known_vlans,
    access_has_one_vlan,
    els_trunk_has_members,
    els_interface_under_vlans,
    spanning_tree_ports,
    vlan_tags_are_unique,
)
