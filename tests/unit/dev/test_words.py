# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that nobody but a kind's own package, its modules and its documentation names it: the words are counted."""

from __future__ import annotations

import re

from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds import NAMES

from ..runner import graph

MOST = 92
"""Words today, which only goes down: who names fewer writes the new figure here. It is to be 15 at most."""
COMMON = {"linux", "external"}
"""Kinds whose names are words of the language, too."""
WORD = re.compile(rf"\b({'|'.join(name for name in NAMES if name not in COMMON)})\b")
ELSEWHERE = ("/kinds/", "/contract/")


def _words(name: str) -> int:
    return len(WORD.findall((graph.ROOT / name).read_text(encoding="utf-8", errors="ignore")))


def test_the_words_of_kinds_outside_their_packages_get_fewer():
    files = sorted(name for folder in ("plugins", "playbooks", "lab") for name in graph.below(folder))
    found = {name: _words(name) for name in files if not any(part in name for part in ELSEWHERE)}
    total = sum(found.values())
    assert total <= MOST, {name: count for name, count in found.items() if count}
