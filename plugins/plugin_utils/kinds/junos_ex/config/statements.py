# SPDX-License-Identifier: GPL-3.0-or-later
"""A Junos configuration as a set of statements, so that a difference is a set difference.

A statement is the path from `configuration` down to a leaf. Everything that this package decides, it decides on
statements; XML and the set form are only ways to write them down.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias
from xml.etree import ElementTree

LEAF_LISTS = frozenset({"members", "apply-groups", "apply-groups-except", "commands"})
"""Leaves that may be given several times: one value is deleted by naming it. Other leaves are deleted by their name."""
DEEPEST = 100
"""Levels of a configuration; Juniper's YANG for EX has fewer than 30."""


class Segment(NamedTuple):
    """One step of a path: a container (tag only), an entry of a list (tag and key) or a leaf (tag and value)."""

    tag: str
    key: str | None = None
    value: str | None = None


Path: TypeAlias = tuple[Segment, ...]


@lru_cache(maxsize=65536)
def path(*steps: str | Segment) -> Path:
    """Return a path; a plain string is a container or a leaf without a value."""
    return tuple([step if step.__class__ is Segment else _container(step) for step in steps])


@lru_cache(maxsize=4096)
def _container(tag: str) -> Segment:
    return Segment(tag)


@lru_cache(maxsize=65536)
def entry(tag: str, key: str | int) -> Segment:
    """Return an entry of a list: `<interface><name>ge-0/0/0</name>`."""
    return Segment(tag, str(key))


@lru_cache(maxsize=65536)
def leaf(tag: str, value: str | int | None) -> Segment:
    """Return a leaf with a value, `<mtu>9014</mtu>`; with None the leaf that says all by being there."""
    return Segment(tag, None, None if value is None else str(value))


class Statements(dict[Path, None]):
    """Statements in their order, with indexes: by their first two steps, and by the interfaces that they name.

    Without them the cost of a plan would grow with the square of the number of interfaces. `lists` holds the keys of
    the entries of each list below a first step, as (step, tag).
    """

    def __init__(self, items: Iterable[Path] = ()) -> None:
        super().__init__()
        self.groups: dict[Path, dict[Path, None]] = {}
        self.lists: dict[tuple[Segment, str], dict[str, None]] = {}
        self.mentions: dict[str, dict[Path, None]] = {}
        for item in items:
            self[item] = None

    def __setitem__(self, item: Path, value: None) -> None:
        if item in self:
            return
        super().__setitem__(item, value)
        group = self.groups.setdefault(item[:2], {})
        if not group and len(item) > 1 and item[1].key is not None:
            self.lists.setdefault((item[0], item[1].tag), {})[item[1].key] = None
        group[item] = None
        for name in _interfaces_in(item):
            self.mentions.setdefault(name, {})[item] = None

    def __delitem__(self, item: Path) -> None:
        super().__delitem__(item)
        group = self.groups[item[:2]]
        del group[item]
        if not group:
            del self.groups[item[:2]]
            if len(item) > 1 and item[1].key is not None:
                del self.lists[item[0], item[1].tag][item[1].key]
        for name in _interfaces_in(item):
            self.mentions.get(name, {}).pop(item, None)

    def update(self, items: Iterable[Path]) -> None:  # type: ignore[override]  # there are no values to give
        """Add statements; dict's own way would pass the indexes by."""
        for item in items:
            self[item] = None

    def at(self, prefix: Path) -> list[Path]:
        """Return the statements at and below a path."""
        size = len(prefix)
        return [item for item in self.near(prefix) if item[:size] == prefix]

    def near(self, prefix: Path) -> Iterable[Path]:
        """Return the statements that share the first two steps of a path: those at and below it, and others."""
        return self.groups.get(prefix[:2], ()) if len(prefix) >= 2 else self


def _interfaces_in(item: Path) -> set[str]:
    """Return the interfaces, without units, that a statement outside `interfaces` names as a key or a value."""
    if item[0].tag == "interfaces":
        return set()
    texts = [text for step in item for text in (step.key, step.value) if text]
    return {text.split(".", 1)[0] for text in texts}


