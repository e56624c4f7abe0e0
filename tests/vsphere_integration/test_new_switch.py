# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that a new virtual switch is made bare, read back and filled, and that no moment between is lost.

Real hosts refuse a new one with a policy that is not whole, and so does the simulator.
"""

from __future__ import annotations

import copy
import json
import multiprocessing
import time
from dataclasses import replace

import pytest

pytest.importorskip("pyVmomi", reason="pyVmomi is not installed")

from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.run.transaction import apply
from kinds.esxi_vss import factory, plainform, policy, shell

from .direct import Console, Direct, System
from .labs import DELIVERED, changed, request

BARE = {
    "switches": {"vSwitch0": DELIVERED["switches"]["vSwitch0"]},
    "groups": {"Management Network": DELIVERED["groups"]["Management Network"]},
    "vmks": DELIVERED["vmks"],
}
NEW = {
    "vswitches": {
        "vSwitch1": {
            "uplinks": ["vmnic2", "vmnic3"],
            "mtu": 9000,
            "teaming": {"load_balancing": "loadbalance_ip", "failback": False},
            "security": {"forged_transmits": False},
        }
    },
    "port_groups": {"nfs": {"vswitch": "vSwitch1", "vlan": 40}},
}
MOVED = {
    "vswitches": {
        "vSwitch0": {"uplinks": ["vmnic0"]},
        "vSwitch1": {**NEW["vswitches"]["vSwitch1"], "uplinks": ["vmnic1", "vmnic2"]},
    },
    "consent": ["management"],
}
MOMENTS = [
    *(("AddVirtualSwitch", "before"), ("AddVirtualSwitch", "after"), ("Fetch", "before")),
    *(("UpdateVirtualSwitch", "before"), ("UpdateVirtualSwitch", "after")),
]


@pytest.fixture
def lab(esx1):
    esx1.control("reset", state=BARE)
    esx1.clear()
    return esx1


def asked_for(lab) -> list[str]:
    """Return the methods from the first change on."""
    calls = lab.calls()
    first = next(index for index, call in enumerate(calls) if call.startswith(("Add", "Update")))
    return [call for call in calls[first:] if call.startswith(("Add", "Fetch", "Update", "Remove"))]


def sent(lab, method: str) -> str:
    (found,) = [each["request"] for each in lab.log() if each["method"] == method]
    return found


def wait_for(condition) -> None:
    for _ in range(500):
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("it did not come to pass")


def strike(lab, method: str, when: str, **what) -> None:
    match = "networkInfo" if method == "Fetch" else ""
    lab.control("fault", fault={"method": method, "match": match, "when": when, **what})


def test_it_is_made_without_a_policy_and_filled_with_all_that_the_host_gave_it(lab):
    changed(lab.apply(**NEW))
    assert asked_for(lab) == ["AddVirtualSwitch", "Fetch", "UpdateVirtualSwitch", "AddPortGroup"]
    bare, whole = sent(lab, "AddVirtualSwitch"), sent(lab, "UpdateVirtualSwitch")
    assert "vmnic3" in bare and "<mtu>9000" in bare and "policy" not in bare
    for part in ("checkSpeed", "reversePolicy", "allowPromiscuous", "shapingPolicy", "nicOrder"):
        assert part in whole
    teaming = lab.state()["switches"]["vSwitch1"]["policy"]["nicTeaming"]
    assert (teaming["policy"], teaming["rollingOrder"], teaming["notifySwitches"]) == ("loadbalance_ip", True, True)


def test_one_that_wants_nothing_but_uplinks_is_made_by_one_request(lab):
    changed(lab.apply(vswitches={"vSwitch1": {"uplinks": ["vmnic2", "vmnic3"], "teaming": {"notify_switches": True}}}))
    assert asked_for(lab) == ["AddVirtualSwitch", "Fetch"]


def test_one_that_takes_an_uplink_of_the_management_is_filled_together_with_it(lab):
    changed(lab.apply(**MOVED))
    assert asked_for(lab) == ["AddVirtualSwitch", "Fetch", "UpdateNetworkConfig"]
    assert "vmnic" not in sent(lab, "AddVirtualSwitch")
    state = lab.state()["switches"]
    assert (state["vSwitch0"]["uplinks"], state["vSwitch1"]["uplinks"]) == (["vmnic0"], ["vmnic1", "vmnic2"])
    assert state["vSwitch1"]["discovery"] == ["cdp", "listen"]


def test_a_host_without_update_network_config_gets_the_same_in_single_calls(lab):
    changed(lab.apply(**MOVED))
    together = lab.state()
    lab.control("reset", state=BARE)
    lab.clear()
    strike(lab, "UpdateNetworkConfig", "before", what="fault", fault="NotSupported")
    changed(lab.apply(**MOVED))
    assert asked_for(lab)[:2] + asked_for(lab)[-2:] == ["AddVirtualSwitch", "Fetch", *2 * ["UpdateVirtualSwitch"]]
    assert lab.state() == together


@pytest.mark.parametrize(("method", "when"), MOMENTS)
def test_a_run_that_is_killed_at_any_moment_is_finished_by_the_next_or_taken_back(lab, tmp_path, method, when):
    changed(lab.apply(**NEW))
    wanted = lab.state()
    lab.control("reset", state=BARE)
    old = lab.state()
    for after in ("finish", "restore"):
        lab.control("reset", state=BARE)
        kept = killed(lab, tmp_path / "points", method, when)
        if after == "restore":
            undone = apply(lab.opener("api"), replace(request(), points=kept))
            assert undone.error is None and lab.state() == old
        else:
            assert lab.apply(**NEW).error is None
            assert lab.state() == wanted
            assert changed(lab.apply(**NEW)) == []


def killed(lab, file, method: str, when: str) -> dict:
    """Kill a run at a call that is held; return the restore points that it had written."""
    strike(lab, method, when, what="hold")
    lab.clear()
    asked = {**NEW, "keeper": lambda points: file.write_text(json.dumps(points))}
    run = multiprocessing.get_context("fork").Process(target=lab.apply, kwargs=asked)
    run.start()
    wait_for(lambda: any(each["outcome"] == f"held {when}" for each in lab.log()))
    run.kill()
    run.join()
    wait_for(lambda: lab.simulator.control("connections", endpoint=lab.name) == 0)
    lab.control("release")
    lab.control("clear_faults")
    return json.loads(file.read_text())


@pytest.mark.parametrize(("method", "when"), MOMENTS)
def test_an_answer_that_is_lost_leaves_the_old_or_the_new_state_and_the_next_run_goes_on(lab, method, when):
    old = lab.state()
    strike(lab, method, when, what="drop")
    done = lab.apply(vswitches=NEW["vswitches"])
    if (method, when) == MOMENTS[-1]:
        assert done.error is None and "The host has the new state." in done.warnings[-1]
    else:
        assert "old state" in done.error.text() and lab.state() == old
    lab.control("clear_faults")
    changed(lab.apply(**NEW))
    assert changed(lab.apply(**NEW)) == []


def test_one_whose_policy_is_refused_goes_again(lab):
    old = lab.state()
    strike(lab, "UpdateVirtualSwitch", "before", what="fault", fault="InvalidArgument")
    assert "What had been changed was put back" in lab.apply(**NEW).error.text()
    assert lab.state() == old


def test_a_host_that_says_yes_and_makes_none_is_told(monkeypatch):
    monkeypatch.setattr(System, "AddVirtualSwitch", lambda *given: None)
    owner = factory.make("esx1", 1, 4, BARE)
    done = apply(lambda: Direct(owner), request(**NEW))
    assert "AddVirtualSwitch vSwitch1 was answered, and the host has no such switch." in done.error.text()


def test_one_that_was_removed_comes_back_with_what_nobody_can_declare(lab):
    shaping = {"enabled": True, "averageBandwidth": 1000, "peakBandwidth": 2000, "burstSize": 300}
    state = copy.deepcopy(BARE)
    state["switches"]["vSwitch1"] = {
        **{"uplinks": ["vmnic2"], "ports": 64, "mtu": 9000, "beacon": 3, "discovery": ["cdp", "both"]},
        "policy": {"shapingPolicy": shaping, "nicTeaming": {"policy": "loadbalance_srcmac"}},
    }
    lab.control("reset", state=state)
    before, kept = lab.state(), {}
    changed(lab.apply(keeper=kept.update, state="deleted", vswitches=["vSwitch1"]))
    lab.clear()
    assert changed(apply(lab.opener("api"), replace(request(), points=kept)))
    assert lab.state() == before
    assert asked_for(lab) == ["AddVirtualSwitch", "Fetch", "UpdateVirtualSwitch"]


@pytest.mark.parametrize("way", [Direct, Console], ids=["api", "ssh"])
@pytest.mark.parametrize("accepts", [True, False], ids=["accepts", "rejects"])
@pytest.mark.parametrize("asked", [{}, {"mac_changes": True}, {"mac_changes": False, "promiscuous": True}])
def test_its_security_is_what_the_release_gives_it_but_for_what_is_declared(monkeypatch, way, accepts, asked):
    own = {"allowPromiscuous": False, "macChanges": accepts, "forgedTransmits": accepts}
    monkeypatch.setattr(policy, "of_a_new_switch", lambda: policy.Policy(security=policy.Policy.SecurityPolicy(**own)))
    owner = factory.make("esx1", 1, 4, BARE)
    wanted = request(vswitches={"vSwitch1": {"uplinks": ["vmnic2"], "security": asked}})
    changed(apply(lambda: way(owner), wanted))
    found = plainform.write(owner)["switches"]["vSwitch1"]["policy"]["security"]
    names = {"mac_changes": "macChanges", "promiscuous": "allowPromiscuous"}
    assert found == {**own, **{names[name]: value for name, value in asked.items()}}
    assert changed(apply(lambda: way(owner), wanted)) == []


def test_over_ssh_a_run_that_ended_after_any_line_is_finished_by_the_next_or_taken_back():
    def host(lines: list[str]):
        owner = factory.make("esx1", 1, 4, BARE)
        for line in lines:
            assert shell.run(owner, line).status == 0
        return owner

    wanted, kept = host([]), {}
    lines = apply(lambda: Console(wanted), request(**NEW), kept.update).commands
    assert len(lines) == 8 and "policy" not in lines[0]
    for count in range(len(lines) + 1):
        finished, undone = host(lines[:count]), host(lines[:count])
        assert apply(lambda: Console(finished), request(**NEW)).error is None  # noqa: B023  # it is called at once
        assert plainform.write(finished) == plainform.write(wanted)
        asked = replace(request(), points=kept)
        assert apply(lambda: Console(undone), asked).error is None  # noqa: B023
        assert plainform.write(undone) == plainform.write(host([]))
