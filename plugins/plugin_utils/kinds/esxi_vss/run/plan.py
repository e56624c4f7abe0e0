# SPDX-License-Identifier: GPL-3.0-or-later
"""The difference between what a host has and what it shall have: whole objects, in an order that the host takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, TypeVar

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.changes import Change
from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.finding import Finding

from ..config import changes, shape
from ..config.desired import wanted
from ..declared import rules, vmkernel
from ..declared.declaration import INHERIT
from ..declared.model import (
    DEFAULT_SECURITY,
    DEFAULT_TEAMING,
    EXPLICIT,
    GroupState,
    Half,
    HostState,
    SwitchState,
    Teaming,
    as_it_is,
    overlaid,
    same_order,
)
from ..declared.vmkernel import Difference

Object = TypeVar("Object", SwitchState, GroupState)


@dataclass(frozen=True)
class Step:
    """One object that is made, changed or removed."""

    kind: Literal["switch", "group"]
    name: str
    before: SwitchState | GroupState | None
    after: SwitchState | GroupState | None

    @property
    def call(self) -> str:
        """Return the method of the API that does it."""
        verb = "Add" if self.before is None else "Remove" if self.after is None else "Update"
        return f"{verb}{'VirtualSwitch' if self.kind == 'switch' else 'PortGroup'}"

    @property
    def switches(self) -> set[str]:
        """Return the virtual switches that it concerns."""
        if self.kind == "switch":
            return {self.name}
        return {state.vswitch for state in (self.before, self.after) if isinstance(state, GroupState)}

    def __str__(self) -> str:
        told = ", ".join(f"{path} {_word(old)} -> {_word(new)}" for path, old, new in self.fields())
        return f"{self.call} {self.name}" + (f": {told}" if told else "")

    def fields(self) -> list[tuple[str, Any, Any]]:
        """Return the fields that differ, each with its old and its new value."""
        old, new = _flat(self.before), _flat(self.after)
        names = dict.fromkeys([*old, *new])
        return [(name, old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name)]

    def reversed(self) -> Step:
        """Return the step that takes this one back."""
        return Step(self.kind, self.name, self.after, self.before)


@dataclass
class Plan:
    """All that is known before a host is asked to do anything."""

    before: HostState
    after: HostState
    steps: list[Step] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    vmkernel: list[Difference] = field(default_factory=list)
    """How VMkernel interfaces differ once the change is made; those that refuse it are findings as well."""

    @property
    def changed(self) -> bool:
        """Tell whether there is anything to do."""
        return bool(self.steps)

    @cached_property
    def changes(self) -> tuple[Change, ...]:
        """Return what changes, as data."""
        return tuple(changes.between(self.before, self.after))

    def ways_back(self) -> list[tuple[Step, list[str]]]:
        """Return the steps of switches, last first: who took NICs gives them up before their owner takes them back.

        With each that makes a switch stand the NICs that another one had; the switch itself may stay.
        """
        owned = {nic for switch in self.before.switches.values() for nic in switch.uplinks}
        switches = [step for step in reversed(self.steps) if step.kind == "switch"]
        return [(step, sorted(owned & _uplinks(step.after)) if step.before is None else []) for step in switches]

    def structures(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return before and after in the shape of the declaration."""
        return shape.structured(self.before), shape.structured(self.after)

    def differing(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return before and after of the objects that change alone."""
        both: list[dict[str, Any]] = []
        for states in ([step.before for step in self.steps], [step.after for step in self.steps]):
            found: dict[str, Any] = {"vswitches": {}, "port_groups": {}}
            for state in states:
                if isinstance(state, SwitchState):
                    found["vswitches"][state.name] = shape.switch(state)
                elif state is not None:
                    found["port_groups"][state.name] = shape.group(state)
            both.append(found)
        return both[0], both[1]


def make(host: HostState, half: Half, state: str, *, at: str = "") -> Plan:
    """Return the plan for one host; `at` stands before the names of objects in findings."""
    goal = wanted(host, half, state, at=at)
    after = settled(host, goal.state)
    plan = Plan(host, after, difference(host, after), list(goal.findings), list(goal.notes))
    if state != "deleted":
        refused, noted = rules.judge_state(host, after, half, at)
        plan.findings += refused
        plan.notes += [f"Not asked about, so left as it is: {finding}" for finding in noted]
        plan.vmkernel = vmkernel.judge(after, half.vmkernel, at)
        plan.findings += [each.finding for each in plan.vmkernel if each.level == "refused"]
        plan.notes += [str(each.finding).removeprefix(at) for each in plan.vmkernel if each.level != "refused"]
    plan.findings += _exchanged(plan.steps, at)
    plan.findings = sorted(set(plan.findings))
    return plan


def difference(before: HostState, after: HostState) -> list[Step]:
    """Return the steps from one state to the other, in order.

    What goes first makes room: port groups before their switch, a switch that gives NICs up before the one that takes
    them; a new switch before its port groups.
    """
    after = settled(before, after)
    groups = _steps("group", before.groups, after.groups)
    switches = _steps("switch", before.switches, after.switches)
    gone = [step for step in groups if step.after is None]
    return [*gone, *sorted(switches, key=_rank), *(step for step in groups if step.after is not None)]


def _steps(kind: Literal["switch", "group"], old: Mapping[str, Object], new: Mapping[str, Object]) -> list[Step]:
    names = dict.fromkeys([*old, *new])
    return [Step(kind, name, old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name)]


def _rank(step: Step) -> int:
    """Return 0 for a switch that goes, 1 for one that takes no NIC, 2 for one that does."""
    if step.after is None:
        return 0
    return 2 if _uplinks(step.after) - _uplinks(step.before) else 1


def _uplinks(state: SwitchState | GroupState | None) -> set[str]:
    return set(state.uplinks) if isinstance(state, SwitchState) else set()


def _exchanged(steps: list[Step], at: str) -> Iterable[Finding]:
    """Refuse that two switches take NICs of each other: none of them can be first."""
    takers = [step for step in steps if step.kind == "switch" and step.before is not None and _rank(step) == 2]
    for step in takers:
        gained = _uplinks(step.after) - _uplinks(step.before)
        for other in takers:
            held = sorted(gained & _uplinks(other.before))
            if held:
                why = "The host would answer ResourceInUse to whichever comes first."
                what = f"it takes {', '.join(held)} of {other.name}, which takes NICs as well"
                mend = "Take the NICs away in one run, and give them in the next."
                yield Finding(f"{at}vswitches.{step.name}", "NICS_EXCHANGED", what, why, mend)


def settled(before: HostState, after: HostState) -> HostState:
    """Return the state to reach with the host's own lists where ours differ in nothing that matters."""
    state = replace(
        after, switches={name: _settled_switch(before.switches.get(name), new) for name, new in after.switches.items()}
    )
    groups = {}
    for name, new in state.groups.items():
        balancing = state.effective(new)[0].load_balancing
        old = before.groups.get(name)
        groups[name] = new if old is None else replace(new, teaming=_same_lists(old.teaming, new.teaming, balancing))
    return replace(state, groups=groups)


def _settled_switch(old: SwitchState | None, new: SwitchState) -> SwitchState:
    if old is None:
        return new
    uplinks = old.uplinks if same_order(old.uplinks, new.uplinks, ranked=False) else new.uplinks
    teaming = as_it_is(old.teaming, new.teaming, DEFAULT_TEAMING)
    security = overlaid(old.security, new.security) if new.new else new.security
    security = as_it_is(old.security, security, DEFAULT_SECURITY)
    teaming = _same_lists(old.teaming, teaming, teaming.load_balancing)
    return replace(new, uplinks=uplinks, teaming=teaming, security=security)


def left_to_do(step: Step, made: SwitchState) -> Step:
    """Return what a step that makes a virtual switch has to do once the switch is `made` bare."""
    after = step.after
    if not isinstance(after, SwitchState):
        return step
    before = made if after.raw is None else replace(made, raw=after.raw)
    return Step(step.kind, step.name, before, _settled_switch(made, after))


def _same_lists(old: Teaming, new: Teaming, balancing: str | None) -> Teaming:
    """Return the teaming with the old lists where they mean the same.

    The order of active uplinks matters to the explicit failover order alone, that of standby uplinks always.
    """
    if same_order(old.active_uplinks, new.active_uplinks, balancing == EXPLICIT):
        return replace(new, active_uplinks=old.active_uplinks)
    return new


def _flat(state: SwitchState | GroupState | None) -> dict[str, Any]:
    if state is None:
        return {}
    data = shape.switch(state) if isinstance(state, SwitchState) else shape.group(state)
    found: dict[str, Any] = {}
    for name, value in data.items():
        if isinstance(value, dict):
            found.update({f"{name}.{key}": inner for key, inner in value.items()})
        elif value != INHERIT:
            found[name] = value
    return found


def _word(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    return f"[{', '.join(value)}]" if isinstance(value, list) else str(value)
