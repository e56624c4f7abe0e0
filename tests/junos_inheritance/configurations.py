# SPDX-License-Identifier: GPL-3.0-or-later
"""The configurations of this folder, written after the kinds that switches of campuses and data centers have.

The head of each says its style, its kinds, and by name what of it cannot be declared:

    # style: els; kinds: groups, ranges
    # cannot: ge-0/0/3: why
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from xml.etree.ElementTree import Element

from .reader import from_text

FOLDER = Path(__file__).parent / "configurations"
Style = Literal["els", "nonels"]


@dataclass(frozen=True)
class Configuration:
    """A configuration of the folder."""

    name: str
    style: Style
    kinds: frozenset[str]
    cannot: dict[str, str]
    text: str

    @property
    def root(self) -> Element:
        """Return it as XML, read by the judge."""
        return from_text(self.text.split("-->", 1)[-1] if "<!--" in self.text else self.text)

    @property
    def members(self) -> int:
        """Return of how many switches the virtual chassis is that it is for."""
        return 1 + max((int(fpc) for fpc in re.findall(r"\b(?:ge|xe|et)-\[?(?:\d-)?(\d+)\]?/", self.text)), default=0)


def _read(path: Path) -> Configuration:
    text = path.read_text()
    head = re.search(r"style: (els|nonels); kinds: ([^\n]+)", text)
    assert head is not None, f"{path.name} has no head"
    cannot = dict(re.findall(r"cannot: (\S+): ([^\n]+)", text))
    style: Style = "els" if head[1] == "els" else "nonels"
    return Configuration(path.name, style, frozenset(head[2].split(", ")), cannot, text)


ALL = [_read(path) for path in sorted(FOLDER.iterdir())]
