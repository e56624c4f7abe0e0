# SPDX-License-Identifier: GPL-3.0-or-later
"""A device's clock: real time plus an offset that only the control port moves."""

from __future__ import annotations

import time


class Clock:
    """Time of one device, or of all that share it, in seconds since 1970, UTC."""

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
