# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults on demand: what goes wrong at which method. They are set through the control port."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, Literal

from .vmomi import vim, vmodl

When = Literal["before", "after"]
What = Literal["drop", "hold", "delay", "fault", "page"]
MOMENTS = ("before", "after")
ACTIONS = ("drop", "hold", "delay", "fault", "page")


@dataclass
class Fault:
    """One fault.

    `method` is the SOAP method's name (or `esxcli`, `vim-cmd` for a command over SSH) or `*`, `match` a text that the
    request must hold. `skip` lets that many matching calls pass first, `count` is how often it strikes (0: always).
    `when`: `before` the host acts on the call, or `after` it has acted, while the answer is not sent. `what`: `drop`
    the connection, `hold` until released or the client is gone, `delay` by `seconds`, answer with a `page` of HTML as a
    proxy between does, or answer a `fault`: its type as in the vSphere API (`HostConfigFault`) with the text `message`;
    one of rights (`NoPermission`) names `privilege` and `thing`, an object by its type and id (`Folder:group-d1`).
    """

    method: str = "*"
    match: str = ""
    when: When = "before"
    what: What = "drop"
    skip: int = 0
    count: int = 1
    seconds: float = 0
    fault: str = ""
    message: str = "by request"
    privilege: str = ""
    thing: str = ""
    struck: int = 0

    def __post_init__(self) -> None:
        if self.when not in MOMENTS or self.what not in ACTIONS:
            raise ValueError(f"a fault's when is one of {MOMENTS}, its what one of {ACTIONS}")
        if self.what == "fault":
            self.made()

    def due(self, method: str, when: str, request: str) -> bool:
        """Tell whether it strikes now; counts that it did."""
        if self.when != when or self.method not in ("*", method) or self.match not in request:
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.count and self.struck >= self.count:
            return False
        self.struck += 1
        return True

    def made(self) -> Any:
        """Make the fault that is answered."""
        for place in (vim.fault, vmodl.fault):
            kind = getattr(place, self.fault, None)
            if self.fault and kind is not None:
                return kind(msg=self.message, **self._rights())
        raise ValueError(f"the vSphere API has no fault {self.fault}")

    def _rights(self) -> dict[str, Any]:
        kind, _, name = self.thing.partition(":")
        thing = {"object": getattr(vim, kind)(name)} if self.thing else {}
        return thing | ({"privilegeId": self.privilege} if self.privilege else {})


@dataclass
class Faults:
    """All that is set to go wrong at one host or vCenter; `slow` is the seconds that every call takes."""

    rules: list[Fault] = field(default_factory=list)
    slow: float = 0
    released: asyncio.Event = field(default_factory=asyncio.Event)

    def due(self, method: str, when: str, request: str) -> list[Fault]:
        """Give the faults that strike at this call now."""
        return [fault for fault in self.rules if fault.due(method, when, request)]

    def release(self) -> None:
        """Let go what is held."""
        self.released.set()
        self.released = asyncio.Event()

    def clear(self) -> None:
        """Take all faults away."""
        self.rules.clear()
        self.slow = 0
        self.release()
