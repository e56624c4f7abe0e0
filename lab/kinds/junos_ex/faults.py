# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong at a switch, beyond what can at any device."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from device import faults

if TYPE_CHECKING:
    from .device import Session


@dataclass
class Fault(faults.Fault):
    """One fault, at an RPC's name or `*` (`match`: `<check/>`).

    `when` is also `after_send` (the switch has acted, the reply is not sent) or `after_reply`. `what` is also: answer
    an `error` instead, add a `warning`, both with the text `message` (`ok`: with `<ok/>` beside it), or `deny` the
    request as to a user whose login class does not allow it. A `hold` that is `whole` lets the switch answer nobody
    else until it is released.
    """

    CALLED: ClassVar[str] = "rpc"
    MOMENTS: ClassVar[tuple[str, ...]] = ("before", "after_send", "after_reply")
    ACTIONS: ClassVar[tuple[str, ...]] = ("drop", "hold", "delay", "error", "warning", "deny")

    rpc: str = "*"
    ok: bool = False
    whole: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.what in ("error", "warning") and not self.message:
            raise ValueError("an error or a warning needs its message")


@dataclass
class Faults(faults.Faults[Fault]):
    """All that is set to go wrong at one switch.

    `slow_commit`: seconds that a commit takes; `settle`: seconds after each commit in which LACP hears no partner yet;
    `disk_full`: commits fail; `foreign`: another user who holds the database. `held`: the moments at which a `hold`
    struck; `stopped`: a `whole` one did, so nothing is answered until the next release.
    """

    slow_commit: float = 0
    settle: float = 0
    disk_full: bool = False
    foreign: Session | None = None
    held: list[str] = field(default_factory=list)
    stopped: bool = False

    def locked_by(self, now: float) -> Session | None:
        """Give the other user who holds the database, if the fault is set."""
        if self.foreign is not None:
            self.foreign.last = min(self.foreign.last, now)
        return self.foreign

    def note(self, fault: Fault, moment: str) -> None:
        """Keep the moment, which tests wait for."""
        self.held.append(moment)
        self.stopped |= fault.whole

    def release(self) -> None:
        """Let go what is held."""
        self.stopped = False
        super().release()

    def clear(self) -> None:
        """Take all faults away."""
        self.held.clear()
        self.slow_commit, self.settle, self.disk_full, self.foreign = 0, 0, False, None
        super().clear()
