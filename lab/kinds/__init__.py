# SPDX-License-Identifier: GPL-3.0-or-later
"""One package for each kind of simulated device, named as the collection names the kind.

A kind is found by listing this folder: its `__init__` has a SIMULATOR (device/simulator.py), which imports nothing that
only a running device needs, and beside it lie `simulator.py`, the program, and `client.py`, what tests start it with.
"""

from __future__ import annotations

import functools
from importlib import import_module
from pathlib import Path

from device.simulator import Simulator


@functools.cache
def simulators() -> dict[str, Simulator]:
    """Give all simulators by the name that labs have for them, in the order in which they start: switches first."""
    folders = sorted(file.parent.name for file in Path(__file__).parent.glob("*/__init__.py"))
    found: list[Simulator] = [import_module(f"{__name__}.{folder}").SIMULATOR for folder in folders]
    return {each.name: each for each in sorted(found, key=lambda each: not each.switch)}