@dataclass
class Config:
    """Statements in the order of the device, and the prefixes that it marks inactive."""

    statements: Statements = field(default_factory=Statements)
    inactive: set[Path] = field(default_factory=set)
    cleared: set[Path] = field(default_factory=set, compare=False)
    """What was removed as a whole, so that its inactive parts go with it."""

    def copy(self) -> Config:
        """Return an independent copy."""
        return Config(Statements(self.statements), set(self.inactive))

    def add(self, *steps: str | Segment) -> None:
        """Add the statement with these steps."""
        self.statements[path(*steps)] = None

    def remove(self, *steps: str | Segment) -> None:
        """Remove the statements at and below these steps; nothing happens where there are none."""
        prefix = path(*steps)
        self.cleared.add(prefix)
        for item in self.statements.at(prefix):
            del self.statements[item]

    def below(self, *steps: str | Segment) -> Iterator[Path]:
        """Yield what follows these steps in each statement below them (an empty path for the statement itself)."""
        prefix = path(*steps)
        return (item[len(prefix) :] for item in self.statements.at(prefix))

    def has(self, *steps: str | Segment) -> bool:
        """Tell whether there is a statement at or below these steps."""
        prefix = path(*steps)
        size = len(prefix)
        if size == 2:
            return prefix in self.statements.groups
        return any(item[:size] == prefix for item in self.statements.near(prefix))

    def entries(self, *steps: str | Segment, tag: str) -> list[str]:
        """Return the keys of the list `tag` below these steps, in the order of the device."""
        above = path(*steps)
        if len(above) == 1:
            return list(self.statements.lists.get((above[0], tag), ()))
        found = (rest[0] for rest in self.below(*steps) if rest)
        return list(dict.fromkeys(step.key for step in found if step.tag == tag and step.key is not None))

    def value(self, *steps: str | Segment) -> str | None:
        """Return the value of the leaf whose tag is the last step, or None."""
        found = self.values(*steps)
        return found[0] if found else None

    def values(self, *steps: str | Segment) -> list[str]:
        """Return all values of the leaf whose tag is the last step."""
        whole = path(*steps)
        size = len(whole) - 1
        above, tag = whole[:size], whole[size].tag
        return [
            value
            for item in self.statements.near(above)
            if len(item) > size
            and item[size].tag == tag
            and (value := item[size].value) is not None
            and item[:size] == above
        ]

    def is_inactive(self, *steps: str | Segment) -> bool:
        """Tell whether this path, or one above it, is marked inactive."""
        whole = path(*steps)
        return any(whole[:size] in self.inactive for size in range(1, len(whole) + 1))

    def active(self) -> Config:
        """Return what takes effect: the statements outside inactive parts, and what these leave empty."""
        if not self.inactive:
            return self
        found = Config(Statements(item for item in self.statements if not self.is_inactive(*item)))
        for prefix in sorted(self.inactive, key=len, reverse=True):
            above = prefix[:-1]
            if len(above) > 1 and self.has(*prefix) and not (self.is_inactive(*above) or found.has(*above)):
                found.statements[above] = None
        return found


def from_xml(text: str | bytes) -> Config:
    """Return the statements of a `<configuration>` in any namespace, or of a reply that holds one.

    Raises:
        ValueError: the text is no XML, or holds no `<configuration>`.

    """
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise ValueError(f"the configuration is not well-formed XML: {error}") from None
    return from_element(root)


def from_element(root: Any, groups: dict[Path, str] | None = None) -> Config:
    """Return the statements of an element tree (lxml's or the standard library's).

    `groups` is filled with the statements that carry, or lie in an element that carries, the mark `junos:group`.

    Raises:
        ValueError: it holds no `<configuration>`, or one that is deeper than DEEPEST.

    """
    config = Config()
    for child in configuration_in(root):
        _walk(child, (), config, groups)
    return config


