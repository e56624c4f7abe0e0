# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that an ansible-core that is too old is refused by number, by the inventory and by the actions."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from ansible_collections.netstack.datacenter.plugins.plugin_utils.core_release import MINIMUM, too_old

ROOT = Path(__file__).resolve().parents[3]


def test_the_least_release_is_that_of_the_collections_metadata():
    runtime = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text())
    assert runtime["requires_ansible"] == f">={MINIMUM}"


@pytest.mark.parametrize("release", ["2.16.14", "2.9.27", "2.16.0rc1", "1.17.0"])
def test_an_older_release_is_refused(release):
    assert f"ansible-core {release} is too old: netstack.datacenter needs {MINIMUM}" in too_old(release)


@pytest.mark.parametrize("release", ["2.17.0", "2.17.0b1", "2.19.14", "2.21.5", "3.0.0"])
def test_the_least_and_newer_ones_are_not(release):
    assert too_old(release) == ""
