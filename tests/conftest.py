# SPDX-License-Identifier: GPL-3.0-or-later
"""Put the checkout on the path as the collection that it is; no test of a property fails because a machine is busy."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from hypothesis import settings
from runner.caller import RUN_OF_THE_CALLER

pytest_plugins = ["runner.recorder", "runner.slices"]
ROOT = Path(__file__).resolve().parent.parent
COLLECTIONS = ROOT / ".cache" / "collections"
LINK = COLLECTIONS / "ansible_collections" / "netstack" / "datacenter"

if not LINK.exists():
    LINK.parent.mkdir(parents=True, exist_ok=True)
    LINK.symlink_to(ROOT, target_is_directory=True)
if (programs := str(Path(sys.executable).parent)) not in os.environ["PATH"].split(os.pathsep):
    os.environ["PATH"] = os.pathsep.join([programs, os.environ["PATH"]])  # .cache/venv/bin/pytest, not activated
for folder in (COLLECTIONS, ROOT / "lab"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
for name in RUN_OF_THE_CALLER:  # each run of a playbook here is a run of its own
    os.environ.pop(name, None)

settings.register_profile("any_time", deadline=None)
settings.load_profile("any_time")
