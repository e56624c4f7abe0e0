# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults on demand: what goes wrong at which call. They are set through the control port."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import ClassVar, Generic, TypeVar


@dataclass
class Fault:
    """One fault; a kind adds what it answers, and names below which field has the called procedure's name or `*`.

    `match` is a text that the request must hold. `skip` lets that many matching calls pass first, `count` is how often
    it strikes (0: always). `when` is a moment of the call: `before` the device acts on it, or after. `what`: `drop` the
    connection, `hold` until released or the client is gone, `delay` by `seconds`, or an action of the kind's own.
    """

    CALLED: ClassVar[str]
    MOMENTS: ClassVar[tuple[str, ...]]
    ACTIONS: ClassVar[tuple[str, ...]]

    match: str = ""
    when: str = "before"
    what: str = "drop"
    skip: int = 0
    count: int = 1
    seconds: float = 0
    message: str = ""
    struck: int = 0

    def __post_init__(self) -> None:
        if self.when not in self.MOMENTS or self.what not in self.ACTIONS:
            raise ValueError(f"a fault's when is one of {self.MOMENTS}, its what one of {self.ACTIONS}")

    def due(self, called: str, when: str, request: str) -> bool:
        """Tell whether it strikes now; counts that it did."""
        if self.when != when or getattr(self, self.CALLED) not in ("*", called) or self.match not in request:
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.count and self.struck >= self.count:
            return False
        self.struck += 1
        return True


AnyFault = TypeVar("AnyFault", bound=Fault)


@dataclass
class Faults(Generic[AnyFault]):
    """All that is set to go wrong at one device; a kind adds its lasting troubles, and clears them in `clear`."""

    rules: list[AnyFault] = field(default_factory=list)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    def due(self, called: str, when: str, request: str) -> list[AnyFault]:
        """Give the faults that strike at this call now."""
        return [fault for fault in self.rules if fault.due(called, when, request)]

    def release(self) -> None:
        """Let go what is held."""
        self.released.set()
        self.released = asyncio.Event()

    def clear(self) -> None:
        """Take all faults away; what is held goes on."""
        self.rules.clear()
        self.release()
