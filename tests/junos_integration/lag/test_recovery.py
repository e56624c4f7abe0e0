# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that a failure at an unlucky moment neither leaves half a change nor is told as something else."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator

import pytest
from unit.junos.builders import declared
from unit.junos.switches import Lab

from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.device import errors
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.device.session import Session
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.device.target import Target
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run import recovery
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.pending import settle
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.request import (
    Request,
    Verification,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.restore import restore
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.transaction import apply
from kinds.junos_ex.client import Simulator

MEMBERS = ["ge-0/0/1", "ge-0/0/2"]
WANTED = declared({"server": {"id": 10}}, {"ae0": {"members": MEMBERS, "lacp": "active", "untagged": "server"}})
REQUEST = Request(WANTED, run_id="r7", verification=Verification(timeout=2, interval=0.2))
FORMER = "The switch has its former configuration."


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(recovery, "PAUSE", 0.05)


def good(lab: Lab) -> list[str]:
    lab.far_end(*MEMBERS, lacp="active")
    return lab.lines()


def commits(lab: Lab) -> list[str]:
    return [commit["log"] for commit in lab.control("status")["commits"]]


def test_a_history_that_cannot_be_read_after_the_commit_is_not_told_as_no_change(lab):
    old = good(lab)
    fault = {"rpc": "get-commit-information", "what": "error", "message": "no memory", "skip": 2}
    lab.control("fault", fault=fault)
    with pytest.raises(errors.RefusedError) as caught:
        apply(lab.open, REQUEST)
    assert str(caught.value).splitlines()[1] == FORMER
    assert "Nothing was changed." not in str(caught.value)
    assert lab.lines() == old
    assert lab.control("status")["pending"] is None


def test_a_confirmation_that_is_lost_with_the_switch_is_taken_back_to_before_the_whole_change(lab):
    old = good(lab)
    drop = {"rpc": "commit-configuration", "when": "after_send", "what": "drop", "skip": 2}
    lab.control("fault", fault=drop)
    lost = iter([None, None, errors.UnreachableError("no way")])

    def opener() -> Session:
        if (error := next(lost, None)) is not None:
            raise error
        return lab.open()

    with pytest.raises(errors.UnreachableError, match=f"no way\n{FORMER}"):
        apply(opener, REQUEST)
    assert lab.lines() == old


def test_what_cannot_be_read_back_is_told_as_confirmed(lab):
    good(lab)
    drop = {"rpc": "get-configuration", "what": "drop", "skip": 3}
    lab.control("fault", fault=drop)
    lost = iter([None, None, errors.UnreachableError("no way")])

    def opener() -> Session:
        if (error := next(lost, None)) is not None:
            raise error
        return lab.open()

    with pytest.raises(errors.ConfirmedError, match="The commit is confirmed, but the configuration could not be read"):
        apply(opener, REQUEST)
    assert any("ae0" in line for line in lab.lines())
    assert lab.control("status")["pending"] is None


def test_a_failure_that_the_client_library_has_no_name_for_takes_the_change_back(lab, monkeypatch):
    old = good(lab)

    committed, real = [], Session.read

    def commit(self, *arguments, **options):
        committed.append(self)
        return real_commit(self, *arguments, **options)

    def read(self, name, **arguments):
        return self._ask(name, lambda: {}["surprise"]) if committed else real(self, name, **arguments)

    real_commit = Session.commit
    monkeypatch.setattr(Session, "commit", commit)
    monkeypatch.setattr(Session, "read", read)
    asked = dataclasses.replace(REQUEST, consent=frozenset({"management"}))
    with pytest.raises(errors.VerificationError, match=r"(?s)KeyError: 'surprise'.*former configuration"):
        apply(lab.open, asked)
    assert lab.lines() == old


@pytest.mark.parametrize("rpc", ["get-rescue-information", "request-save-rescue-configuration"])
def test_a_session_that_breaks_at_the_rescue_configuration_says_that_nothing_was_changed(lab, rpc):
    old = good(lab)
    lab.control("fault", fault={"rpc": rpc, "what": "drop"})
    with pytest.raises(errors.LostError, match="Nothing was changed"):
        apply(lab.open, REQUEST)
    assert lab.lines() == old


def test_a_rollback_of_a_run_that_is_refused_commits_nothing(lab):
    good(lab)
    apply(lab.open, REQUEST)
    new, made = lab.lines(), commits(lab)
    lab.control("fault", fault={"rpc": "commit-configuration", "what": "error", "message": "no"})
    with pytest.raises(errors.RefusedError):
        restore(lab.open, REQUEST)
    assert (lab.lines(), commits(lab)) == (new, made)
    assert not lab.control("status")["dirty"]


def test_a_rollback_of_a_run_that_somebody_confirmed_by_a_commit_check_has_a_timer_again(lab):
    good(lab)
    apply(lab.open, dataclasses.replace(REQUEST, hold=True))
    lab.control("commit", user="anna", check_only=True)
    assert lab.control("status")["pending"] is None
    lab.simulator.control("clear_log")
    assert restore(lab.open, REQUEST).changed
    sent = [entry["request"] for entry in lab.control("log") if entry["rpc"] == "commit-configuration"]
    assert ["<confirmed/>" in text for text in sent] == [True, False]


@pytest.fixture
def chassis(tmp_path) -> Iterator[tuple[Simulator, Callable[[], Session]]]:
    with Simulator({"vc": "ex4200-48t:2"}, known_hosts=tmp_path / "known_hosts") as found:
        known = (str(tmp_path / "known_hosts"),)
        target = Target("127.0.0.1", found.port("vc"), "lab", "lab123", ssh_config="/dev/null", known_hosts=known)
        yield found, lambda: Session(target)


PORTS = ["ge-0/0/1", "ge-1/0/1"]
ACROSS = declared(None, {"ae0": {"members": PORTS, "lacp": "active"}})


def synchronized(simulator: Simulator) -> list[bool]:
    """Return of each commit, checks left out, whether all members of the chassis got it."""
    sent = [entry["request"] for entry in simulator.control("log") if entry["rpc"] == "commit-configuration"]
    return ["<synchronize/>" in text for text in sent if "<check/>" not in text]


def test_a_change_that_is_taken_back_is_taken_back_on_all_members_of_a_virtual_chassis(chassis):
    simulator, opener = chassis
    with pytest.raises(errors.VerificationError):
        apply(opener, dataclasses.replace(REQUEST, declared=ACROSS))
    assert synchronized(simulator) == [True, True]


@pytest.mark.parametrize("confirm", [True, False])
def test_a_held_change_is_settled_on_all_members_of_a_virtual_chassis(chassis, confirm):
    simulator, opener = chassis
    simulator.control("far_end", switch="vc", ports={port: {"lacp": "active"} for port in PORTS})
    token = apply(opener, dataclasses.replace(REQUEST, declared=ACROSS, hold=True)).token
    assert token is not None
    assert settle(opener, token, confirm, check_mode=False)
    assert synchronized(simulator) == [True, True]


def test_a_run_is_rolled_back_on_all_members_of_a_virtual_chassis(chassis):
    simulator, opener = chassis
    simulator.control("far_end", switch="vc", ports={port: {"lacp": "active"} for port in PORTS})
    apply(opener, dataclasses.replace(REQUEST, declared=ACROSS))
    assert restore(opener, REQUEST).changed
    assert synchronized(simulator) == [True] * 4
