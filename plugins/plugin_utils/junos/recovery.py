# SPDX-License-Identifier: GPL-3.0-or-later
"""Take a commit back, by whatever session still works; at last the switch's own timer does it, and that is waited for."""

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


def take_back(
    session: Session, opener: Opener, before: Config, comment: str, request: Request, cause: errors.SwitchError
) -> NoReturn:
    """Roll back and commit at once.

    Raises:
        errors.SwitchError: always: the cause, with what the switch has now.

    """
    try:
        _roll_back(session, comment)
        _raise(cause, _state(session, before))
    except errors.LostError:
        pass
    recover(opener, before, comment, request, cause)


def recover(opener: Opener, before: Config, comment: str, request: Request, cause: errors.SwitchError) -> NoReturn:
    """Find out by fresh sessions whether the commit was made, and take it back; or wait until the switch has done so.

    Raises:
        errors.SwitchError: always: the cause, with what the switch has now.

    """
    deadline = time.monotonic() + request.minutes * 60 + GRACE
    while True:
        try:
            session = opener()
            try:
                _raise(cause, _settle(session, before, comment))
            finally:
                session.unlock()
                session.close()
        except (errors.ConnectError, errors.LostError, errors.LockedError):
            if time.monotonic() >= deadline:
                text = f"The switch cannot be reached; its timer of {request.minutes} min has run out, so it took the commit back."
                _raise(cause, text)
        time.sleep(PAUSE)


def _settle(session: Session, before: Config, comment: str) -> str:
    """Return what the switch has, after taking the commit back if it is still the newest."""
    newest = next(iter(session.history()), None)
    if newest is not None and newest.comment == comment:
        session.lock()
        _roll_back(session, comment)
    return _state(session, before)


def _roll_back(session: Session, comment: str) -> None:
    session.rollback(1)
    session.commit(f"{comment} taken back")


def _state(session: Session, before: Config) -> str:
    now = from_element(session.committed())
    if now.statements.keys() == before.statements.keys() and now.inactive == before.inactive:
        return "The switch has its former configuration."
    return (
        "The switch does NOT have its former configuration: look at show system commit and show | compare rollback 1."
    )


def _raise(cause: errors.SwitchError, state: str) -> NoReturn:
    kind = errors.SwitchError if isinstance(cause, errors.LostError) else type(cause)
    raise kind(f"{cause.what}\n{state}", cause.mend, cause.words) from None
