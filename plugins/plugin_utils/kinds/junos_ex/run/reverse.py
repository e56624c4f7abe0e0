# SPDX-License-Identifier: GPL-3.0-or-later
"""Take one change of a switch back by its statements, whatever was committed since: what it added goes, what it took
comes back, and nothing else is touched."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ..config.statements import LEAF_LISTS, Config, Path, Segment, difference
from ..config.views import Views, followed
from ..declared.model import Style
from .plan import Plan
from .request import Maker


@dataclass(frozen=True)
class Statements:
    """What a change added, what it took, and which parts were inactive before it."""

    added: tuple[Path, ...]
    taken: tuple[Path, ...]
    inactive: tuple[Path, ...] = ()

    def plain(self) -> dict[str, Any]:
        """Return it as plain data, which JSON keeps."""
        return {"added": _plain(self.added), "taken": _plain(self.taken), "inactive": _plain(self.inactive)}


def statements_of(done: Plan) -> Statements:
    """Return what a plan adds and takes."""
    before, after = done.views.written.statements, done.written.statements
    added = tuple(item for item in after if item not in before)
    taken = [item for item in before if item not in after]
    bare = [item for item in _bare(done, added) if item not in taken]
    inactive = done.views.written.inactive - done.written.inactive
    return Statements(added, (*taken, *bare), tuple(sorted(inactive)))


def _bare(done: Plan, added: Iterable[Path]) -> list[Path]:
    """Return the containers that stood there empty (`protocols rstp`) and got entries: they go with the last one."""
    found = (item[:length] for item in added for length in range(1, len(item)))
    return list(dict.fromkeys(item for item in found if item in done.views.written.statements))


def statements_from(data: dict[str, Any]) -> Statements:
    """Return them as `plain` gave them."""
    return Statements(_paths(data["added"]), _paths(data["taken"]), _paths(data.get("inactive", [])))


def _plain(paths: Iterable[Path]) -> list[list[list[str | None]]]:
    return [[list(segment) for segment in path] for path in paths]


def _paths(data: list[list[list[Any]]]) -> tuple[Path, ...]:
    return tuple(tuple(Segment(*segment) for segment in path) for path in data)


def undo_of(done: Statements) -> Maker:
    """Return what computes the plan that takes a change back.

    A value that somebody changed since stays as that somebody wants it.
    """

    def make(views: Views, style: Style) -> Plan:
        goal = views.written.copy()
        for item in done.added:
            if item in goal.statements:
                del goal.statements[item]
        for item in done.taken:
            if not _changed_since(goal, item) and not goal.statements.at(item):
                goal.add(*item)
        goal.inactive |= {item for item in done.inactive if goal.has(*item)}
        operations = difference(views.written, goal)
        return Plan(views, followed(views, goal), goal, style, operations, exact=False)

    return make


def _changed_since(config: Config, item: Path) -> bool:
    """Tell whether the leaf has another value by now."""
    if item[-1].value is None or item[-1].tag in LEAF_LISTS:
        return False
    return bool(config.values(*item[:-1], item[-1].tag))
