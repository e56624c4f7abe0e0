# SPDX-License-Identifier: GPL-3.0-or-later
"""For tests: starts the simulator as a process of its own and talks to its control port; standard library only."""

from __future__ import annotations

import sys
from pathlib import Path

from device.client import ControlError, Controlled, ask, run

__all__ = ["ControlError", "Simulator", "ask"]


class Simulator(Controlled):
    """A running simulator; `switches` is {NAME: MODEL[:MEMBERS]}, `options` are those of the command line."""

    kind = Path(__file__).parent.name

    def __init__(self, switches: dict[str, str], python: str = sys.executable, **options: object) -> None:
        self.command = run(Path(__file__).parent, python, {"switch": switches}, options)

    def port(self, switch: str) -> int:
        """Give the SSH port of a switch."""
        return int(self.about["switches"][switch]["port"])

    def host_key(self, switch: str) -> str:
        """Give the host key of a switch in OpenSSH's form."""
        return str(self.about["switches"][switch]["host_key"])
