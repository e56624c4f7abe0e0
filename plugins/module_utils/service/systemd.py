# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A service of this host as systemd sees it: its state, its commands, its log."""

from __future__ import annotations

import re
from typing import Callable, Mapping, Sequence

__all__ = ["CommandError", "Run", "Systemd", "pid_of"]

Run = Callable[[Sequence[str]], "tuple[int, str, str]"]


def pid_of(unit: Mapping[str, str]) -> int:
    """Return the main process in what systemd says of a service, 0 where it has none."""
    text = unit.get("MainPID", "")
    return int(text) if re.fullmatch("[0-9]{1,18}", text) else 0


class CommandError(Exception):
    """A command of the system failed; holds what it was and what it said."""


class Systemd:
    """One service.

    Args:
        run: runs a command and returns its status, output and error output.
        name: the name of the unit.
    """

    def __init__(self, run: Run, name: str) -> None:
        self.run = run
        self.name = name

    def unit(self) -> dict[str, str]:
        """Return what systemd says about the service; also where there is no such unit."""
        names = "LoadState,ActiveState,UnitFileState,MainPID,NeedDaemonReload"
        output = self.run(["systemctl", "show", self.name, f"--property={names}"])[1]
        return dict(line.split("=", 1) for line in output.splitlines() if "=" in line)

    @staticmethod
    def pid(unit: Mapping[str, str]) -> int:
        """Return the service's main process, 0 where it has none."""
        return pid_of(unit)

    @staticmethod
    def settled(unit: Mapping[str, str]) -> bool:
        """Tell whether the service starts at boot; a unit that is not there yet is enabled by its package."""
        return unit.get("UnitFileState") == "enabled" or unit.get("LoadState") == "not-found"

    @staticmethod
    def runs(unit: Mapping[str, str]) -> bool:
        """Tell whether the service is up."""
        return unit.get("ActiveState") in ("active", "reloading")

    def systemctl(self, *words: str) -> None:
        """Run systemctl. Raises CommandError with its words."""
        status, output, errors = self.run(["systemctl", *words])
        if status != 0:
            raise CommandError(f"systemctl {' '.join(words)}: {(errors or output).strip()}")

    def journal(self, cursor: str) -> str:
        """Return what the service logged since a cursor of the journal."""
        after = [f"--after-cursor={cursor}"] if cursor else ["--lines=50"]
        return self.run(["journalctl", "--no-pager", "--output=cat", f"--unit={self.name}", *after])[1]

    def journal_cursor(self) -> str:
        """Return the journal's present end, "" where there is no journal."""
        output = self.run(["journalctl", "--no-pager", "--lines=0", "--show-cursor"])[1]
        found = re.search(r"-- cursor: (\S+)", output)
        return found.group(1) if found else ""
