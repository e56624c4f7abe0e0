# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run can do without the devices that do not answer: only what shares nothing with them."""

from __future__ import annotations

import pytest

from ansible_collections.netstack.datacenter.plugins.plugin_utils.preflight.answered import (
    advice,
    alone,
    login_advice,
    without,
)

# ex1 - esx1 - ex2 - esx2, and a pair that hangs on ex1 and ex2
RELATED = {
    "ex1": {"esx1", "lb1"},
    "ex2": {"esx1", "esx2", "lb2"},
    "esx1": {"ex1", "ex2"},
    "esx2": {"ex2"},
    "lb1": {"ex1", "lb2"},
    "lb2": {"ex2", "lb1"},
}


@pytest.mark.parametrize(
    ("away", "pending", "out"),
    [
        ({"esx1"}, {"ex2", "esx2"}, {"esx1", "ex2", "esx2"}),
        ({"esx1"}, {"esx2"}, {"esx1"}),
        ({"ex1"}, {"ex2", "esx2"}, {"ex1"}),
        ({"ex1"}, {"esx1", "ex2"}, {"ex1", "esx1", "ex2"}),
        ({"lb1"}, {"lb2", "esx1"}, {"lb1", "lb2"}),
        ({"other"}, {"ex1"}, {"other"}),
    ],
)
def test_what_shares_a_change_with_a_device_that_is_away_stays_out_with_it(away, pending, out):
    assert without(away, pending, RELATED) == out


@pytest.mark.parametrize(
    ("limit", "pattern"),
    [
        ("", "'all:!ex1'"),
        ("ex1:esx2", "'ex1:esx2:!ex1'"),
        ("ex1,esx2", "'ex1,esx2,!ex1'"),
    ],
)
def test_the_limit_that_goes_on_is_named_in_the_way_of_this_one(limit, pattern):
    told = advice(limit, {"ex1"}, {"esx2"}, RELATED)
    assert pattern in told
    assert told.endswith("it changes esx2.")


def test_where_nothing_goes_on_it_says_so():
    assert advice("", {"ex1"}, {"esx1"}, RELATED).startswith("Nothing of this run can be changed without them")
    assert advice("", {"ex1"}, {"ex1"}, RELATED).startswith("Nothing else")
    assert advice("", {"ex1"}, set(), RELATED).startswith("Nothing else")


def test_a_login_that_is_refused_is_no_reason_to_go_on_without_the_device():
    assert login_advice([]) == ""
    assert login_advice(["ex1"]).startswith("ex1 answers, and refuses the login, so it is not away: mend ansible_user")
    assert login_advice(["ex1", "ex2"]).startswith("ex1, ex2 answer, and refuse the login, so they are not away")


PAIRS = {"lb1": {"lb2"}, "lb2": {"lb1"}}


def test_a_load_balancer_whose_peer_is_away_goes_on_in_place_by_consent():
    told = alone({"lb2"}, {"lb1", "ex1"}, RELATED, PAIRS)
    assert "--limit 'lb1' -e stack_change_holder=true changes lb1 in place" in told


@pytest.mark.parametrize(
    ("away", "pending"),
    [
        ({"lb2"}, {"ex1"}),  # nothing to do at the peer
        ({"lb1", "lb2"}, {"lb1"}),
        ({"lb2", "ex1"}, {"lb1"}),  # and a link of the peer leads to what is away
        ({"esx1"}, {"lb1"}),
    ],
)
def test_nobody_is_told_to_change_a_node_that_needs_more_than_its_peer(away, pending):
    assert alone(away, pending, RELATED, PAIRS) == ""
