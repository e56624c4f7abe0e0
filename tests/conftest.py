# SPDX-License-Identifier: GPL-3.0-or-later
"""Put the checkout on the path as the collection that it is; no test of a property fails because a machine is busy.

`@pytest.mark.all_only("reason")` leaves a test to `script/test --all`, which sets NETSTACK_ALL.
"""

from __future__ import annotations

import sys
from pathlib import Path

from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent
COLLECTIONS = ROOT / ".cache" / "collections"
LINK = COLLECTIONS / "ansible_collections" / "netstack" / "datacenter"

if not LINK.exists():
    LINK.parent.mkdir(parents=True, exist_ok=True)
    LINK.symlink_to(ROOT, target_is_directory=True)
for folder in (COLLECTIONS, ROOT / "lab"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

from whole import everything

settings.register_profile("any_time", deadline=None)
settings.load_profile("any_time")


def pytest_configure(config):
    config.addinivalue_line("markers", "all_only(reason): left to script/test --all, for this reason")


def pytest_collection_modifyitems(config, items):
    if everything():
        return
    left = [item for item in items if item.get_closest_marker("all_only")]
    config.hook.pytest_deselected(items=left)
    items[:] = [item for item in items if item not in left]
