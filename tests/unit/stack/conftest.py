# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the tests that ask ansible-core."""

from __future__ import annotations

from pathlib import Path

import pytest

from .real_ansible import Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)
