# SPDX-License-Identifier: GPL-3.0-or-later
"""What a conversion writes into its commits, and what a later one reads there: which ports it disabled itself."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from ..junos.commits import BOTH_ENDS, Commit

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
    gone: set[str] = set()
    for commit in history:
        text = commit.comment
        if not is_of(commit, link):
            continue
        if text.endswith(_BACK):
            gone.add(text.removesuffix(_BACK))
            continue
        base = text.removesuffix(_CONFIRMED)
        found = None if base in gone else re.search(rf"\b(disables|enables) {re.escape(port)}(?: |$)", text)
        if found:
            return found[1] == "disables"
    return False
