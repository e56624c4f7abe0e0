# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that the path of a run is walked back without losing the host, also when the walk is cut off in between."""

from __future__ import annotations

import pytest

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.end import EndError
from ansible_collections.netstack.datacenter.plugins.plugin_utils.cutover.back import Earlier, refuse, walk_back
from ansible_collections.netstack.datacenter.plugins.plugin_utils.cutover.cables import Cables
from ansible_collections.netstack.datacenter.plugins.plugin_utils.cutover.journal import StepJournal
from ansible_collections.netstack.datacenter.plugins.plugin_utils.cutover.route import HOST_FIRST, NoRouteError
from ansible_collections.netstack.datacenter.plugins.plugin_utils.cutover.run import Conversion, FailedError
from ansible_collections.netstack.datacenter.plugins.plugin_utils.private_files import read, write

from .builders import GOOD, Watching, path, start
from .pair import InMemory

LINK = {
    **{"link": "esx1-lan", "lag": "vSwitch0", "ports": ["vmnic2", "vmnic3"], "peer": "ex1", "peer_kind": "junos_ex"},
    "peer_ports": ["ge-0/0/0", "ge-0/0/1"],
}


def converted(name, **options):
    """Convert a link; return the world, what it was before, its ends and what was kept."""
    world = start(name, **options)
    before = world.state()
    strategy = {} if world.management else {"strategy": HOST_FIRST}
    link, steps = path(world, **strategy)
    kept = []
    ends = InMemory(world, "ex1"), InMemory(world, "esx1")
    Conversion(link, *ends, Watching(world), lambda made: kept.__setitem__(slice(None), made), clock=world.clock).run(
        steps
    )
    return world, before, ends, kept


def earlier(kept):
    return [Earlier(step["text"], step["reachable"], step["undo"]["change"].undo, step["disables"]) for step in kept]


def back(kept, world, switch, host):
    cables = Cables("esx1-lan", host, clock=world.clock)
    return walk_back(earlier(kept), cables, switch, Watching(world), kept.pop), cables


@pytest.mark.parametrize("name", GOOD)
def test_the_path_back_ends_where_it_began_and_loses_nothing(name):
    world, before, (switch, host), kept = converted(name)
    assert kept
    steps = earlier(kept)
    refuse("esx1-lan", steps)
    done, _cables = back(kept, world, switch, host)
    assert len(done) == len(steps)
    assert (world.state(), world.lost, kept) == (before, [], [])


@pytest.mark.parametrize("number", range(1, 8))
def test_a_walk_that_fails_leaves_the_host_reachable_and_the_next_one_goes_on(number):
    world, before, (switch, host), kept = converted("plain to static")
    world.fails[(number, "undo")] = EndError("no answer")
    with pytest.raises(EndError, match=r"no answer\n.*: taken back with this failure"):
        back(kept, world, switch, host)
    assert len(kept) == number
    assert all(map(world.comes_back, range(16)))
    world.fails.clear()
    back(kept, world, switch, host)
    assert (world.state(), world.lost, kept) == (before, [], [])


def test_a_path_on_which_the_host_was_away_is_not_walked_back():
    steps = [Earlier("one", True, lambda: None), Earlier("two", False, lambda: None)]
    with pytest.raises(NoRouteError, match="away for a while"):
        refuse("esx1-lan", steps)
    refuse("esx1-lan", [Earlier("a link that was broken", False, lambda: None), steps[0]])


def test_a_conversion_that_fails_keeps_nothing():
    world = start("plain to static")
    link, steps = path(world)
    world.fails[(4, "before")] = EndError("it broke")
    kept = []
    ends = InMemory(world, "ex1"), InMemory(world, "esx1")
    with pytest.raises(FailedError):
        Conversion(link, *ends, Watching(world), lambda made: kept.append(len(made)), clock=world.clock).run(steps)
    assert kept == [1, 2, 3, 3, 2, 1, 0]


def test_what_is_kept_lies_in_a_file_of_the_user_alone_and_goes_step_by_step(tmp_path):
    kept = StepJournal(tmp_path / "r1" / "esx1.links.json", read, write)
    assert kept.links() == []
    kept.keeper(LINK)([{"text": "one"}])
    kept.keeper({**LINK, "link": "esx1-nfs"})([{"text": "other"}])
    kept.keeper(LINK)([{"text": "two"}])  # the same run goes on after a failure
    assert [(each["link"], [step["text"] for step in each["steps"]]) for each in kept.links()] == [
        ("esx1-nfs", ["other"]),
        ("esx1-lan", ["one", "two"]),
    ]
    assert kept.file.stat().st_mode & 0o777 == 0o600
    assert kept.file.parent.stat().st_mode & 0o777 == 0o700
    kept.forget_last("esx1-lan")
    kept.forget_last("esx1-nfs")
    assert [(each["link"], len(each["steps"])) for each in kept.links()] == [("esx1-lan", 1)]
    kept.keeper({**LINK, "link": "another"})([])
    assert len(kept.links()) == 1
