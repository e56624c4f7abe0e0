# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A directive of free text that can do more than balance, and why it can."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

READS = "reads a file of the load balancer as root, in check mode too, and may hand it to clients"
RUNS = "runs code on the load balancer, of what root reads in check mode too"
PROCESS = "changes the process itself: its user, its files, its environment or what it is built of"
SOCKET = "opens a socket, or speaks to one, that nobody declared"
ENVIRONMENT = "takes text from the environment of the process"
SHARED = "changes at a client's request what the whole process uses"
UNKNOWN = "is not among the directives that are known to balance only"


class Suspect(NamedTuple):
    """A directive as it is written, and what it does."""

    directive: str
    why: str

    def __str__(self) -> str:
        """Return the part of a message that is the same for every object."""
        return (
            f"`{self.directive}` {self.why}, so who writes it is trusted with the load balancer; remove it, or let "
            "those who run the site set `stack_raw: allow` (group_vars or -e)"
        )


def listed(words: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(words.split())


def reasons(named: Mapping[str, str]) -> dict[str, str]:
    """Return what each word does, of the words by what they do."""
    return {word: why for why, words in named.items() for word in words.split()}
