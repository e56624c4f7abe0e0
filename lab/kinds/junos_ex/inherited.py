# SPDX-License-Identifier: GPL-3.0-or-later
"""The inherited view of a configuration: ranges and groups put where they take effect."""

from __future__ import annotations

from dataclasses import dataclass

from .groups import APPLY, DEFINED, EXCEPT, RANGE, Groups, strip
from .models import Model
from .ranges import expand, refer
from .tree import Node, active


@dataclass
class View:
    """What is in force, and which group gave each statement or value of a leaf-list that a group gave."""

    root: Node
    groups: dict[tuple[Node, str], str]
    ranges: dict[str, list[str]]

    def group(self, node: Node, value: str = "") -> str:
        """Give the group that a statement, or a value of a leaf-list, comes from, or nothing."""
        return self.groups.get((node, value), "")


def view(root: Node, model: Model, fpcs: int) -> View:
    """Give the inherited view of `root`, without what is inactive."""
    made = active(root)
    groups = Groups(made)
    groups.to_ranges()
    ranges = expand(made, model, fpcs, groups.copied)
    groups.to_all()
    strip(made)
    return View(made, groups.given, ranges)


def effective(root: Node, model: Model, fpcs: int) -> Node:
    """Give what the daemons get: the inherited view, with the ports of a range wherever its name stands."""
    made = view(root, model, fpcs)
    refer(made.root, made.ranges)
    return made.root


def shown(root: Node, model: Model, fpcs: int) -> View:
    """Give the inherited view as it is shown: with what is inactive, marked, where nothing is in force instead."""
    made = view(root, model, fpcs)
    _put_inactive(made.root, root)
    return made


def _put_inactive(target: Node, source: Node) -> None:
    """Put what is inactive in `source` into `target`."""
    for index, child in source.children.items():
        if child.schema.name in (APPLY, EXCEPT, DEFINED, RANGE):
            continue
        found = target.children.get(index)
        if not child.inactive and found is not None:
            _put_inactive(found, child)
        elif child.inactive and found is None:
            target.children[index] = child.clone(target)
            strip(target.children[index])
