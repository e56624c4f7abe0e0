# SPDX-License-Identifier: GPL-3.0-or-later
"""An instance leaves only when somebody healthy takes it, and comes home when nobody does."""

from __future__ import annotations

import pytest

from ansible_collections.netstack.datacenter.plugins.module_utils.vip import away, move
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.move import (
    MoveError,
    Mover,
    Peer,
    require_healthy,
    unhealthy,
)
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.neighbours import Holders, Target
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.render import Paths

TARGETS = {"web4": [Target("192.0.2.100", "eth0")]}


class Link:
    """A link on which the peer takes over what is away, or does not."""

    def __init__(self, paths, peer_takes=True):
        self.paths, self.peer_takes = paths, peer_takes

    def look(self, targets):
        gone = away.is_away(self.paths, "web4")
        others = ("02:00:00:00:00:02",) if gone and self.peer_takes else ()
        return [Holders(target, not gone, others) for target in targets]


@pytest.fixture
def paths(tmp_path):
    found = Paths(state=str(tmp_path))
    away.write(found, "web4", False)
    return found


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(move, "TAKEOVER", 0.05)


def mover(paths, **link):
    return Mover(Link(paths, **link).look, paths, 0.2, sleep=lambda _seconds: None)


def test_what_a_peer_takes_stays_away(paths):
    subject = mover(paths)
    subject.move_away(["web4"], TARGETS)
    assert away.is_away(paths, "web4")
    assert subject.pending(["web4"], True) == []


def test_what_nobody_takes_comes_home_again(paths):
    with pytest.raises(MoveError, match=r"brought home again: web4 \(192.0.2.100: nobody\)"):
        mover(paths, peer_takes=False).move_away(["web4"], TARGETS)
    assert not away.is_away(paths, "web4")


def test_an_instance_that_the_host_does_not_have_is_not_moved(paths):
    assert mover(paths).pending(["web4", "other"], True) == ["web4"]


def test_a_node_left_away_by_a_killed_run_is_brought_home(paths):
    away.write(paths, "web4", True)
    subject = mover(paths)
    assert subject.pending(["web4"], False) == ["web4"]
    subject.move_home(["web4"], TARGETS)
    assert not away.is_away(paths, "web4")


def test_a_node_in_fault_is_no_node_at_home(paths):
    with pytest.raises(MoveError, match="web4 is FAULT"):
        mover(paths).settle(lambda: {"web4": "FAULT"}, ["web4"])
    mover(paths).settle(lambda: {"web4": "BACKUP"}, ["web4"])


LOCAL, OTHER, NOBODY = {"local": True, "others": 0}, {"local": False, "others": 1}, {"local": False, "others": 0}


@pytest.mark.parametrize(
    ("before", "preferred", "given_up"),
    [
        (LOCAL, False, False),
        (OTHER, True, True),
        (OTHER, False, True),
        (NOBODY, False, True),
        (NOBODY, True, False),
        (NOBODY, None, False),
        (None, False, True),
    ],
)
def test_an_instance_belongs_to_who_held_it_and_at_first_to_its_preferred_node(paths, before, preferred, given_up):
    found = mover(paths).misplaced(TARGETS, {"web4": before} if before else {}, {"web4": preferred})
    assert found == (["web4"] if given_up else [])


def test_what_another_host_holds_is_not_given_up(paths):
    away.write(paths, "web4", True)
    assert mover(paths).misplaced(TARGETS, {"web4": OTHER}, {}) == []


def test_without_a_peer_to_ask_nothing_moves():
    with pytest.raises(MoveError, match="no peer is named"):
        require_healthy([])


def test_one_healthy_peer_is_enough(http_server, closed_port):
    require_healthy([Peer("127.0.0.1", closed_port), Peer("127.0.0.1", http_server(200))])


def test_peers_that_are_ill_dead_or_silent_are_all_named(http_server, closed_port, silent_port):
    ill = Peer("127.0.0.1", http_server(503))
    with pytest.raises(MoveError, match=rf"status 503; .*{closed_port}.*; .*{silent_port}"):
        require_healthy(
            [ill, Peer("127.0.0.1", closed_port), Peer("127.0.0.1", silent_port)],
            lambda peer: unhealthy(peer, timeout=0.2),
        )
