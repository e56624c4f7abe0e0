# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves what the control port and the command line promise, and that many switches live in one process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from device.client import ControlError, ask
from kinds.junos_ex import schema, setform
from kinds.junos_ex.client import Simulator
from kinds.junos_ex.must import _Condition
from kinds.junos_ex.tree import Node

from .builders import Switch, connect

SCRIPT = Path(__file__).resolve().parents[3] / "lab" / "kinds" / "junos_ex" / "simulator.py"


def test_a_hundred_switches_live_in_one_process_each_with_its_own_port_and_key() -> None:
    names = [f"ex{number}" for number in range(100)]
    with Simulator(dict.fromkeys(names, "ex2300-24t")) as many:
        assert len({many.port(name) for name in names}) == len({many.host_key(name) for name in names}) == 100
        many.control("commit", switch="ex7", set="set vlans x1 vlan-id 9")
        found = [name for name in names if "vlan-id 9" in many.control("configuration", switch=name)]
        device = connect(Switch(many, "ex99"))
        assert device.facts["hostname"] == "ex99"
        device.close()
    assert found == ["ex7"]


def test_host_keys_are_kept_in_the_folder_that_is_named(tmp_path: Path) -> None:
    seen = []
    for _ in range(2):
        with Simulator({"ex1": "ex2200-24t-4g"}, keys=tmp_path, bare=True) as started:
            seen.append(started.host_key("ex1"))
            assert started.control("configuration", switch="ex1") == ""
    assert seen[0] == seen[1]
    assert (tmp_path / "ex1.key").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("text", ["ex1", "ex1=ex9999", "ex1=ex2300-24t:x"])
def test_a_switch_that_cannot_be_made_ends_the_start(text: str) -> None:
    asked = [sys.executable, str(SCRIPT), "run", "--switch", text]
    ran = subprocess.run(asked, capture_output=True, text=True, timeout=20)
    assert ran.returncode != 0 and ran.stdout == "" and text in ran.stderr and "Traceback" not in ran.stderr


def test_a_configuration_file_takes_the_place_of_the_delivered_one(tmp_path: Path) -> None:
    (tmp_path / "ex1.set").write_text("set system host-name named\n", encoding="utf-8")
    with Simulator({"ex1": "ex2300-24t"}, config=f"ex1={tmp_path / 'ex1.set'}") as started:
        assert started.control("configuration", switch="ex1") == "set system host-name named\n"


def test_the_command_line_talks_to_the_control_port(switch: Switch) -> None:
    port = str(switch.simulator.about["control"])
    asked = [sys.executable, str(SCRIPT), "control", port, "status", json.dumps({"switch": switch.name})]
    ran = subprocess.run(asked, capture_output=True, text=True, timeout=20, check=True)
    assert json.loads(ran.stdout)["dirty"] is False


@pytest.mark.parametrize(
    ("operation", "arguments", "words"),
    [
        ("explode", {}, "the operations are"),
        ("status", {"switch": "nobody"}, "no switch nobody"),
        ("status", {}, "switch"),
        ("status", {"switch": "els", "colour": 1}, "colour"),
        ("far_end", {"switch": "els", "ports": {"ge-9/0/0": {}}}, "no port ge-9/0/0"),
        ("far_end", {"switch": "els", "ports": {"ge-0/0/0": {"lacp": "on"}}}, "lacp is off, active or passive"),
        ("far_end", {"switch": "els", "ports": {"ge-0/0/0": {"flags": {"sync": "No"}}}}, "flags are expired"),
        ("configuration", {"switch": "els", "database": "7"}, "IndexError"),
        ("commit", {"switch": "els", "set": "set interfaces ge-0/0/1 colour red"}, "syntax error"),
    ],
)
def test_the_control_port_refuses_what_makes_no_sense(
    simulator: Simulator, operation: str, arguments: dict[str, object], words: str
) -> None:
    with pytest.raises(ControlError, match=words):
        ask(int(simulator.about["control"]), operation, **arguments)


def test_the_netconf_side_has_no_way_to_the_clock_or_the_faults(switch: Switch) -> None:
    from jnpr.junos.exception import RpcError
    from lxml import etree

    device = connect(switch)
    for name in ("advance", "fault", "trouble", "far-end", "reset"):
        with pytest.raises(RpcError, match="syntax error"):
            device.execute(etree.fromstring(f"<{name}/>"))
    device.close()


def test_lacp_can_take_its_time_after_a_commit(switch: Switch) -> None:
    switch.control("far_end", ports={port: {"lacp": "active"} for port in ("ge-0/0/1", "ge-0/0/2")})
    switch.control("trouble", settle=30)
    switch.control("commit", set=switch.bundle)
    assert switch.control("state")["ae0"] == {"up": False, "members": ["ge-0/0/1", "ge-0/0/2"], "active": []}
    switch.control("advance", seconds=31)
    assert switch.control("state")["ae0"]["up"] is True


def test_a_fault_can_be_set_for_requests_that_hold_a_text(switch: Switch) -> None:
    from jnpr.junos.exception import RpcError
    from jnpr.junos.utils.config import Config

    device = connect(switch)
    config = Config(device)
    switch.control("fault", fault={"match": "<check/>", "what": "error", "message": "not now"})
    config.load("set vlans x1 vlan-id 9", format="set")
    with pytest.raises(RpcError, match="not now"):
        config.commit_check()
    assert config.commit() is True
    device.close()


def test_another_operator_can_leave_changes_or_a_pending_commit(switch: Switch) -> None:
    switch.control("commit", set="set vlans x1 vlan-id 9", user="anna", confirmed=5, log="ticket 9")
    state = switch.control("status")
    newest = state["commits"][0]
    assert (newest["user"], newest["log"], state["pending"] > 290) == ("anna", "ticket 9", True)
    switch.control("commit", set="set vlans x2 vlan-id 10", edit_only=True)
    assert switch.control("status")["dirty"] is True


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (["(", '"interfaces ${interface} mtu"', ")"], True),
        (["!", '"interfaces ${interface} mtu"'], False),
        (['".. .. .. mtu"'], True),
        (['".. .. .. mtu 9000"'], True),
        (['".. .. .. mtu 1500"'], False),
        (["any", '"interfaces <*> ether-options 802.3ad $$"'], True),
        (["unique", '"interfaces <*> ether-options 802.3ad $$"'], False),
        (['"vlans v10"', "||", '"vlans v11"'], True),
        (['"vlans v10"', "&&", '"vlans v11"'], False),
        (['"bridge-domains"'], False),
    ],
)
def test_the_language_of_junipers_constraints_is_understood(condition: list[str], holds: bool) -> None:
    tree = Node(schema.load("els"))
    member = "set interfaces ge-0/0/{} ether-options 802.3ad ae0\n"
    setform.load(tree, member.format(1) + member.format(2))
    setform.load(tree, "set interfaces ge-0/0/1 mtu 9000\nset vlans v10 vlan-id 10")
    bundle = tree.find("interfaces", "interface", "ge-0/0/1", "ether-options", "ieee-802.3ad", "bundle")
    assert bundle is not None
    assert _Condition(tree, bundle, condition).holds() is holds
