# SPDX-License-Identifier: GPL-3.0-or-later
"""Skips: which are known (tests/known_skips.yml). With CI=true any other one is a failure."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml


@dataclass(frozen=True)
class Skip:
    """A test that did not run, or a whole part (then the test is the part)."""

    part: str
    test: str
    reason: str

    def __str__(self) -> str:
        """Return it as the summary prints it."""
        where = self.part if self.test in ("", self.part) else f"{self.part}: {self.test}"
        return f"{where}: {self.reason}"


@dataclass(frozen=True)
class KnownSkip:
    """A skip that CI accepts: of this part, with a reason that begins so; why says what cannot be had."""

    part: str
    reason: str
    why: str

    def covers(self, skip: Skip) -> bool:
        """Tell whether it is this one."""
        return skip.part == self.part and skip.reason.startswith(self.reason)


def known_skips(root: Path) -> list[KnownSkip]:
    """Read the list; without its file nothing is known."""
    file = root / "tests" / "known_skips.yml"
    return [KnownSkip(**entry) for entry in yaml.safe_load(file.read_text()) or []] if file.exists() else []
