# SPDX-License-Identifier: GPL-3.0-or-later
"""Operations and statements written down: one XML load, and the set form that people read."""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree import ElementTree

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


def to_xml(operations: Iterable[Operation]) -> str:
    """Return one `<configuration>` for `load-configuration` with action merge; deletes carry `delete="delete"`."""
    root = ElementTree.Element("configuration")
    index: dict[Path, ElementTree.Element] = {(): root}
    for operation in operations:
        if operation.verb == "set" and operation.path in index:
            # An empty container goes with the last entry that is deleted in it: it is set in an element of its own.
            index = _without(index, operation.path)
        element = _element(index, operation.path)
        if operation.verb == "delete":
            element.set("delete", "delete")
            if operation.path[-1].value is not None and operation.path[-1].tag not in LEAF_LISTS:
                element.text = None
            # What is set again below the same name must not land in the deleted element.
            index = _without(index, operation.path)
        elif operation.verb == "activate":
            element.set("active", "active")
    ElementTree.indent(root, " ")
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def _without(index: dict[Path, ElementTree.Element], path: Path) -> dict[Path, ElementTree.Element]:
    """Return the index without what is at a path and below it."""
    return {item: found for item, found in index.items() if item[: len(path)] != path}


def config_xml(config: Config) -> str:
    """Return the whole configuration as XML, as the device would show it."""
    return to_xml(Operation("set", item) for item in config.statements)


def _element(index: dict[Path, ElementTree.Element], item: Path) -> ElementTree.Element:
    if item in index:
        return index[item]
    parent = _element(index, item[:-1])
    step = item[-1]
    element = ElementTree.SubElement(parent, step.tag)
    if step.key is not None:
        ElementTree.SubElement(element, "name").text = step.key
    element.text = step.value
    index[item] = element
    return element


def to_set(operations: Iterable[Operation]) -> list[str]:
    """Return the operations as configuration-mode commands."""
    return [f"{operation.verb} {words(operation.path, operation.verb == 'delete')}" for operation in operations]


def config_set(config: Config) -> list[str]:
    """Return the whole configuration as `show configuration | display set` prints it."""
    lines = [f"set {words(item)}" for item in config.statements]
    return lines + [f"deactivate {words(item)}" for item in sorted(config.inactive)]


def words(item: Path, naming: bool = False) -> str:
    """Return a path as the command line writes it; `naming` leaves out the value of a leaf that is deleted by name."""
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
