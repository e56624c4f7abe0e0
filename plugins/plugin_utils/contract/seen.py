# SPDX-License-Identifier: GPL-3.0-or-later
"""What a verification saw, as data: the text for people, and the objects that it is about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Seen:
    """One thing that was looked at.

    Attributes:
        text: what people read
        objects: the interfaces or virtual switches that it is about; none of them: the device as a whole
        good: it is as it is declared
        host: the host whose objects they are, where a vCenter was asked; empty for the device itself

    """

    text: str
    objects: tuple[str, ...] = ()
    good: bool = True
    host: str = ""

    def __str__(self) -> str:
        return self.text

    def plain(self) -> dict[str, Any]:
        """Return it as a result of a task."""
        return {"text": self.text, "objects": list(self.objects), "good": self.good, "host": self.host}


def results(seen: Iterable[Seen]) -> dict[str, list[Any]]:
    """Return what was seen as the result of a task: the texts of what is good, and all of it as data."""
    found = list(seen)
    return {"verified": [each.text for each in found if each.good], "seen": [each.plain() for each in found]}