def configuration_in(root: Any) -> Any:
    """Return the `<configuration>` that an element is or holds.

    Raises:
        ValueError: it holds none.

    """
    if not hasattr(root, "iter"):
        raise ValueError("there is nothing but an acknowledgement")
    if _local(root) == "configuration":
        return root
    found = next((element for element in root.iter() if _local(element) == "configuration"), None)
    if found is None:
        raise ValueError("there is no <configuration> in the XML")
    return found


def _walk(element: Any, above: Path, config: Config, groups: dict[Path, str] | None, group: str = "") -> None:
    tag = _local(element)
    if not tag or tag in ("comment", "undocumented"):
        return
    if len(above) >= DEEPEST:
        raise ValueError(f"the configuration has more than {DEEPEST} levels")
    if groups is not None:
        group = next((text for name, text in element.items() if name.rsplit("}", 1)[-1] == "group"), group)
    children = [child for child in element if isinstance(child.tag, str)]
    name = next((child for child in children if child.tag.endswith("name") and _is_key(child)), None)
    if name is not None:
        here = (*above, entry(tag, (name.text or "").strip()))
        children.remove(name)
    elif children:
        here = (*above, _container(tag))
    else:
        here = (*above, leaf(tag, (element.text or "").strip() or None))
    if element.get("inactive") == "inactive":
        config.inactive.add(here)
    if not children:
        config.statements[here] = None
        if group and groups is not None:
            groups[here] = group
    for child in children:
        _walk(child, here, config, groups, group)


def _is_key(element: Any) -> bool:
    """Tell whether the element is the `<name>` that its parent, an entry of a list, is known by."""
    return _local(element) == "name" and not len(element)


def _local(element: Any) -> str:
    """Return the tag without its namespace; an empty text for comments and processing instructions."""
    tag = element.tag
    return tag.rsplit("}", 1)[-1] if isinstance(tag, str) else ""


@dataclass(frozen=True)
class Operation:
    """One step from what the device has to what is wanted: `delete`, `set`, `activate` or `deactivate` at a path."""

    verb: str
    path: Path


def difference(current: Config, wanted: Config) -> list[Operation]:
    """Return the operations that turn `current` into `wanted`: deletes, activations, sets, then deactivations.

    Deletes name only what exists, so that the device never warns `statement not found`, and each is as high in the
    tree as everything below it goes.
    """
    removed = [item for item in current.statements if item not in wanted.statements]
    added = [item for item in wanted.statements if item not in current.statements]
    kept = {item[:size] for item in wanted.statements for size in range(1, len(item) + 1)} if removed else set()
    replaced = {(item[:-1], item[-1].tag) for item in added if item[-1].value is not None}
    deletes: dict[Path, None] = {}
    for item in removed:
        single = item[-1].value is not None and item[-1].tag not in LEAF_LISTS
        if item not in kept and not (single and (item[:-1], item[-1].tag) in replaced):
            deletes[_highest(item, kept)] = None
    return [
        *(Operation("delete", item) for item in deletes),
        *(Operation("activate", item) for item in _activated(current, wanted)),
        *(Operation("set", item) for item in added),
        *(Operation("deactivate", item) for item in sorted(wanted.inactive - current.inactive)),
    ]


def _activated(current: Config, wanted: Config) -> list[Path]:
    """Return what becomes active: parts that stay, and leaves that get another value."""
    found = set()
    for item in current.inactive - wanted.inactive:
        last = item[-1]
        if wanted.has(*item):
            found.add(item)
        elif last.value is not None and last.tag not in LEAF_LISTS:
            found.update((*item[:-1], leaf(last.tag, value)) for value in wanted.values(*item[:-1], last.tag))
    return sorted(found)


def _highest(item: Path, kept: set[Path]) -> Path:
    """Return the shortest prefix that nothing wanted shares (`item` itself is not wanted)."""
    return next(item[:size] for size in range(1, len(item) + 1) if item[:size] not in kept)
