# SPDX-License-Identifier: GPL-3.0-or-later
"""Drives the simulated switches with PyEZ itself, which this project did not write."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jnpr.junos import Device
from jnpr.junos import exception as failures
from jnpr.junos.op.lacp import LacpPortTable
from jnpr.junos.op.lldp import LLDPNeighborTable
from jnpr.junos.utils.config import Config
from lxml import etree

from .builders import Switch, connect, wait_until_gone


@pytest.fixture
def device(switch: Switch) -> Iterator[Any]:
    made = connect(switch)
    yield made
    if made.connected:
        made.close()


@pytest.fixture
def config(device: Any) -> Any:
    return Config(device)


def prepared(config: Any, switch: Switch) -> None:
    """Load a right bundle, deleting only what is there."""
    config.lock()
    config.load(switch.bundle, format="set")


def test_the_facts_tell_style_model_and_release(device: Any, switch: Switch) -> None:
    expected = {"nonels": ("VLAN", "EX4200-48T", "15.1R7.9"), "els": ("VLAN_L2NG", "EX4300-48T", "21.4R3.15")}
    facts = (device.facts["switch_style"], device.facts["model"], device.facts["version"])
    assert facts == expected[switch.name]
    assert device.facts["hostname"] == switch.name and device.facts["personality"] == "SWITCH"
    assert device.facts["vc_capable"] is True and device.facts["2RE"] is (switch.name == "els")


def test_all_facts_can_be_gathered(device: Any) -> None:
    device.facts_refresh()
    assert device.facts["serialnumber"].startswith("BP")


def test_a_key_opens_the_door_and_a_wrong_password_does_not(switch: Switch, client_key: Path) -> None:
    options = {"host": "127.0.0.1", "port": switch.port, "user": "lab", "gather_facts": False}
    with Device(**options, ssh_private_key_file=str(client_key), look_for_keys=False, allow_agent=False) as opened:
        assert opened.connected
    with pytest.raises(failures.ConnectAuthError):
        Device(**options, password="wrong", look_for_keys=False, allow_agent=False).open()


def test_one_change_goes_through_lock_load_diff_check_confirmed_commit_and_confirmation(
    config: Any, switch: Switch
) -> None:
    prepared(config, switch)
    assert "[edit interfaces ge-0/0/1]" in config.diff() and "+        802.3ad ae0;" in config.diff()
    assert config.commit_check() is True
    assert config.commit(confirm=5, comment="run 7") is True
    assert 299 < switch.control("status")["pending"] <= 300
    assert config.commit(comment="confirmed") is True
    config.unlock()
    state = switch.control("status")
    assert (state["pending"], state["locked_by"], state["dirty"]) == (None, None, False)
    assert [entry["log"] for entry in state["commits"]] == ["confirmed", "run 7", ""]
    assert config.diff() is None
    assert switch.rpcs() == [
        *("lock-configuration", "load-configuration", "get-configuration", "get-configuration"),
        *("commit-configuration", "commit-configuration", "commit-configuration"),
        *("unlock-configuration", "get-configuration"),
    ]


def test_an_unconfirmed_commit_is_undone_when_its_time_is_over(config: Any, switch: Switch) -> None:
    before = switch.committed()
    prepared(config, switch)
    config.commit(confirm=2)
    switch.control("advance", seconds=119)
    assert "ae0" in switch.committed()
    switch.control("advance", seconds=2)
    assert switch.committed() == before
    newest = switch.control("status")["commits"][0]
    assert (newest["user"], newest["client"]) == ("root", "other")


def test_the_timer_of_a_confirmed_commit_survives_the_loss_of_its_session(config: Any, switch: Switch) -> None:
    before = switch.committed()
    prepared(config, switch)
    config.commit(confirm=2)
    switch.control("drop")
    assert "ae0" in switch.committed()
    wait_until_gone(switch)
    assert switch.control("status")["locked_by"] is None
    switch.control("advance", seconds=121)
    assert switch.committed() == before


@pytest.mark.parametrize("how", ["commit", "commit_check"])
def test_a_commit_and_a_commit_check_of_another_session_both_confirm(config: Any, switch: Switch, how: str) -> None:
    prepared(config, switch)
    config.commit(confirm=2)
    config.unlock()
    other = connect(switch)
    assert getattr(Config(other), how)() is True
    other.close()
    switch.control("advance", seconds=600)
    assert switch.control("status")["pending"] is None and "ae0" in switch.committed()


def test_the_history_says_that_a_rollback_is_pending_only_while_it_is(config: Any, device: Any, switch: Switch) -> None:
    prepared(config, switch)
    config.commit(confirm=2, comment="ticket 1")
    newest = device.rpc.get_commit_information().find("commit-history")
    assert newest.findtext("comment") == "commit confirmed, rollback in 2mins"
    assert (newest.findtext("log"), newest.findtext("commit-confirmed")) == ("ticket 1", "rollback pending")
    config.commit_check()
    newest = device.rpc.get_commit_information().find("commit-history")
    assert newest.findtext("comment") == "commit confirmed, rollback in 2mins"
    assert newest.find("commit-confirmed") is None


def test_a_lock_is_refused_with_the_words_of_the_device(config: Any, switch: Switch) -> None:
    config.lock()
    other = connect(switch)
    with pytest.raises(failures.LockError) as caught:
        Config(other).lock()
    other.close()
    message = caught.value.errs[0]["message"]
    assert message.startswith("configuration database locked by:\n  lab terminal p0 (pid 4")
    assert message.endswith("exclusive [edit]")


def test_nobody_else_can_load_or_commit_while_the_database_is_locked(config: Any, switch: Switch) -> None:
    config.lock()
    other = Config(connect(switch))
    with pytest.raises(failures.ConfigLoadError, match="locked by"):
        other.load("set vlans x1 vlan-id 9", format="set")
    with pytest.raises(failures.CommitError, match="locked by"):
        other.commit()


def test_a_dirty_candidate_refuses_the_lock_even_after_its_session_has_gone(switch: Switch) -> None:
    first = connect(switch)
    Config(first).load("set vlans x1 vlan-id 9", format="set")
    first.close()
    second = connect(switch)
    with pytest.raises(failures.LockError, match="configuration database modified"):
        Config(second).lock()
    second.close()


def test_what_a_locked_session_has_not_committed_is_dropped_at_unlock_and_at_the_sessions_end(switch: Switch) -> None:
    for end in ("unlock", "lose"):
        device = connect(switch)
        config = Config(device)
        config.lock()
        config.load("set vlans x1 vlan-id 9", format="set")
        assert switch.control("status")["dirty"] is True
        config.unlock() if end == "unlock" else switch.control("drop")
        if end == "lose":
            wait_until_gone(switch)
        assert switch.control("status")["dirty"] is False
        if end == "unlock":
            device.close()


def test_unlocking_what_is_not_locked_is_refused(config: Any) -> None:
    with pytest.raises(failures.UnlockError, match="Configuration database is not open"):
        config.unlock()


def test_a_warning_is_raised_although_the_other_lines_were_loaded(config: Any, switch: Switch) -> None:
    config.lock()
    lines = "set vlans x1 vlan-id 9\ndelete interfaces ge-0/0/47 unit 5\nset vlans x2 vlan-id 10"
    with pytest.raises(failures.ConfigLoadError) as caught:
        config.load(lines, format="set")
    assert [(each["severity"], each["message"]) for each in caught.value.errs] == [("warning", "statement not found")]
    assert "x1" in config.diff() and "x2" in config.diff()
    config.load(lines, format="set", ignore_warning=["statement not found"])


def test_a_refused_check_names_path_element_and_reason(config: Any, switch: Switch) -> None:
    config.lock()
    config.load(f"{switch.bundle}set interfaces ge-0/0/1 mtu 9000", format="set")
    with pytest.raises(failures.CommitError) as caught:
        config.commit_check()
    first, last = caught.value.errs
    assert first["edit_path"] == "[edit interfaces ge-0/0/1 ether-options 802.3ad]"
    assert (first["bad_element"], first["message"]) == ("ae0", "Setting mtu on ae child device is not allowed")
    assert last["message"] == "configuration check-out failed: (statements constraint check failed)"


def test_xml_braces_and_set_commands_load_the_same(config: Any, switch: Switch) -> None:
    element = "<configuration><vlans><vlan><name>x1</name><vlan-id>9</vlan-id></vlan></vlans></configuration>"
    forms = [("xml", element), ("text", "vlans { x1 { vlan-id 9; } }"), ("set", "set vlans x1 vlan-id 9")]
    seen = set()
    for form, text in forms:
        config.lock()
        config.load(etree.fromstring(text) if form == "xml" else text, format=form, merge=form != "set")
        seen.add(config.diff())
        config.unlock()
    assert len(seen) == 1 and "vlan-id 9;" in seen.pop()


def test_replace_override_and_update_do_as_junos_does(config: Any, switch: Switch) -> None:
    config.lock()
    config.load("set vlans x1 vlan-id 9\nset vlans x1 description old", format="set")
    replaced = '<vlans><vlan replace="replace"><name>x1</name><vlan-id>10</vlan-id></vlan></vlans>'
    config.load(etree.fromstring(f"<configuration>{replaced}</configuration>"), format="xml")
    assert "old" not in switch.control("configuration", database="candidate")
    for words in ({"overwrite": True}, {"update": True}):
        config.load("vlans { x2 { vlan-id 11; } }", format="text", **words)
        assert switch.control("configuration", database="candidate") == "set vlans x2 vlan-id 11\n"


def test_get_configuration_filters_and_shows_all_forms(device: Any, switch: Switch) -> None:
    entry = "<interfaces><interface><name>ge-0/0/3</name></interface></interfaces>"
    wanted = etree.fromstring(f"<configuration>{entry}</configuration>")
    found = device.rpc.get_config(filter_xml=wanted, options={"database": "committed"})
    assert [each.findtext("name") for each in found.findall("interfaces/interface")] == ["ge-0/0/3"]
    text = device.rpc.get_config(filter_xml=wanted, options={"format": "text"})
    assert text.text.startswith("\ninterfaces {\n    ge-0/0/3 {\n        unit 0 {\n            family eth")
    lines = device.rpc.get_config(options={"format": "set"}).text.splitlines()
    assert "set interfaces ge-0/0/3 unit 0 family ethernet-switching" in "\n".join(lines)


def test_rollback_and_rescue_bring_configurations_back(config: Any, switch: Switch) -> None:
    config.rescue("save")
    before = switch.committed()
    for number in (1, 2):
        config.load(f"set vlans x{number} vlan-id {number + 10}", format="set")
        config.commit()
    config.rollback(1)
    assert "x2" in config.diff() and "x1" not in config.diff()
    config.rescue("reload")
    config.commit()
    assert switch.committed() == before
    with pytest.raises(ValueError, match="Invalid rollback"):
        config.rollback(50)


def test_fifty_configurations_are_kept(config: Any, switch: Switch) -> None:
    for number in range(52):
        switch.control("commit", set=f"set system host-name h{number}")
    assert len(switch.control("status")["commits"]) == 50
    config.rollback(49)
    assert "host-name h2;" in config.diff()


def test_pyez_reads_lacp_and_lldp_with_its_own_tables(config: Any, device: Any, switch: Switch) -> None:
    prepared(config, switch)
    config.commit()
    ports = {"ge-0/0/1": {"lacp": "active", "lldp": ["server", "eth0"]}, "ge-0/0/2": {"lacp": "active"}}
    switch.control("far_end", ports=ports)
    (row,) = LacpPortTable(device).get("ae0")
    assert {(state.key, state.distributing) for state in row.state} == {
        ((port, role), True) for port in ports for role in ("Actor", "Partner")
    }
    (neighbour,) = LLDPNeighborTable(device).get()
    assert (neighbour.remote_sysname, neighbour.remote_port_id) == ("server", "eth0")
    assert neighbour.local_parent.removesuffix(".0") == "ae0"


def test_an_unknown_rpc_and_an_unknown_argument_are_refused(device: Any) -> None:
    for asked in ("<get-weather/>", "<get-lacp-interface-information><colour/></get-lacp-interface-information>"):
        with pytest.raises(failures.RpcError, match="syntax error"):
            device.execute(etree.fromstring(asked))
    with pytest.raises(failures.RpcError, match="SIM TEXT: open-configuration is not simulated"):
        device.rpc.open_configuration(private=True)


def test_killing_the_session_that_waits_for_confirmation_undoes_its_commit_at_once(config: Any, switch: Switch) -> None:
    before = switch.committed()
    prepared(config, switch)
    config.commit(confirm=10)
    (victim,) = switch.control("status")["sessions"]
    other = connect(switch)
    other.execute(etree.fromstring(f"<kill-session><session-id>{victim}</session-id></kill-session>"))
    assert switch.committed() == before
    other.close()


def test_the_standard_commit_counts_its_time_in_seconds(device: Any, config: Any, switch: Switch) -> None:
    config.load("set vlans x1 vlan-id 9", format="set")
    device.execute(etree.fromstring("<commit><confirmed/><confirm-timeout>5</confirm-timeout></commit>"))
    assert 4 < switch.control("status")["pending"] <= 5
