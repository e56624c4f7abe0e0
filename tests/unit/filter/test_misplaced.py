# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that a VIP goes back to where it was, and a new one to its preferred node."""

from __future__ import annotations

import pytest

from ansible_collections.netstack.datacenter.plugins.filter.misplaced import misplaced

HERE, PEER, NOBODY = {"local": True, "others": 0}, {"local": False, "others": 1}, {"local": False, "others": 0}


@pytest.mark.parametrize(
    ("before", "now", "preferred", "takes_new", "expected"),
    [
        (HERE, HERE, False, False, []),  # stays where it was, preferred or not
        (PEER, HERE, True, False, ["web4"]),  # the peer held it: back, preferred or not
        (PEER, PEER, False, False, []),
        (NOBODY, HERE, True, False, []),  # new and at its place
        (NOBODY, HERE, False, False, ["web4"]),  # new and not at its place
        (NOBODY, NOBODY, False, False, []),
        (NOBODY, NOBODY, False, True, ["web4"]),  # foreseen: it will be taken here first
        (NOBODY, NOBODY, True, True, []),
        (HERE, PEER, True, True, []),  # only the holder can give it back
        ({"local": True, "others": 1}, HERE, False, False, []),  # split brain before the run
    ],
)
def test_what_belongs_on_the_peer(before, now, preferred, takes_new, expected):
    instances = {"web4": {"preferred": preferred}}
    assert misplaced(instances, {"web4": before}, {"web4": now}, takes_new) == expected


def test_an_instance_that_nobody_looked_at_before_counts_as_held_by_nobody():
    assert misplaced({"b": {"preferred": False}, "a": {}}, {}, {"a": HERE, "b": HERE}) == ["b"]
