# SPDX-License-Identifier: GPL-3.0-or-later
"""What a conversion writes into its commits, and what a later one reads there: which ports it disabled itself."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from .device.commits import BOTH_ENDS, Commit

_BACK, _CONFIRMED = " taken back", " confirmed"


def note(link: str, disabled: Collection[str], enabled: Collection[str]) -> str:
    """Return the note of a commit."""
    parts = [f"{BOTH_ENDS} {link}:"]
    parts += [f"disables {port}" for port in sorted(disabled)]
    parts += [f"enables {port}" for port in sorted(enabled)]
    return " ".join(parts)


def is_of(commit: Commit, link: str) -> bool:
    """Tell whether a conversion of this link made the commit."""
    return f" {BOTH_ENDS} {link}: " in f" {commit.comment} "


def disabled_by(history: Iterable[Commit], link: str, port: str) -> bool:
    """Tell whether a conversion of this link disabled a port and did not enable it since; newest commit first."""
    word = re.compile(rf"\b(disables|enables) {re.escape(port)}(?: |\Z)")
    gone: set[str] = set()
    newer: Commit | None = None
    for commit in history:
        text, after, newer = commit.comment, newer, commit
        if not is_of(commit, link):
            continue
        if text.endswith(_BACK):
            gone.add(text.removesuffix(_BACK))
            continue
        found = word.search(text)
        if found and text.removesuffix(_CONFIRMED) not in gone and not _ran_out(commit, after):
            return found[1] == "disables"
    return False


def _ran_out(commit: Commit, newer: Commit | None) -> bool:
    """Tell whether the switch took a confirmed commit back by itself: nobody else's commit came before its timer ended.

    Whatever is committed in that time confirms it. The entry of the switch's own rollback is of the client `other`.
    """
    if commit.minutes is None or newer is None:
        return False
    return newer.client == "other" or newer.seconds >= commit.seconds + 60 * commit.minutes
