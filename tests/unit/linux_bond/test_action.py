# SPDX-License-Identifier: GPL-3.0-or-later
"""The task confirms a change over two new connections, and tells truly of one that did not stay."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible.errors import AnsibleConnectionFailure

from ansible_collections.netstack.datacenter.plugins.action import linux_bond
from ansible_collections.netstack.datacenter.plugins.action.linux_bond import ActionModule

BEGUN = {"changed": True, "action": ["load"], "pending": {"token": "cafe", "seconds": 60}}
PROVEN = {"changed": True, "confirm": "confirm cafe"}
COMING_BACK = {"failed": True, "returning": True, "msg": "nobody answers LACP at bond0"}
BACK = {"failed": True, "returning": False, "msg": "the former files are back and loaded"}
UNREACHABLE = {"unreachable": True, "failed": True, "msg": "no route"}


class Clock:
    """A clock that goes on by what is slept, and by a second for each look at it, as a try takes some time."""

    def __init__(self):
        self.now = 0.0

    def monotonic(self):
        self.now += 1
        return self.now

    def sleep(self, seconds):
        self.now += seconds


class Connection:
    """An SSH connection that notes each time it is made anew."""

    transport, _shell = "ssh", SimpleNamespace(tmpdir="/nowhere")

    def __init__(self, log):
        self.log, self.options = log, {"ssh_extra_args": "-o Foo=bar"}

    def get_option(self, name):
        return self.options[name]

    def set_option(self, name, value):
        self.options[name] = value

    def reset(self):
        self.log.append("new connection")


class Action(ActionModule):
    """The plugin on a host that gives these answers to its modules, the last one for ever, and `rc` to its command."""

    def __init__(self, *answers, rc=0, **arguments):
        self.log, self.answers, self.rc, self.given = [], list(answers), rc, []
        connection, task = Connection(self.log), SimpleNamespace(args=arguments, async_val=0, check_mode=False)
        super().__init__(task, connection, SimpleNamespace(), None, None, None)

    def _execute_module(self, *, module_args, **_more):
        self.given.append(module_args)
        self.log.append(f"module {module_args.get('state', 'present')} {module_args.get('token', '')}".strip())
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return dict(answer)

    def _low_level_execute_command(self, command):
        self.log.append(command)
        return {"rc": self.rc}


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    found = Clock()
    monkeypatch.setattr(linux_bond, "time", found)
    return found


def test_a_change_is_proven_over_a_new_connection_and_confirmed_over_one_more():
    action = Action(BEGUN, PROVEN, verify={"seconds": 5})
    assert action.run() == {"changed": True, "action": ["load"]}
    proof = ["new connection", "module confirmed cafe", "new connection", "confirm cafe"]
    assert action.log == ["module present", *proof]
    assert [given["verify"] for given in action.given] == [{"seconds": 5}] * 2


@pytest.mark.parametrize("answer", [{"changed": False}, {"failed": True, "msg": "no consent"}])
def test_without_a_change_under_way_nothing_is_asked_again(answer):
    action = Action(answer)
    assert (action.run(), action.log) == (answer, ["module present"])


def test_a_host_that_cannot_be_reached_for_a_while_is_asked_again():
    action = Action(BEGUN, UNREACHABLE, AnsibleConnectionFailure("cut"), PROVEN)
    assert "failed" not in action.run()
    assert action.log.count("module confirmed cafe") == 3


def test_a_change_that_went_back_fails_with_the_reason_first_and_has_not_changed_the_host():
    found = Action(BEGUN, COMING_BACK, COMING_BACK, BACK).run()
    assert (found["failed"], found["changed"]) == (True, False)
    assert found["msg"] == f"The change did not stay: {COMING_BACK['msg']}; {BACK['msg']}"


def test_a_host_that_stays_away_is_given_up_only_when_its_timer_must_have_fired(clock):
    found = Action(BEGUN, UNREACHABLE).run()
    assert found["msg"].endswith("the host does not answer, not even after its timer must have put the files back")
    assert clock.now > BEGUN["pending"]["seconds"] + linux_bond.GRACE


def test_a_proven_change_whose_timer_was_faster_is_not_confirmed():
    action = Action(BEGUN, PROVEN, BACK, rc=1)
    assert action.run()["msg"] == f"The change did not stay: {BACK['msg']}"


def test_a_pending_change_can_be_confirmed_by_its_token_alone():
    action = Action(PROVEN, state="confirmed", token="cafe")
    assert action.run() == {"changed": True}
    assert action.log == ["new connection", "module confirmed cafe", "new connection", "confirm cafe"]


def test_ssh_is_told_to_notice_a_dead_connection_beside_what_it_was_told_before():
    action = Action({"changed": False})
    action.run()
    assert action._connection.options["ssh_extra_args"] == f"-o Foo=bar {linux_bond.ALIVE}"
