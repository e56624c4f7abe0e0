# SPDX-License-Identifier: GPL-3.0-or-later
"""What may be asked of a switch that is already configured: does it work, and put back what a run replaced."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, replace

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.changes import Change
from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.seen import Seen

from ..config.layout import synchronizes
from ..config.views import Views
from ..device import errors
from ..device.commits import BOTH_ENDS, RESTORED, Commit, comment_of, of_run
from ..device.session import Session
from . import waiting
from .facts import refuse_pending, style_of, survey
from .plan import Plan, seen
from .recovery import Made, recover, take_back
from .request import MARGIN, Request
from .waiting import Opener


def verified(opener: Opener, request: Request) -> list[Seen]:
    """Return what was verified: the configuration is the declared one and every declared bundle works. Reads only.

    Raises:
        errors.VerificationError: it is not so, with everything that is wrong, and what works all the same.

    """
    session = opener()
    try:
        found = survey(session, request)
        differs = [str(finding) for finding in found.plan.findings] + [
            f"missing: {line}" for line in found.plan.commands
        ]
        names = {bundle.name for bundle in request.declared.bundles}
        expected = found.plan.expected_of(names)
        deadline = time.monotonic() + request.verification.timeout
        wrong = waiting.until_good(session, expected, request.verification, deadline)
        down = {name for each in wrong for name in each.objects}
        works = waiting.verified_bundles([bundle for bundle in expected if bundle.name not in down])
        works += waiting.linked(session, [port.name for port in request.declared.ports])
    finally:
        session.close()
    if differs or wrong:
        error = errors.VerificationError(
            "\n".join(["The switch is not as it is declared:", *differs, *map(str, wrong)])
        )
        error.seen = (*_differing(found.plan), *wrong, *works)
        raise error
    return [Seen("the configuration is the declared one"), *works]


def _differing(made: Plan) -> list[Seen]:
    """Return what the configuration lacks, by what it concerns."""
    return [
        *(Seen(str(finding), good=False) for finding in made.findings),
        *(Seen(f"missing: {change}", change.concerns, good=False) for change in made.changes),
    ]


@dataclass(frozen=True)
class Restored:
    """What was put back, in the switch's words, and the comments of the commits that it undid.

    `links` are those of which the run changed both ends: this end of theirs stays as it is. `changes` is what was put
    back, as data.
    """

    changed: bool
    diff: str = ""
    undone: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()


def commits_of(history: list[Commit], run_id: str) -> list[Commit]:
    """Return the newest commits, as far as they were all made by that run."""
    found: list[Commit] = []
    for commit in history:
        if not of_run(commit, run_id):
            break
        found.append(commit)
    return found


def restore(opener: Opener, request: Request) -> Restored:
    """Put back the configuration from before a run's commits, if they are the newest ones.

    A run that has no commit in the history did not change this switch, so there is nothing to put back. Where it
    changed both ends of a link, the commits up to there are put back, for its host would be cut off by more.

    Raises:
        errors.SwitchError: others committed after that run, or it failed.

    """
    session = opener()
    try:
        history = session.history()
        newest, pending, _left = session.pending(history)
        undone = commits_of(history, request.run_id)
        if undone and RESTORED in undone[0].comment.removeprefix(comment_of(request.run_id, "", "")).split():
            return Restored(False)
        undone, links = _of_one_end(undone)
        if links and not undone:
            return Restored(False, links=links)
        if not any(of_run(commit, request.run_id) for commit in history):
            return Restored(False)
        if not undone:
            who = f'"{newest.comment}" of {newest.user}, {newest.when}' if newest else "unknown"
            what = f"The newest commit is not one of run {request.run_id}; it is {who}."
            raise errors.NotTheTokenError(what, "Nothing was done. Compare with show | compare rollback 1.")
        if pending is not None and pending not in undone:
            _refuse(session, request)
        return replace(_restore(session, opener, request, undone), links=links)
    finally:
        session.unlock()
        session.close()


def _of_one_end(commits: list[Commit]) -> tuple[list[Commit], tuple[str, ...]]:
    """Return the newest commits that changed nothing but this switch, and the links of which older ones did more."""
    linked = [re.search(rf"\b{BOTH_ENDS} (\S+):", commit.comment) for commit in commits]
    first = next((number for number, match in enumerate(linked) if match), len(commits))
    return commits[:first], tuple(sorted({match[1] for match in linked if match}))


def _refuse(session: Session, request: Request) -> None:
    refuse_pending(survey(session, request))


def _restore(session: Session, opener: Opener, request: Request, undone: list[Commit]) -> Restored:
    before = session.views()
    comments = tuple(commit.comment for commit in undone)
    session.lock()
    if commits_of(session.history(), request.run_id)[: len(undone)] != undone:
        raise errors.SwitchError("Somebody committed in between. Nothing was done.", "Look at show system commit.")
    session.rollback(len(undone))
    diff = session.diff()
    changes = _changes(session, request, before) if diff else ()
    _newest, pending, _left = session.pending()
    if not diff or request.check_mode:
        if pending is None:  # a commit check would confirm it
            session.check()
        session.rollback(0)
        return Restored(bool(diff), diff, comments, changes=changes)
    synchronize = synchronizes(before.written) if request.synchronize is None else request.synchronize
    made = Made(before.written, _comment(request), request.minutes, synchronize)
    try:
        _commit(session, opener, request, pending is not None and pending.flagged, made)
    except errors.LostError as error:
        session.drop()
        recover(opener, made, error)
    except errors.SwitchError as error:
        take_back(session, opener, made, error)
    return Restored(True, diff, comments, changes=changes)


def _changes(session: Session, request: Request, before: Views) -> tuple[Change, ...]:
    """Return what the candidate changes; a switch that tells no style switches nothing, so any of them does."""
    after = session.views("candidate")
    style = request.style or session.style() or style_of(before.inherited) or style_of(after.inherited) or "els"
    return seen(before, after, style).changes


def _comment(request: Request) -> str:
    return comment_of(request.run_id, request.ticket, RESTORED)


def _commit(session: Session, opener: Opener, request: Request, pending: bool, made: Made) -> None:
    """Commit confirmed, prove the way to the switch, confirm.

    What precedes a commit of the run that is surely still `pending` is what a timer would fall back to: none is needed.
    """
    if pending:
        session.commit(made.comment, synchronize=made.synchronize)
        return
    session.commit(made.comment, made.minutes, made.synchronize)
    waiting.wait(opener, [], replace(request.verification, links=False), request.minutes * 60 - MARGIN)
    session.commit(made.comment, synchronize=made.synchronize)
