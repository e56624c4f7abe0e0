# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tasks of one run say and do to leases: renewed, ended under way, left behind by a run that was killed."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from ansible_collections.netstack.datacenter.plugins.module_utils.vip import away
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.move import MoveError, Mover
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.neighbours import Holders, Target
from ansible_collections.netstack.datacenter.plugins.modules import vip_move

from .vip_builders import Clock, FakeDaemon, configure, mark, paths_below

TARGETS = {"web4": [Target("192.0.2.100", "eth0")], "web6": [Target("2001:db8::100", "eth0")]}
PEER = "02:00:00:00:00:02"
LEASE = 60


class Node:
    """A host on a link with a healthy peer that takes what this host is away from; web4 began here, web6 there."""

    def __init__(self, root, monkeypatch):
        self.paths, self.clock, self.warnings = paths_below(root), Clock(root / "uptime"), []
        self.here = {"192.0.2.100"}
        self.daemon = FakeDaemon(active=True)
        self.daemon.states = lambda: dict.fromkeys(TARGETS, self.state)
        self.state, self.asked = "BACKUP", []
        monkeypatch.setattr(vip_move, "require_healthy", self.asked.append)
        configure(self.paths, *TARGETS)

    def look(self, targets: list[Target]) -> list[Holders]:
        """keepalived has heeded the leases by the time that somebody looks."""
        for name, own in TARGETS.items():
            if away.is_away(self.paths, name):
                self.here -= {target.address for target in own}
        return [Holders(t, t.address in self.here, () if t.address in self.here else (PEER,)) for t in targets]

    def task(self, state: str, check: bool = False, **parameters: Any) -> dict[str, Any]:
        """Run the module with one state."""
        params = {name: option.get("default") for name, option in vip_move.SPEC.items()}
        params.update(instances={name: {} for name in TARGETS}, **parameters)
        module = SimpleNamespace(params=params, check_mode=check, warn=self.warnings.append)
        mover = Mover(self.look, self.paths, 0.1, LEASE, sleep=lambda _seconds: None)
        return getattr(vip_move.Task(module, mover, self.daemon, TARGETS, lambda: set(self.here)), state)()


@pytest.fixture
def node(tmp_path, monkeypatch):
    return Node(tmp_path, monkeypatch)


def left(node, name="web4"):
    return away.seconds_left(node.paths, name)


def test_a_run_renews_its_lease_before_each_step_and_that_is_no_change(node):
    sent = node.task("away")
    assert (sent["changed"], sent["moved"], sent["held_before"]) == (True, ["web4", "web6"], ["web4"])
    node.clock.set(5000 + LEASE - 1)
    again = node.task("away", moved=sent["moved"])
    assert (again["changed"], again["moved"], again["held_before"]) == (False, [], [])
    assert (left(node), left(node, "web6")) == (LEASE, LEASE)
    assert len(node.asked) == 1
    assert node.warnings == []


def test_a_lease_that_ended_under_a_living_run_is_told_and_the_node_is_moved_away_once_more(node):
    sent = node.task("away")
    node.clock.set(5000 + LEASE + 9)
    node.here = {"192.0.2.100"}  # its peer failed meanwhile
    again = node.task("away", moved=sent["moved"])
    assert (again["changed"], again["held_before"], left(node)) == (True, ["web4"], LEASE)
    assert len(node.asked) == 2
    assert node.here == set()
    assert (
        "web4 (9 s ago), web6 (9 s ago). So it is moved away once more. Set vip_drain_lease higher" in node.warnings[0]
    )


def test_a_lease_that_ended_before_the_node_came_home_is_told_and_leaves_nothing_behind(node):
    sent = node.task("away")
    node.clock.set(5000 + LEASE + 9)
    home = node.task("home", moved=sent["moved"])
    assert home["moved"] == ["web4", "web6"]
    assert "may have taken what it was moved away from" in node.warnings[0]
    assert away.told(node.paths, TARGETS) == []


