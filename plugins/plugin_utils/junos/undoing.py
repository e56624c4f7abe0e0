# SPDX-License-Identifier: GPL-3.0-or-later
"""Take one change of a switch back by its statements, whatever was committed since: what it added goes, what it took
comes back, and nothing else is touched."""

from __future__ import annotations

from .model import Style
from .plan import Plan
from .request import Maker
from .statements import LEAF_LISTS, Config, Path, difference


def undo_of(done: Plan) -> Maker:
    """Return what computes the plan that takes `done` back.

    A value that somebody changed since stays as that somebody wants it. What `done` activated stays active.
    """
    added = [item for item in done.after.statements if item not in done.before.statements]
    taken = [item for item in done.before.statements if item not in done.after.statements]

    def make(current: Config, style: Style) -> Plan:
        goal = current.copy()
        for item in added:
            if item in goal.statements:
                del goal.statements[item]
        for item in taken:
            if not _changed_since(goal, item):
                goal.add(*item)
        return Plan(current, goal, style, difference(current, goal))

    return make


def _changed_since(config: Config, item: Path) -> bool:
    """Tell whether the leaf has another value by now."""
    if item[-1].value is None or item[-1].tag in LEAF_LISTS:
        return False
    return bool(config.values(*item[:-1], item[-1].tag))
