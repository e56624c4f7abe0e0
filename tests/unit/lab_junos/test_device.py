# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves by random operations that the configuration database does what some lines of plain bookkeeping say."""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from kinds.junos_ex import factory, setform
from kinds.junos_ex.device import Device, Options, Session
from kinds.junos_ex.errors import JunosError

NAMES = st.sampled_from([f"host{number}" for number in range(6)])
WHO = st.sampled_from([0, 1])


class Database(RuleBasedStateMachine):
    """Two sessions at one switch; the configuration is one host name, the book keeps it as text."""

    @initialize()
    def begin(self) -> None:
        self.device: Device = factory.make("sw", "ex4200-48t", text="set system host-name start")
        self.device.clock.now = lambda: self.now  # type: ignore[method-assign]  # the test is the clock
        self.now = 1_000_000.0
        self.sessions = [Session(number, f"user{number}", self.now, self.now) for number in (1, 2)]
        self.history, self.candidate = ["start"], "start"
        self.holder: int | None = None
        self.pending: tuple[float, str] | None = None

    def name(self, tree: Any) -> str:
        return str(tree.text("system", "host-name"))

    def attempt(self, action: Any, allowed: bool) -> bool:
        """Do it; the device must refuse exactly when the book says so."""
        try:
            action()
        except JunosError:
            assert not allowed
            return False
        assert allowed
        return True

    def free(self, who: int) -> bool:
        return self.holder in (None, who)

    @rule(who=WHO)
    def lock(self, who: int) -> None:
        clean = self.candidate == self.history[0]
        if self.attempt(lambda: self.device.lock(self.sessions[who]), self.holder is None and clean):
            self.holder = who

    @rule(who=WHO)
    def unlock(self, who: int) -> None:
        if self.attempt(lambda: self.device.unlock(self.sessions[who]), self.holder == who):
            self.holder, self.candidate = None, self.history[0]

    @rule(who=WHO, name=NAMES)
    def load(self, who: int, name: str) -> None:
        def act() -> None:
            setform.load(self.device.edit(self.sessions[who]), f"set system host-name {name}")

        if self.attempt(act, self.free(who)):
            self.candidate = name

    @rule(who=WHO, minutes=st.sampled_from([0, 0, 1, 10]))
    def commit(self, who: int, minutes: int) -> None:
        options = Options(confirm=minutes * 60)
        if self.attempt(lambda: self.device.commit(self.sessions[who], options), self.free(who)):
            self.pending = (self.now + minutes * 60, self.history[0]) if minutes else None
            self.history.insert(0, self.candidate)

    @rule(who=WHO)
    def check(self, who: int) -> None:
        if self.attempt(lambda: self.device.commit(self.sessions[who], Options(check=True)), self.free(who)):
            self.pending = None

    @rule(who=WHO, number=st.integers(0, 3))
    def rollback(self, who: int, number: int) -> None:
        allowed = self.free(who) and number < len(self.history)
        if self.attempt(lambda: self.device.rollback(self.sessions[who], number), allowed):
            self.candidate = self.history[number]

    @rule(who=WHO)
    def lose_the_session(self, who: int) -> None:
        self.device.close(self.sessions[who])
        if self.holder == who:
            self.holder, self.candidate = None, self.history[0]

    @rule(minutes=st.sampled_from([0.5, 2, 20]))
    def wait(self, minutes: float) -> None:
        self.now += minutes * 60
        self.device.tick()
        if self.pending is not None and self.now >= self.pending[0]:
            clean = self.candidate == self.history[0]
            self.history.insert(0, self.pending[1])
            self.candidate = self.history[0] if clean else self.candidate
            self.pending = None

    @invariant()
    def the_device_agrees_with_the_book(self) -> None:
        if not hasattr(self, "device"):
            return
        assert [self.name(commit.tree) for commit in self.device.commits] == self.history[:50]
        assert self.name(self.device.edited) == self.candidate
        assert self.device.dirty == (self.candidate != self.history[0])
        assert (self.device.holder is None) == (self.holder is None)
        assert (self.device.pending is None) == (self.pending is None)


TestDatabase = Database.TestCase
TestDatabase.settings = settings(max_examples=60, stateful_step_count=40)
