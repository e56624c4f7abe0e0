# SPDX-License-Identifier: GPL-3.0-or-later
"""The difference between what a switch has and what it shall have, computed from its configuration alone.

Nothing here asks the switch: a `commit check` would confirm a pending confirmed commit of somebody else.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Any

from ..contract.changes import Change
from . import changes, layout, members
from .desire import DEVICE_COUNT, State, wanted
from .emit import to_set, to_xml, words
from .findings import Finding
from .gather import structured
from .model import Declared, Style
from .names import bundle_index, in_order, is_port, physical
from .references import Foreign
from .statements import Config, Operation, Path, difference, entry
from .vlans import table


@dataclass(frozen=True)
class ExpectedBundle:
    """What the verification demands of a bundle."""

    name: str
    members: tuple[str, ...]
    lacp: bool
    minimum_links: int = 1
    disabled: frozenset[str] = frozenset()


@dataclass
class Plan:
    """All that is known before the switch is asked to do anything."""

    before: Config
    after: Config
    style: Style
    operations: list[Operation] = field(default_factory=list)
    foreign: list[Foreign] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    expected: list[ExpectedBundle] = field(default_factory=list)
    disabled: dict[str, frozenset[str]] = field(default_factory=dict)

    @property
    def changed(self) -> bool:
        """Tell whether there is anything to do."""
        return bool(self.operations)

    @property
    def commands(self) -> list[str]:
        """Return the operations in set form."""
        return to_set(self.operations)

    @property
    def xml(self) -> str:
        """Return the operations as one load."""
        return to_xml(self.operations)

    @cached_property
    def direct(self) -> frozenset[str]:
        """Return the interfaces that the operations name."""
        return frozenset(touched_by(self.operations))

    @property
    def touched(self) -> set[str]:
        """Return the interfaces that the operations change by more than a description, bundles with their members."""
        direct = set(self.direct)
        for held in (members.members_by_bundle(self.before), members.members_by_bundle(self.after)):
            for name, ports in held.items():
                if name in direct:
                    direct.update(ports)
                elif direct.intersection(ports):
                    direct.add(name)
        return direct

    def expected_of(self, names: Iterable[str]) -> list[ExpectedBundle]:
        """Return what is demanded of these bundles, in the order of their numbers."""
        held = members.members_by_bundle(self.after)
        found = [expected_bundle(self.after, name, held.get(name, [])) for name in sorted(names, key=in_order)]
        return [replace(bundle, disabled=self.disabled.get(bundle.name, frozenset())) for bundle in found]

    def structures(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return before and after in the shape of the declaration."""
        before = structured(self.before, self.style)
        return before, structured(self.after, self.style) if self.changed else before

    @cached_property
    def changes(self) -> tuple[Change, ...]:
        """Return what changes, as data; a part that was inactive and is activated counts as coming."""
        if not self.operations and self.before.statements.keys() == self.after.statements.keys():
            return ()
        activated = {operation.path for operation in self.operations if operation.verb == "activate"}
        before, after = self.before.active(), Config(self.after.statements, self.after.inactive - activated).active()
        both = structured(before, self.style), structured(after, self.style)
        counts = [_count(config) for config in (before, after)]
        return (
            *changes.between(*both, self.style),
            *changes.device_count(*counts),
            *changes.others(before, after, *both),
        )

    def summary(self) -> list[str]:
        """Return in words which VLANs, bundles and plain ports come, change or go; the commands where it is none."""
        before, after = self.structures()
        kinds = {"vlans": "VLAN", "bundles": "bundle", "ports": "port"}
        found = [
            f"{word} {name}"
            for kind, word in kinds.items()
            for name in sorted({*before[kind], *after[kind]}, key=in_order)
            if before[kind].get(name) != after[kind].get(name)
        ]
        return found or self.commands


def make(
    current: Config,
    declared: Declared,
    state: State,
    style: Style,
    *,
    stp: str | None = None,
) -> Plan:
    """Return the plan for one switch; `stp` None takes the protocol that the switch runs, if any."""
    spanning_tree = None if stp == "none" else stp or layout.stp_of(current)
    goal = wanted(current, declared, state, style, spanning_tree)
    operations = difference(current, goal.config, goal.owned)
    plan = Plan(current, goal.config, style, operations, findings=goal.findings, notes=goal.notes)
    plan.disabled = {bundle.name: frozenset(bundle.disabled_members or ()) for bundle in declared.bundles}
    plan.foreign = [item for item in goal.foreign if item.goes or item.port in plan.direct]
    touched = plan.touched
    names = [] if state == "deleted" else [bundle.name for bundle in declared.bundles if bundle.name in touched]
    plan.expected = plan.expected_of(names)
    plan.notes += _disabled(goal.config, plan.expected)
    return plan


