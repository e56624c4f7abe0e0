# SPDX-License-Identifier: GPL-3.0-or-later
"""Configuration groups: what `apply-groups` gives to each level of a configuration.

Juniper, "Configuration groups": what is written at a level wins, then the group that is applied nearest, of several in
one list the first; of sets all values are inherited. A name in `<...>` is a pattern of the shell and gives its data to
entries that are there, it makes none; within a group the first entry that matches is used. `apply-groups-except`
keeps a group of an outer level out, here and below. README.md lists what no page says.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from .errors import SIM, Report
from .tree import Node, edit_path
from .underlay import give

APPLY, EXCEPT, DEFINED, RANGE = "apply-groups", "apply-groups-except", "groups", "interface-range"
NO_STATEMENT = (APPLY, EXCEPT, DEFINED, RANGE)
# Names that mean something without being defined; the other routing engine's is never applied on this one.
ENGINES = ("re0", "re1")
OTHER_ENGINE = "re1"


@dataclass(frozen=True)
class Source:
    """One group at one level: its name, its statements there, and the groups on the way to it."""

    name: str
    node: Node
    chain: tuple[str, ...] = ()


@dataclass
class Groups:
    """The groups of a configuration `root` (without what is inactive), which they change in place.

    `given` tells of each statement, or value of a leaf-list, which group gave it.
    """

    root: Node
    given: dict[tuple[Node, str], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.defined = {node.key: node for node in self.root.entries(DEFINED)}

    def copied(self, made: Node, source: Node, value: str) -> None:
        """Take note that a statement was copied (to a range's member): the copy has the same origin."""
        if (source, value) in self.given:
            self.given[made, value] = self.given[source, value]

    def to_ranges(self) -> None:
        """Give what groups say of interface-ranges: those that they define, and statements of those that are there."""
        outer = self._below(self._sources(self.root, [], ()), "interfaces")
        interfaces = self.root.child("interfaces")
        if interfaces is None:
            found = [source for source in outer if source.node.entries(RANGE)]
            if not found:
                return
            interfaces = self._give(self.root, found[0], found[0].node)
            assert interfaces is not None
        sources = self._sources(interfaces, outer, (interfaces,))
        for source in sources:
            for entry in source.node.entries(RANGE):
                if not wild(entry.key):
                    self._give(interfaces, source, entry)
        for entry in interfaces.entries(RANGE):
            self._level(entry, [each for source in sources for each in _at(source, entry)], (interfaces, entry))

    def to_all(self) -> None:
        """Give everything else what groups say of it."""
        if self.defined:
            self._level(self.root, [], ())

    def _level(self, target: Node, outer: Sequence[Source], path: tuple[Node, ...]) -> None:
        """Give one level and all below it what the groups that apply there say."""
        sources = self._sources(target, outer, path)
        for source in sources:
            for child in source.node.ordered():
                if concrete(child):
                    self._give(target, source, child)
        for child in list(target.children.values()):
            if child.schema.kind in ("container", "list") and child.schema.name not in (DEFINED, RANGE):
                self._level(child, [each for source in sources for each in _at(source, child)], (*path, child))

    def _give(self, target: Node, source: Source, statement: Node) -> Node | None:
        """Give one statement and note where it comes from."""

        def note(made: Node, _: Node, value: str) -> None:
            self.given[made, value] = source.name

        return give(target, statement, True, note)

    def _sources(self, target: Node, outer: Sequence[Source], path: tuple[Node, ...]) -> list[Source]:
        """Give the groups that apply at a level, the strongest first: its own, then those from outside; nested ones."""
        refused = values(target, EXCEPT)
        own = [source for name in values(target, APPLY) for source in self._find(name, path)]
        found = own + [source for source in outer if source.name not in refused]
        return [
            each for source in found for each in self._nested(source, path) if each in own or each.name not in refused
        ]

    def _nested(self, source: Source, path: tuple[Node, ...]) -> Iterator[Source]:
        """Give a group and behind it those that it applies itself at this level."""
        yield source
        for name in values(source.node, APPLY):
            if name not in (source.name, *source.chain):
                for inner in self._find(name, path, (*source.chain, source.name)):
                    yield from self._nested(inner, path)

    def _find(self, name: str, path: tuple[Node, ...], chain: tuple[str, ...] = ()) -> list[Source]:
        """Give what a group says at a level of the configuration."""
        if name not in self.defined or name == OTHER_ENGINE:
            return []
        found = [Source(name, self.defined[name], chain)]
        for step in path:
            found = [each for source in found for each in _at(source, step)]
        return found

    def _below(self, sources: list[Source], name: str) -> list[Source]:
        """Give what groups say in the container `name`."""
        below = [(source, source.node.child(name)) for source in sources]
        return [Source(source.name, node, source.chain) for source, node in below if node is not None]


def _at(source: Source, wanted: Node) -> list[Source]:
    """Give what a group says of one statement of the configuration, its first matching entry first."""
    return [
        Source(source.name, child, source.chain)
        for child in source.node.entries(wanted.schema.name)
        if child.key == wanted.key or (wild(child.key) and matches(child.key, wanted.key))
    ]


def wild(key: str) -> bool:
    """Tell whether an entry's name in a group is a pattern."""
    return key.startswith("<") and key.endswith(">")


def matches(key: str, name: str) -> bool:
    """Tell whether the pattern `<...>` matches a name, by the rules of the shell."""
    return fnmatchcase(name, key[1:-1].strip('"'))


def concrete(node: Node) -> bool:
    """Tell whether a group's statement makes something where nothing is: patterns alone do not."""
    if node.schema.name in NO_STATEMENT:
        return False
    if node.schema.kind == "list":
        return not wild(node.key)
    if node.schema.kind != "container" or not node.children:
        return True
    return any(concrete(child) for child in node.children.values())


def values(node: Node, name: str) -> list[str]:
    """Give the values of a leaf-list of `node`."""
    found = node.child(name)
    return found.values if found is not None else []


def strip(node: Node) -> None:
    """Take all that is about groups away: the inherited view does not show it."""
    for index, child in list(node.children.items()):
        if child.schema.name in (APPLY, EXCEPT, DEFINED):
            del node.children[index]
        else:
            strip(child)


def _applying(node: Node) -> Iterator[Node]:
    """Give all statements below `node` that apply groups or keep them out."""
    for child in node.children.values():
        if child.schema.name in (APPLY, EXCEPT):
            yield child
        elif child.children:
            yield from _applying(child)


def undefined(root: Node) -> Iterator[Report]:
    """Refuse groups that are applied and not defined (that is refused; the words are not known)."""
    defined = {node.key for node in root.entries(DEFINED)} | set(ENGINES)
    for node in _applying(root):
        for name in node.values:
            if name not in defined:
                yield Report(
                    f"{SIM}group {name} is not defined", path=edit_path(node.parent), bad=f"{node.schema.name} {name}"
                )
