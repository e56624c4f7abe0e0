# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that each known trap is met: sessions that break at any request, time-outs, and warnings raised as errors."""

from __future__ import annotations

import dataclasses

import pytest
from unit.junos.builders import declared
from unit.junos.switches import MODELS, Lab

from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.device import errors
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.device.session import Session
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run import recovery
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.request import (
    Request,
    Verification,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.transaction import apply

MEMBERS = ["ge-0/0/1", "ge-0/0/2"]
WANTED = declared({"server": {"id": 10}}, {"ae0": {"members": MEMBERS, "lacp": "active", "untagged": "server"}})
REQUEST = Request(WANTED, verification=Verification(timeout=2, interval=0.2))
PLACES = ("before", "after_send", "after_reply")
FORMER = "The switch has its former configuration."


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(recovery, "PAUSE", 0.05)
    monkeypatch.setattr(recovery, "LATE", 1.0)


def prepared(lab: Lab) -> list[str]:
    lab.control("reset")
    lab.far_end(*MEMBERS, lacp="active")
    lab.simulator.control("clear_log")
    return lab.lines()


def requests_of_a_change(lab: Lab) -> tuple[list[str], list[str]]:
    prepared(lab)
    apply(lab.open, REQUEST)
    return lab.asked(), lab.lines()


def clean(lab: Lab) -> bool:
    """Tell whether nothing is left of a session."""
    lab.wait_until_left()
    status = lab.control("status")
    return (status["locked_by"], status["dirty"], status["pending"]) == (None, False, None)


@pytest.mark.parametrize("place", PLACES)
def test_a_session_that_breaks_at_any_request_leaves_the_old_or_the_new_state_and_says_which(lab, place):
    asked, new = requests_of_a_change(lab)
    assert asked.count("commit-configuration") == 3
    for position, rpc in enumerate(asked):
        old = prepared(lab)
        lab.control("fault", fault={"rpc": "*", "when": place, "what": "drop", "skip": position})
        said = ""
        try:
            apply(lab.open, REQUEST)
        except errors.SwitchError as error:
            said = str(error)
        lab.control("clear_faults")
        lab.wait_until_left()
        lab.control("advance", seconds=REQUEST.minutes * 60 + 1)
        where = f"{place} {position} {rpc}: {said}"
        assert clean(lab), where
        found = lab.lines()
        assert found in (old, new), where
        assert found == old if FORMER in said else True, where
        assert found == new if not said else True, where


@pytest.mark.parametrize(
    ("position", "place", "said"),
    [
        (0, "before", "Nothing was changed: "),
        (1, "after_send", FORMER),
        (1, "before", FORMER),
        (2, "after_send", FORMER),
        (2, "before", FORMER),
    ],
)
def test_a_commit_that_outlasts_the_time_out_is_found_and_taken_back(lab, monkeypatch, position, place, said):
    # The commit is made while it is waited for, however busy the machine is.
    monkeypatch.setattr(recovery, "LATE", 30.0)
    old = prepared(lab)
    slow = {"rpc": "commit-configuration", "when": place, "what": "delay", "seconds": 2, "skip": position}
    lab.control("fault", fault=slow)
    target = dataclasses.replace(lab.target, commit_timeout=1)
    with pytest.raises(errors.SwitchError, match="it is not known whether it took effect") as caught:
        apply(lambda: Session(target), REQUEST)
    assert said in str(caught.value)
    lab.control("advance", seconds=REQUEST.minutes * 60 + 1)
    assert lab.lines() == old
    assert clean(lab)


@pytest.mark.parametrize("ok", [True, False])
@pytest.mark.parametrize("commit", ["check", "confirmed", "confirming"])
def test_a_commit_that_answers_with_a_warning_is_a_commit_and_the_warning_is_told(lab, commit, ok):
    prepared(lab)
    position = ("check", "confirmed", "confirming").index(commit)
    warning = {"what": "warning", "message": "requires 'bgp' license", "skip": position, "ok": ok}
    lab.control("fault", fault={"rpc": "commit-configuration", **warning})
    outcome = apply(lab.open, REQUEST)
    assert outcome.changed
    assert clean(lab)
    assert ("the switch says: requires 'bgp' license" in outcome.warnings) is not ok


def test_a_load_that_answers_with_a_warning_is_not_taken_for_a_failure(lab):
    prepared(lab)
    fault = {"rpc": "load-configuration", "what": "warning", "message": "statement not found"}
    lab.control("fault", fault=fault)
    assert "the switch says: statement not found" in apply(lab.open, REQUEST).warnings


@pytest.mark.parametrize(
    ("rpc", "skip"), [("load-configuration", 0), ("commit-configuration", 0), ("commit-configuration", 1)]
)
def test_a_refusal_comes_in_the_words_of_the_switch_and_changes_nothing(lab, rpc, skip):
    old = prepared(lab)
    lab.control("fault", fault={"rpc": rpc, "what": "error", "message": "could not do it", "skip": skip})
    with pytest.raises(errors.RefusedError) as caught:
        apply(lab.open, REQUEST)
    assert "the switch says:" in str(caught.value)
    assert "could not do it" in str(caught.value)
    assert "Nothing was changed." in str(caught.value)
    assert lab.lines() == old
    assert clean(lab)


def test_a_full_disk_is_told_and_changes_nothing(lab):
    old = prepared(lab)
    lab.control("trouble", disk_full=True)
    with pytest.raises(errors.SwitchError):
        apply(lab.open, REQUEST)
    assert lab.lines() == old
    assert clean(lab)


def test_a_commit_of_somebody_else_between_plan_and_lock_stops_the_change(lab):
    prepared(lab)
    session = lab.open()
    calls = iter([None])

    def opener():
        next(calls, None)
        return session

    lock = session.lock

    def late_lock():
        lab.control("commit", set="set system host-name other", user="anna")
        lock()

    session.lock = late_lock
    with pytest.raises(errors.SwitchError, match="anna via cli committed while this change was computed"):
        apply(opener, REQUEST)
    assert clean(lab)


def test_no_commit_check_is_sent_between_the_confirmed_commit_and_its_confirmation(lab):
    prepared(lab)
    apply(lab.open, REQUEST)
    sent = [entry["request"] for entry in lab.control("log") if entry["rpc"] == "commit-configuration"]
    assert [("<check/>" in text, "<confirmed/>" in text) for text in sent] == [
        (True, False),
        (False, True),
        (False, False),
    ]
    assert "<confirm-timeout>5</confirm-timeout>" in sent[1], "in minutes"


def test_the_models_of_the_simulator_have_both_styles(lab):
    session = lab.open()
    assert session.style() == lab.style
    assert (session.software()[0] or "").lower() == MODELS[lab.style]
    session.close()
