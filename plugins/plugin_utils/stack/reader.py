# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""YAML into plain data, with the line of every value; whatever the model must not contain is found here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path as FilePath
from typing import Any

import yaml

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.catalogue import reading
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.finding import (
    Fault,
    Finding,
    Path,
    Place,
    Positions,
)

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_JINJA = re.compile(r"\{\{|\{%|\{#")
_PLAIN_TAGS = {
    f"tag:yaml.org,2002:{name}"
    for name in ("str", "int", "float", "bool", "null", "timestamp", "map", "seq", "merge", "value")
}
_NUMBER = re.compile(r"[-+]?(0|[1-9][0-9]{0,18})")
_MOST_REPEATED = 100_000
"""Values that aliases may repeat in a file; reading these takes half a second."""
_MERGE = "tag:yaml.org,2002:merge"


@reading("YAML_SYNTAX")
def yaml_syntax(problem: str) -> str:
    """A file is no YAML.

    Breaks: nothing of the file can be read.
    Why: YAML 1.1 as PyYAML and libyaml read it; tabs and unbalanced quotes or brackets are the usual causes.
    Mend: correct the line that the message names; a name with a range inside a [list] must stand in quotes.
    """
    return f"it is no YAML ({problem}), so nothing of it can be checked; mend this line or the one before it"


@reading("FILE_UNREADABLE")
def file_unreadable(problem: str) -> str:
    """A file of the site cannot be read.

    Breaks: part of the site would be missing, and hosts would be configured without it.
    Why: a site is whole or it is refused.
    Mend: correct the path, the rights or the encoding (UTF-8).
    """
    return f"it cannot be read ({problem}), and part of a site is no site; correct its path, rights or encoding (UTF-8)"


@reading("NOT_A_MAPPING")
def not_a_mapping(kind: str) -> str:
    """A place that needs `key: value` lines has something else.

    Breaks: the objects below it cannot be read.
    Why: sections and objects of a site are mappings by name.
    Mend: write `name: {...}` or an indented block; an unused section is left out or `{}`.
    """
    return (
        f"it is {kind} where `name: value` lines are needed, so nothing below it can be read; write a mapping, or "
        "leave it out"
    )


@reading("DUPLICATE_KEY")
def duplicate_key(key: str, first: Place) -> str:
    """The same key stands twice in one mapping, or in two files of one site.

    Breaks: YAML keeps the last one and drops the first without a word.
    Why: YAML 1.2, 3.2.1.1 calls for unique keys; PyYAML does not check.
    Mend: remove one of them, or give one another name.
    """
    return f"key {key!r} stands here and at {first}, and only one of them could count; remove one of them"


@reading("JINJA")
def jinja(text: str) -> str:
    """A value holds Jinja.

    Breaks: the text would stay literal in the derived variables (ansible-core 2.19), and no rule could judge it.
    Why: the site is data, checked before any host is known; data tagging of ansible-core 2.19.
    Mend: write the value; secrets are named here (`password_secret: NAME`), and the role looks them up in a vaulted
    dictionary.
    """
    return (
        f"{_shortened(text)} is Jinja, and nothing in the site is templated; write the value itself, or for a "
        "secret its name (password_secret: NAME)"
    )


@reading("TAG")
def tag(name: str) -> str:
    """A value has a YAML tag such as !vault or !unsafe.

    Breaks: the site cannot be checked, nor shown in a report, when parts of it are encrypted.
    Why: secrets are named in the model, and looked up by the role in a vaulted dictionary (`netstack_secrets`).
    Mend: put the encrypted value into group_vars under `netstack_secrets` and write its name here.
    """
    return (
        f"the tag {name} is not taken here: the site holds no secrets and no objects; put the value into "
        "netstack_secrets (group_vars) and write its name"
    )


@reading("RECURSION")
def recursion() -> str:
    """An anchor contains itself.

    Breaks: the data would be endless.
    Why: YAML allows it, a site does not.
    Mend: remove the alias from inside its own anchor.
    """
    return "an alias stands inside its own anchor, so the data would be endless; remove it"


@reading("ALIASES")
def aliases(most: int) -> str:
    """Aliases repeat more values than any site has.

    Breaks: a few lines of aliases to lists of aliases become billions of values, and reading them never ends.
    Why: each alias stands for a copy of all that its anchor holds, the aliases in it included ("billion laughs").
    Mend: write fewer aliases to anchors that hold aliases; what many objects share belongs into a profile.
    """
    return (
        f"with this alias more than {most} values are repeated, as in no site, so nothing of the file is read; use "
        "fewer aliases to what holds aliases, and profiles for what many objects share"
    )


