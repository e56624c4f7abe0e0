# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The tracked files that tell an instance to be away (1) or at home (0).

They are state, not configuration: no backup has them, or a rollback would send a node away that had been away long ago.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Iterable

from ansible_collections.netstack.datacenter.plugins.module_utils.vip.render import Paths

SUFFIX = ".away"


def is_away(paths: Paths, name: str) -> bool:
    """Tell whether the instance is told to be away; as for keepalived, no value or an unreadable one counts as 0."""
    try:
        return int(Path(paths.away(name)).read_text().split()[0]) != 0
    except (OSError, ValueError, IndexError):
        return False


def known(paths: Paths) -> list[str]:
    """Return the instances that have a tracked file."""
    return sorted(path.name[: -len(SUFFIX)] for path in Path(paths.state).glob("*" + SUFFIX))


def write(paths: Paths, name: str, away: bool) -> None:
    """Set the value in place: two bytes at once, so that keepalived never reads an empty file."""
    path = Path(paths.away(name))
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(str(path), os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        os.pwrite(handle, b"1\n" if away else b"0\n", 0)
        os.ftruncate(handle, 2)
    finally:
        os.close(handle)


def missing(paths: Paths, names: Iterable[str]) -> list[str]:
    """Return the instances without a tracked file."""
    return sorted(set(names) - set(known(paths)))


def stale(paths: Paths, names: Iterable[str]) -> list[str]:
    """Return the tracked files' names that no instance is behind any more."""
    return sorted(set(known(paths)) - set(names))


def tidy(paths: Paths, names: Iterable[str]) -> None:
    """Make what is missing, at home, and remove what is stale. A value that is there stays as it is."""
    wanted = list(names)
    for name in missing(paths, wanted):
        write(paths, name, False)
    for name in stale(paths, wanted):
        os.unlink(paths.away(name))
