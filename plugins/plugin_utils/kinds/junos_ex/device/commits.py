# SPDX-License-Identifier: GPL-3.0-or-later
"""The commit history of a switch, whether its newest commit awaits confirmation, and the token that names a commit.

`show system commit` keeps the text `commit confirmed, rollback in 5mins` on an entry for good; while the timer runs the
newest entry also carries `<commit-confirmed>rollback pending</commit-confirmed>`. A release that does not send that
element is judged by its own clock.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ..config.names import number_of

_CONFIRMED = re.compile(r"commit confirmed, rollback in ([0-9]{1,6})\s*min")
_OWN = "netstack.datacenter"
BOTH_ENDS = "cut-over"
"""In the comment of a commit that is one step of a change of both ends of a link; the link's name follows."""
RESTORED = "restored"
"""In the comment of a commit that puts back what a run replaced."""
_RUN = re.compile(rf"\b{re.escape(_OWN)} run (\S+)")


@dataclass(frozen=True)
class Commit:
    """One entry of the history, newest first; `seconds` is the switch's time since 1970."""

    seconds: int
    when: str
    user: str
    client: str
    comment: str
    minutes: int | None = None
    flagged: bool = False

    def left(self, now: int | None) -> int | None:
        """Return the seconds until it is taken back; None when it awaits no confirmation, as far as can be told."""
        if self.minutes is None:
            return None
        left = self.minutes * 60 - ((now or self.seconds) - self.seconds)
        if self.flagged:
            return max(left, 0)
        return left if left > 0 else None


@dataclass(frozen=True)
class Token:
    """Names a commit that awaits its confirmation."""

    time: int
    comment: str

    def names(self, commit: Commit | None) -> bool:
        """Tell whether the commit is the one."""
        return commit is not None and commit.seconds == self.time and commit.comment == self.comment


def history(reply: Any) -> list[Commit]:
    """Return the entries of a `<commit-information>` reply."""
    return [_commit(item) for item in reply.iter("commit-history")]


def _commit(item: Any) -> Commit:
    date = item.find("date-time")
    texts = [" ".join((child.text or "").split()) for child in item if child.tag in ("comment", "log")]
    how = next((match for text in texts if (match := _CONFIRMED.search(text))), None)
    said = [text for text in texts if text and not _CONFIRMED.search(text) and text != "commit synchronize"]
    return Commit(
        seconds=seconds_of(date),
        when=" ".join((date.text or "").split()) if date is not None else "",
        user=" ".join((item.findtext("user") or "").split()),
        client=" ".join((item.findtext("client") or "").split()),
        comment=said[0] if said else "",
        minutes=int(how[1]) if how else None,
        flagged=item.find("commit-confirmed") is not None,
    )


def seconds_of(date: Any) -> int:
    """Return the `seconds` attribute of a date-time (with or without a namespace); 0 where there is none."""
    found = [] if date is None else [value for key, value in date.attrib.items() if key.rsplit("}", 1)[-1] == "seconds"]
    return (number_of(found[0]) or 0) if found else 0


def comment_of(run_id: str, ticket: str, mark: str) -> str:
    """Return the comment of a commit: who made it, the run, the ticket, and what tells it from any other."""
    parts = [_OWN, *([f"run {run_id}"] if run_id else []), *([f"ticket {ticket}"] if ticket else []), mark]
    return " ".join(" ".join(parts).split())


def of_run(commit: Commit, run_id: str) -> bool:
    """Tell whether the run made the commit."""
    return f"{comment_of(run_id, '', '')} " in f"{commit.comment} "


def runs(history: list[Commit]) -> list[str]:
    """Return the ids of the runs that made commits, oldest first."""
    found = [match[1] for commit in reversed(history) if (match := _RUN.search(commit.comment))]
    return list(dict.fromkeys(found))


def describe_pending(commit: Commit, left: int) -> str:
    """Return who owns the pending commit and how long it has left."""
    said = f' "{commit.comment}"' if commit.comment else ""
    return (
        f"A confirmed commit of {commit.user or 'somebody'} via {commit.client or 'an unknown client'}{said} "
        f"of {commit.when} awaits its confirmation; {left} s are left before the switch takes it back by itself."
    )
