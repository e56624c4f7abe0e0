# SPDX-License-Identifier: GPL-3.0-or-later
"""One change of one switch: lock, load, check, commit confirmed, verify, confirm, read back; or all of it taken back.

The controller may die at any moment: before the commit the switch drops the candidate with the session, after it the
switch takes the commit back by itself when its timer runs out.
"""

from __future__ import annotations

import secrets
from contextlib import suppress

from . import errors
from .commits import Token, comment_of
from .recovery import recover, take_back
from .request import MARGIN, Outcome, Request, Survey
from .session import Session
from .statements import Config, from_element
from .survey import refuse_findings, refuse_management, refuse_pending, survey
from .waiting import Opener, wait


def apply(opener: Opener, request: Request) -> Outcome:
    """Bring the switch to what is declared.

    Raises:
        findings.RefusalError: refused before anything was touched.
        errors.SwitchError: it failed; the message says what the switch has now.

    """
    session = opener()
    try:
        seen = survey(session, request)
        refuse_pending(seen)
        outcome = Outcome(seen.plan, warnings=list(seen.plan.notes))
        if not seen.plan.findings and not seen.plan.changed:
            return outcome
        refuse_findings(seen, request)
        outcome.warnings += refuse_management(session, seen, request)
        session.lock()
        try:
            _under_lock(session, opener, request, seen, outcome)
        finally:
            session.unlock()
        outcome.warnings += [f"the switch says: {word}" for word in session.said]
        return outcome
    finally:
        session.close()


def _under_lock(session: Session, opener: Opener, request: Request, seen: Survey, outcome: Outcome) -> None:
    _same_as_seen(session, seen)
    outcome.changed = True
    try:
        session.load(seen.plan.xml)
        outcome.diff = session.diff()
        if outcome.diff:
            session.check()
    except errors.LostError as error:
        session.drop()
        text = f"{error.what} Nothing was changed: the switch drops the candidate with the session."
        raise type(error)(text, error.mend) from None
    except errors.SwitchError as error:
        _discard(session)
        raise type(error)(f"{error.what} Nothing was changed.", error.mend, error.words) from None
    if not outcome.diff:
        outcome.changed = False
        return
    if request.check_mode:
        session.rollback(0)
        return
    if request.rescue != "never":
        outcome.rescue_saved = session.save_rescue(request.rescue == "always")
    _commit(session, opener, request, seen, outcome)


def _same_as_seen(session: Session, seen: Survey) -> None:
    """Look again under the lock: what was committed since the survey would be overwritten, or confirmed.

    Raises:
        errors.SwitchError: somebody committed in between.

    """
    newest, pending, left = session.pending()
    if pending is not None:
        seen.pending, seen.left = pending, left
        refuse_pending(seen)
    if newest != seen.newest:
        who = f"{newest.user} via {newest.client}" if newest else "Somebody"
        raise errors.SwitchError(
            f"{who} committed while this change was computed. Nothing was changed.", "Run it again."
        )


def _discard(session: Session) -> None:
    """Throw the candidate's changes away; where that fails the end of the session does it."""
    with suppress(errors.SwitchError):
        session.rollback(0)


def _commit(session: Session, opener: Opener, request: Request, seen: Survey, outcome: Outcome) -> None:
    comment = comment_of(request.run_id, request.ticket, f"{request.note} {secrets.token_hex(4)}")
    synchronize = _synchronize(seen.plan.after) if request.synchronize is None else request.synchronize
    try:
        session.commit(comment, request.minutes, synchronize)
        newest = next(iter(session.history()), None)
    except errors.LostError as error:
        session.drop()
        recover(opener, seen.plan.before, comment, request, error)
    except errors.SwitchError as error:
        _discard(session)
        raise type(error)(f"{error.what} Nothing was changed.", error.mend, error.words) from None
    if newest is None or newest.comment != comment:
        what = "The newest commit is not the one that was just made"
        take_back(session, opener, seen.plan.before, comment, request, errors.NotTheTokenError(what))
    outcome.token = Token(newest.seconds, newest.comment)
    _verify_and_confirm(session, opener, request, seen, outcome, comment, synchronize)


def _verify_and_confirm(
    session: Session, opener: Opener, request: Request, seen: Survey, outcome: Outcome, comment: str, synchronize: bool
) -> None:
    try:
        seconds = max(1, request.minutes * 60 - MARGIN)
        outcome.verified = wait(opener, seen.plan.expected, request.verification, seconds)
        if request.hold:
            return
        _confirm(session, opener, comment, synchronize)
    except errors.SwitchError as error:
        take_back(session, opener, seen.plan.before, comment, request, error)
    _read_back(session, opener, request, seen)
    outcome.verified.append("the committed configuration is the wanted one")


def _confirm(session: Session, opener: Opener, comment: str, synchronize: bool) -> None:
    """Confirm; where the writing session broke, a fresh one finds out and does it."""
    said = f"{comment} confirmed"
    try:
        session.commit(said, synchronize=synchronize)
    except errors.LostError:
        fresh = opener()
        try:
            newest, pending, _left = fresh.pending()
            if newest is not None and newest.comment == said:
                return
            if pending is None or pending.comment != comment:
                raise
            fresh.lock()
            fresh.commit(said, synchronize=synchronize)
        finally:
            fresh.unlock()
            fresh.close()


def _read_back(session: Session, opener: Opener, request: Request, seen: Survey) -> None:
    """Read the committed configuration again and compute the difference: nothing may be left to do.

    Raises:
        errors.VerificationError: something is.

    """
    try:
        config = _committed(session)
    except errors.LostError:
        fresh = opener()
        try:
            config = _committed(fresh)
        finally:
            fresh.close()
    left = request.plan(config, seen.style)
    if left.changed:
        what = "The commit is confirmed, but the switch did not keep all of it:"
        raise errors.VerificationError("\n".join([what, *left.commands]))


def _committed(session: Session) -> Config:
    return from_element(session.committed())


def _synchronize(config: Config) -> bool:
    """Tell whether to commit on all members: the configuration names a virtual chassis or ports of other members."""
    names = config.entries("interfaces", tag="interface")
    others = any("-" in name and not name.split("-", 1)[1].startswith("0/") for name in names)
    return others or config.has("virtual-chassis")
