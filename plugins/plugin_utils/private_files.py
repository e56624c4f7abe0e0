# SPDX-License-Identifier: GPL-3.0-or-later
"""What is kept on the controller's disk: files that only this user reads, named after hosts and runs."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from pathlib import Path
from urllib.parse import quote

from ansible_collections.netstack.datacenter.plugins.module_utils import own_files

LARGEST = 64 * 1024 * 1024
"""Bytes that a file of ours has at most; the report of a host with all of its differences is far below."""
_LONGEST = 180


class LinkError(OSError):
    """Where a file of ours should be is a link, which may lead anywhere."""


def file_name(text: str) -> str:
    """Return the file name of a host or a run, a different one for each: what could lead elsewhere stands as %XX.

    A long one ends in its digest; the ~ before it is in no other name.
    """
    name = quote(text, safe="", errors="surrogatepass").replace("~", "%7E")
    name = f"%2E{name[1:]}" if name.startswith(".") else name or "%"
    return name if len(name) <= _LONGEST else f"{name[:100]}~{hashlib.sha256(name.encode()).hexdigest()}"


def make_folder(folder: Path) -> None:
    """Make a folder of this user's own, and those above it that are missing.

    Raises:
        OSError: it cannot be made.

    """
    own_files.make_folder(str(folder), 0o700, 0o700)


def opened(file: Path, flags: int, mode: int = 0o600) -> int:
    """Return a handle of a file; `mode` is that of a new one.

    Raises:
        LinkError: it is a link.
        OSError: it cannot be opened.

    """
    try:
        return os.open(file, flags | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise
        raise LinkError(f"{file} is a link, which is not followed") from None


def read(file: Path) -> str:
    """Return what a file holds, "" where there is none.

    Raises:
        OSError: it is a link, a pipe, or more than any file of ours.
        UnicodeDecodeError: it is no text.

    """
    try:
        handle = opened(file, os.O_RDONLY | os.O_NONBLOCK)
    except FileNotFoundError:
        return ""
    with os.fdopen(handle, "rb") as stream:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(f"{file} is no file")
        content = stream.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise OSError(f"{file} is larger than {LARGEST} bytes")
    return content.decode()


def write(file: Path, text: str, mode: int = 0o600, durable: bool = True) -> None:
    """Write a file in one step, with its folder where that is missing; a link in its place is replaced, not followed.

    Raises:
        OSError: it cannot be written.

    """
    make_folder(file.parent)
    own_files.replace(str(file), text.encode(), mode, durable=durable)
