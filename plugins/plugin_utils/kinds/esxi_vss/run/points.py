# SPDX-License-Identifier: GPL-3.0-or-later
"""Restore points: what a run replaced, as plain data, and the state that it brings back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ansible_collections.netstack.datacenter.plugins.plugin_utils.private_files import file_name, read, write

from ..config import shape
from ..config.desired import forget_lost
from ..declared.model import HostState, SwitchState
from ..device import specs
from .plan import Plan, Step, difference

_SECTIONS = {"switch": "vswitches", "group": "port_groups"}


def point(plan: Plan) -> dict[str, Any]:
    """Return what a plan replaces: the objects as they are, None for one that it makes."""
    made: dict[str, Any] = {"vswitches": {}, "port_groups": {}}
    for step in plan.steps:
        made[_SECTIONS[step.kind]][step.name] = _saved(step)
    return made


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


def _file(folder: str, run_id: str, host: str) -> Path:
    return Path(folder).expanduser() / file_name(run_id) / f"{file_name(host)}.json"


def keep(folder: str, run_id: str, host: str, points: Mapping[str, Any]) -> None:
    """Write restore points to the controller's disk, before anything is changed; what a run found first stays.

    Raises:
        OSError: it cannot be written.

    """
    file = _file(folder, run_id, host)
    old = kept(folder, run_id, host)
    for name, made in points.items():
        first = old.setdefault(name, {"vswitches": {}, "port_groups": {}})
        for section in _SECTIONS.values():
            first[section] = {**made[section], **first[section]}
    write(file, json.dumps(old, indent=1, sort_keys=True))


def kept(folder: str, run_id: str, host: str) -> dict[str, Any]:
    """Return the restore points of a run, empty where it changed nothing.

    Raises:
        OSError: it cannot be read.

    """
    file = _file(folder, run_id, host)
    text = read(file)
    found: dict[str, Any] = json.loads(text) if text else {}
    return found
