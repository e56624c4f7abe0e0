# SPDX-License-Identifier: GPL-3.0-or-later
"""Times as Junos writes them."""

from __future__ import annotations

import time


def stamp(seconds: float) -> str:
    """Write a time as Junos does: 2026-11-21 09:00:00 UTC."""
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(seconds))


def span(seconds: float) -> str:
    """Write a duration as hh:mm:ss."""
    return f"{int(seconds) // 3600:02}:{int(seconds) // 60 % 60:02}:{int(seconds) % 60:02}"
