# SPDX-License-Identifier: GPL-3.0-or-later
"""Golden files for every test that asks for them."""

from __future__ import annotations

import pytest

from .golden_files import KEY, Golden


@pytest.fixture(scope="session")
def golden(pytestconfig: pytest.Config) -> Golden:
    """Return what compares a text with its golden file; `script/goldens` gathers the texts instead."""
    return pytestconfig.stash.get(KEY, Golden())
