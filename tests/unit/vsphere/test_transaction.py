# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves what a change does when a host does not do as it is told; the host is a state in memory."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.declared.model import (
    HostState,
    SwitchState,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.device import errors
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.run import points, transaction
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.run.request import Request
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.run.transaction import (
    apply,
    not_in_effect,
)

from .builders import OVERRIDE, declared, group, host, made, switch, teaming

WANTED = {"vSwitch0": {"mtu": 9000}, "vSwitch1": {"mtu": 9000}}


class Memory:
    """A way to a host in memory; `answers` says for each step in turn what goes wrong with it."""

    moves = True

    def __init__(self, state: HostState, *answers: str) -> None:
        self.state, self.answers, self.log, self.away = state, list(answers), [], {}

    def read(self, names):
        self.log.append("read")
        return {"": self.state}

    def lines(self, steps):
        return [str(step) for step in steps]

    def carry_out(self, host, steps, together):
        for step in steps:
            answer = self.answers.pop(0) if self.answers else "done"
            self.log.append(f"{step.name} {answer}")
            if answer in ("done", "lost after"):
                switches = {**self.state.switches, step.name: step.after}
                self.state = replace(self.state, switches=switches)
            if answer.startswith("lost"):
                raise errors.LostError("It broke.")
            if answer == "refused":
                raise errors.RefusedError("It was refused.")

    def close(self):
        self.log.append("close")

    def drop(self):
        self.log.append("drop")


def two() -> HostState:
    return host(switch("vSwitch0", ("vmnic0",)), switch("vSwitch1", ("vmnic1",)))


def run(way: Memory, **options):
    return apply(lambda: way, Request({"": declared(WANTED)}, back=1, **options), options.pop("keeper", None))


def mtus(way: Memory) -> list[int]:
    return [each.mtu for each in way.state.switches.values()]


def test_what_was_told_is_read_back():
    way = Memory(two())
    done = run(way)
    assert done.error is None
    assert mtus(way) == [9000, 9000]
    assert way.log == ["read", "vSwitch0 done", "vSwitch1 done", "read", "close"]


def test_a_host_that_says_yes_and_does_nothing_is_found_out_and_put_back():
    way = Memory(two(), "done", "ignored")
    done = run(way)
    assert isinstance(done.error, errors.VerificationError)
    assert "missing: UpdateVirtualSwitch vSwitch1: mtu 1500 -> 9000" in done.error.text()
    assert done.done == []
    assert mtus(way) == [1500, 1500]


@pytest.mark.parametrize("second", ["refused", "lost before"])
def test_what_is_neither_old_nor_new_becomes_old(second):
    way = Memory(two(), "done", second)
    done = run(way)
    assert "put back: the host has its old state" in done.error.text()
    assert mtus(way) == [1500, 1500]


def test_a_line_that_broke_after_the_last_step_leaves_the_new_state():
    way = Memory(two(), "done", "lost after")
    done = run(way)
    assert done.error is None
    assert mtus(way) == [9000, 9000]
    assert "It broke. The host has the new state." in done.warnings


def test_a_host_that_cannot_be_put_back_is_unknown_and_the_commands_are_given():
    way = Memory(two(), "done", "refused", "refused")
    done = run(way)
    assert isinstance(done.error, errors.UnknownError)
    line = "esxcli network vswitch standard set --vswitch-name={} --mtu=1500"
    assert done.recovery == [line.format(name) for name in reversed(WANTED)]


def test_a_host_that_stays_away_is_unknown(monkeypatch):
    monkeypatch.setattr(transaction, "_PAUSE_FIRST", 0.01)
    way = Memory(two(), "lost after")

    def opener():
        if way.log:
            raise errors.UnreachableError("Nobody there.")
        return way

    done = apply(opener, Request({"": declared(WANTED)}, back=0.05))
    assert isinstance(done.error, errors.UnknownError)
    assert "Nobody there." in done.error.text()
    assert done.done == []


def test_a_change_that_cannot_be_read_back_has_still_been_made(monkeypatch):
    way = Memory(two())
    reads = []

    def read(names):
        reads.append(names)
        if len(reads) > 1:
            raise errors.LostError("Gone.")
        return {"": way.state}

    monkeypatch.setattr(way, "read", read)
    done = run(way)
    assert "could not be read back" in done.error.text()
    assert done.done == [""]


def test_the_restore_point_is_kept_before_anything_is_changed():
    way = Memory(two())
    kept = []

    def keeper(found):
        kept.append((found, list(way.log)))

    apply(lambda: way, Request({"": declared(WANTED)}), keeper)
    ((found, log),) = kept
    assert log == ["read"]
    assert found[""]["vswitches"]["vSwitch0"]["mtu"] == 1500


def test_what_a_run_found_first_stays_in_its_restore_point(tmp_path):
    for mtu in (1500, 9000):
        points.keep(str(tmp_path), "r1", "esx1", {"": {"vswitches": {"vSwitch0": {"mtu": mtu}}, "port_groups": {}}})
    assert points.kept(str(tmp_path), "r1", "esx1")[""]["vswitches"]["vSwitch0"] == {"mtu": 1500}
    assert points.kept(str(tmp_path), "r2", "esx1") == {}


def test_a_restore_point_removes_what_the_run_made_and_brings_the_rest_back():
    old = host(switch(mtu=9000), groups=[group(own=OVERRIDE)])
    half = declared(
        {"vSwitch0": {"mtu": 1500}, "vSwitch1": {"uplinks": ["vmnic2"]}}, {"Management Network": {"teaming": "inherit"}}
    )
    result = made(old, half)
    back = points.plan_of(result.after, points.point(result))
    assert (back.after.switches, back.after.groups) == (old.switches, old.groups)


def test_a_restore_point_that_takes_an_uplink_away_knows_that_every_order_forgets_it():
    result = made(host(switch(uplinks=("vmnic1",))), declared({"vSwitch0": {"uplinks": ["vmnic0", "vmnic1"]}}))
    spoiled = group("vmotion", teaming(active=("vmnic0",)))
    back = points.plan_of(replace(result.after, groups={"vmotion": spoiled}), points.point(result))
    assert back.after.switches["vSwitch0"].uplinks == ("vmnic1",)
    assert back.after.groups["vmotion"].teaming.active_uplinks is None
    assert "vmotion inherits its uplinks" in back.notes[0]


def test_a_policy_that_the_host_computes_otherwise_is_told():
    state = host(switch(), groups=[group()])
    good = replace(state, computed={"Management Network": state.effective(group())})
    bad = replace(state, computed={"Management Network": (OVERRIDE, state.switches["vSwitch0"].security)})
    assert not_in_effect(good, {"vSwitch0"}) == []
    assert "the host computes" in not_in_effect(bad, {"vSwitch0"})[0]
    assert not_in_effect(bad, {"vSwitch1"}) == []


def test_check_mode_sends_nothing():
    way = Memory(two())
    assert run(way, check_mode=True).pending
    assert way.log == ["read", "close"]
    assert isinstance(way.state.switches["vSwitch0"], SwitchState)