def test_a_node_that_holds_an_address_in_spite_of_its_lease_is_not_taken_for_away(node):
    """keepalived heeds no lease, since it runs another configuration, say: nothing may be restarted."""
    node.task("away")
    node.look = lambda targets: [Holders(target, True, ()) for target in targets]
    node.here = {"192.0.2.100"}
    with pytest.raises(MoveError, match=r"brought home again: web4 \(192.0.2.100: this host\)"):
        node.task("away", moved=["web4", "web6"])
    assert not away.is_away(node.paths, "web4")


def test_check_mode_predicts_one_move_of_a_run_that_renews_and_makes_none(node):
    sent = node.task("away", check=True)
    assert (sent["moved"], left(node)) == (["web4", "web6"], 0)
    assert node.task("away", check=True, moved=sent["moved"])["changed"] is False
    assert node.task("home", check=True, moved=sent["moved"])["moved"] == ["web4", "web6"]
    assert node.warnings == []


def test_the_next_run_releases_what_a_killed_one_left_away(node):
    node.task("away")
    predicted, done = node.task("released", check=True), node.task("released")
    assert predicted == done
    assert done["moved"] == ["web4", "web6"]
    assert not away.is_away(node.paths, "web4")
    assert node.task("released")["changed"] is False


def test_check_mode_after_a_killed_run_predicts_that_the_node_is_moved_away_again(node):
    node.task("away")
    released = node.task("released", check=True)
    assert node.task("away", check=True, released=released["moved"])["moved"] == ["web4", "web6"]


def test_the_mark_of_a_killed_run_of_an_earlier_release_is_released_too(node):
    mark(node.paths, "web4", "1\n")
    assert node.task("released")["moved"] == ["web4"]
    assert not away.is_away(node.paths, "web4")


def test_a_released_node_that_takes_nothing_over_even_so_is_told_and_the_run_goes_on_to_mend_it(node):
    node.task("away")
    node.state = "FAULT"
    assert node.task("released")["changed"]
    assert "web4 is FAULT" in node.warnings[0]


def test_placing_clears_away_what_is_over_and_keeps_what_is_ahead(node):
    node.task("away")
    node.task("placed")
    assert left(node) == LEASE
    node.clock.set(5000 + LEASE)
    node.task("placed", check=True)
    assert away.told(node.paths, TARGETS)
    node.task("placed")
    assert away.told(node.paths, TARGETS) == []


def test_where_keepalived_does_not_run_nothing_is_sent_and_no_lease_is_made(node):
    node.daemon.active = False
    assert node.task("away")["changed"] is False
    assert left(node) == 0


PLAYBOOKS = Path(__file__).resolve().parents[3] / "playbooks"
MOVE = "netstack.datacenter.vip_move"


@pytest.mark.parametrize(("name", "changing"), [("site", "change"), ("rollback", "rollback")])
def test_a_node_that_a_killed_run_left_away_comes_home_before_any_node_is_moved(name, changing):
    plays = yaml.safe_load((PLAYBOOKS / f"{name}.yml").read_text())
    tasks = [(number, task) for number, play in enumerate(plays) for task in play.get("tasks", [])]
    [home] = [number for number, task in tasks if MOVE in task and task[MOVE]["state"] == "released"]
    changes = f"tasks/{changing}_load_balancer.yml"
    assert home < min(number for number, task in tasks if task.get("ansible.builtin.include_tasks") == changes)


@pytest.mark.parametrize("name", ["change_load_balancer", "rollback_load_balancer"])
def test_every_role_that_changes_a_node_begins_with_a_lease_of_full_length(name):
    tasks = yaml.safe_load((PLAYBOOKS / "tasks" / f"{name}.yml").read_text())
    block = next(task["block"] for task in tasks if "block" in task)
    roles = [number for number, task in enumerate(block) if "ansible.builtin.include_role" in task]
    assert len(roles) == 4
    for number in roles:
        move = block[number - 1].get("netstack.datacenter.vip_move", {})
        assert (move.get("state"), move.get("lease")) == ("away", "{{ vip_drain_lease | default(omit) }}"), block[
            number
        ]
