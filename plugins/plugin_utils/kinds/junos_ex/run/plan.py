# SPDX-License-Identifier: GPL-3.0-or-later
"""The difference between what a switch has and what it shall have, computed from its configuration alone.

Nothing here asks the switch: a `commit check` would confirm a pending confirmed commit of somebody else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Any

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.changes import Change
from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.finding import Finding

from ..config import layout, members, ranges
from ..config.desired import DEVICE_COUNT, State, wanted
from ..config.emit import to_set, to_xml, words
from ..config.gather import structured
from ..config.lowering import lower
from ..config.names import bundle_index, in_order, is_port, number_of, physical
from ..config.references import Foreign
from ..config.statements import Config, Operation, Path, difference, entry
from ..config.views import Views, references, with_absent
from ..config.vlans import table
from ..declared.model import Declared, Style
from . import changes


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
    """All that is known before the switch is asked to do anything.

    `before` and `after` are what takes effect, `views.written` and `written` what is written down for it.
    """

    views: Views
    after: Config
    written: Config
    style: Style
    operations: list[Operation] = field(default_factory=list)
    foreign: list[Foreign] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    """What a plan warns of as well as the change."""
    expected: list[ExpectedBundle] = field(default_factory=list)
    disabled: dict[str, frozenset[str]] = field(default_factory=dict)
    names: frozenset[str] = frozenset()
    """The interfaces that are declared."""
    exact: bool = True
    """Whether `after` must be what the candidate shows; where it is only computed, a group may give something else."""

    @property
    def before(self) -> Config:
        """Return what takes effect before the change."""
        return self.views.inherited

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
        """Return the interfaces of which something else takes effect."""
        return frozenset(touched_by(self.before.statements.keys() ^ self.after.statements.keys()))

    @property
    def touched(self) -> set[str]:
        """Return the interfaces that the plan changes by more than a description, bundles with their members."""
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
        """Return what changes, as data: of what takes effect, and which ports a range is left by."""
        if not self.operations:
            return ()
        both = structured(self.before, self.style), structured(self.after, self.style)
        counts = [_count(config) for config in (self.before, self.after)]
        return (
            *changes.between(*both, self.style),
            *changes.device_count(*counts),
            *changes.others(self.before, self.after, *both),
            *changes.of_ranges(self.views.written, self.written),
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
    views: Views,
    declared: Declared,
    state: State,
    style: Style,
    *,
    stp: str | None = None,
    start: Callable[[Config], Config] | None = None,
    finish: Callable[[Config], None] | None = None,
) -> Plan:
    """Return the plan for one switch; `stp` None takes the protocol that the switch runs, if any.

    What is declared is put into what takes effect, as `start` makes it; `finish` has the last word on what is wanted.
    """
    ports = (*declared.bundles, *declared.ports)
    names = frozenset(name for port in ports for name in (port.name, *getattr(port, "members", ())))
    views = with_absent(views, sorted(names, key=in_order))
    current = views.inherited if start is None else start(views.inherited)
    spanning_tree = None if stp == "none" else stp or layout.stp_of(views.inherited)
    goal = wanted(current, declared, state, style, spanning_tree, views.written)
    direct = touched_by(current.statements.keys() ^ goal.config.statements.keys())
    if finish is not None:
        finish(goal.config)
    plan = towards(views, goal.config, style)
    plan.names = names
    plan.findings += goal.findings
    plan.notes += goal.notes
    plan.disabled = {bundle.name: frozenset(bundle.disabled_members or ()) for bundle in declared.bundles}
    plan.foreign = [item for item in goal.foreign if item.goes or item.port in direct]
    stays = [] if state == "deleted" else [bundle.name for bundle in declared.bundles]
    plan.expected = plan.expected_of(plan.touched.intersection(stays))
    plan.notes += _disabled(goal.config, plan.expected)
    return plan


def towards(views: Views, goal: Config, style: Style) -> Plan:
    """Return the plan that makes a configuration take effect."""
    found = lower(views, goal, style)
    return Plan(views, goal, found.written, style, found.operations, findings=found.findings, notes=found.notes)


def seen(before: Views, after: Views, style: Style) -> Plan:
    """Return what makes one configuration of another, both as a switch shows them."""
    return Plan(before, after.inherited, after.written, style, difference(before.written, after.written))


def _count(config: Config) -> int:
    return number_of(config.value(*DEVICE_COUNT, "device-count")) or 0


def touched_by(items: Iterable[Path]) -> set[str]:
    """Return the interfaces that statements name, in their own stanza or in another; a description touches nothing."""
    found: set[str] = set()
    for item in items:
        if item[-1].tag != "description":
            for step in item:
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
    links = number_of(config.value(*options, "minimum-links"))
    return ExpectedBundle(name, tuple(ports), config.has(*options, "lacp"), 1 if links is None else links)


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
        what = f"{item.kind}: {words(item.statement)}{_by_range(plan.views.written, item)}"
        found.append(Finding(item.port, "FOREIGN", what, why, mend))
    return found


def _by_range(written: Config, item: Foreign) -> str:
    """Tell under which name a statement stands in the configuration, where that is the name of a range."""
    if written.has(*item.statement):
        return ""
    size = len(item.statement)
    names = [held.name for held in ranges.holding(written, item.port)]
    found = [
        name for name in names if any(each[:size] == item.statement for each in references(written, name, item.port))
    ]
    return f", by interface-range {found[0]}" if found else ""


def refuse_management(plan: Plan, ports: set[str], vlans: set[str], consent: bool, how: str) -> list[Finding]:
    """Return a finding for each touched interface through which the controller reaches the switch."""
    if consent:
        return []
    why = f"The controller reaches the switch through it ({how}); a mistake would cut it off."
    mend = "Use another way in, or add management to consent (the change still takes itself back without confirmation)."
    hit = sorted(plan.touched & ports) + [f"VLAN {name}" for name in sorted(_changed_vlans(plan) & vlans)]
    return [Finding(name, "MANAGEMENT", "the change touches the way to this switch", why, mend) for name in hit]


def _changed_vlans(plan: Plan) -> set[str]:
    """Return the VLANs of the switch whose definition changes or goes."""
    existing = set(plan.before.entries("vlans", tag="vlan"))
    differing = plan.before.statements.keys() ^ plan.after.statements.keys()
    return {
        str(item[1].key) for item in differing if item[0].tag == "vlans" and item[-1].tag != "description"
    } & existing


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