def _count(config: Config) -> int:
    text = config.value(*DEVICE_COUNT, "device-count")
    return int(text) if text and text.isdigit() else 0


def touched_by(operations: Iterable[Operation]) -> set[str]:
    """Return the interfaces that operations name, in their own stanza or in another."""
    found: set[str] = set()
    for operation in operations:
        if operation.path[-1].tag == "description" or (
            operation.path[1:2] and operation.path[1].tag == "interface-range"
        ):
            continue
        for step in operation.path:
            found.update(name for text in (step.key, step.value) if text and (name := _interface_in(text)))
    return found


@lru_cache(maxsize=4096)
def _interface_in(text: str) -> str:
    """Return the physical interface or bundle that a text names, or nothing."""
    name = physical(text)
    return name if is_port(name) or bundle_index(name) is not None else ""


def expected_bundle(config: Config, name: str, ports: Iterable[str]) -> ExpectedBundle:
    """Return what a configuration demands of a bundle."""
    options = (*layout.interface(name), "aggregated-ether-options")
    links = config.value(*options, "minimum-links")
    return ExpectedBundle(name, tuple(ports), config.has(*options, "lacp"), int(links) if links else 1)


def _disabled(config: Config, expected: Iterable[ExpectedBundle]) -> list[str]:
    """Tell of interfaces that are switched off by hand: they are left so, and the verification will see it."""
    names = [name for bundle in expected for name in (bundle.name, *bundle.members) if name not in bundle.disabled]
    off = [name for name in names if config.has(*layout.interface(name), "disable")]
    return [f"{name} is disabled by hand in the configuration, and stays so." for name in off]


def refuse_foreign(plan: Plan, consent: bool) -> list[Finding]:
    """Return a finding for each piece of foreign configuration, unless the user consented."""
    if consent:
        return []
    found = []
    for item in plan.foreign:
        fate = "would be removed" if item.goes else "would stay and may no longer fit"
        why = f"It is not declared here and {fate}."
        mend = "Look at it, then add foreign to consent."
        found.append(Finding(item.port, "FOREIGN", f"{item.kind}: {words(item.statement)}", why, mend))
    return found


def refuse_management(plan: Plan, ports: set[str], vlans: set[str], consent: bool, how: str) -> list[Finding]:
    """Return a finding for each touched interface through which the controller reaches the switch."""
    if consent:
        return []
    why = f"The controller reaches the switch through it ({how}); a mistake would cut it off."
    mend = "Use another way in, or add management to consent (the change still takes itself back without confirmation)."
    hit = sorted(plan.touched & ports) + [f"VLAN {name}" for name in sorted(_changed_vlans(plan) & vlans)]
    return [Finding(name, "MANAGEMENT", "the change touches the way to this switch", why, mend) for name in hit]


def _changed_vlans(plan: Plan) -> set[str]:
    """Return the VLANs of the switch whose definition the operations change or delete."""
    existing = set(plan.before.entries("vlans", tag="vlan"))
    changed: set[str] = set()
    for operation in plan.operations:
        item: Path = operation.path
        if item[0].tag == "vlans" and (len(item) == 1 or item[-1].tag != "description"):
            changed |= existing if len(item) == 1 else {item[1].key or ""} & existing
    return changed


def carriers(config: Config, vlan: str, style: Style) -> set[str]:
    """Return the interfaces that carry a VLAN, by name or id, with the member links of bundles."""
    known = table(config, Declared())
    held = members.members_by_bundle(config)
    found: set[str] = set()
    for name in config.entries("interfaces", tag="interface"):
        native = layout.native_of(config, name, style)
        listed = [*layout.members_of(config, name), *([native] if native else [])]
        units = (name, f"{name}.0")
        in_list = any(config.has("vlans", entry("vlan", vlan), entry("interface", unit)) for unit in units)
        if in_list or known.covers(listed, vlan):
            found |= {name, *held.get(name, [])}
    return found
