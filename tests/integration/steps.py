# SPDX-License-Identifier: GPL-3.0-or-later
"""The load balancers' tasks of site.yml in their order, read from the playbooks and roles, so that none is left out.

A task stands for each place that includes it. What a rescue does is left out, for it runs after a failure only.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
COLLECTION = "netstack.datacenter."
BALANCERS = re.compile(r"'(lb_turn_1|lb_turn_2|load_balancers)'")
INCLUDES = ("ansible.builtin.include_tasks", "ansible.builtin.import_tasks")
ROLES = ("ansible.builtin.include_role", "ansible.builtin.import_role")
PLAYBOOK = "ansible.builtin.import_playbook"
ELSEWHERE = {*INCLUDES, *ROLES, *(f"ansible.builtin.{word}" for word in ("debug", "fail", "set_fact", "assert"))}
ELSEWHERE |= {f"{COLLECTION}{word}" for word in ("stack_preflight", "stack_report", "service_probe")}
"""What does its work on the controller alone, or none: after it a load balancer is as it was before."""


@dataclass(frozen=True)
class Step:
    """A task of a play, as its headline has it; ``nth`` tells those of one name apart.

    ``optional``: it, or what includes it, has a condition, so that a run may go without it. ``acts``: it runs something
    on the load balancer.
    """

    play: str
    task: str
    nth: int = 0
    optional: bool = False
    acts: bool = True

    @property
    def key(self) -> tuple[str, str, int]:
        """What a run tells of it."""
        return self.play, self.task, self.nth

    def __str__(self) -> str:
        """Return it as the name of a test."""
        return f"{self.play}: {self.task}" + (f" ({self.nth + 1})" if self.nth else "")


def steps(playbook: Path = ROOT / "playbooks" / "site.yml") -> list[Step]:
    """Return every task of the plays on load balancers, in the order of a run."""
    seen: Counter[tuple[str, str]] = Counter()
    found = []
    for step in _plays(playbook):
        found.append(replace(step, nth=seen[step.play, step.task]))
        seen[step.play, step.task] += 1
    return found


def _plays(playbook: Path) -> Iterator[Step]:
    for play in yaml.safe_load(playbook.read_text()):
        if PLAYBOOK in play:
            yield from _plays(playbook.parent / play[PLAYBOOK])
        elif BALANCERS.search(play["hosts"]):
            yield from _tasks(play["tasks"], play["name"], playbook.parent, "", False)


def _tasks(tasks: list[dict[str, Any]], play: str, folder: Path, role: str, optional: bool) -> Iterator[Step]:
    for task in tasks:
        may = optional or "when" in task
        if "block" in task:
            yield from _tasks(task["block"], play, folder, role, may)
            yield from _tasks(task.get("always", []), play, folder, role, may)
            continue
        headline = f"{COLLECTION}{role} : {task['name']}" if role else task["name"]
        yield Step(play, headline, optional=may, acts=not ELSEWHERE & set(task))
        yield from _included(task, play, folder, role, may)


def _included(task: dict[str, Any], play: str, folder: Path, role: str, optional: bool) -> Iterator[Step]:
    for word in INCLUDES:
        if word in task:
            path = folder / task[word]
            yield from _tasks(yaml.safe_load(path.read_text()), play, path.parent, role, optional)
    for word in ROLES:
        if word in task:
            name = task[word]["name"].removeprefix(COLLECTION)
            path = ROOT / "roles" / name / "tasks" / f"{task[word].get('tasks_from', 'main')}.yml"
            yield from _tasks(yaml.safe_load(path.read_text()), play, path.parent, name, optional)
