# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts statements below what an object says itself: the one rule that interface-ranges and groups have in common."""

from __future__ import annotations

from collections.abc import Callable

from .tree import Node

# Told of each statement (or value of a leaf-list) that was given: the new node, the one it comes from, the value.
Note = Callable[[Node, Node, str], None]


def give(target: Node, source: Node, union: bool, note: Note) -> Node | None:
    """Give `target` the statement `source`, without what stands below it, unless it has its own.

    A value, and a choice that is made, stay as they are. Of a leaf-list that is there already the missing values come
    with `union` only. Gives where the statement stands now, or None where another choice forbids it.
    """
    schema = target.schema.children[source.schema.name]
    found = target.child(schema.name, source.key)
    if found is None:
        if schema.choice and any(child.schema.choice == schema.choice for child in target.children.values()):
            return None
        found = Node(schema, target, source.key)
        found.value, found.values = source.value, list(source.values)
        target.children[schema.name, source.key] = found
        for value in source.values or [""]:
            note(found, source, value)
    elif schema.kind == "leaf-list" and union:
        for value in source.values:
            if value not in found.values:
                found.values.append(value)
                note(found, source, value)
    return found


def give_all(target: Node, source: Node, union: bool, note: Note) -> None:
    """Give `target` the statement `source` with all that stands below it."""
    found = give(target, source, union, note)
    if found is not None:
        for child in source.ordered():
            give_all(found, child, union, note)
