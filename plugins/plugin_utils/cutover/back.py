# SPDX-License-Identifier: GPL-3.0-or-later
"""Walk the path of an earlier run back: its steps in reverse, each proven, so that the host stays reachable.

Every state on that path was proven when the earlier run came by. So a failure needs no taking back: the host is
reachable where it stands, and the next attempt goes on from there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ..contract.end import EndError, Proof, SwitchEnd, Watch
from .cables import Cables
from .route import NoRouteError


@dataclass(frozen=True)
class Earlier:
    """A step of an earlier run.

    Attributes:
        text: what it did
        reachable: whether the host was before it
        undo: takes it back, and calls its argument as soon as it is done
        disables: the ports that this disables, each with its declared NIC

    """

    text: str
    reachable: bool
    undo: Callable[[Proof], None]
    disables: Mapping[str, str] = field(default_factory=dict)


def refuse(name: str, steps: list[Earlier]) -> None:
    """Refuse a path on which the host would be lost before it is at its end.

    Raises:
        NoRouteError: it is one.

    """
    if any(not step.reachable for step in steps[1:]):
        what = f"{name}: its host was away for a while when it was converted, and would not be reached to put it back"
        raise NoRouteError(f"{what}. Declare the link as it was, and convert it with management in consent.")


def walk_back(
    steps: list[Earlier], cables: Cables, switch: SwitchEnd, watch: Watch, forget: Callable[[], None]
) -> list[str]:
    """Take the steps back, the last one first; `forget` is called after each. Return what was done.

    The cables may be others than when the earlier run came by, so they are proven again.

    Raises:
        EndError: one could not be taken back, or an end does not answer afterwards.

    """
    done: list[str] = []
    for step in reversed(steps):
        text = f"{step.text}: taken back"
        watch.report(text)
        try:
            with cables.watched(step.disables) as first:
                step.undo(first)
            if step.reachable:
                cables.host.prove()
            switch.prove()
        except EndError as error:
            left = "The steps before it are left as they are; run it again to go on from there."
            raise EndError(f"{error}\n{text} with this failure. {left}") from None
        forget()
        done.append(text)
    return done
