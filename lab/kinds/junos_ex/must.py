# SPDX-License-Identifier: GPL-3.0-or-later
"""Evaluates the constraints of must.txt: a small part of the language that Juniper's schema states them in.

A condition is made of paths in quotes, `!`, `&&`, `||` and brackets. A path is a line of CLI words from the top, or
from the statement with `..`; `${interface}` and `${unit}` name the entry it stands in, `$$` its value, `<*>` any entry.
`any "PATH"` is the same as the path alone; `unique "PATH"` says that the path is there once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from .errors import Report
from .tree import Node, edit_path

TOKEN = re.compile(r'\s*("[^"]*"|\|\||&&|[!()]|any|unique)')
VARIABLE = re.compile(r"\$\{(\w+)\}")


@dataclass(frozen=True)
class Constraint:
    """One line of must.txt."""

    path: tuple[str, ...]
    value: str
    condition: tuple[str, ...]
    message: str


@lru_cache(maxsize=1)
def constraints() -> list[Constraint]:
    """Read must.txt."""
    result = []
    for line in Path(__file__).with_name("must.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            where, condition, message = line.split(" | ")
            path, _, value = where.partition("=")
            words = tuple(TOKEN.findall(condition))
            if "".join(words) != "".join(re.findall(r'"[^"]*"|\S', condition)):
                raise ValueError(f"must.txt: cannot read {condition}")
            result.append(Constraint(tuple(path.split("/")), value, words, message))
    return result


def check(root: Node) -> list[Report]:
    """Give the device's words for each constraint that `root` (without what is inactive) breaks."""
    reports = []
    for constraint in constraints():
        for node in matching(root, constraint.path):
            if constraint.value and node.value != constraint.value:
                continue
            if not _Condition(root, node, list(constraint.condition)).holds():
                reports.append(_report(node, constraint.message))
    return reports


def _report(node: Node, message: str) -> Report:
    """Make the error: the path is that of the statement's parent, the bad element the statement itself."""
    word = node.value if node.schema.nokey else " ".join(filter(None, [node.schema.word, node.value or node.key]))
    return Report(message, path=edit_path(node.parent), bad=word, kind="application", tag="invalid-value")


def matching(node: Node, path: tuple[str, ...]) -> Iterator[Node]:
    """Give the nodes at `path` of XML names, over all entries of lists on the way."""
    if not path:
        yield node
        return
    for (name, _), child in list(node.children.items()):
        if name == path[0]:
            yield from matching(child, path[1:])


class _Condition:
    """Reads and evaluates one condition for one node."""

    def __init__(self, root: Node, node: Node, words: list[str]) -> None:
        self.root = root
        self.node = node
        self.words = words

    def holds(self) -> bool:
        """Evaluate `a || b`."""
        result = self._all()
        while self.words and self.words[0] == "||":
            self.words.pop(0)
            result = self._all() or result
        return result

    def _all(self) -> bool:
        """Evaluate `a && b`."""
        result = self._one()
        while self.words and self.words[0] == "&&":
            self.words.pop(0)
            result = self._one() and result
        return result

    def _one(self) -> bool:
        """Evaluate `!a`, `(a)` or a path."""
        word = self.words.pop(0)
        if word == "!":
            return not self._one()
        if word == "(":
            result = self.holds()
            self.words.pop(0)
            return result
        if word == "any":
            return self._one()
        if word == "unique":
            return self._count(self.words.pop(0)) == 1
        return self._count(word) > 0

    def _count(self, quoted: str) -> int:
        """Tell how often the path in quotes is there."""
        path = VARIABLE.sub(self._entry, quoted.strip('"')).replace("$$", self.node.value).split()
        start = self.root
        if path[0] == "..":
            start = self.node
            while path and path[0] == "..":
                start = start.parent or self.root
                path.pop(0)
        return sum(1 for _ in follow(start, path))

    def _entry(self, match: re.Match[str]) -> str:
        """Give the name of the entry of the list `interface` or `unit` that the node stands in."""
        node: Node | None = self.node
        while node is not None and not (node.schema.kind == "list" and node.schema.name == match[1]):
            node = node.parent
        return node.key if node is not None else ""


def follow(node: Node, words: list[str]) -> Iterator[Node]:
    """Give the nodes that a line of CLI words leads to from `node`."""
    if not words:
        yield node
        return
    schema = node.schema.words.get(words[0])
    rest = words[1:] if schema is not None else words
    schema = schema or node.schema.unnamed()
    if schema is None:
        return
    if schema.kind == "list":
        wanted, rest = rest[0], rest[1:]
        for child in node.entries(schema.name):
            if wanted in ("<*>", child.key):
                yield from follow(child, rest)
        return
    found = node.child(schema.name)
    if found is None:
        return
    if schema.kind in ("leaf", "leaf-list") and rest:
        if rest[0] in (found.value, *found.values):
            yield found
        return
    yield from follow(found, rest)
