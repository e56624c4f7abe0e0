# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that each fault strikes at the moment and at the RPC it is set for, and leaves what a real one leaves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import Any

import pytest
from jnpr.junos import Device
from jnpr.junos import exception as failures
from jnpr.junos.utils.config import Config

from .builders import Switch, connect, wait_for, wait_until_gone

VLAN = "set vlans x1 vlan-id 9"
LOST = (failures.ConnectClosedError, failures.RpcError, failures.RpcTimeoutError)


@pytest.fixture
def config(switch: Switch) -> Any:
    made = Config(connect(switch))
    made.lock()
    made.load(VLAN, format="set")
    return made


@pytest.mark.parametrize(("when", "committed"), [("before", False), ("after_send", True)])
def test_a_session_dropped_at_the_commit_has_committed_or_not_by_the_moment(
    config: Any, switch: Switch, when: str, committed: bool
) -> None:
    switch.control("fault", fault={"rpc": "commit-configuration", "when": when})
    with pytest.raises(LOST):
        config.commit(confirm=1)
    wait_until_gone(switch)
    assert ("x1" in switch.committed()) is committed
    state = switch.control("status")
    assert (state["locked_by"], state["dirty"], state["pending"] is not None) == (None, False, committed)
    switch.control("advance", seconds=61)
    assert "x1" not in switch.committed()


def test_a_session_dropped_after_the_reply_has_given_it(config: Any, switch: Switch) -> None:
    switch.control("fault", fault={"rpc": "commit-configuration", "when": "after_reply"})
    assert config.commit() is True
    with pytest.raises(LOST):
        config.diff()
    assert "x1" in switch.committed()


def test_a_fault_can_let_some_rpcs_pass_and_strikes_as_often_as_asked(config: Any, switch: Switch) -> None:
    fault = {"rpc": "get-configuration", "what": "error", "message": "out of order", "skip": 1, "count": 2}
    switch.control("fault", fault=fault)
    outcomes = []
    for _ in range(4):
        try:
            config.diff()
            outcomes.append("ok")
        except failures.RpcError as error:
            outcomes.append(error.message)
    assert outcomes == ["ok", "out of order", "out of order", "ok"]


def test_the_log_tells_what_became_of_every_rpc(config: Any, switch: Switch) -> None:
    switch.control("fault", fault={"rpc": "commit-configuration"})
    with pytest.raises(LOST):
        config.commit()
    wait_until_gone(switch)
    entries = switch.control("log")
    assert [(entry["rpc"], entry["outcome"]) for entry in entries] == [
        ("lock-configuration", "ok"),
        ("load-configuration", "ok"),
        ("commit-configuration", "dropped"),
    ]
    assert VLAN in entries[1]["request"]


def test_a_slow_commit_outlasts_the_clients_patience_and_is_done_all_the_same(config: Any, switch: Switch) -> None:
    switch.control("trouble", slow_commit=4)
    with pytest.raises(failures.RpcTimeoutError):
        config.commit(timeout=1)
    wait_for(lambda: "x1" in switch.committed())


def test_a_full_disk_refuses_the_commit_and_changes_nothing(config: Any, switch: Switch) -> None:
    switch.control("trouble", disk_full=True)
    assert config.commit_check() is True
    with pytest.raises(failures.CommitError, match="filesystem is full"):
        config.commit()
    assert len(switch.control("status")["commits"]) == 1


def test_another_user_can_hold_the_database(switch: Switch) -> None:
    switch.control("trouble", locked_by="alice")
    with pytest.raises(failures.LockError, match="alice terminal"):
        Config(connect(switch)).lock()


@pytest.mark.parametrize("ok", [True, False])
def test_a_commit_that_succeeds_with_a_warning_raises_in_pyez_unless_ok_stands_beside_it(
    config: Any, switch: Switch, ok: bool
) -> None:
    warning = {"rpc": "commit-configuration", "what": "warning", "message": "requires 'bgp' license", "ok": ok}
    switch.control("fault", fault=warning)
    if ok:
        assert config.commit() is True
    else:
        with pytest.raises(failures.CommitError) as caught:
            config.commit()
        assert {error["severity"] for error in caught.value.errs} == {"warning"}
    assert "x1" in switch.committed()


CLIENT = """
import sys
from jnpr.junos import Device
from jnpr.junos.utils.config import Config
device = Device("127.0.0.1", port=int(sys.argv[1]), user="lab", password="lab123", gather_facts=False).open()
config = Config(device)
config.lock()
config.load("set vlans x1 vlan-id 9", format="set")
config.commit(confirm=1)
config.commit()
"""


