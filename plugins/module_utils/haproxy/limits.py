# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How many files HAProxy opens at most, and the drop-in for its unit that allows them. Pure."""

from __future__ import annotations

from typing import Any, Iterator, Mapping

from .answers import servers_in
from .listeners import bound_in
from .render import MARKER

__all__ = ["descriptors", "limit_drop_in", "most_connections"]

_SPARE_DESCRIPTORS = 256


def most_connections(configuration: Mapping[str, Any]) -> int | None:
    """Return how many connections the process lets in: its own limit, or what its frontends have together."""
    own: int | None = configuration["global"]["maxconn"]
    return own if own is not None else sum(_of_frontends(configuration)) or None


def _of_frontends(configuration: Mapping[str, Any]) -> Iterator[int]:
    for service in configuration["services"].values():
        for kind in ("frontends", "listens"):
            yield from (section["maxconn"] or 0 for section in service[kind].values())


def descriptors(maxconn: int | None, text: str) -> int:
    """Return how many files HAProxy opens at most: two per connection, one per listener and check, and some spare."""
    if maxconn is None:
        return 0
    return 2 * maxconn + len(bound_in(text)) + len(servers_in(text)) + _SPARE_DESCRIPTORS


def limit_drop_in(needed: int) -> str:
    """Return the text of the drop-in."""
    return f"{MARKER}\n[Service]\nLimitNOFILE={needed}\n"
