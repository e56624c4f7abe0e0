# SPDX-License-Identifier: GPL-3.0-or-later
"""The hierarchy of statements that the simulated switch knows, read from schema/*.txt.

One line is one statement, its depth is its indentation (two blanks a level):

    name            container
    name*           list; its entries are named by the XML element <name>
    name!           flag (an empty element)
    name: TYPE      leaf;  name+: TYPE  leaf-list
    @group / <group a named set of statements, and its use

TYPE is `string`, `enum a|b`, `uint A..B`, `ae` or `vlan-id`. After ` | ` stand attributes: `els` or `nonels` (known to
that switch style alone), `cli=WORD` (the CLI's word where it differs from the XML element), `hidden` (the CLI does not
write the list's word), `nokey` (nor the leaf's), `choice=ID` (siblings of one choice replace each other), `inline`
(written before each child: `family inet {`), `oneline` (written on one line), `sort=interface|number|name` (order of
entries), `key=interface|unit|vlan-name` (check of the entry's name).

Beside what the files say, every container and list can hold `apply-groups` and (but for the top) `apply-groups-except`,
and the top the list `groups`: in each of its entries the whole hierarchy once more, where names of entries can be
patterns (`<ae*>`) and entries stand in the order in which they were written. It is a `block`: braces have its word
once, with all entries inside.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Literal

Style = Literal["els", "nonels"]
Kind = Literal["container", "list", "leaf", "leaf-list", "flag"]
AES = 128
FOLDER = Path(__file__).with_name("schema")
FILES = ("system", "chassis", "interfaces", "vlans", "protocols", "services")
# Junos writes the top of the hierarchy in this order, as far as these statements go.
TOP = (
    *("version", "system", "chassis", "interfaces", "snmp", "forwarding-options", "event-options", "routing-options"),
    *("protocols", "class-of-service", "firewall", "security", "access", "ethernet-switching-options"),
    *("switch-options", "virtual-chassis", "vlans", "poe"),
)


@dataclass(eq=False)
class Schema:
    """One statement: what it is called in XML and in the CLI, what it holds, and where it stands among its siblings."""

    name: str
    kind: Kind = "container"
    type: str = ""
    cli: str = ""
    hidden: bool = False
    nokey: bool = False
    inline: bool = False
    oneline: bool = False
    choice: str = ""
    sort: str = ""
    key: str = ""
    style: str = ""
    wild: bool = False
    aes: int = AES
    block: bool = False
    order: int = 0
    children: dict[str, Schema] = field(default_factory=dict)
    words: dict[str, Schema] = field(default_factory=dict)

    @property
    def word(self) -> str:
        """Give the word that the CLI writes for it, also where it hides it."""
        return self.cli or self.name

    def add(self, child: Schema) -> None:
        """Put `child` behind the statements that stand here already."""
        child.order = len(self.children)
        self.children[child.name] = child
        if not (child.hidden or child.nokey):
            self.words[child.word] = child

    def unnamed(self) -> Schema | None:
        """Give the child that the CLI recognises without a word: the hidden list, or the leaf without keyword."""
        return next((child for child in self.children.values() if child.hidden or child.nokey), None)


@dataclass
class _Line:
    """One line of a schema file, with the lines that stand below it."""

    text: str
    below: list[_Line] = field(default_factory=list)


def _lines(path: Path) -> list[_Line]:
    """Read a schema file as a tree of lines.

    Raises:
        ValueError: a line is indented by more than one level under the one above it.
    """
    top: list[_Line] = []
    stack = [top]
    for number, raw in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not raw.strip() or raw.startswith("#"):
            continue
        depth = (len(raw) - len(raw.lstrip())) // 2
        if depth >= len(stack):
            raise ValueError(f"{path.name}:{number}: indented too far")
        del stack[depth + 1 :]
        line = _Line(raw.strip())
        stack[depth].append(line)
        stack.append(line.below)
    return top


def _statement(text: str) -> Schema:
    """Make the statement that one line describes, without what stands below it."""
    head, _, tail = text.partition(" | ")
    name, _, kind_type = head.strip().partition(":")
    marks: dict[str, Kind] = {"*": "list", "!": "flag", "+": "leaf-list"}
    kind: Kind = marks.get(name[-1], "leaf" if kind_type else "container")
    made = Schema(name.rstrip("*!+"), kind, kind_type.strip())
    for attribute in tail.split():
        word, _, value = attribute.partition("=")
        if word in ("els", "nonels"):
            made.style = word
        elif value:
            setattr(made, word, value)
        else:
            setattr(made, word, True)
    return made


def _fill(parent: Schema, lines: list[_Line], groups: dict[str, list[_Line]], style: Style) -> None:
    """Add to `parent` what `lines` say, with groups put in, without the other style's statements."""
    for line in lines:
        if line.text.startswith("<"):
            _fill(parent, groups[line.text[1:]], groups, style)
            continue
        child = _statement(line.text)
        if child.style in ("", style):
            parent.add(child)
            _fill(child, line.below, groups, style)


@lru_cache(maxsize=4)
def load(style: Style, aes: int = AES) -> Schema:
    """Give the whole hierarchy of one switch style, from `configuration` down, with names for `aes` bundles."""
    lines = [line for name in FILES for line in _lines(FOLDER / f"{name}.txt")]
    groups = {line.text[1:]: line.below for line in lines if line.text.startswith("@")}
    tops = sorted(
        (line for line in lines if line.text[0] != "@"), key=lambda line: TOP.index(_statement(line.text).name)
    )
    root, group = Schema("configuration"), Schema("groups", "list", block=True)
    for each in (root, group):
        _fill(each, tops, groups, style)
        _add_groups(each)
    del group.children["version"], group.words["version"]
    for _, child in walk(group):
        child.sort, child.wild = "", child.kind == "list"
    _first(root, group, -3)
    for _, child in walk(root):
        child.aes = aes
        if child.name == "device-count" and aes > AES:
            child.type = f"uint 1..{aes}"
    del root.children["apply-groups-except"], root.words["apply-groups-except"]
    root.children["version"].order = -4
    return root


def _first(parent: Schema, child: Schema, order: int) -> None:
    """Add a statement that stands before those of the files."""
    parent.add(child)
    child.order = order


def _add_groups(schema: Schema) -> None:
    """Add the statements that apply groups, wherever there is something to inherit."""
    for child in list(schema.children.values()):
        _add_groups(child)
    whole = all(child.nokey for child in schema.children.values()) or schema.inline or schema.oneline
    if not whole:
        _first(schema, Schema("apply-groups", "leaf-list", "string"), -2)
        _first(schema, Schema("apply-groups-except", "leaf-list", "string"), -1)


def walk(schema: Schema, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Schema]]:
    """Give every statement below `schema` with its path of XML names."""
    for child in schema.children.values():
        here = (*path, child.name)
        yield here, child
        yield from walk(child, here)
