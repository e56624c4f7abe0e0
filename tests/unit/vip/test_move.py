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

from .vip_builders import Clock, configure, paths_below

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
def clock(tmp_path):
    return Clock(tmp_path / "uptime")


@pytest.fixture
def paths(tmp_path, clock):
    found = paths_below(tmp_path)
    configure(found, "web4")
    return found


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(move, "TAKEOVER", 0.05)


def mover(paths, **link):
    return Mover(Link(paths, **link).look, paths, 0.2, sleep=lambda _seconds: None)


def test_what_a_peer_takes_stays_away(paths):
    subject = mover(paths)
    subject.move_away(["web4"], TARGETS, ["web4"])
    assert away.is_away(paths, "web4")
    assert subject.pending(["web4"], True) == []


def test_what_nobody_takes_comes_home_again(paths):
    with pytest.raises(MoveError, match=r"brought home again: web4 \(192.0.2.100: nobody\)"):
        mover(paths, peer_takes=False).move_away(["web4"], TARGETS, ["web4"])
    assert not away.is_away(paths, "web4")


def test_what_this_host_did_not_hold_needs_nobody_to_take_it(paths):
    """An instance that a killed run had written and not loaded yet is nobody's; it must not stop the next run."""
    mover(paths, peer_takes=False).move_away(["web4"], TARGETS, [])
    assert away.is_away(paths, "web4")


def test_a_lease_is_never_shorter_than_the_move_itself_may_take(paths):
    short, long = (Mover(Link(paths).look, paths, 15, lease) for lease in (5, 600))
    assert (short.lease, long.lease) == (20, 600)
    long.renew(["web4"])
    assert away.seconds_left(paths, "web4") == 600


def test_what_is_over_is_told_and_no_longer_away(paths, clock):
    subject = mover(paths)
    subject.renew(["web4"])
    assert subject.over(["web4", "other"]) == {}
    clock.set(5000 + subject.lease + 7)
    assert subject.over(["web4", "other"]) == {"web4": 7}
    assert subject.pending(["web4"], True) == ["web4"]
    subject.release(["web4"])
    assert subject.over(["web4"]) == {}


def test_an_instance_that_the_host_does_not_have_is_not_moved(paths):
    assert mover(paths).pending(["web4", "other"], True) == ["web4"]


def test_a_node_left_away_by_a_killed_run_is_brought_home(paths):
    away.send(paths, "web4", 60)
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
    away.send(paths, "web4", 60)
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
