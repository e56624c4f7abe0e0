# SPDX-License-Identifier: GPL-3.0-or-later
"""Operations and statements written down: one XML load, and the set form that people read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from xml.sax.saxutils import escape

from .statements import LEAF_LISTS, Config, Operation, Path, Segment

_HIDDEN = {
    ("interfaces", "interface"),
    ("vlans", "vlan"),
    ("class-of-service", "interfaces"),
    ("ieee-802.3ad", "bundle"),
}
"""(parent, tag) of tags that XML writes and the command line leaves out."""
_WORDS = {"ieee-802.3ad": "802.3ad", "end-range": "to"}
"""Words of the command line: an XML name cannot begin with a digit, and a range reads `member-range FIRST to LAST`."""
_QUOTED = frozenset(" \t\"'\\{}[];#<>&|()*?")


class _Element:
    """An element that is being written; `children` are all in their order, `known` those that take what follows."""

    __slots__ = ("attribute", "children", "known", "name", "tag", "text")

    def __init__(self, step: Segment) -> None:
        self.tag, self.name, self.text = step
        self.attribute = ""
        self.children: list[_Element] = []
        self.known: dict[Segment, _Element] = {}

    def child(self, step: Segment) -> _Element:
        """Return the child for a step, made if it is not known."""
        found = self.known.get(step)
        if found is None:
            found = self.known[step] = _Element(step)
            self.children.append(found)
        return found

    def lines(self, indent: str) -> Iterator[str]:
        """Yield the lines of the element."""
        opening = f"{indent}<{self.tag}{self.attribute}"
        if self.name is None and not self.children:
            yield f"{opening}>{escape(self.text)}</{self.tag}>" if self.text else f"{opening} />"
            return
        yield f"{opening}>"
        if self.name is not None:
            yield f"{indent} <name>{escape(self.name)}</name>" if self.name else f"{indent} <name />"
        for each in self.children:
            yield from each.lines(f"{indent} ")
        yield f"{indent}</{self.tag}>"


def to_xml(operations: Iterable[Operation]) -> str:
    """Return one `<configuration>` for `load-configuration` with action merge; deletes carry `delete="delete"`."""
    root = _Element(Segment("configuration"))
    for operation in operations:
        parent = root
        for step in operation.path[:-1]:
            parent = parent.child(step)
        last = operation.path[-1]
        if operation.verb == "set":
            # An empty container goes with the last entry that is deleted in it: it is set in an element of its own.
            parent.known.pop(last, None)
        element = parent.child(last)
        if operation.verb == "delete":
            element.attribute = ' delete="delete"'
            if last.value is not None and last.tag not in LEAF_LISTS:
                element.text = None
            # What is set again below the same name must not land in the deleted element.
            del parent.known[last]
        elif operation.verb in ("activate", "deactivate"):
            word = f"{'in' if operation.verb == 'deactivate' else ''}active"
            element.attribute = f' {word}="{word}"'
    return "".join(f"{line}\n" for line in root.lines(""))


def config_xml(config: Config) -> str:
    """Return the whole configuration as XML, as the device would show it."""
    return to_xml(Operation("set", item) for item in config.statements)


def to_set(operations: Iterable[Operation]) -> list[str]:
    """Return the operations as configuration-mode commands."""
    return [f"{operation.verb} {words(operation.path, operation.verb != 'set')}" for operation in operations]


def config_set(config: Config) -> list[str]:
    """Return the whole configuration as `show configuration | display set` prints it."""
    lines = [f"set {words(item)}" for item in config.statements]
    return lines + [f"deactivate {words(item, naming=True)}" for item in sorted(config.inactive, key=str)]


def words(item: Path, naming: bool = False) -> str:
    """Return a path as the command line writes it; `naming` leaves out a leaf's value, as all verbs but `set` do."""
    parts: list[str] = []
    parent = ""
    for position, step in enumerate(item):
        if (parent, step.tag) not in _HIDDEN and not _list_of(item, position):
            parts.append(_WORDS.get(step.tag, step.tag))
        elif step.key is None and step.value is None:
            parts.append(step.tag)
        if step.key is not None:
            parts.append(_quoted(step.key))
        if step.value is not None and not (naming and step.tag not in LEAF_LISTS):
            parts.append(_quoted(step.value))
        parent = step.tag
    return " ".join(parts)


def _list_of(item: Path, position: int) -> bool:
    """Tell whether the step is an entry of the list that its parent is named after (`interfaces/interface`)."""
    step: Segment = item[position]
    return position > 0 and step.key is not None and item[position - 1].tag == step.tag + "s"


def _quoted(text: str) -> str:
    if text and not _QUOTED.intersection(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
