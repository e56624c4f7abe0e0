# SPDX-License-Identifier: GPL-3.0-or-later
"""Take a commit back by whatever session still works; at last the switch's own timer does it, and is waited for."""

from __future__ import annotations

import time
from typing import NoReturn

from . import errors
from .request import Request
from .session import Session
from .statements import Config, from_element
from .waiting import Opener

PAUSE = 5.0
"""Seconds between attempts to reach a switch that does not answer."""
GRACE = 60.0
"""Seconds beyond the timer in which a slow switch may still be rolling back."""
LATE = 30.0
"""Seconds in which a commit that timed out is waited for, before it is said that it was not made."""


def take_back(
    session: Session, opener: Opener, before: Config, comment: str, request: Request, cause: errors.SwitchError
) -> NoReturn:
    """Roll back and commit at once.

    Raises:
        errors.SwitchError: always: the cause, with what the switch has now.

    """
    state = ""
    try:
        _roll_back(session, comment)
        state = _state(session, before)
    except errors.LostError:
        session.drop()
    except errors.SwitchError as error:
        state = _left_to_the_timer(error, request)
    if state:
        _raise(cause, state)
    recover(opener, before, comment, request, cause)


def recover(opener: Opener, before: Config, comment: str, request: Request, cause: errors.SwitchError) -> NoReturn:
    """Find out by fresh sessions whether the commit was made, and take it back; or wait until the switch has done so.

    Raises:
        errors.SwitchError: always: the cause, with what the switch has now.

    """
    began = time.monotonic()
    late = LATE if isinstance(cause, errors.TimedOutError) else 0.0
    state = ""
    while not state:
        try:
            state = _attempt(opener, before, comment, began + late)
        except (errors.ConnectError, errors.LostError, errors.LockedError):
            if time.monotonic() >= began + request.minutes * 60 + GRACE:
                state = "The switch cannot be reached; by now its timer has run out and it took the commit back itself."
        except errors.SwitchError as error:
            state = _left_to_the_timer(error, request)
        if not state:
            time.sleep(PAUSE)
    _raise(cause, state)


def _attempt(opener: Opener, before: Config, comment: str, patience: float) -> str:
    """Return what the switch has, after taking the commit back if it was made; nothing while it may still be made."""
    session = opener()
    try:
        newest = next(iter(session.history()), None)
        made = newest is not None and newest.comment == comment
        if made:
            session.lock()
            _roll_back(session, comment)
        elif time.monotonic() < patience:
            return ""
        return _state(session, before)
    finally:
        session.unlock()
        session.close()


def _roll_back(session: Session, comment: str) -> None:
    session.rollback(1)
    session.commit(f"{comment} taken back")


def _state(session: Session, before: Config) -> str:
    now = from_element(session.committed())
    if now.statements.keys() == before.statements.keys() and now.inactive == before.inactive:
        return "The switch has its former configuration."
    return "The switch does NOT have its former configuration: look at show system commit, show | compare rollback 1."


def _left_to_the_timer(error: errors.SwitchError, request: Request) -> str:
    return f"It could not be taken back at once ({error}); the switch does it by itself within {request.minutes} min."


def _raise(cause: errors.SwitchError, state: str) -> NoReturn:
    kind = errors.SwitchError if isinstance(cause, errors.LostError) else type(cause)
    raise kind(f"{cause.what}\n{state}", cause.mend, cause.words) from None
