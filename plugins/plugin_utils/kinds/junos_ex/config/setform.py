# SPDX-License-Identifier: GPL-3.0-or-later
"""The set form read back, for `parsed`: the parts of the configuration that this package writes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from . import ranges
from .names import bundle_index, is_port, physical
from .statements import Config, Path, Segment, entry, leaf

_HIDDEN_LISTS = {"interfaces": "interface", "vlans": "vlan"}
_OPEN_LISTS = {"unit", "interface-range", "member", "member-range", "interface"}
_VALUES = frozenset(
    {
        *(
            "mtu",
            "description",
            "vlan-id",
            "l3-interface",
            "device-count",
            "native-vlan-id",
            "port-mode",
            "interface-mode",
        ),
        *(
            "members",
            "minimum-links",
            "link-speed",
            "periodic",
            "bundle",
            "end-range",
            "speed",
            "encapsulation",
        ),
        *("vlan-range", "vlan-id-list", "apply-groups", "apply-groups-except"),
    }
)
_OTHERS = ("poe", "ethernet-switching-options", "switch-options", "class-of-service")
"""Parts that name ports, and of which no more is known than how they name them."""
KNOWN = ("interfaces", "vlans", "chassis", "protocols", "apply-groups", *_OTHERS)
_NAMING = frozenset(
    {
        *(("poe",), ("switch-options",), ("switch-options", "voip"), ("class-of-service", "interfaces")),
        *(
            ("ethernet-switching-options", part)
            for part in ("voip", "secure-access-port", "storm-control", "bpdu-block")
        ),
    }
)
"""Where `interface NAME` stands in those, below containers and not below entries of a list."""
_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|([^\s"]\S*)', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_PROMPT = re.compile(r"\{[\w:-]+\}(\[edit[^\]]*\])?|\[edit[^\]]*\]|\S+@\S+[>#%].*|(## |/\*).*")
"""Lines around a configuration that was copied from a terminal: `{master:0}`, `user@switch> show ...`, comments."""
_VERBS = ("set", "deactivate", "protect")


def from_set(lines: Iterable[str]) -> Config:
    """Return the statements of `set` lines in the parts that are `KNOWN`; others are passed over.

    Raises:
        ValueError: a line is none of the set form, so it is not known what was given.

    """
    config = Config()
    inactive: list[Path] = []
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text or text.startswith("#") or _PROMPT.fullmatch(text):
            continue
        verb, *rest = _words(text, number)
        if verb not in _VERBS:
            raise ValueError(f"line {number}: {text!r} is no set or deactivate line")
        if not rest or rest[0] not in KNOWN or verb == "protect":
            continue
        if verb == "set":
            for item in _paths(rest):
                config.statements[item] = None
        else:
            inactive += _paths(rest)
    for item in inactive:
        config.inactive.update(_deactivated(config, item))
    return config


def is_empty(text: str) -> bool:
    """Tell whether there is no line of a configuration in a text, but what a terminal prints around one at most."""
    lines = (line.strip() for line in text.splitlines())
    return all(not line or line.startswith("#") or _PROMPT.fullmatch(line) for line in lines)


def unsure(config: Config) -> Path | None:
    """Return a statement that names a port, and of which the set form does not tell what is a list and what a value.

    It could neither be found by the port's name nor be deleted surely. XML tells it: there it is an entry or a value.
    """
    names = set(ranges.names(config))
    return next((item for item in config.statements if item[0].tag != "interfaces" and _is_unsure(item, names)), None)


def _is_unsure(item: Path, names: set[str]) -> bool:
    if any(step.key is None and step.value is None and _is_interface(step.tag) for step in item):
        return True
    if item[0].tag not in _OTHERS:
        return False
    at = next((place for place, step in enumerate(item) if step.tag == "interface" and step.key), None)
    if at is None or not (item[at].key in names or _is_interface(item[at].key or "")):
        return False
    # What names a range is written for a port too, with all that follows the name.
    copied = item[at].key in names and len(item) > at + 2
    return copied or tuple(step.tag for step in item[:at]) not in _NAMING


def _is_interface(text: str) -> bool:
    name = physical(text)
    return is_port(name) or bundle_index(name) is not None


def _deactivated(config: Config, item: Path) -> Iterator[Path]:
    """Yield what a deactivate line means: a leaf is named without its value, but is known here by both."""
    last = item[-1]
    near = [each for each in config.statements.near(item[:-1]) if len(each) >= len(item) and each[: len(item)] == item]
    if near or last.key is not None or last.value is not None:
        yield item
        return
    named = [
        each
        for each in config.statements.near(item[:-1])
        if len(each) == len(item) and each[:-1] == item[:-1] and each[-1].tag == last.tag
    ]
    yield from named or [item]


def _words(text: str, number: int) -> list[str]:
    """Return the words of a line as Junos quotes them: by double quotes alone, an apostrophe is a letter.

    Raises:
        ValueError: a quoted word has no end.

    """
    found: list[str] = []
    place = 0
    while place < len(text):
        if text[place].isspace():
            place += 1
            continue
        match = _WORD.match(text, place)
        if match is None:
            raise ValueError(f"line {number}: {text!r} has a quoted word without an end")
        found.append(match[2] if match[1] is None else _ESCAPED.sub(r"\1", match[1]))
        place = match.end()
    return found


def _paths(given: list[str]) -> list[Path]:
    """Return the statements of a line: more than one where a leaf has values in brackets."""
    steps: list[Segment] = []
    todo = list(given)
    while todo:
        word = todo.pop(0)
        if word == "to" and steps and steps[-1].tag == "member-range":
            word = "end-range"
        if word in _VALUES and todo and not _is_name(word, steps):
            values = _bracketed(todo)
            return [(*steps, leaf(word, value)) for value in values]
        steps += _step(word, steps, todo)
    return [tuple(steps)]


def _is_name(word: str, above: list[Segment]) -> bool:
    """Tell whether the word is the name of an entry: `set vlans description vlan-id 5` is a VLAN of that name."""
    return len(above) == 1 and above[0].tag in _HIDDEN_LISTS and not word.startswith("apply-groups")


def _bracketed(words: list[str]) -> list[str]:
    return [word for word in words if word not in ("[", "]")]


def _step(word: str, above: list[Segment], todo: list[str]) -> list[Segment]:
    if word == "802.3ad":
        inner = Segment("ieee-802.3ad")
        return [inner, leaf("bundle", todo.pop(0))] if todo and todo[0].startswith("ae") else [inner]
    hidden = _HIDDEN_LISTS.get(above[-1].tag) if len(above) == 1 else None
    if [step.tag for step in above] == ["class-of-service", "interfaces"]:
        hidden = "interface"
    if hidden and word not in ("interface-range", "interface-set"):
        return [entry(hidden, word)]
    if word in _OPEN_LISTS and todo:
        return [entry(word, todo.pop(0))]
    return [Segment(word)]
