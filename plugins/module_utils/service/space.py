# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Room on file systems: asked for before anything is written, and named where it ends all the same.

An OSError of write(2) has neither the path nor the file system, and a user who reads "No space left on device" looks at
the wrong one.
"""

from __future__ import annotations

import contextlib
import errno
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Iterator, Sequence

__all__ = ["NoSpaceError", "Step", "named", "require"]

_FULL = (errno.ENOSPC, errno.EDQUOT)


class NoSpaceError(OSError):
    """A file system has no room; the message names it and the path that needs it."""


@dataclass(frozen=True)
class Step:
    """One file that is written in full before another one of the same path goes.

    Attributes:
        path: where it is written.
        size: what it will hold, in bytes; None where the file only goes.
        former: what the file that it replaces holds, in bytes; None where there is none.
        title: what a message calls it; its path when empty.
    """

    path: str
    size: int | None
    former: int | None = None
    title: str = ""


@dataclass
class _Room:
    """What one file system has, and what the steps so far have taken of it."""

    mount: str
    block: int
    bytes: int
    files: int | None
    taken: int = field(default=0)
    made: int = field(default=0)

    def blocks(self, size: int) -> int:
        """Return the bytes that a file of this size takes."""
        return -(-size // self.block) * self.block

    def walk(self, step: Step) -> str:
        """Take one step; return what is missing for it, "" where there is room."""
        new, old = self.blocks(step.size or 0), self.blocks(step.former or 0)
        self.taken += new
        self.made += step.size is not None
        missing = ""
        if self.taken > self.bytes:
            missing = f"{self.taken} bytes are needed and {self.bytes} are free (df {self.mount})"
        elif self.files is not None and self.made > self.files:
            missing = f"{self.made} new files are needed and {self.files} are possible (df -i {self.mount})"
        self.taken -= old
        self.made -= step.former is not None
        return missing


def require(steps: Sequence[Step]) -> None:
    """Make sure that there is room for all steps, one after the other. Raises NoSpaceError for the first without it.

    Other programs write meanwhile, so what is enough here may still end later: see :func:`named`.
    """
    rooms: dict[int, _Room] = {}
    for step in steps:
        folder = _existing(step.path)
        device = os.stat(folder).st_dev
        room = rooms[device] = rooms.get(device) or _room(folder)
        missing = room.walk(step)
        if missing:
            raise NoSpaceError(
                f"no space left for {step.title or step.path} on the file system {room.mount}: {missing}. Nothing was "
                "changed; make room there and run again"
            )


@contextlib.contextmanager
def named(path: str) -> Iterator[None]:
    """Let a file system that is full name itself and the path that is written. Raises NoSpaceError for it."""
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise NoSpaceError(f"no space left for {path} on the file system {_mount(_existing(path))}") from error


def _existing(path: str) -> str:
    """Return the nearest folder above a path, links followed, that exists."""
    folder = Path(os.path.realpath(path)).parent
    while not folder.is_dir():
        folder = folder.parent
    return str(folder)


def _mount(folder: str) -> str:
    """Return the mount point that a folder lies below."""
    while not os.path.ismount(folder):
        folder = os.path.dirname(folder)
    return folder


def _room(folder: str) -> _Room:
    """Return what the file system of a folder has for this user: root may use what is reserved."""
    found = os.statvfs(folder)
    root = os.geteuid() == 0
    free, files = (found.f_bfree, found.f_ffree) if root else (found.f_bavail, found.f_favail)
    return _Room(_mount(folder), found.f_frsize, free * found.f_frsize, files if found.f_files else None)
