# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves when a run can be taken back: somebody knows it, and no link changed at both ends has lost its steps."""

from __future__ import annotations

import pytest

from ansible_collections.netstack.datacenter.plugins.plugin_utils.state.known import findings

LINK = {"link": "esx1-lan", "peer": "esx1"}
KEPT_AT = "https://kept.example.com/state/restore/r1/esx1~links.json"


def switch(known: bool = True, both_ends: tuple[str, ...] = ()) -> dict[str, object]:
    return {"stack_links": [LINK], "stack_undoing": {"known": known, "both_ends": list(both_ends)}}


def host(points: bool = False, steps: bool = False) -> dict[str, object]:
    return {
        "stack_undoing": {"kept": points, "kept_at": KEPT_AT.replace("~links", "")},
        "stack_restoring": {"kept": steps, "kept_at": KEPT_AT},
    }


def balancer(*runs: str) -> dict[str, object]:
    return {"stack_backups": {"generations": [{"run_id": run} for run in runs]}}


ELSEWHERE = {"ex1": switch(False), "esx1": host(), "lb1": balancer("r0"), "app1": {}}


@pytest.mark.parametrize(
    "knows", [{"ex1": switch()}, {"esx1": host(points=True)}, {"esx1": host(steps=True)}, {"lb1": balancer("r0", "r1")}]
)
def test_one_host_that_knows_the_run_is_enough(knows):
    assert findings("r1", {**ELSEWHERE, **knows}) == []


def test_a_run_that_nobody_knows_is_refused_with_all_places_at_which_it_was_looked_for():
    (told,) = findings("r1", ELSEWHERE)
    assert told.startswith("No host of this run knows the run r1")
    places = ["ex1: the commit history", f"esx1: {KEPT_AT}", "lb1: /var/lib/netstack/backup"]
    assert [place for place in places if place not in told] == []
    assert "(no host)" in findings("r1", {"app1": {}})[0]


def test_a_link_of_which_a_switch_says_that_both_ends_were_changed_must_have_its_steps():
    both = switch(both_ends=("esx1-lan",))
    (told,) = findings("r1", {"ex1": both, "esx1": host(points=True)})
    assert told.startswith("ex1: its commit history says that the run r1 changed both ends of esx1-lan")
    assert KEPT_AT in told
    assert findings("r1", {"ex1": both, "esx1": host(steps=True)}) == []
    assert findings("r1", {"ex1": both}) == [], "a switch alone leaves its end of such a link as it is"
