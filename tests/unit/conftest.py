# SPDX-License-Identifier: GPL-3.0-or-later
"""Golden files and a clock for every test that asks for them."""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import pytest

from .golden_files import KEY, Golden


@pytest.fixture(scope="session")
def golden(pytestconfig: pytest.Config) -> Golden:
    """Return what compares a text with its golden file; `script/goldens` gathers the texts instead."""
    return pytestconfig.stash.get(KEY, Golden())


@pytest.fixture
def a_second_a_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each look at a deadline take a second, so that looks are counted and no busy machine ends them."""
    clock = SimpleNamespace(monotonic=itertools.count().__next__)
    monkeypatch.setattr("ansible_collections.netstack.datacenter.plugins.module_utils.deadline.time", clock)
