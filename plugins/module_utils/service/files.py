# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One file of a host: as it is, as it ought to be, and put in place in one step."""

from __future__ import annotations

import grp
import os
import pwd
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Sequence

from ansible_collections.netstack.datacenter.plugins.module_utils import own_files

from . import space

__all__ = ["Change", "File", "UnknownAccountError", "is_so", "private", "put", "read", "same", "size", "write"]


class UnknownAccountError(OSError):
    """A file is to belong to an account that this host does not have."""


@dataclass(frozen=True)
class File:
    """One file as it ought to be.

    ``content`` None means that the path must be absent. ``secret`` keeps the content out of diffs.
    """

    path: str
    content: bytes | None = field(repr=False)  # it may hold a secret
    mode: int = 0o644
    owner: str = "root"
    group: str = "root"
    secret: bool = False


@dataclass(frozen=True)
class Change:
    """A file that differs: what it is to become and what it is now (None where it does not exist)."""

    wanted: File
    current: File | None


def read(path: str, secret: bool = False) -> File | None:
    """Return the file at ``path`` as it is, or None where there is none.

    Raises IsADirectoryError where a directory stands in its place.
    """
    try:
        status = os.stat(path)
        content = Path(path).read_bytes()
    except FileNotFoundError:
        return None
    owner, group = _name(pwd.getpwuid, status.st_uid), _name(grp.getgrgid, status.st_gid)
    return File(path, content, stat.S_IMODE(status.st_mode), owner, group, secret)


def _name(lookup: Callable[[int], Sequence[Any]], number: int) -> str:
    """Return the account's name, or its number as text where it has none."""
    try:
        return str(lookup(number)[0])
    except KeyError:
        return str(number)


def _number(lookup: Callable[[str], Sequence[Any]], name: str) -> int:
    """Return the number of an account given by name or by number. Raises UnknownAccountError."""
    try:
        return int(lookup(name)[2])
    except KeyError:
        if not name.isdigit():
            raise UnknownAccountError(f"this host has no user or group {name}") from None
        return int(name)


def same(wanted: File, current: File | None) -> bool:
    """Tell whether the file on disk already is what is wanted."""
    if wanted.content is None or current is None:
        return wanted.content is None and current is None
    return (wanted.content, wanted.mode, wanted.owner, wanted.group) == (
        current.content,
        current.mode,
        current.owner,
        current.group,
    )


def write(file: File) -> None:
    """Put ``file`` in place in one step: a reader sees the old bytes or the new ones, never a part.

    A link is followed, so that a file that an administrator keeps elsewhere stays there.
    """
    path = os.path.realpath(file.path)
    with space.named(file.path):
        own_files.make_folder(os.path.dirname(path))
        owner = _number(pwd.getpwnam, file.owner), _number(grp.getgrnam, file.group)
        own_files.replace(path, file.content or b"", file.mode, owner)


def put(file: File) -> None:
    """Bring one path to the wanted state."""
    if file.content is not None:
        write(file)
    elif os.path.lexists(file.path):
        os.unlink(file.path)


def is_so(file: File) -> bool:
    """Tell whether a path is in the wanted state, as far as it can be read."""
    try:
        return same(file, read(file.path))
    except OSError:
        return False


def size(file: File | None) -> int | None:
    """Return how many bytes a file has, None for one that is absent."""
    return None if file is None or file.content is None else len(file.content)


def private(path: str, content: bytes) -> File:
    """Return a file that only the running user reads."""
    user, group = _name(pwd.getpwuid, os.geteuid()), _name(grp.getgrgid, os.getegid())
    return File(path, content, 0o600, user, group)
