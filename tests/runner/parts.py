# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of script/test, as tests/parts.yml declares them, and which of them a run is made of."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml

KEYS = {"setup", "everything", "lists", "not_run", "parts", "folders"}
"""Of tests/parts.yml; under lists and not_run it keeps what its parts share."""


class PartsError(ValueError):
    """tests/parts.yml, or what the user asked for, does not make sense; the message is for the user."""


@dataclass(frozen=True)
class Part:
    """One part. The comment at the top of tests/parts.yml explains each key."""

    name: str
    proves: str
    command: str
    seconds: int
    all_seconds: int = 0
    paths: tuple[str, ...] = ()
    not_run: tuple[str, ...] = ()
    group: str = ""
    quick: str = ""
    prepare: str = ""
    without: str = ""
    lab: str = ""
    alone: bool = False
    default: bool = True
    within: str = ""
    only_all: str = ""
    counts: str = "tests"
    limit: int = 0
    any_change: bool = False

    def __post_init__(self) -> None:
        """Refuse what contradicts itself."""
        if self.counts not in ("tests", "one"):
            raise PartsError(f"part {self.name}: counts is tests or one, not {self.counts}")
        if not self.default and not (self.only_all or self.within):
            raise PartsError(f"part {self.name} is not in the default run and does not say why (only_all)")
        if bool(self.prepare) != bool(self.without):
            raise PartsError(f"part {self.name}: prepare and without (the reason of the skip) go together")

    def words(self, quick: bool = False) -> list[str]:
        """Return the command, word by word."""
        return shlex.split(self.quick if quick else self.command)

    def expected(self, everything: bool) -> int:
        """Return how many seconds the part takes, as it was seen."""
        return self.all_seconds if everything and self.all_seconds else self.seconds

    def hangs_after(self, everything: bool) -> int:
        """Return after how many seconds it is taken to hang, and ended."""
        return self.limit or max(1200, 3 * self.expected(everything))

    def rule_for(self, path: str) -> str:
        """Return the first of the part's patterns that fits a path, or an empty text."""
        return next((pattern for pattern in self.paths if fnmatchcase(path, pattern)), "")


@dataclass(frozen=True)
class Table:
    """All parts in the order in which they start, and what concerns all of them."""

    parts: tuple[Part, ...]
    setup: str = ""
    everything: tuple[str, ...] = ()
    folders: dict[str, str] = field(default_factory=dict)

    def names(self) -> list[str]:
        """Return what can be asked for: the names of the parts, and of their groups."""
        return [part.name for part in self.parts] + sorted({part.group for part in self.parts if part.group})

    def whole(self) -> list[Part]:
        """Return the parts of a run with --all."""
        return [part for part in self.parts if not part.within]

    def default(self) -> list[Part]:
        """Return the parts of a run without options."""
        return [part for part in self.parts if part.default]

    def quick(self) -> list[Part]:
        """Return the parts of a run with --quick."""
        return [part for part in self.parts if part.quick]

    def named(self, names: list[str]) -> list[Part]:
        """Return the parts with these names or of these groups; raises PartsError for a name that there is not."""
        for name in names:
            if name not in self.names():
                raise PartsError(f"no part is called {name}; there are {', '.join(self.names())}")
        return [part for part in self.parts if part.name in names or part.group in names]

    def shared_labs(self) -> set[str]:
        """Return the labs that more than one part uses: the next part finds them up, the run ends them."""
        labs = [part.lab for part in self.parts if part.lab]
        return {lab for lab in labs if labs.count(lab) > 1}


def _flat(patterns: list[Any]) -> tuple[str, ...]:
    """Return a list without the lists in it, for that is how YAML lets parts share patterns."""
    nested = (_flat(each) if isinstance(each, list) else (each,) for each in patterns)
    return tuple(dict.fromkeys(pattern for each in nested for pattern in each))


def _part(entry: dict[str, Any]) -> Part:
    try:
        not_run = tuple(pattern for each in entry.get("not_run", []) for pattern in _flat(each["paths"]))
        return Part(**{**entry, "paths": _flat(entry.get("paths", [])), "not_run": not_run})
    except TypeError as error:
        raise PartsError(f"part {entry.get('name')}: {str(error).removeprefix('Part.__init__() ')}") from None


def load(root: Path) -> Table:
    """Read tests/parts.yml; raises PartsError."""
    data = yaml.safe_load((root / "tests" / "parts.yml").read_text())
    if unknown := data.keys() - KEYS:
        raise PartsError(f"tests/parts.yml: {', '.join(sorted(unknown))} is no key of it")
    parts = tuple(map(_part, data["parts"]))
    names = [part.name for part in parts]
    for name in names:
        if names.count(name) > 1:
            raise PartsError(f"two parts are called {name}")
    for part in parts:
        if part.within and part.within not in names:
            raise PartsError(f"part {part.name} is within {part.within}, and no part is called {part.within}")
    return Table(parts, data.get("setup", ""), tuple(data.get("everything", ())), data.get("folders", {}))
