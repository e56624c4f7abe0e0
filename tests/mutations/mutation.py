# SPDX-License-Identifier: GPL-3.0-or-later
"""What a mutation is: one change of the product that one command must notice.

Each table of a *.toml here is one: its name is the id; `old` stands exactly once in `file` and becomes `new`; then
`command` fails, the smallest one of `script/test` that should. `lab` is true where it starts containers.

Where the proof was thinned (a part was cut, merged or left to `script/test --all`), `part` names what lost it and
`before` the narrowest command of the whole that noticed the change already, run with NETSTACK_ALL=1: a test that
`script/test` does not run any more, or runs less of. `before_lab` is true where that one starts containers. Nothing is
lost where both are red: `script/mutations` shows the one, `script/mutations --before` the other.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import tomllib

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]


@dataclass(frozen=True)
class Mutation:
    """One change of the product, and the command that goes red by it."""

    id: str
    file: str
    old: str
    new: str
    command: str
    lab: bool = False
    part: str = ""
    before: str = ""
    before_lab: bool = False

    def by_the_whole(self) -> Mutation:
        """Return the same change with the command of the whole part."""
        return replace(self, command=self.before, lab=self.before_lab)

    def applied(self, text: str) -> str:
        """Return the file's text with the change. Raises ValueError where the old text is not there exactly once."""
        if (count := text.count(self.old)) != 1:
            raise ValueError(f"{self.id}: its old text stands {count} times in {self.file}")
        return text.replace(self.old, self.new)


def mutations(folder: Path = FOLDER) -> list[Mutation]:
    """Return all of them in the order of the files. Raises TypeError for a key that is unknown or missing."""
    tables = [tomllib.loads(file.read_text()) for file in sorted(folder.glob("*.toml"))]
    return [Mutation(id, **values) for table in tables for id, values in table.items()]
