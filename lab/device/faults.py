# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults on demand: what goes wrong at which call. They are set through the control port."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar, Generic, Protocol, TypeVar


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


class DroppedError(Exception):
    """The connection ends without an answer."""


class Entry(Protocol):
    """A call as the kind's log has it."""

    request: str
    outcome: str


AnyFault = TypeVar("AnyFault", bound=Fault)
Gone = Callable[[], bool]
LOOK = 0.1
"""How often a held call looks whether its client is still there, in seconds."""


@dataclass
class Faults(Generic[AnyFault]):
    """All that is set to go wrong at one device; a kind adds its lasting troubles, and clears them in `clear`."""

    rules: list[AnyFault] = field(default_factory=list)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    def due(self, called: str, when: str, request: str) -> list[AnyFault]:
        """Give the faults that strike at this call now."""
        return [fault for fault in self.rules if fault.due(called, when, request)]

    async def strike(self, entry: Entry, called: str, when: str, gone: Gone) -> list[AnyFault]:
        """Let the faults of this moment strike; give those whose action is the kind's own.

        Raises:
            DroppedError: the connection is to end.
        """
        due = self.due(called, when, entry.request)
        for fault in due:
            if fault.what == "drop":
                raise DroppedError
            if fault.what == "delay":
                await asyncio.sleep(fault.seconds)
            if fault.what == "hold":
                before, entry.outcome = entry.outcome, f"held {when}"
                self.note(fault, f"{when} {called}")
                await self.hold(gone)
                entry.outcome = before
        return due

    def note(self, fault: AnyFault, moment: str) -> None:
        """Take note that a call is held."""

    async def hold(self, gone: Gone) -> None:
        """Wait until what is held is released.

        Raises:
            DroppedError: the client is gone before that.
        """
        released = self.released
        while not released.is_set():
            if gone():
                raise DroppedError
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(released.wait(), LOOK)

    def release(self) -> None:
        """Let go what is held."""
        self.released.set()
        self.released = asyncio.Event()

    def clear(self) -> None:
        """Take all faults away; what is held goes on."""
        self.rules.clear()
        self.release()
