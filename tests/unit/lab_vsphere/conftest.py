# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulated host in this process."""

from __future__ import annotations

import pytest

from kinds.esxi_vss import factory
from kinds.esxi_vss.host import Host


@pytest.fixture
def host() -> Host:
    """Give a host with four NICs, as delivered."""
    return factory.make("esx1", 1, 4)
