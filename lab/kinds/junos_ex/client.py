# SPDX-License-Identifier: GPL-3.0-or-later
"""For tests: starts the simulator as a process of its own and talks to its control port; standard library only."""

from __future__ import annotations

import sys
from pathlib import Path

from device import client
from device.client import run


class Simulator(client.Simulator):
    """A running simulator; `switches` is {NAME: MODEL[:MEMBERS]}, `options` are those of the command line."""

    kind = Path(__file__).parent.name

    def __init__(self, switches: dict[str, str], python: str = sys.executable, **options: object) -> None:
        self.command = run(Path(__file__).parent, python, {"switch": switches}, options)
