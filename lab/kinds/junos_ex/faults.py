# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults on demand: what goes wrong at which RPC. They are set through the control port."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from .device import Session

When = Literal["before", "after_send", "after_reply"]
What = Literal["drop", "hold", "delay", "error", "warning", "deny"]
PLACES = ("before", "after_send", "after_reply")
ACTIONS = ("drop", "hold", "delay", "error", "warning", "deny")


@dataclass
class Fault:
    """One fault.

    `rpc` is the RPC's name or `*`, `match` a text that the request must hold (`<check/>`). `skip` lets that many
    matching RPCs pass first, `count` is how often it strikes (0: always). `when`: `before` the device acts on the RPC,
    `after_send` (it has acted, the reply is not sent), `after_reply`. `what`: `drop` the connection, `hold` until
    released or the client is gone (`whole`: and until it is released the switch answers nobody else), `delay` by
    `seconds`, answer an `error` instead, or add a `warning` with the text `message` (`ok`: with `<ok/>` beside it), or
    `deny` the request as to a user whose login class does not allow it.
    """

    rpc: str = "*"
    match: str = ""
    when: When = "before"
    what: What = "drop"
    skip: int = 0
    count: int = 1
    seconds: float = 0
    message: str = ""
    ok: bool = False
    whole: bool = False
    struck: int = 0

    def __post_init__(self) -> None:
        if self.when not in PLACES or self.what not in ACTIONS:
            raise ValueError(f"a fault's when is one of {PLACES}, its what one of {ACTIONS}")
        if self.what in ("error", "warning") and not self.message:
            raise ValueError("an error or a warning needs its message")

    def due(self, rpc: str, when: str, request: str) -> bool:
        """Tell whether it strikes now; counts that it did."""
        if self.when != when or self.rpc not in ("*", rpc) or self.match not in request:
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.count and self.struck >= self.count:
            return False
        self.struck += 1
        return True


@dataclass
class Faults:
    """All that is set to go wrong at one switch.

    `slow_commit`: seconds that a commit takes; `settle`: seconds after each commit in which LACP hears no partner yet;
    `disk_full`: commits fail; `foreign`: another user who holds the database. `held`: the moments at which a `hold`
    struck; `stopped`: a `whole` one did, so nothing is answered until the next release.
    """

    rules: list[Fault] = field(default_factory=list)
    slow_commit: float = 0
    settle: float = 0
    disk_full: bool = False
    foreign: Session | None = None
    held: list[str] = field(default_factory=list)
    stopped: bool = False
    released: asyncio.Event = field(default_factory=asyncio.Event)

    def due(self, rpc: str, when: str, request: str) -> list[Fault]:
        """Give the faults that strike at this RPC now."""
        return [fault for fault in self.rules if fault.due(rpc, when, request)]

    def locked_by(self, now: float) -> Session | None:
        """Give the other user who holds the database, if the fault is set."""
        if self.foreign is not None:
            self.foreign.last = min(self.foreign.last, now)
        return self.foreign

    def release(self) -> None:
        """Let go what is held."""
        self.stopped = False
        self.released.set()
        self.released = asyncio.Event()

    def clear(self) -> None:
        """Take all faults away."""
        self.rules.clear()
        self.held.clear()
        self.stopped = False
        self.slow_commit, self.settle, self.disk_full, self.foreign = 0, 0, False, None
        self.release()
