# SPDX-License-Identifier: GPL-3.0-or-later
"""A copy of the checkout to which the code blocks of a page of docs/dev are applied, as a reader would."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from runner.recorder import FOLDER

from ..runner import graph

_MADE = re.compile(r"^`([\w./-]+)`\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CONSOLE = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def files_made(page: str) -> dict[str, str]:
    """Return the files that the page makes: a path alone on its line, and the block below it."""
    return dict(_MADE.findall(page))


def commands(page: str) -> list[list[str]]:
    """Return the commands that the page has its reader run."""
    return [line.split() for block in _CONSOLE.findall(page) for line in block.splitlines()]


class Scratch:
    """The copy; `changed` says in which files it is no longer the checkout."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in graph.tracked():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(graph.ROOT / name, folder / name)
        place = folder / ".cache/collections/ansible_collections/netstack"
        place.mkdir(parents=True)
        (place / "datacenter").symlink_to(folder)

    def write(self, name: str, text: str) -> None:
        """Make a file, or write it anew."""
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_text(text, encoding="utf-8")

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run Python in the copy, on the copy's collection; what pytest counts there is not counted here."""
        place = str(self.folder / ".cache/collections")
        environment = {**os.environ, "PYTHONPATH": place, "ANSIBLE_COLLECTIONS_PATH": place}
        environment.pop(FOLDER, None)
        program = [sys.executable, *arguments]
        return subprocess.run(program, cwd=self.folder, env=environment, capture_output=True, text=True, check=False)

    def changed(self) -> Iterator[str]:
        """Yield the files that are new in the copy or have another text there."""
        for path in sorted(self.folder.rglob("*")):
            name = str(path.relative_to(self.folder))
            if path.is_file() and not name.startswith(".") and path.suffix != ".pyc":
                old = graph.ROOT / name
                if not old.is_file() or old.read_bytes() != path.read_bytes():
                    yield name
