# SPDX-License-Identifier: GPL-3.0-or-later
"""Restore points: what a run replaced, as plain data, and the state that it brings back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..declared.findings import Finding
from ..state.record import Record
from . import shape, specs
from .desire import forget_lost, written_out
from .model import HostState, SwitchState
from .plan import Plan, Step, difference

_SECTIONS = {"switch": "vswitches", "group": "port_groups"}


def point(plan: Plan) -> dict[str, Any]:
    """Return what a plan replaces: the objects as they are, None for one that it makes."""
    made: dict[str, Any] = {"vswitches": {}, "port_groups": {}, "nics": _macs(plan.before)}
    for step in plan.steps:
        made[_SECTIONS[step.kind]][step.name] = _saved(step)
    return made


def _macs(host: HostState) -> list[str]:
    return sorted(nic.mac.lower() for nic in host.nics.values() if nic.mac)


def stranger(host: HostState, saved: Mapping[str, Any], at: str) -> list[Finding]:
    """Refuse the point of another host: it has none of the NICs that the host had then."""
    then, now = set(saved.get("nics") or ()), set(_macs(host))
    if not then or not now or then & now:
        return []
    what = f"it is of a host with the NICs {', '.join(sorted(then))}; this one has {', '.join(sorted(now))}"
    why = "What another host had would be put here."
    return [Finding(f"{at}restore_point", "POINT_OF_ANOTHER_HOST", what, why, "Mend the address, or the store.")]


def _saved(step: Step) -> dict[str, Any] | None:
    before = step.before
    if before is None:
        return None
    data = shape.switch(before) if isinstance(before, SwitchState) else shape.group(before)
    if step.after is None and before.raw is not None:
        # With what is not declared here (ports, shaping, discovery), for the object is going.
        data["specification"] = specs.to_text(before.raw)
    return data


def plan_of(host: HostState, saved: Mapping[str, Any]) -> Plan:
    """Return the plan that puts a restore point back."""
    switches, groups = dict(host.switches), dict(host.groups)
    for name, data in (saved.get("vswitches") or {}).items():
        switches.pop(name, None)
        if data is not None:
            switches[name] = _with_raw(shape.switch_from(name, data), data, "switch")
    for name, data in (saved.get("port_groups") or {}).items():
        groups.pop(name, None)
        if data is not None:
            groups[name] = _with_raw(shape.group_from(name, data), data, "group")
    notes: list[str] = []
    forget_lost(host, switches, groups, notes)
    after = replace(host, switches=switches, groups=groups)
    return Plan(host, after, difference(host, after), notes=notes)


def _with_raw(state: Any, data: Mapping[str, Any], kind: str) -> Any:
    text = data.get("specification")
    return replace(state, raw=specs.from_text(text, kind)) if text else state


def explicit(plan: Plan) -> Plan:
    """Return the plan for a way on which no override can be dropped: the switch's values are written instead."""
    after = replace(plan.after, groups=written_out(plan.before, plan.after))
    return Plan(plan.before, after, difference(plan.before, after))


def keep(record: Record, points: Mapping[str, Any]) -> None:
    """Write restore points, before anything is changed; what a run found first stays.

    Raises:
        OSError: they cannot be written.

    """

    def joined(old: dict[str, Any] | None) -> dict[str, Any]:
        found = dict(old or {})
        for name, made in points.items():
            first = found.setdefault(name, made)
            for section in _SECTIONS.values():
                first[section] = {**made[section], **first[section]}
        return found

    record.update(joined)


def kept(record: Record) -> dict[str, Any] | None:
    """Return the restore points of a run, None where it kept none.

    Raises:
        OSError: they cannot be read, or are not those of this run and host.

    """
    found: dict[str, Any] | None = record.read()
    return found
