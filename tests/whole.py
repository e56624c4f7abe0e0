# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells whether the run is a whole one (`script/test --all`), for tests that then take more of the same."""

from __future__ import annotations

import os


def everything() -> bool:
    """Tell whether all is asked for."""
    return bool(os.environ.get("NETSTACK_ALL"))
