# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a running process has read its files as they are now.

A digest within a configuration stays as it is while a hand edits the rest, so it proves nothing by itself. There are
two witnesses. Where this collection has loaded the files, it notes the process and what they held; a process never
reads them a second time, so that note is true for as long as the process lives, whatever clocks say. Of a process that
somebody else has started the kernel tells when; a file that has changed since then was not read as it is. The time of
the last change of the inode counts, which neither ``touch`` nor ``cp -p`` sets back.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from pathlib import Path
from typing import Any, Iterable, Mapping

from ansible_collections.netstack.datacenter.plugins.module_utils import own_files

__all__ = ["RUN", "Loaded", "contents", "digest_of", "named_in", "started", "youngest_child"]

RUN = "/run/netstack"
_TICKS = os.sysconf("SC_CLK_TCK")
_STARTED, _PARENT = 19, 1  # fields of /proc/PID/stat after the name, proc(5) counts them 22 and 4
#: What changes by itself, and is not read at a start.
_PASSING = ("/dev/", "/proc/", "/run/", "/sys/", "/var/run/")


class Loaded:
    """What one program's process has read.

    Args:
        name: the program; a file below ``folder`` bears this name.
        folder: where the note is, gone with the next boot as the process is.
    """

    def __init__(self, name: str, folder: str = "") -> None:
        self.path = Path(folder or RUN) / f"{name}.loaded"

    def note(self, pid: int, read: Mapping[str, str], stamp: int = 0) -> None:
        """Note that the process has read these contents (path -> digest), seen before it was started.

        ``stamp`` is of its last reload, in microseconds of the monotonic clock, where a program reloads in place.
        """
        text = json.dumps({"who": _who(pid, stamp), "read": dict(read)})
        own_files.make_folder(str(self.path.parent), 0o700)
        own_files.replace(str(self.path), text.encode(), durable=False)

    def unread(self, pid: int, wanted: Mapping[str, str], stamp: int = 0) -> list[str]:
        """Return the paths that the process may not have read with these contents (path -> digest).

        Mostly they are those on disk; what is about to be put in place may be asked for, too.
        """
        noted = self._noted(_who(pid, stamp))
        if noted is not None:
            return [path for path, digest in wanted.items() if noted.get(path) != digest]
        began = _began(pid, stamp)
        found = contents(wanted)
        return [
            path
            for path, digest in wanted.items()
            if began is None or found.get(path) != digest or _changed(path) > began
        ]

    def _noted(self, who: list[int]) -> Mapping[str, str] | None:
        """Return what is noted of this process and its last reload, None where nothing is."""
        try:
            note: dict[str, Any] = json.loads(self.path.read_text())
            return dict(note["read"]) if who and note["who"] == who else None
        except (OSError, ValueError, LookupError, TypeError):
            return None


def _who(pid: int, stamp: int) -> list[int]:
    """Return what tells one process from another of the same number, and one reload from another; [] for none."""
    ticks = started(pid)
    return [] if ticks is None else [pid, ticks, stamp]


def started(pid: int) -> int | None:
    """Return when a process was started, in ticks since the boot; None where there is no such process."""
    fields = _stat(pid)
    return int(fields[_STARTED]) if fields else None


def youngest_child(pid: int) -> int:
    """Return the child of a process that was started last, 0 where it has none or there is no such process."""
    numbers = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    children = [
        (int(fields[_STARTED]), number) for number, fields in _stats(numbers) if int(fields[_PARENT]) == pid > 0
    ]
    return max(children, default=(0, 0))[1]


def _stats(pids: Iterable[int]) -> list[tuple[int, list[str]]]:
    return [(pid, fields) for pid, fields in ((pid, _stat(pid)) for pid in pids) if fields]


def _stat(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat after the name, which may hold blanks and brackets."""
    try:
        # Any process may call itself what it likes, in octets that are no text too.
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return []
    return fields if len(fields) > _STARTED else []


def _began(pid: int, stamp: int) -> float | None:
    """Return when a process was started or reloaded, in seconds of the wall clock that files are stamped with."""
    ticks = started(pid)
    if ticks is None:
        return None
    age = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / _TICKS
    since = time.clock_gettime(time.CLOCK_MONOTONIC) - stamp / 1e6 if stamp else age
    return time.time() - min(age, since)


def _changed(path: str) -> float:
    """Return when a file last changed, or the link that leads to it, or what a directory holds."""
    paths = [path, *(str(entry) for entry in Path(path).iterdir())] if os.path.isdir(path) else [path]
    return max(look(item).st_ctime for item in paths for look in (os.lstat, os.stat) if os.path.exists(item))


def contents(paths: Iterable[str]) -> dict[str, str]:
    """Return the digest of what each path holds; a directory holds its files, and what is not there is left out."""
    return {path: _digest(Path(path)) for path in paths if os.path.exists(path)}


def digest_of(content: bytes) -> str:
    """Return the digest of a file's content."""
    return hashlib.sha256(content).hexdigest()


def _digest(path: Path) -> str:
    if path.is_dir():
        files = sorted(entry for entry in path.iterdir() if entry.is_file())
        return digest_of("".join(f"{entry.name} {_digest(entry)}\n" for entry in files).encode())
    return digest_of(path.read_bytes())


def named_in(text: str, not_read: Iterable[str] = (), folders: Iterable[str] = ()) -> list[str]:
    """Return the files that a configuration names by a whole path and that exist.

    Args:
        text: the configuration, of any program that separates words by blanks, quotes, brackets or commas.
        not_read: words after which a path is written to or read all the time.
        folders: words after which a directory is read, with its files.
    """
    left_out, read_whole = set(not_read), set(folders)
    found: dict[str, None] = {}
    for line in text.splitlines():
        words = [word for word in re.split(r"[\s\"'(),@]+", line) if word]
        if not words or words[0].startswith("#"):
            continue
        pairs = [(before, word) for before, word in zip(["", *words], words) if before not in left_out]
        paths = [(before, word) for before, word in pairs if word.startswith("/") and not word.startswith(_PASSING)]
        found.update({path: None for before, path in paths if _is_read(path, before in read_whole)})
    return list(found)


def _is_read(path: str, whole_folder: bool) -> bool:
    return os.path.isfile(path) or (whole_folder and os.path.isdir(path))
