# SPDX-License-Identifier: GPL-3.0-or-later
"""A switch's clock: real time plus an offset that only the control port moves."""

from __future__ import annotations

import time


class Clock:
    """Time of one switch, in seconds since 1970, UTC."""

    def __init__(self) -> None:
        self.offset = 0.0

    def now(self) -> float:
        """Give the time."""
        return time.time() + self.offset

    def advance(self, seconds: float) -> None:
        """Move the clock.

        Raises:
            ValueError: backwards; timers cannot run twice.
        """
        if seconds < 0:
            raise ValueError("a clock goes forward only")
        self.offset += seconds


def stamp(seconds: float) -> str:
    """Write a time as Junos does: 2026-11-21 09:00:00 UTC."""
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(seconds))


def span(seconds: float) -> str:
    """Write a duration as hh:mm:ss."""
    return f"{int(seconds) // 3600:02}:{int(seconds) // 60 % 60:02}:{int(seconds) % 60:02}"
