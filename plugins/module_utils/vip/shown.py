# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a diff may show of keepalived's configuration: all but its passwords, on both of its sides. Pure."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Sequence

from ansible_collections.netstack.datacenter.plugins.module_utils.transaction import Change, File, Transaction
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.render import MARKER

_PASSWORD = re.compile(rb"(\bauth_pass[ \t]+)[^\r\n]+")
_HIDDEN = rb"\1(not shown)"
_CHANGED = rb"\1(not shown, changed)"


def diff(changes: Sequence[Change], config: str, doubt: str = "") -> list[dict[str, str]]:
    """Return the changes as ``exit_json(diff=...)`` takes them; ``config`` is the path of keepalived's file.

    ``doubt``: why keepalived is reloaded where no file says so.
    """
    entries = Transaction.diff([_masked(change) if change.wanted.path == config else change for change in changes])
    if doubt:
        header = {"before_header": "service", "after_header": "service"}
        entries.append({**header, "before": "", "after": f"reload: {doubt}\n"})
    return entries


def _masked(change: Change) -> Change:
    wanted = _readable(change.wanted, _HIDDEN)
    if change.current is None:
        return Change(wanted, None)
    current = _readable(change.current, _HIDDEN)
    if current.content == wanted.content and change.current.content != change.wanted.content:
        wanted = _readable(change.wanted, _CHANGED)
    return Change(wanted, current)


def _readable(file: File, hidden: bytes) -> File:
    """Return a file of ours without its passwords. One of another hand may hide secrets anywhere: it stays secret."""
    if file.content is None or MARKER.encode() not in file.content:
        return replace(file, secret=True)
    return replace(file, content=_PASSWORD.sub(hidden, file.content), secret=False)
