# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that a pending commit is known by its flag, or by the switch's clock, and never by its text alone."""

from __future__ import annotations

import pytest

etree = pytest.importorskip("lxml.etree", reason="lxml is not installed")

from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.device.commits import (
    Token,
    comment_of,
    describe_pending,
    history,
    runs,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.restore import commits_of

ENTRY = """<commit-history><sequence-number>0</sequence-number><user>netops</user><client>netconf</client>
<date-time xmlns:junos="http://xml.juniper.net/junos/15.1R7/junos" {seconds}="1000">2026-10-05 22:03:43 UTC</date-time>
{rest}</commit-history>"""
CONFIRMED = "<comment>commit confirmed, rollback in 5mins</comment><log>change under test</log>"
FLAG = "<commit-confirmed>rollback pending</commit-confirmed>"


def newest(rest: str, seconds: str = "junos:seconds"):
    text = f"<commit-information>{ENTRY.format(rest=rest, seconds=seconds)}</commit-information>"
    return history(etree.fromstring(text))[0]


@pytest.mark.parametrize(
    ("rest", "now", "left"),
    [
        (CONFIRMED + FLAG, 1100, 200),
        (CONFIRMED + FLAG, 2000, 0),  # late, and still not taken back
        (CONFIRMED, 1100, 200),  # a release that does not send the flag
        (CONFIRMED, 1300, None),  # the text stays for good
        ("<log>plain</log>", 1001, None),
    ],
)
def test_what_is_left_of_a_pending_commit(rest, now, left):
    assert newest(rest).left(now) == left


def test_the_comment_is_the_operators_and_not_that_of_junos():
    commit = newest("<comment>commit confirmed, rollback in 10mins</comment>\n<log> mine </log>")
    assert (commit.comment, commit.minutes, commit.seconds) == ("mine", 10, 1000)


def test_a_date_without_a_namespace_is_read_too():
    assert newest("<log>x</log>", "seconds").seconds == 1000


def test_a_token_names_time_and_comment():
    commit = newest("<log>mine</log>")
    assert Token(1000, "mine").names(commit)
    assert not Token(1001, "mine").names(commit)
    assert not Token(1000, "other").names(commit)
    assert not Token(1000, "mine").names(None)


def test_a_pending_commit_is_described_with_owner_and_time_left():
    text = describe_pending(newest(CONFIRMED + FLAG), 200)
    assert "of netops via netconf" in text
    assert "200 s are left" in text


def test_the_commits_of_a_run_are_the_newest_ones_of_exactly_that_run():
    def commit(comment: str):
        return newest(f"<log>{comment}</log>")

    of_r1 = [commit(comment_of("r1", "", "a confirmed")), commit(comment_of("r1", "", "a"))]
    assert commits_of([*of_r1, commit("netstack.datacenter run r12 b")], "r1") == of_r1
    assert commits_of([commit("by hand"), *of_r1], "r1") == []


def test_the_runs_of_a_history_are_told_oldest_first_and_once():
    comments = ["run b 2", "run a ticket CHG1 1", "0", "run b 2"]
    history = [newest(f"<log>netstack.datacenter {comment}</log>") for comment in comments]
    assert runs([newest("<log>mine, run c</log>"), *history]) == ["b", "a"]
