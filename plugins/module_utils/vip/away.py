# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which instances this host is held away from: their leases, and the marks of an earlier release.

Both are state, not configuration: no backup has them, or a rollback would send a node away that had been away long ago.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Iterable

from ansible_collections.netstack.datacenter.plugins.module_utils import own_files

from . import lease
from .lease import Lease
from .render import Paths, instance_names

SUFFIX = ".away"


def configured(paths: Paths) -> list[str]:
    """Return the instances that this host has, by the configuration on disk."""
    return instance_names(_text(paths.config))


def now(paths: Paths) -> int:
    """Return the seconds since the boot, of the clock that the check of a lease reads."""
    return int(float(Path(paths.clock).read_text().split()[0]))


def lease_of(paths: Paths, name: str) -> Lease | None:
    """Return the lease of an instance, also one that is over."""
    return lease.read(_text(paths.lease(name)), now(paths))


def seconds_left(paths: Paths, name: str) -> int:
    """Return for how many seconds more a lease holds this host away from an instance."""
    found = lease_of(paths, name)
    return found.left(now(paths)) if found else 0


def marked(paths: Paths, name: str) -> bool:
    """Tell whether an earlier release left a mark, which has no end; as for keepalived, an unreadable one is none."""
    try:
        return int(_text(paths.mark(name)).split()[0]) != 0
    except (ValueError, IndexError):
        return False


def is_away(paths: Paths, name: str) -> bool:
    """Tell whether this host is held away from an instance."""
    return seconds_left(paths, name) > 0 or marked(paths, name)


def send(paths: Paths, name: str, seconds: int) -> None:
    """Hold this host away from an instance for so many seconds from now on; a lease that is ahead is renewed."""
    former = lease_of(paths, name)
    moment = now(paths)
    since = former.since if former and former.left(moment) else moment
    _replace(paths.lease(name), lease.written(Lease(since, moment + seconds)))
    _set_mark(paths, name, b"1\n")


def bring_home(paths: Paths, name: str) -> None:
    """Let this host take part in an instance again."""
    _set_mark(paths, name, b"0\n")
    _remove(paths.lease(name))


def make_marks(paths: Paths) -> None:
    """Make the files that a configuration of an earlier release tracks, for keepalived itself makes none."""
    text = _text(paths.config)
    for path in (paths.mark(name) for name in instance_names(text)):
        if f'"{path}"' in text and not os.path.exists(path):
            _replace(path, "0\n")


def litter(paths: Paths, names: Iterable[str]) -> list[str]:
    """Return the files that nothing reads any more, once keepalived runs these instances by our configuration."""
    leases = {paths.lease(name) for name in names}
    found = [str(path) for path in Path(paths.leases).glob("*" + SUFFIX) if str(path) not in leases]
    return sorted(found + [str(path) for path in Path(paths.state).glob("*" + SUFFIX)])


def tidy(paths: Paths, names: Iterable[str]) -> None:
    """Remove what nothing reads any more."""
    for path in litter(paths, names):
        _remove(path)


def told(paths: Paths, names: Iterable[str]) -> list[str]:
    """Return a sentence for each state that a reader must know: away, for how long, and what has been over."""
    moment = now(paths)
    leases = {name: found for name in names if (found := lease_of(paths, name))}
    held = [f"{name} ({found.left(moment)} s more)" for name, found in leases.items() if found.left(moment)]
    held += [f"{name} (without an end, by an earlier release)" for name in names if marked(paths, name)]
    over = [f"{name} (until {found.over(moment)} s ago)" for name, found in leases.items() if not found.left(moment)]
    sentences = []
    if held:
        sentences.append(
            f"This node is away from {', '.join(held)}, and takes nothing over meanwhile: a run is changing it, or was "
            "killed. The next run of site.yml brings it home."
        )
    if over:
        sentences.append(
            f"A run that did not end had moved this node away from {', '.join(over)}. It takes part again by itself."
        )
    return sentences


def _text(path: str) -> str:
    """Return what a file holds, "" where there is none or it is no file that can be read."""
    try:
        return Path(path).read_text(errors="replace")
    except OSError:
        return ""


def _replace(path: str, text: str) -> None:
    """Write a file in one step, so that nobody ever reads half of it; a link is replaced, not followed."""
    own_files.make_folder(os.path.dirname(path))
    own_files.replace(path, text.encode(), durable=False)


def _set_mark(paths: Paths, name: str, value: bytes) -> None:
    """Set the mark of an earlier release, for a keepalived that runs its configuration still; else there is no file.

    In place and two bytes at once, so that keepalived never reads an empty file.
    """
    try:
        handle = os.open(paths.mark(name), os.O_WRONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return
    try:
        os.pwrite(handle, value, 0)
        os.ftruncate(handle, len(value))
    finally:
        os.close(handle)


def _remove(path: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
