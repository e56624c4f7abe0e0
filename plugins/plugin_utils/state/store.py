# SPDX-License-Identifier: GPL-3.0-or-later
"""Where records are kept: named texts, each replaced as a whole, and no writer overwrites what another one wrote."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from .. import private_files

Change = Callable[[str], str]
"""Makes the new text of the old one, "" where there is none."""


class StateError(OSError):
    """What is kept cannot be read or written, or is not what it should be; the message says what to do."""


class Store(Protocol):
    """Holds texts by name; a name is file names below each other, as `private_files.file_name` makes them."""

    def place(self, name: tuple[str, ...]) -> str:
        """Return where a text is, for people."""

    def read(self, name: tuple[str, ...]) -> str:
        """Return a text, "" where there is none. Raises OSError."""

    def update(self, name: tuple[str, ...], change: Change) -> None:
        """Replace a text; nobody writes it between the reading of the old one and the writing. Raises OSError."""


class Folder:
    """A folder, of which other machines may mount the same."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def place(self, name: tuple[str, ...]) -> str:
        """Return the path of a file."""
        return str(self.folder.joinpath(*name))

    def read(self, name: tuple[str, ...]) -> str:
        """Return what a file holds."""
        return private_files.read(self.folder.joinpath(*name))

    def update(self, name: tuple[str, ...], change: Change) -> None:
        """Replace a file in one step, under the lock of the folder."""
        with self._locked():
            private_files.write(self.folder.joinpath(*name), change(self.read(name)))

    @contextmanager
    def _locked(self) -> Iterator[None]:
        private_files.make_folder(self.folder)
        handle = private_files.opened(self.folder / ".lock", os.O_RDWR | os.O_CREAT)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)
