# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The way by which the controller reaches this host, found from the SSH session that runs the module.

sudo takes `SSH_CONNECTION` away, so it is looked for in the environments of the processes above, as root may.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

VARIABLE = b"SSH_CONNECTION="


@dataclass(frozen=True)
class Session:
    """One TCP connection of SSH; empty where the module was started in another way."""

    text: str = ""

    @property
    def address(self) -> str:
        """Return the address of this host that the controller uses, without a zone."""
        words = self.text.split()
        return words[2].partition("%")[0] if len(words) == 4 else ""


def session(proc: str = "/proc", pid: int = 0) -> Session:
    """Return the session of this process, or of the nearest process above it that knows one."""
    own = os.environ.get("SSH_CONNECTION", "")
    number = pid or os.getpid()
    while not own and number > 1:
        own = _environment(Path(proc, str(number)))
        number = _parent(Path(proc, str(number)))
    return Session(own)


def _environment(folder: Path) -> str:
    try:
        entries = (folder / "environ").read_bytes().split(b"\0")
    except OSError:
        return ""
    return next((e[len(VARIABLE) :].decode("utf-8", "replace") for e in entries if e.startswith(VARIABLE)), "")


def _parent(folder: Path) -> int:
    try:
        text = (folder / "stat").read_text(errors="replace")  # a process calls itself what it likes
    except OSError:
        return 0
    return int(text.rpartition(")")[2].split()[1])


def interface_of(address: str, shown: dict[str, dict[str, Any]]) -> str:
    """Return the interface that has an address, "" where none has; ``shown`` is what `ip` shows, by name."""
    for name, item in shown.items():
        if address and any(info.get("local") == address for info in item.get("addr_info", [])):
            return name
    return ""
