# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration tree: nodes after a schema, how they are made, removed, merged and compared."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from .schema import Schema

NUMBERS = re.compile(r"(\d+)")
SortKey = tuple[object, ...]


@lru_cache(maxsize=65536)
def natural(text: str) -> SortKey:
    """Order `ge-0/0/2` before `ge-0/0/10`; ports with slots before the others (ae, irb, lo0, vlan)."""
    parts = NUMBERS.split(text)
    return ("-" not in text, tuple((int(part), "") if part.isdigit() else (-1, part) for part in parts if part))


class Node:
    """One statement of a configuration: container, list entry (`key`), leaf (`value`), leaf-list (`values`) or flag."""

    __slots__ = ("children", "inactive", "key", "parent", "schema", "value", "values")

    def __init__(self, schema: Schema, parent: Node | None = None, key: str = "") -> None:
        self.schema = schema
        self.parent = parent
        self.key = key
        self.value = ""
        self.values: list[str] = []
        self.inactive = False
        self.children: dict[tuple[str, str], Node] = {}

    def child(self, name: str, key: str = "") -> Node | None:
        """Give the statement `name` (of a list: its entry `key`), or None."""
        return self.children.get((name, key))

    def find(self, *path: str) -> Node | None:
        """Follow `path` of XML names down; a list takes two steps, its name and the entry's key."""
        node, steps = self, iter(path)
        for name in steps:
            below = node.schema.children.get(name)
            found = node.child(name, next(steps) if below and below.kind == "list" else "")
            if found is None:
                return None
            node = found
        return node

    def text(self, *path: str, default: str = "") -> str:
        """Give the value of the leaf at `path`, or `default`."""
        node = self.find(*path)
        return node.value if node is not None else default

    def has(self, *path: str) -> bool:
        """Tell whether there is a statement at `path`."""
        return self.find(*path) is not None

    def ordered(self) -> list[Node]:
        """Give the children as the device shows them: statements after the schema, entries sorted or as they came."""
        groups: dict[int, list[Node]] = {}
        for child in self.children.values():
            groups.setdefault(child.schema.order, []).append(child)
        result: list[Node] = []
        for order in sorted(groups):
            result += sort_entries(groups[order])
        return result

    def entries(self, name: str) -> list[Node]:
        """Give the entries of the list `name`, in the device's order."""
        return sort_entries([child for (word, _), child in self.children.items() if word == name])

    def clone(self, parent: Node | None = None) -> Node:
        """Copy the node and all below it."""
        made = Node(self.schema, parent, self.key)
        made.value, made.values, made.inactive = self.value, list(self.values), self.inactive
        made.children = {index: child.clone(made) for index, child in self.children.items()}
        return made

    def words(self) -> list[str]:
        """Give the CLI words from the top to here, without the value: what stands in `[edit ...]`."""
        chain: list[Node] = []
        node: Node | None = self
        while node is not None and node.parent is not None:
            chain.append(node)
            node = node.parent
        result: list[str] = []
        for step in reversed(chain):
            if not (step.schema.hidden or step.schema.nokey):
                result.append(step.schema.word)
            if step.key:
                result.append(step.key)
        return result

    def walk(self) -> Iterator[Node]:
        """Give all nodes below, in order."""
        for child in self.ordered():
            yield child
            yield from child.walk()


def sort_entries(nodes: list[Node]) -> list[Node]:
    """Put entries of one list into the device's order."""
    how = nodes[0].schema.sort if nodes else ""
    if how in ("interface", "number"):
        return sorted(nodes, key=lambda node: natural(node.key))
    return sorted(nodes, key=lambda node: node.key) if how == "name" else nodes


def edit_path(node: Node | None) -> str:
    """Give the `[edit ...]` form of where `node` stands."""
    words = node.words() if node is not None else []
    return "[edit" + "".join(" " + word for word in words) + "]"


def ensure(parent: Node, schema: Schema, key: str = "") -> Node:
    """Give the child `schema` (entry `key`) of `parent`, made where it is missing; a choice's other members go."""
    found = parent.child(schema.name, key)
    if found is not None:
        return found
    if schema.choice:
        for index, child in list(parent.children.items()):
            if child.schema.choice == schema.choice:
                del parent.children[index]
    made = Node(schema, parent, key)
    parent.children[schema.name, key] = made
    _attach(parent)
    return made


def _attach(node: Node) -> None:
    """Put `node` back where a deletion of its last statement took it away; a load may go on below it."""
    while node.parent is not None:
        node.parent.children.setdefault((node.schema.name, node.key), node)
        node = node.parent


def remove(node: Node) -> None:
    """Delete `node`; containers (not list entries) above it that become empty go with it."""
    parent = node.parent
    if parent is None:
        node.children.clear()
        return
    parent.children.pop((node.schema.name, node.key), None)
    if not parent.children and parent.schema.kind == "container" and parent.parent is not None:
        remove(parent)


def merge(target: Node, source: Node) -> None:
    """Put all of `source` into `target`; what `target` has besides stays, also that it is inactive."""
    target.value = source.value or target.value
    target.values += [value for value in source.values if value not in target.values]
    target.inactive = target.inactive or source.inactive
    for child in source.children.values():
        merge(ensure(target, child.schema, child.key), child)


def equal(one: Node, other: Node) -> bool:
    """Tell whether two nodes and all below them say the same, in the same order where order counts."""
    if (one.value, one.values, one.inactive) != (other.value, other.values, other.inactive):
        return False
    if one.children.keys() != other.children.keys():
        return False
    if _unsorted(one) != _unsorted(other):
        return False
    return all(equal(child, other.children[index]) for index, child in one.children.items())


def _unsorted(node: Node) -> dict[str, list[str]]:
    """Give the entries of the lists whose order the user makes."""
    found: dict[str, list[str]] = {}
    for (name, key), child in node.children.items():
        if child.schema.kind == "list" and not child.schema.sort:
            found.setdefault(name, []).append(key)
    return found


def active(node: Node, parent: Node | None = None) -> Node:
    """Copy `node` without what is deactivated: what the device acts upon."""
    made = Node(node.schema, parent, node.key)
    made.value, made.values = node.value, list(node.values)
    for index, child in node.children.items():
        if not child.inactive:
            made.children[index] = active(child, made)
    return made
