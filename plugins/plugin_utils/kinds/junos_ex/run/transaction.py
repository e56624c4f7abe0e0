# SPDX-License-Identifier: GPL-3.0-or-later
"""One change of one switch: lock, load, check, commit confirmed, verify, confirm, read back; or all of it taken back.

The controller may die at any moment: before the commit the switch drops the candidate with the session, after it the
switch takes the commit back by itself when its timer runs out.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.finding import RefusalError

from ..config.layout import synchronizes
from ..config.views import Views, differences
from ..device import errors
from ..device.commits import Token, comment_of
from ..device.session import Session
from .facts import refuse_differences, refuse_findings, refuse_management, refuse_pending, survey
from .recovery import Made, recover, take_back
from .request import MARGIN, Outcome, Request, Survey
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
        outcome = Outcome(seen.plan, warnings=[*seen.plan.notes, *seen.plan.warnings])
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
    with _nothing_changed_by_failure(session):
        session.load(seen.plan.xml)
        outcome.diff = session.diff()
        if outcome.diff:
            refuse_differences(session.effect(seen.plan.written, "candidate"), seen.plan)
            session.check()
        if outcome.diff and not request.check_mode and request.rescue != "never":
            outcome.rescue_saved = session.save_rescue(request.rescue == "always")
    if not outcome.diff:
        outcome.changed = False
        return
    if request.check_mode:
        session.rollback(0)
        return
    _commit(session, opener, request, seen, outcome)


@contextmanager
def _nothing_changed_by_failure(session: Session) -> Iterator[None]:
    """Throw the candidate away when something fails before the commit, and say that nothing was changed."""
    try:
        yield
    except errors.LostError as error:
        session.drop()
        text = f"{error.what} Nothing was changed: the switch drops the candidate with the session."
        raise type(error)(text, error.mend) from None
    except errors.SwitchError as error:
        _discard(session)
        raise type(error)(f"{error.what} Nothing was changed.", error.mend, error.words) from None
    except RefusalError:
        _discard(session)
        raise


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
    synchronize = synchronizes(seen.plan.written) if request.synchronize is None else request.synchronize
    made = Made(seen.plan.views.written, comment, request.minutes, synchronize)
    request.verification.progress("commits")
    try:
        session.commit(comment, request.minutes, synchronize)
    except errors.LostError as error:
        session.drop()
        recover(opener, made, error)
    except errors.SwitchError as error:
        _discard(session)
        raise type(error)(f"{error.what} Nothing was changed.", error.mend, error.words) from None
    try:
        _verify_and_confirm(session, opener, request, seen, outcome, made)
    except errors.SwitchError as error:
        take_back(session, opener, made, error)
    if not request.hold:
        _read_back(session, opener, request, seen)
        outcome.verified.append("the committed configuration is the wanted one")


def _verify_and_confirm(
    session: Session, opener: Opener, request: Request, seen: Survey, outcome: Outcome, made: Made
) -> None:
    newest = next(iter(session.history()), None)
    if newest is None or newest.comment != made.comment:
        raise errors.NotTheTokenError("The newest commit is not the one that was just made")
    outcome.token = Token(newest.seconds, newest.comment)
    if request.committed is not None:
        request.committed()
    seconds = max(1, request.minutes * 60 - MARGIN)
    outcome.verified = wait(opener, seen.plan.expected, request.verification, seconds)
    if not request.hold:
        _confirm(session, opener, made, request.verification.progress)


def _confirm(session: Session, opener: Opener, made: Made, progress: Callable[[str], object]) -> None:
    """Confirm; where the writing session broke, a fresh one finds out and does it."""
    progress("confirms the commit")
    try:
        session.commit(made.confirmation, synchronize=made.synchronize)
    except errors.LostError as error:
        session.drop()
        _confirm_afresh(opener, made, error)


def _confirm_afresh(opener: Opener, made: Made, cause: errors.LostError) -> None:
    """Confirm under a lock of its own, which is not given while the commit that brought no reply still runs."""
    fresh = opener()
    try:
        fresh.lock()
        newest, pending, _left = fresh.pending()
        if newest is not None and newest.comment == made.confirmation:
            return
        if pending is None or pending.comment != made.comment:
            raise cause
        fresh.commit(made.confirmation, synchronize=made.synchronize)
    except errors.LockedError:
        raise cause from None
    finally:
        fresh.unlock()
        fresh.close()


def _read_back(session: Session, opener: Opener, request: Request, seen: Survey) -> None:
    """Read the committed configuration again and compute the difference: nothing may be left to do.

    Raises:
        errors.ConfirmedError: something is, or it could not be read.

    """
    try:
        effect = _read_again(session, opener, lambda one: one.effect(seen.plan.written, "committed"))
        if not differences(effect, seen.plan.after):
            return
        found = _read_again(session, opener, Session.views)
    except errors.SwitchError as error:
        what = f"The commit is confirmed, but the configuration could not be read back. {error.what}"
        raise errors.ConfirmedError(what, error.mend, error.words) from None
    left = request.plan(found, seen.style)
    if left.changed:
        what = "The commit is confirmed, but the switch did not keep all of it:"
        raise errors.ConfirmedError("\n".join([what, *left.commands]))


def _read_again(session: Session, opener: Opener, read: Callable[[Session], Views]) -> Views:
    try:
        return read(session)
    except errors.LostError:
        fresh = opener()
        try:
            return read(fresh)
        finally:
            fresh.close()
