# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves which strategy a link gets, what needs consent, and that the first failure ends a run and is told."""

from __future__ import annotations

import pytest

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.end import EndError
from ansible_collections.netstack.datacenter.plugins.plugin_utils.cutover.convert import Pair, convert

from .builders import Watching, declared, start
from .pair import HASH, PLAIN, PORT_ID, STATIC, InMemory, World


class Looking(InMemory):
    """An end in memory that can be looked at, as the real ones can."""

    changes, leaving, foretold_count = (), (), 0

    def look(self):
        switch, host = self.world.seen()
        return host if self.name == "esx1" else switch

    @property
    def names(self):
        return self.world.declared.nics if self.name == "esx1" else self.world.declared.ports

    @property
    def goal(self):
        return self.world.declared.host if self.name == "esx1" else self.world.declared.port


def pair(world: World, **options) -> Pair:
    return Pair(world.declared.name, Looking(world, "ex1"), Looking(world, "esx1"), clock=world.clock, **options)


def one_cable() -> World:
    link = declared(ports=("ge-0/0/0",), nics=("vmnic2",))
    return World(link, {"ge-0/0/0": PLAIN}, ("vmnic2",), PORT_ID)


def test_a_link_with_the_management_is_converted_group_by_group():
    world = start("plain to static")
    report = convert([pair(world)], Watching(world))
    assert (report.strategies, len(report.steps), report.failure) == ({"esx1-lan": "legs"}, 7, "")
    assert not world.lost


def test_a_link_without_the_management_changes_the_host_first():
    world = start("plain to static", management=False)
    report = convert([pair(world)], Watching(world))
    assert (report.strategies, len(report.steps)) == ({"esx1-lan": "host_first"}, 6)
    assert (world.form, set(world.forms.values())) == (HASH, {STATIC})


def test_a_port_that_leaves_its_bundle_under_the_management_needs_consent():
    for managed, consent, refused in ((True, False, True), (True, True, False), (False, False, False)):
        world = start("plain to static", management=managed)
        made = pair(world, consent=consent)
        made.switch.leaving = ("ge-0/0/9",)
        report = convert([made], Watching(world))
        assert bool(report.failure) is refused
        assert ("ge-0/0/9 leaves its bundle at ex1, but esx1 does not see it" in report.failure) is refused
        assert bool(report.steps) is not refused


def test_one_cable_needs_consent_and_is_converted_with_it():
    world = one_cable()
    refused = convert([pair(world)], Watching(world))
    assert "this one cable" in refused.failure
    assert "Add management to consent" in refused.failure
    assert (refused.changed, world.form) == (False, PORT_ID)
    report = convert([pair(world, consent=True)], Watching(world))
    assert (report.failure, report.strategies) == ("", {"esx1-lan": "host_first"})
    assert world.form == HASH


def test_host_first_over_the_managements_link_needs_consent():
    world = start("plain to static")
    refused = convert([pair(world, strategy="host_first")], Watching(world))
    assert "would cut the host's management off" in refused.failure
    assert not refused.changed
    assert convert([pair(world, strategy="host_first", consent=True)], Watching(world)).failure == ""


def test_a_link_that_is_done_needs_no_consent_and_no_step():
    world = start("plain to static")
    convert([pair(world)], Watching(world))
    again = convert([pair(world, strategy="host_first")], Watching(world))
    assert (again.failure, again.changed, again.steps) == ("", False, [])


def test_a_foretelling_changes_nothing_and_tells_the_same_steps():
    world = start("plain to static")
    before = world.state()
    told = convert([pair(world)], Watching(world), check=True)
    assert told.changed
    assert world.state() == before
    assert told.steps == convert([pair(world)], Watching(world)).steps


@pytest.mark.parametrize(("undo", "changed"), [(None, False), (EndError("no answer"), True)])
def test_the_first_failure_ends_it_and_says_whether_something_is_left_changed(undo, changed):
    world, other = start("plain to static"), start("plain to static")
    world.fails[(3, "before")] = EndError("it broke")
    if undo is not None:
        world.fails[(1, "undo")] = undo
    report = convert([pair(world), pair(other)], Watching(world))
    assert "it broke" in report.failure
    assert (report.changed, other.counter) == (changed, 0)


def test_cables_that_no_step_proves_are_told_in_a_foretelling_and_in_a_run():
    world = start("another vlan")
    told = "esx1-lan: cables not proven (ge-0/0/0 to vmnic2, ge-1/0/0 to vmnic3), for no step disables their ports."
    assert convert([pair(world)], Watching(world), check=True).warnings == [told]
    report = convert([pair(world)], Watching(world))
    assert (report.failure, report.warnings) == ("", [told])


def test_a_waiver_is_told_with_its_reason_and_needs_consent():
    world = start("plain to static")
    world.hides = True
    assert "kept its light" in convert([pair(world)], Watching(world)).failure
    assert "Add management to consent" in convert([pair(world, waived="a blade")], Watching(world)).failure
    report = convert([pair(world, waived="a blade", consent=True)], Watching(world))
    assert (report.failure, len(report.steps)) == ("", 2)
    assert [text.partition(" for ")[2] for text in report.warnings] == ["LINK_DOWN is waived: a blade."]


def test_a_nic_is_waited_for_as_long_as_the_pair_says():
    world = start("plain to static")
    world.hides = True
    assert "within 3 s vmnic2" in convert([pair(world, link_down=3)], Watching(world)).failure
    assert 3 <= world.clock.now < 4
