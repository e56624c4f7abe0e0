# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the tests that ask ansible-core."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .real_ansible import Place, Reader


@pytest.fixture(scope="session")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """Give the process that reads inventories."""
    started = Reader(tmp_path_factory.mktemp("reader"))
    yield started
    started.close()


@pytest.fixture
def place(tmp_path: Path, reader: Reader) -> Place:
    return Place(tmp_path, reader)
