# SPDX-License-Identifier: GPL-3.0-or-later
"""A switch and a host in memory, with a delivery of their own: which flows of the host's management come back.

It shares nothing with the engine's own rules: it follows sixteen flows through what the two ends have at the moment.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.end import EndError, HostSeen, SwitchSeen
from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.link_state import HostForm, PortForm, Step
from ansible_collections.netstack.datacenter.plugins.plugin_utils.cutover.where import Declared

PLAIN = PortForm(untagged=10)
STATIC = PortForm("ae0", untagged=10, tagged=frozenset({20}))
LACP = PortForm("ae0", static=False, untagged=10)
HASH, PORT_ID = HostForm(hashing=True), HostForm(hashing=False)


class Clock:
    """A clock that only goes on while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class KilledError(BaseException):
    """The controller is gone: nothing of it runs on."""


@dataclass
class World:
    """Both ends as they are, and every state that was ever seen between two changes."""

    declared: Declared
    forms: dict[str, PortForm]
    uplinks: tuple[str, ...]
    form: HostForm
    disabled: set[str] = field(default_factory=set)
    management: bool = True
    lost: list[str] = field(default_factory=list)
    fails: dict[tuple[int, str], BaseException] = field(default_factory=dict)
    counter: int = 0
    host_is_wrong: str = ""
    alive: bool = True
    told: list[str] = field(default_factory=list)
    hides: bool = False
    clock: Clock = field(default_factory=Clock)

    def seen(self) -> tuple[SwitchSeen, HostSeen]:
        final = {port for port, form in self.forms.items() if form == self.declared.port}
        switch = SwitchSeen(dict(self.forms), frozenset(final), frozenset(self.disabled))
        down = frozenset(self.declared.nics) - self.up()
        return switch, HostSeen(self.uplinks, self.form, self.form == self.declared.host, self.management, down)

    def up(self) -> frozenset[str]:
        """Return the NICs with link, but that an enclosure hides the loss."""
        return frozenset(nic for nic in self.declared.nics if self.hides or self.port(nic) not in self.disabled)

    def state(self) -> tuple:
        return dict(self.forms), set(self.disabled), set(self.uplinks), self.form

    def note(self) -> None:
        """Remember when the management is lost."""
        missing = [flow for flow in range(16) if not self.comes_back(flow)]
        if missing and self.management:
            self.lost.append(f"{len(missing)} of 16 flows lost: {self.state()}")

    def comes_back(self, flow: int) -> bool:
        """Follow a flow there and back; without IP hash the host may have chosen any uplink, the worst one too."""
        enabled = [nic for nic in self.uplinks if self.port(nic) not in self.disabled]
        if not self.form.hashing:
            return bool(enabled) and all(self._back(flow, nic, [nic]) for nic in enabled)
        states = {self._logical(enabled[other % len(enabled)]) for other in range(16)} if enabled else set()
        return len(states) == 1 and self._back(flow, enabled[flow % len(enabled)], enabled)

    def _back(self, flow: int, sends: str, listens: list[str]) -> bool:
        form = self.forms[self.port(sends)]
        if form.arrives(self.form.vlan) != 10 or (form.bundle and not form.static):
            return False
        enabled = [port for port in self.forms if port not in self.disabled]
        answers = [port for port in enabled if self._name(port) == self._logical(sends)]
        return self.nic(answers[flow % len(answers)]) in listens

    def port(self, nic: str) -> str:
        return self.declared.ports[self.declared.nics.index(nic)]

    def nic(self, port: str) -> str:
        return self.declared.nics[self.declared.ports.index(port)]

    def _name(self, port: str) -> str:
        return self.forms[port].bundle or port

    def _logical(self, nic: str) -> str:
        return self._name(self.port(nic))


@dataclass
class Memory:
    """A change in memory; it fails where the world says so."""

    world: World
    link: object
    step: Step
    number: int
    before: tuple

    @property
    def commands(self) -> list[str]:
        return [f"change {self.number}"]

    def make(self, first, proof) -> None:
        self._fail("before")
        self._put()
        first()
        self._fail("after")
        if not self.step.at_host:  # a host holds nothing back until it is proven
            proof()
        self._fail("proven")

    def plain(self) -> dict[str, object]:
        return {"change": self}

    def undo(self, first=lambda: None) -> None:
        self._fail("undo")
        forms, disabled, uplinks, form = self.before
        if self.step.at_host:
            self.world.uplinks, self.world.form = uplinks, form
        else:
            self.world.forms, self.world.disabled = dict(forms), set(disabled)
        self.world.note()
        first()

    def _put(self) -> None:
        world, link, after = self.world, self.link, self.step.after
        if self.step.at_host:
            world.uplinks = link.nics_of(after.used)
            world.form = link.host_form(after)
        else:
            for group in link.groups:
                for port in link.ports[group]:
                    world.forms[port] = link.port_form(after, group)
            world.disabled = set(link.ports_of(after.disabled))
        world.note()

    def _fail(self, moment: str) -> None:
        error = self.world.fails.get((self.number, moment))
        if error is not None:
            raise error


@dataclass
class Nics:
    """What tells which NICs have link."""

    world: World
    patience: float = 0.0

    def up(self) -> frozenset[str]:
        return self.world.up()

    def close(self) -> None:
        return


@dataclass
class InMemory:
    """One end in memory."""

    world: World
    name: str

    @property
    def reverts(self) -> bool:
        return self.name != "esx1"

    def change(self, link: object, step: Step, _reachable: bool) -> Memory:
        self.world.counter += 1
        world = self.world
        before = (dict(world.forms), set(world.disabled), world.uplinks, world.form)
        return Memory(world, link, step, world.counter, before)

    def prove(self) -> None:
        if self.name == "esx1" and self.world.management and not all(map(self.world.comes_back, range(16))):
            raise EndError("esx1 does not answer")

    def nic_reader(self) -> Nics:
        return Nics(self.world)

    def verify(self) -> list[str]:
        if self.name == "esx1" and self.world.host_is_wrong:
            raise EndError(self.world.host_is_wrong)
        return [f"{self.name} is as declared"]
