# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Files and folders that this collection makes: no umask decides who reads them, nobody can plant them."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

__all__ = ["AS_IT_COMES", "make_folder", "replace"]

#: Neither the user nor the group of a new file is set.
AS_IT_COMES = (-1, -1)


def make_folder(path: str, mode: int = 0o755, above: int = 0o755) -> None:
    """Make a folder where there is none, and those above it that are missing, each with its mode whatever the umask is.

    What is there already keeps its mode.
    """
    folder = Path(path)
    missing = [folder]
    while not missing[-1].parent.exists():
        missing.append(missing[-1].parent)
    for each in reversed(missing):
        if not each.is_dir():
            _make(each, mode if each == folder else above)


def _make(folder: Path, mode: int) -> None:
    """Make one folder, narrow at first; another process may be faster."""
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        if not folder.is_dir():
            raise
    else:
        folder.chmod(mode)


def replace(
    path: str, content: bytes, mode: int = 0o600, owner: tuple[int, int] = AS_IT_COMES, durable: bool = True
) -> None:
    """Put a file in place in one step: a reader sees the old bytes or the new ones, never a part.

    A link at ``path`` is replaced, not followed. The new file has a name that nobody can foretell, is made by this call
    alone (O_EXCL), and gets mode and owner by its handle, since a name can come to mean another file meanwhile.
    ``durable`` has it on the disk before the old one goes.
    """
    folder, name = os.path.split(path)
    handle, temporary = tempfile.mkstemp(prefix=f".{name[:50]}.netstack-", dir=folder or ".")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            if owner != AS_IT_COMES:
                os.fchown(handle, *owner)
            os.fchmod(handle, mode)
            if durable:
                os.fsync(handle)
        os.replace(temporary, path)
    except BaseException:  # a signal too must leave no copy of a secret behind
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
