# SPDX-License-Identifier: GPL-3.0-or-later
"""Put the checkout on the path as the collection that it is; mark the unit tests that touch ansible-core.

No test of a property fails because a machine is busy.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import settings

pytest_plugins = ["runner.recorder", "runner.slices"]
ROOT = Path(__file__).resolve().parent.parent
COLLECTIONS = ROOT / ".cache" / "collections"
LINK = COLLECTIONS / "ansible_collections" / "netstack" / "datacenter"

if not LINK.exists():
    LINK.parent.mkdir(parents=True, exist_ok=True)
    LINK.symlink_to(ROOT, target_is_directory=True)
for folder in (COLLECTIONS, ROOT / "lab", ROOT / "tests"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

settings.register_profile("any_time", deadline=None)
settings.load_profile("any_time")

import touches_ansible


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what `script/matrix` runs on other releases of ansible-core, where a mark is asked for."""
    for item in items if config.getoption("markexpr") else []:
        unit = isinstance(item, pytest.Function) and item.path.is_relative_to(ROOT / "tests" / "unit")
        if unit and touches_ansible.marked(item):
            item.add_marker(pytest.mark.ansible)