@pytest.mark.parametrize(("when", "committed"), [("before", False), ("after_send", True), ("after_reply", True)])
def test_a_client_killed_at_a_held_rpc_leaves_the_old_or_the_new_state(
    switch: Switch, when: str, committed: bool
) -> None:
    switch.control("fault", fault={"rpc": "commit-configuration", "when": when, "what": "hold"})
    client = subprocess.Popen([sys.executable, "-c", CLIENT, str(switch.port)])
    wait_for(lambda: any(entry["outcome"] == f"held {when}" for entry in switch.control("log")))
    os.kill(client.pid, signal.SIGKILL)
    client.wait()
    wait_until_gone(switch)
    state = switch.control("status")
    assert (state["locked_by"], state["pending"] is not None) == (None, committed)
    assert ("x1" in switch.committed()) is committed


def test_a_held_rpc_goes_on_when_it_is_released(switch: Switch) -> None:
    switch.control("fault", fault={"rpc": "commit-configuration", "what": "hold"})
    client = subprocess.Popen([sys.executable, "-c", CLIENT, str(switch.port)])
    wait_for(lambda: any(str(entry["outcome"]).startswith("held") for entry in switch.control("log")))
    switch.control("release")
    assert client.wait(20) == 0
    assert switch.control("status")["pending"] is None and "x1" in switch.committed()


def test_a_fault_that_makes_no_sense_is_refused(switch: Switch) -> None:
    from device.client import ControlError

    for fault in ({"when": "sometime"}, {"what": "explode"}, {"what": "error"}, {"colour": "red"}):
        with pytest.raises(ControlError):
            switch.control("fault", fault=fault)


def test_only_the_control_port_moves_the_clock_and_never_backwards(switch: Switch) -> None:
    from device.client import ControlError

    before = switch.control("status")["time"]
    switch.control("advance", seconds=3600)
    assert 3600 <= switch.control("status")["time"] - before < 3660
    with pytest.raises(ControlError, match="forward only"):
        switch.control("advance", seconds=-1)
    with Device("127.0.0.1", port=switch.port, user="lab", password="lab123", gather_facts=False) as device:
        seen = device.rpc.get_system_uptime_information().find("current-time/date-time").get("seconds")
    assert int(seen) - int(before) >= 3600


REQUESTS = {
    "lock-configuration": lambda device: Config(device).lock(),
    "unlock-configuration": lambda device: Config(device).unlock(),
    "load-configuration": lambda device: Config(device).load(VLAN, format="set"),
    "commit-configuration": lambda device: Config(device).commit_check(),
    "get-configuration": lambda device: device.rpc.get_config(),
    "request-save-rescue-configuration": lambda device: device.rpc.request_save_rescue_configuration(),
    "get-rescue-information": lambda device: device.rpc.get_rescue_information(),
    "get-lacp-interface-information": lambda device: device.rpc.get_lacp_interface_information(),
    "get-interface-information": lambda device: device.rpc.get_interface_information(terse=True),
    "get-commit-information": lambda device: device.rpc.get_commit_information(),
}


@pytest.mark.parametrize("rpc", REQUESTS)
def test_a_limited_user_is_denied_each_request_in_the_devices_words_between_line_ends(switch: Switch, rpc: str) -> None:
    device = connect(switch)
    switch.control("fault", fault={"rpc": rpc, "what": "deny", "count": 0})
    for _ in range(2):
        with pytest.raises(failures.RpcError) as caught:
            REQUESTS[rpc](device)
        assert not isinstance(caught.value, failures.PermissionError), "PyEZ compares the words without line ends"
        assert caught.value.rsp.findtext("error-message") == "\npermission denied\n"
        assert (caught.value.errs[0]["message"], caught.value.errs[0]["bad_element"]) == ("permission denied", rpc)
    assert not switch.control("status")["dirty"] and switch.control("status")["locked_by"] is None
    device.close()


def test_a_user_may_check_and_not_commit(config: Any, switch: Switch) -> None:
    switch.control("fault", fault={"rpc": "commit-configuration", "what": "deny", "match": "<log>"})
    assert config.commit_check() is True
    with pytest.raises(failures.CommitError, match="permission denied"):
        config.commit(comment="run 7")
    assert "x1" not in switch.committed()
