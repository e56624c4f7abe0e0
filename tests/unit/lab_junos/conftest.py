# SPDX-License-Identifier: GPL-3.0-or-later
"""Simulated switches in this process."""

from __future__ import annotations

from typing import Any

import pytest

from kinds.junos_ex import factory
from kinds.junos_ex.device import Device, Session

from .builders import MODELS


@pytest.fixture
def make_device() -> Any:
    """Give a function that makes a switch in this process (`text`: its set commands; without: as delivered)."""

    def make(style: str, text: str | None = "") -> Device:
        return factory.make("sw", MODELS[style].split(":")[0], text=text)

    return make


@pytest.fixture
def session() -> Session:
    return Session(1, "lab", 0, 0)
