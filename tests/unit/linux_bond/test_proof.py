# SPDX-License-Identifier: GPL-3.0-or-later
"""Only a change that works, asked for over another connection, is proven; any other goes back, with the reason told."""

from __future__ import annotations

import pytest

from ansible_collections.netstack.datacenter.plugins.module_utils.linux_bond import change
from ansible_collections.netstack.datacenter.plugins.module_utils.linux_bond.change import Bonds, NotConfirmedError
from ansible_collections.netstack.datacenter.plugins.module_utils.linux_bond.model import dump
from ansible_collections.netstack.datacenter.plugins.module_utils.linux_bond.reach import Session
from ansible_collections.netstack.datacenter.plugins.module_utils.linux_bond.watchdog import Pending

from .bond_builders import PROC, Host, declared

FIRST, SECOND = Session("192.0.2.1 1 192.0.2.11 22"), Session("192.0.2.1 2 192.0.2.11 22")


class Watch:
    """A pending change in some state; `fired` tells whether it was sent back."""

    def __init__(self, state="applied"):
        self.pending, self.state, self.log, self.fired = Pending("cafe", FIRST.text, 60), state, "words", False

    def wait(self, states, _seconds):
        return self.state.startswith(tuple(states))

    def fire(self):
        self.fired = True

    def prove(self):
        return "confirm it"


@pytest.fixture
def host(tmp_path, monkeypatch):
    (tmp_path / "declared.json").write_bytes(dump(declared()))
    monkeypatch.setattr(change, "DECLARED", str(tmp_path / "declared.json"))
    return Host(tmp_path, declared())


def prove(host, watch, here=SECOND, token="cafe"):
    return Bonds(host.run, None, watch, host.kernel).prove(token, here, 0, True)


def refused(host, watch, **more):
    with pytest.raises(NotConfirmedError) as caught:
        prove(host, watch, **more)
    return str(caught.value)


def test_a_change_that_works_is_proven(host):
    assert prove(host, Watch()) == "confirm it"


def test_the_connection_that_began_the_change_proves_nothing(host):
    assert "it proves nothing" in refused(host, Watch(), here=FIRST)


def test_another_change_is_not_meant(host):
    assert refused(host, Watch(), token="beef") == "no change beef is pending here"


def test_a_bond_without_a_partner_goes_back(host):
    host.set("proc/net/bonding/bond0", PROC.replace("1a:85:dd:1a:30:d7", "00:00:00:00:00:00"))
    watch = Watch()
    assert "nobody answers LACP at bond0" in refused(host, watch) and watch.fired


def test_files_that_could_not_be_loaded_go_back_with_the_commands_words(host):
    watch = Watch("applied failed")
    assert refused(host, watch) == "loading the new files failed: words" and watch.fired


def test_files_that_are_not_loaded_in_time_go_back(host):
    watch = Watch("applying")
    assert refused(host, watch) == "the new files were not loaded in time" and watch.fired


@pytest.mark.parametrize("state", ["returning", "returned"])
def test_a_change_that_goes_back_already_is_not_sent_back_again(host, state):
    watch = Watch(state)
    assert "the former files are" in refused(host, watch) and not watch.fired


def test_when_the_timer_is_faster_the_reason_before_it_is_told(host, monkeypatch):
    host.shown["bond0"]["mtu"] = 1500
    watch = Watch()
    bonds = Bonds(host.run, None, watch, host.kernel)
    found = iter([["bond0 has the MTU 1500, not 9000"], ["there is no bond0"]])
    over = iter([False, True])
    monkeypatch.setattr(bonds, "faults", lambda *_arguments: next(found))
    assert bonds.await_working(declared(), 60, True, lambda: next(over)) == ["bond0 has the MTU 1500, not 9000"]
