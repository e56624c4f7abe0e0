# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A master process with its workers, as HAProxy's master socket lists them: who reloads it waits by that. Pure."""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["Processes", "parse_processes"]


class Processes(NamedTuple):
    """The master's view (``show proc``): PID, reloads, failed reloads, PIDs of current and of old workers."""

    master: int
    reloads: int
    failed: int
    workers: tuple[int, ...]
    old_workers: tuple[int, ...]


def parse_processes(text: str) -> Processes:
    """Parse ``show proc``. Raises ValueError where no master is listed."""
    master, reloads, failed = 0, 0, 0
    workers: dict[str, list[int]] = {"workers": [], "old workers": []}
    group = ""
    for line in text.splitlines():
        words = line.split()
        if line.startswith("# "):
            group = line[2:].strip()
        elif len(words) > 2 and words[1] == "master":
            master, reloads = int(words[0]), int(words[2])
            found = re.search(r"\[failed: ([0-9]+)\]", line)
            failed = int(found.group(1)) if found else 0
        elif len(words) > 2 and words[1] == "worker" and group in workers:
            workers[group].append(int(words[0]))
    if not master:
        raise ValueError(f"no master process in the answer to 'show proc': {text[:200]!r}")
    return Processes(master, reloads, failed, tuple(workers["workers"]), tuple(workers["old workers"]))
