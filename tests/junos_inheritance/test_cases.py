# SPDX-License-Identifier: GPL-3.0-or-later
"""The module at simulated switches that have a history: what is declared comes, and nothing else goes or comes."""

from __future__ import annotations

import pytest

from .cases import CASES, CLERKS, DB, LAG_GROUP, STORAGE, Case
from .module import Done, Switch, run

EACH = [pytest.param(case, name, id=f"{case.name}, {name}") for case in CASES for name in case.switches]


@pytest.mark.parametrize(("case", "name"), EACH)
def test_a_case_changes_what_is_declared_and_nothing_else_or_is_refused_by_name(switches, case: Case, name: str):
    switch = switches[name]
    switch.has(case.has)
    members = [port for bundle in _bundles(case) for port in bundle.get("members", ())]
    switch.lab.control("far_end", ports={port: {"lacp": "active"} for port in members})
    before = switch.lab.lines()
    checked = switch.run(check_mode=True, **case.task)
    assert (checked.lines, bool(checked.refused)) == (before, bool(case.refused)), checked.refused
    done = switch.run(**case.task)
    if case.refused:
        assert [word for word in case.refused if word not in done.refused] == [], done.refused
        assert done.lines == before
        return
    assert not done.refused
    assert (sorted(done.gained), sorted(done.lost)) == (sorted(case.gains), sorted(case.loses))
    assert bool(done.result["changed"]) == bool(case.gains or case.loses) == bool(checked.result["changed"])
    _written(case, done)
    again = switch.run(**case.task)
    assert (again.refused, again.result.get("changed"), again.lines) == ("", False, done.lines)


def _bundles(case: Case) -> list[dict]:
    found = case.task.get("bundles", {})
    return list(found.values()) if isinstance(found, dict) else []


def _written(case: Case, done: Done) -> None:
    assert [line for line in case.lines if line not in done.lines] == []
    assert [line for line in done.lines if line.startswith(case.gone or "nothing")] == []


# -- what is read ------------------------------------------------------------------------------------------------------


def gathered(switch: Switch, text: str) -> dict:
    switch.has(text)
    done = switch.run(state="gathered")
    assert not done.refused
    return done.result["gathered"]


def parsed(text: str, style: str) -> dict:
    return run({}, state="parsed", running_config="\n".join(line.strip() for line in text.splitlines()), style=style)


def test_06_members_by_range_are_gathered_and_parsed(switches):
    for found in (gathered(switches["nonels"], DB), parsed(DB, "nonels")["parsed"]):
        assert found["bundles"]["ae1"]["members"] == ["ge-0/0/4", "ge-0/0/5"]
        assert (found["bundles"]["ae1"]["tagged"], list(found["bundles"])) == (["db"], ["ae1"])


def test_06_plain_ports_of_a_range_are_gathered_with_what_it_gives(switches):
    found = gathered(switches["els"], CLERKS)["ports"]
    assert list(found) == ["ge-0/0/11", "ge-0/0/12"]
    assert all(port["untagged"] == "office" for port in found.values())


def test_07_a_bundle_by_range_verifies(switches):
    switch = switches["nonels"]
    switch.has(DB)
    switch.lab.control("far_end", ports={port: {"lacp": "active"} for port in ("ge-0/0/4", "ge-0/0/5")})
    ae1 = {"members": ["ge-0/0/4", "ge-0/0/5"], "lacp": "active", "tagged": ["db"]}
    asked = {"state": "verified", "verify": {"timeout": 1, "interval": 0.2}}
    assert switch.run(**asked, bundles={"ae1": ae1}).refused == ""
    less = {**ae1, "members": ["ge-0/0/4"]}
    assert "ge-0/0/5" in switch.run(**asked, plan_for="replaced", bundles={"ae1": less}).refused


def test_12_a_deactivated_leaf_is_not_read_in_any_form(switches):
    assert "payload_mtu" not in gathered(switches["els"], STORAGE)["bundles"]["ae1"]
    assert "payload_mtu" not in parsed(STORAGE, "els")["parsed"]["bundles"]["ae1"]
    live = STORAGE.replace("    deactivate interfaces ae1 mtu\n", "")
    assert parsed(live, "els")["parsed"]["bundles"]["ae1"]["payload_mtu"] == 9198


def test_13_what_a_group_gives_is_gathered_and_a_text_that_needs_a_switch_to_know_it_is_refused(switches):
    bundle = gathered(switches["els"], LAG_GROUP)["bundles"]["ae1"]
    assert {key: bundle.get(key) for key in ("lacp", "periodic", "payload_mtu")} == {
        "lacp": "active",
        "periodic": "fast",
        "payload_mtu": 9198,
    }
    found = parsed(LAG_GROUP, "els")
    assert found["failed"]
    assert all(word in found["msg"] for word in ("groups", "lag", "inheritance"))


def test_17_braces_are_read_or_refused(switches):
    text = """
    chassis { aggregated-devices { ethernet { device-count 1; } } }
    interfaces {
        ge-0/0/2 { ether-options { 802.3ad ae0; } }
        ae0 { aggregated-ether-options { lacp { active; } } }
    }
    """
    for written in (text, '{"configuration": {"interfaces": {"interface": [{"name": "ae0"}]}}}'):
        found = parsed(written, "els")
        if found.get("failed"):
            assert "UNREADABLE" in found["msg"]
        else:
            assert list(found["parsed"]["bundles"]) == ["ae0"]


def test_18_a_port_that_its_vlan_lists_is_gathered_in_it(switches):
    text = next(case.has for case in CASES if case.name.startswith("18"))
    for found in (gathered(switches["nonels"], text), parsed(text, "nonels")["parsed"]):
        assert found["ports"]["ge-0/0/7"]["untagged"] == "shop"


def test_19_a_port_of_the_default_vlan_keeps_its_layer_2_through_a_round_trip(switches):
    switch = switches["els"]
    text = """
    set interfaces ge-0/0/7 description desk
    set interfaces ge-0/0/7 unit 0 family ethernet-switching interface-mode access
    """
    ports = gathered(switch, text)["ports"]
    assert ports["ge-0/0/7"]["description"] == "desk"
    done = switch.run(state="replaced", ports=ports)
    assert (done.refused, done.gained, done.lost) == ("", frozenset(), frozenset())


def test_20_channels_are_gathered(switches):
    text = next(case.has for case in CASES if case.name.startswith("20"))
    for found in (gathered(switches["channels"], text), parsed(text, "els")["parsed"]):
        assert found["ports"] == {"xe-0/0/48:0": {"mode": "access", "untagged": "disks"}}
