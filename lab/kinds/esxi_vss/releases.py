# SPDX-License-Identifier: GPL-3.0-or-later
"""The releases that a host can be of: how it calls itself, and which versions of the API it speaks."""

from __future__ import annotations

from dataclasses import dataclass

_OLDEST = "2.5u2server 2.5u2 2.5"
_OLDER = f"6.9.1 6.8.7 6.7.3 6.7.2 6.7.1 6.7 6.5 6.0 5.5 5.1 5.0 4.1 4.0 {_OLDEST}"
_NEWER = "8.0.1.0 8.0.0.2 8.0.0.1 8.0.0.0 7.0.3.2 7.0.3.1 7.0.3.0 7.0.2.1 7.0.2.0 7.0.1.1 7.0.1.0 7.0.0.2 7.0.0.0"


@dataclass(frozen=True)
class Release:
    """One release; `esxcli` tells whether esxcli knows of virtual switches."""

    version: str
    api: str
    build: str
    prior: str
    esxcli: bool = True


RELEASES = {
    each.version: each
    for each in (
        Release("8.0.2", "8.0.2.0", "22380479", f"{_NEWER} {_OLDER}"),
        Release("4.1.0", "4.1", "260247", f"4.0 {_OLDEST}", esxcli=False),
    )
}
NEWEST = "8.0.2"
