# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What was there before the role came, and what goes back to it on the day on which the role is taken away."""

from __future__ import annotations

import os

from ansible_collections.netstack.datacenter.plugins.module_utils.service.deployment import FOUND, decoded
from ansible_collections.netstack.datacenter.plugins.module_utils.service.transaction import Transaction

from .host import MAIN, Host
from .render import is_ours

__all__ = ["service_ending", "taken_away"]


def service_ending(host: Host, transaction: Transaction, text: str, notes: list[str]) -> list[str]:
    """Return what becomes of the service when ``text``, "" for none, is the main file again.

    A service that ran when the role came goes on with it; ``notes`` gets the reason where it cannot.
    """
    unit, before = host.unit(), transaction.noted(FOUND) or {}
    enabled = unit.get("UnitFileState") == "enabled"
    if before.get("active") and text:
        complaint = host.complaint(text, fatal_warnings=False)
        if not complaint:
            actions = ["reload"] if host.runs(unit) else []
            return [*actions, "disable"] if enabled and not before.get("enabled") else actions
        notes.append(f"HAProxy stops, for it refuses the {MAIN} that was there before: {complaint}")
    actions = ["stop"] if unit.get("ActiveState") not in ("inactive", "failed", None) else []
    return [*actions, "disable"] if enabled else actions


def taken_away(transaction: Transaction, folder: str) -> list[str]:
    """Return the files of a folder that somebody else wrote and the role removed by consent."""
    saved = [file for name in transaction.generations() for file in transaction.left(name)]
    theirs = {file.path for file in saved if file.content and not is_ours(decoded(file))}
    return sorted(path for path in theirs if os.path.dirname(path) == folder and not os.path.lexists(path))
