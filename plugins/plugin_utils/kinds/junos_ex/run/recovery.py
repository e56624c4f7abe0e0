# SPDX-License-Identifier: GPL-3.0-or-later
"""Take a commit back by whatever session still works; at last the switch's own timer does it, and is waited for."""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import takewhile
from typing import NoReturn

from ..config.statements import Config
from ..device import errors
from ..device.session import Session
from .waiting import Opener

PAUSE = 5.0
"""Seconds between attempts to reach a switch that does not answer."""
GRACE = 60.0
"""Seconds beyond the timer in which a slow switch may still be rolling back."""
LATE = 30.0
"""Seconds in which a commit that timed out is waited for, before it is said that it was not made."""


@dataclass(frozen=True)
class Made:
    """A confirmed commit of ours, and how to undo it."""

    before: Config
    comment: str
    minutes: int
    synchronize: bool = False

    @property
    def confirmation(self) -> str:
        """Return the comment of the commit that confirms it."""
        return f"{self.comment} confirmed"


def take_back(session: Session, opener: Opener, made: Made, cause: errors.SwitchError) -> NoReturn:
    """Roll back and commit at once.

    Raises:
        errors.SwitchError: always: the cause, with what the switch has now.

    """
    state = ""
    try:
        _roll_back(session, made)
        state = _state(session, made)
    except errors.LostError:
        session.drop()
    except errors.SwitchError as error:
        state = _left_to_the_timer(error, made)
    if state:
        _raise(cause, state)
    recover(opener, made, cause)


def recover(opener: Opener, made: Made, cause: errors.SwitchError) -> NoReturn:
    """Find out by fresh sessions whether the commit was made, and take it back; or wait until the switch has done so.

    Raises:
        errors.SwitchError: always: the cause, with what the switch has now.

    """
    began = time.monotonic()
    late = LATE if isinstance(cause, errors.TimedOutError) else 0.0
    state = ""
    while not state:
        try:
            state = _attempt(opener, made, began + late)
        except (errors.ConnectError, errors.LostError, errors.LockedError):
            if time.monotonic() >= began + made.minutes * 60 + GRACE:
                state = "The switch cannot be reached; by now its timer has run out and it took the commit back itself."
        except errors.SwitchError as error:
            state = _left_to_the_timer(error, made)
        if not state:
            time.sleep(PAUSE)
    _raise(cause, state)


def _attempt(opener: Opener, made: Made, patience: float) -> str:
    """Return what the switch has, after taking the commit back if it was made; nothing while it may still be made."""
    session = opener()
    try:
        if _ours(session, made):
            session.lock()
            _roll_back(session, made)
        elif time.monotonic() < patience:
            return ""
        return _state(session, made)
    finally:
        session.unlock()
        session.close()


def _ours(session: Session, made: Made) -> int:
    """Return how many of the newest commits are ours: the commit, and perhaps its confirmation, which is one too."""
    comments = (commit.comment for commit in session.history())
    return sum(1 for _one in takewhile(lambda comment: comment in (made.comment, made.confirmation), comments))


def _roll_back(session: Session, made: Made) -> None:
    """Go back to what was before the commit; where it was never made, only throw the candidate away."""
    number = _ours(session, made)
    session.rollback(number)
    if number:
        session.commit(f"{made.comment} taken back", synchronize=made.synchronize)


def _state(session: Session, made: Made) -> str:
    now = session.written()
    if now.statements.keys() == made.before.statements.keys() and now.inactive == made.before.inactive:
        return "The switch has its former configuration."
    return "The switch does NOT have its former configuration: look at show system commit, show | compare rollback 1."


def _left_to_the_timer(error: errors.SwitchError, made: Made) -> str:
    return f"It could not be taken back at once ({error}); the switch does it by itself within {made.minutes} min."


def _raise(cause: errors.SwitchError, state: str) -> NoReturn:
    kind = errors.SwitchError if isinstance(cause, errors.LostError) else type(cause)
    raise kind(f"{cause.what}\n{state}", cause.mend, cause.words) from None
