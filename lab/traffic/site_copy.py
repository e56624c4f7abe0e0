# SPDX-License-Identifier: GPL-3.0-or-later
"""A copy of an inventory whose declared site can be changed as its owner would change it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml


class SiteCopy:
    """The copy lies in .cache, as deep as inventories/NAME, so that relative paths in it lead to the same files."""

    def __init__(self, inventory: Path, name: str) -> None:
        """Copy it; an older copy of this name is replaced."""
        top = Path(__file__).resolve().parents[2]
        self.folder = top / ".cache" / name
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(inventory, self.folder)
        self.stack = self.folder / "stack.yml"

    @property
    def site(self) -> dict[str, Any]:
        """The declared site as it is now."""
        data: dict[str, Any] = yaml.safe_load(self.stack.read_text())
        return data

    def change(self, how: Callable[[dict[str, Any]], None]) -> None:
        """Let `how` change the site in place, and write it."""
        data = self.site
        how(data)
        self.stack.write_text(yaml.safe_dump(data, sort_keys=False))