def _shortened(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")


class Document:
    """One YAML file as plain data, with the places of its values and what is wrong with it."""

    def __init__(self, file: FilePath, shown: str, positions: Positions) -> None:
        """Read `file`, which messages call `shown`."""
        self.findings: list[Finding] = []
        self.shown = shown
        self._positions = positions
        self._open: list[int] = []
        self._met: set[int] = set()
        self._alias: Path = ()
        self._repeated = 0
        self.data = self._load(file)

    def _load(self, file: FilePath) -> dict[str, Any]:
        try:
            node = yaml.compose(file.read_text(encoding="utf-8"), Loader=_LOADER)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark
            self._report(
                "YAML_SYNTAX", (), mark.line + 1 if mark else 0, yaml_syntax(str(error.problem or error.context))
            )
            return {}
        except yaml.YAMLError as error:
            self._report("YAML_SYNTAX", (), 0, yaml_syntax(str(error).splitlines()[0]))
            return {}
        except (OSError, UnicodeDecodeError) as error:
            self._report("FILE_UNREADABLE", (), 0, file_unreadable(getattr(error, "strerror", None) or "no UTF-8"))
            return {}
        if node is None:
            return {}
        if not isinstance(node, yaml.MappingNode):
            self._report(
                "NOT_A_MAPPING",
                (),
                node.start_mark.line + 1,
                not_a_mapping("a list" if isinstance(node, yaml.SequenceNode) else "one value"),
            )
            return {}
        data = self._mapping(node, ())
        return {} if self._repeated > _MOST_REPEATED else data

    def _report(self, rule: str, path: Path, line: int, text: str) -> None:
        self.findings.append(Finding(rule, "error", Place(self.shown, line), Fault(path, text)))

    def _value(self, node: Any, path: Path) -> Any:
        if id(node) in self._open:
            self._report("RECURSION", path, node.start_mark.line + 1, recursion())
            return None
        if id(node) not in self._met:
            self._met.add(id(node))
            return self._read(node, path)
        outermost, self._alias = self._alias, self._alias or path
        try:
            return None if self._is_too_often() else self._read(node, path)
        finally:
            self._alias = outermost

    def _read(self, node: Any, path: Path) -> Any:
        if node.tag not in _PLAIN_TAGS:
            self._report("TAG", path, node.start_mark.line + 1, tag(node.tag))
            return "tagged"
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path)
        self._open.append(id(node))
        try:
            return self._mapping(node, path) if isinstance(node, yaml.MappingNode) else self._sequence(node, path)
        finally:
            self._open.pop()

    def _is_too_often(self) -> bool:
        """Count a value that an alias repeats; where they are too many, say so at the key of the alias, once."""
        self._repeated += 1
        if self._repeated == _MOST_REPEATED + 1:
            key = self._alias
            while key and isinstance(key[-1], int):
                key = key[:-1]
            self._report("ALIASES", key, self._positions.at(key).line, aliases(_MOST_REPEATED))
        return self._repeated > _MOST_REPEATED

    def _sequence(self, node: Any, path: Path) -> list[Any]:
        items = []
        for index, item in enumerate(node.value):
            self._positions.put((*path, index), Place(self.shown, item.start_mark.line + 1))
            items.append(self._value(item, (*path, index)))
        return items

    def _mapping(self, node: Any, path: Path) -> dict[str, Any]:
        data: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        lines: dict[str, int] = {}
        for _merge_key, value_node in (pair for pair in node.value if pair[0].tag == _MERGE):
            for key, value in self._merged(value_node, path):
                merged.setdefault(key, value)
        for key_node, value_node in (pair for pair in node.value if pair[0].tag != _MERGE):
            line = key_node.start_mark.line + 1
            key = self._key(key_node, path)
            if key in lines:
                self._report("DUPLICATE_KEY", (*path, key), line, duplicate_key(key, Place(self.shown, lines[key])))
                continue
            lines[key] = line
            self._positions.put((*path, key), Place(self.shown, line))
            data[key] = self._value(value_node, (*path, key))
        return {**merged, **data}

    def _merged(self, node: Any, path: Path) -> Iterator[tuple[str, Any]]:
        """Yield what `<<` brings in, with the places where it was written; the mapping's own keys come later."""
        for source in node.value if isinstance(node, yaml.SequenceNode) else [node]:
            if isinstance(source, yaml.MappingNode) and id(source) not in self._open:
                found = self._value(source, path)
                yield from found.items() if isinstance(found, dict) else ()
            else:
                self._report(
                    "NOT_A_MAPPING", path, source.start_mark.line + 1, not_a_mapping("a merge (<<) of something else")
                )

    def _key(self, node: Any, path: Path) -> str:
        """Return the key as it was written: `on` is a key of devices and a boolean of YAML 1.1."""
        if not isinstance(node, yaml.ScalarNode):
            self._report(
                "NOT_A_MAPPING", path, node.start_mark.line + 1, not_a_mapping("a key that is a list or a mapping")
            )
            return "?"
        text = str(node.value)
        self._refuse_jinja(text, path, node)
        return text

    def _refuse_jinja(self, text: str, path: Path, node: Any) -> None:
        if _JINJA.search(text):
            self._report("JINJA", path, node.start_mark.line + 1, jinja(text))

    def _scalar(self, node: Any, path: Path) -> Any:
        """Return the value; 0644, 1:30 and dates stay text, for YAML 1.1 would make other numbers of them."""
        text = str(node.value)
        kind = node.tag.rsplit(":", 1)[-1]
        if kind == "int" and _NUMBER.fullmatch(text):
            return int(text)
        if kind == "float":
            try:
                return float(text)
            except ValueError:
                return text
        if kind == "bool":
            return text.lower() in ("yes", "true", "on")
        if kind == "null":
            return None
        self._refuse_jinja(text, path, node)
        return text
