# SPDX-License-Identifier: GPL-3.0-or-later
"""Confirm or abandon a commit that an earlier task left pending, and nothing but that commit.

The window: between the two tasks no session holds the lock, so anybody's commit, or commit check, confirms it. The
token is compared under the lock; a commit check of somebody else leaves no entry in the history and cannot be seen.
"""

from __future__ import annotations

from ..config.layout import synchronizes
from ..device import errors
from ..device.commits import Commit, Token
from .waiting import Opener


def settle(opener: Opener, token: Token, confirm: bool, check_mode: bool, synchronize: bool | None = None) -> bool:
    """Confirm or abandon the commit that the token names; return whether anything was, or would be, done.

    Raises:
        errors.NotTheTokenError: the newest commit is another.

    """
    session = opener()
    try:
        newest, _pending, _left = session.pending()
        if _done(newest, token, confirm):
            return False
        _same(newest, token)
        if check_mode:
            return True
        session.lock()
        newest, _pending, _left = session.pending()
        _same(newest, token)
        if synchronize is None:
            synchronize = synchronizes(session.written())
        if not confirm:
            session.rollback(1)
        session.commit(f"{token.comment} {_word(confirm)}", synchronize=synchronize)
        return True
    finally:
        session.unlock()
        session.close()


def _word(confirm: bool) -> str:
    return "confirmed" if confirm else "taken back"


def _done(newest: Commit | None, token: Token, confirm: bool) -> bool:
    return newest is not None and newest.comment == f"{token.comment} {_word(confirm)}"


def _same(newest: Commit | None, token: Token) -> None:
    if token.names(newest):
        return
    is_now = f'"{newest.comment}" of {newest.user}, {newest.when}' if newest else "unknown"
    what = f'The newest commit is not the one of the token ("{token.comment}"); it is {is_now}.'
    mend = "It was confirmed over, or the switch took it back by itself. Nothing was done; run the change again."
    raise errors.NotTheTokenError(what, mend)
