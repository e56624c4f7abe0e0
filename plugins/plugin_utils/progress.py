# SPDX-License-Identifier: GPL-3.0-or-later
"""A line on the screen, again and again, while a device is waited for: silence looks like a run that hangs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType

from .readable import readable_text

EVERY = 15.0
"""Seconds between two lines, and before the first one."""


def silent(_text: str) -> None:
    """Say nothing."""


class Progress:
    """Says in a `with` block what is waited for, by a thread of its own, since the work may be one long call.

    A task that takes no longer than the interval says nothing.
    """

    def __init__(self, host: str, say: Callable[[str], object], doing: str, every: float = EVERY) -> None:
        """Begin with `doing`; `say` shows a line."""
        self._host, self._say, self._doing, self._every = host, say, doing, every
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._tell, daemon=True)

    def at(self, doing: str) -> None:
        """Note what is being done now."""
        self._doing = doing

    def __enter__(self) -> Progress:
        """Begin to count."""
        self._began = time.monotonic()
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End; no line comes after the result."""
        self._over.set()
        self._thread.join()

    def _tell(self) -> None:
        while not self._over.wait(self._every):
            self._say(line(self._host, self._doing, time.monotonic() - self._began))


def line(host: str, doing: str, seconds: float) -> str:
    """Return what is shown."""
    return readable_text(f"{host}: {doing} ({seconds:.0f} s so far)")
