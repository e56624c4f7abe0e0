# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that a conversion that fails or dies leaves its host reachable, and that the next run converges."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.end import EndError
from ansible_collections.netstack.datacenter.plugins.plugin_utils.cutover.route import HOST_FIRST
from ansible_collections.netstack.datacenter.plugins.plugin_utils.cutover.run import FailedError
from ansible_collections.netstack.datacenter.plugins.plugin_utils.cutover.wording import describe

from .builders import GOOD, conversion, path, start, walk
from .pair import HASH, PLAIN, PORT_ID, STATIC, InMemory, KilledError, Memory

MOMENTS = ("before", "after", "proven")
LONG = [name for name in GOOD if name != "another vlan"]
STEPS = [(name, number) for name in LONG for number, _step in enumerate(path(start(name))[1], 1)]
EACH = [(*step, moment) for step in STEPS for moment in MOMENTS]


def failing(name: str, number: int, moment: str, error: BaseException):
    world = start(name)
    before = world.state()
    world.fails[(number, moment)] = error
    link, steps = path(world)
    return world, before, link, steps


@pytest.mark.parametrize(("name", "number", "moment"), EACH)
def test_a_step_that_fails_is_taken_back_with_all_before_it(name, number, moment):
    world, before, link, steps = failing(name, number, moment, EndError("it broke"))
    with pytest.raises(FailedError, match=r"it broke\nAll of it was taken back") as caught:
        walk(world, link, steps)
    assert caught.value.whole
    assert world.state() == before
    assert not world.lost


@pytest.mark.parametrize(("name", "number", "moment"), EACH)
def test_a_run_after_a_killed_one_goes_on_from_where_it_died(name, number, moment):
    world, _before, link, steps = failing(name, number, moment, KilledError())
    with pytest.raises(KilledError):
        walk(world, link, steps)
    assert all(map(world.comes_back, range(16)))
    world.fails.clear()
    link, left = path(world)
    # A group that was enabled again when its cables were proven is proven once more: nothing is remembered.
    assert 0 <= len(left) - (len(steps) - number + (1 if moment == "before" else 0)) <= 2
    walk(world, link, left)
    assert not world.lost
    assert set(world.forms.values()) == {world.declared.port}
    assert (world.form, world.disabled, set(world.uplinks)) == (world.declared.host, set(), set(world.declared.nics))


@pytest.mark.parametrize("number", range(1, 8))
def test_a_take_back_that_is_stuck_leaves_a_state_that_works_and_says_so(number):
    world, _before, link, steps = failing("plain to static", 7, "before", EndError("it broke"))
    world.fails[(number, "undo")] = EndError("no answer")
    with pytest.raises(FailedError, match="could not be taken back: no answer") as caught:
        walk(world, link, steps)
    assert not caught.value.whole
    assert not world.lost
    world.fails.clear()
    walk(world, *path(world))
    assert set(world.forms.values()) == {STATIC}


def test_an_error_that_nobody_foresaw_is_taken_back_too():
    world, before, link, steps = failing("plain to static", 4, "after", ZeroDivisionError("a bug"))
    with pytest.raises(FailedError, match="ZeroDivisionError: a bug"):
        walk(world, link, steps)
    assert world.state() == before


def test_a_wrong_end_found_at_last_takes_both_ends_back():
    world = start("plain to static")
    world.host_is_wrong = "Management Network has a standby uplink"
    with pytest.raises(FailedError, match="standby uplink"):
        walk(world, *path(world))
    assert set(world.forms.values()) == {PLAIN}
    assert (world.form, set(world.uplinks)) == (PORT_ID, {"vmnic2", "vmnic3"})
    assert not world.lost


def test_when_nobody_waits_any_more_it_is_taken_back():
    world = start("plain to static")
    link, steps = path(world)
    found = conversion(world, link)
    found.watch.report = lambda text: setattr(world, "alive", "step 4" not in text)
    with pytest.raises(FailedError, match="is gone"):
        found.run(steps)
    assert set(world.forms.values()) == {PLAIN}
    assert not world.lost


@pytest.mark.parametrize("reverts", [True, False])
def test_an_end_whose_steps_revert_by_themselves_holds_them_until_both_are_proven(monkeypatch, reverts):
    """The step of another end lasts at once: it is proven once it is made, and only then."""
    world = start("plain to static")
    link, steps = path(world)
    monkeypatch.setattr(InMemory, "reverts", reverts)
    seen = []
    monkeypatch.setattr(Memory, "make", lambda self, _first, proof: (self._put(), proof(), seen.append("made")))
    monkeypatch.setattr(InMemory, "prove", lambda self: seen.append(self.name))
    conversion(world, replace(link, hidden="a blade", management=False)).run(steps[:1])
    assert seen == (["esx1", "ex1", "made"] if reverts else ["made", "esx1", "ex1"])


def test_what_was_done_and_verified_is_told():
    world = start("plain to static")
    link, steps = path(world)
    outcome = conversion(world, link).run(steps)
    assert len(outcome.steps) == 7
    assert outcome.steps[0] == "esx1-lan: step 1 of 7: ex1: ge-0/0/0 disabled"
    assert outcome.verified == [
        "ex1 is as declared",
        "esx1 is as declared",
        "esx1: vmnic2 lost link when ge-0/0/0 was disabled, and no other NIC did",
        "esx1: vmnic3 lost link when ge-1/0/0 was disabled, and no other NIC did",
    ]
    assert outcome.warnings == []
    assert outcome.commands == [f"change {number}" for number in range(1, 8)]


def test_a_second_run_changes_nothing():
    world = start("plain to static")
    walk(world, *path(world))
    assert path(world)[1] == []


def test_without_management_the_host_comes_first_once_the_cables_are_proven():
    world = start("plain to static", management=False)
    link, steps = path(world, HOST_FIRST)
    assert [describe(link, step, "esx1", "ex1") for step in steps] == [
        "ex1: ge-0/0/0 disabled",
        "ex1: ge-0/0/0 no longer disabled",
        "ex1: ge-1/0/0 disabled",
        "ex1: ge-1/0/0 no longer disabled",
        "esx1 uses vmnic2, vmnic3 with its final teaming",
        "ex1: ge-0/0/0 into ae0, ge-1/0/0 into ae0",
    ]
    walk(world, link, steps)
    assert world.form == HASH
    assert set(world.forms.values()) == {STATIC}


def test_without_management_a_failure_takes_both_ends_back():
    world = start("plain to static", management=False)
    world.fails[(6, "proven")] = EndError("it broke")
    with pytest.raises(FailedError):
        walk(world, *path(world, HOST_FIRST))
    assert (world.form, set(world.forms.values())) == (PORT_ID, {PLAIN})
