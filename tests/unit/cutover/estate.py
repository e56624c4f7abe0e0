# SPDX-License-Identifier: GPL-3.0-or-later
"""A switch with two hosts of two cables each, which are wherever they are, and a clock by which hosts are away.

Like pair.py it follows flows through what the ends have and shares no rule with the engine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.end import EndError
from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.link_state import HostForm, PortForm, Step
from ansible_collections.netstack.datacenter.plugins.plugin_utils.cutover.back import Earlier, walk_back
from ansible_collections.netstack.datacenter.plugins.plugin_utils.cutover.cables import Cables
from ansible_collections.netstack.datacenter.plugins.plugin_utils.cutover.route import NoRouteError, route
from ansible_collections.netstack.datacenter.plugins.plugin_utils.cutover.run import Conversion, FailedError, nobody
from ansible_collections.netstack.datacenter.plugins.plugin_utils.cutover.where import (
    Declared,
    HostSeen,
    SwitchSeen,
    situation,
)

from .pair import Clock

HOSTS = ("esx1", "esx2")
PORTS = tuple(f"ge-0/0/{number}" for number in range(4))
ENDS = tuple((host, nic) for host in HOSTS for nic in ("vmnic0", "vmnic1"))
DECLARED = dict(zip(PORTS, ENDS, strict=True))
BUNDLES = dict(zip(HOSTS, ("ae0", "ae1"), strict=True))
PLAIN = PortForm(untagged=10)
NICS = ("vmnic0", "vmnic1")
COMMIT, LOGIN, READ = 2.0, 0.5, 0.1
"""Seconds that things take."""


def static(bundle: str) -> PortForm:
    return PortForm(bundle, untagged=10, tagged=frozenset({20}))


@dataclass
class Estate:
    """Where the cables really are, and what all ends have."""

    cables: dict[str, tuple[str, str]]
    forms: dict[str, PortForm]
    sending: dict[str, tuple[tuple[str, ...], HostForm]]
    disabled: set[str] = field(default_factory=set)
    clock: Clock = field(default_factory=Clock)
    since: dict[str, float] = field(default_factory=dict)
    away: dict[str, float] = field(default_factory=lambda: dict.fromkeys(HOSTS, 0.0))
    hides: set[str] = field(default_factory=set)
    follow: dict[tuple[str, str], set[tuple[str, str]]] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)

    def state(self) -> tuple:
        return dict(self.forms), set(self.disabled), {host: (set(nics), form) for host, (nics, form) in self.sent()}

    def sent(self) -> list:
        return sorted(self.sending.items())

    def note(self) -> None:
        """Begin or end the time that a host is away; called before and after each change."""
        for host in HOSTS:
            if not self.answers(host):
                self.since.setdefault(host, self.clock.now)
            if host in self.since:
                self.away[host] = max(self.away[host], self.clock.now - self.since[host])
            if self.answers(host):
                self.since.pop(host, None)

    def changed(self, change: Callable[[], None], seconds: float) -> None:
        self.clock.sleep(seconds)
        change()
        self.note()

    def up(self, host: str) -> frozenset[str]:
        gone = {self.cables[port] for port in self.disabled}
        for end in list(gone):
            gone |= self.follow.get(end, set())
        return frozenset(nic for own, nic in ENDS if own == host and (host in self.hides or (own, nic) not in gone))

    def answers(self, host: str) -> bool:
        return all(self._back(host, flow) for flow in range(16))

    def _back(self, host: str, flow: int) -> bool:
        nics, form = self.sending[host]
        at = {end: port for port, end in self.cables.items()}
        ports = [at[host, nic] for nic in nics if at[host, nic] not in self.disabled]
        if not ports:
            return False
        if form.hashing and len({self._logical(port) for port in ports}) > 1:
            return False
        chosen = ports if not form.hashing else [ports[flow % len(ports)]]
        return all(self._answered(flow, port, ports if form.hashing else [port]) for port in chosen)

    def _answered(self, flow: int, port: str, listens: list[str]) -> bool:
        if self.forms[port].arrives(0) != 10:
            return False
        enabled = [each for each in PORTS if each not in self.disabled and self._logical(each) == self._logical(port)]
        return enabled[flow % len(enabled)] in listens

    def _logical(self, port: str) -> str:
        return self.forms[port].bundle or port


@dataclass
class Change:
    """A change of one end of a link; a commit that is not proven is taken back by the switch, as the real one is."""

    estate: Estate
    end: End
    link: object
    step: Step
    before: tuple = ()

    @property
    def commands(self) -> list[str]:
        return ["a change"]

    def make(self, first, proof) -> None:
        self.before = self._now()
        self.estate.changed(self._put, LOGIN if self.step.at_host else COMMIT)
        if self.step.at_host:
            return
        try:
            first()
            proof()
        except EndError:
            self.undo()
            raise

    def plain(self) -> dict[str, object]:
        return {"change": self}

    def undo(self, first=lambda: None) -> None:
        if self.before and self.before != self._now():
            now, seconds = self._now(), LOGIN if self.step.at_host else COMMIT
            self.estate.changed(lambda: self._put_back(self.before), seconds)
            try:
                first()
            except EndError:
                self.estate.changed(lambda: self._put_back(now), seconds)
                raise

    def _now(self) -> tuple:
        estate = self.estate
        return dict(estate.forms), set(estate.disabled), estate.sending[self.end.host]

    def _put(self) -> None:
        link, after = self.link, self.step.after
        if self.step.at_host:
            self.estate.sending[self.end.host] = link.nics_of(after.used), link.host_form(after)
            return
        for group in link.groups:
            for port in link.ports[group]:
                self.estate.forms[port] = link.port_form(after, group)
        self.estate.disabled -= set(link.ports_of(link.groups))
        self.estate.disabled |= set(link.ports_of(after.disabled))

    def _put_back(self, what: tuple) -> None:
        forms, disabled, sending = what
        if self.step.at_host:
            self.estate.sending[self.end.host] = sending
        else:
            self.estate.forms, self.estate.disabled = dict(forms), set(disabled)


@dataclass
class End:
    """One end of the link of a host."""

    estate: Estate
    name: str
    host: str

    @property
    def reverts(self) -> bool:
        return self.name != self.host

    def change(self, link: object, step: Step, _reachable: bool) -> Change:
        return Change(self.estate, self, link, step)

    def prove(self) -> None:
        self.estate.clock.sleep(LOGIN)
        if self.name == self.host and not self.estate.answers(self.host):
            raise EndError(f"{self.host} does not answer")

    def nic_reader(self) -> Reader:
        self.prove()
        return Reader(self.estate, self.host)

    def verify(self) -> list[str]:
        return []


@dataclass
class Reader:
    """An open session that is silent for its patience while its host is away."""

    estate: Estate
    host: str
    patience: float = 5.0

    def up(self) -> frozenset[str]:
        away = not self.estate.answers(self.host)
        self.estate.clock.sleep(self.patience if away else READ)
        if away:
            raise EndError(f"{self.host} does not answer")
        return self.estate.up(self.host)

    def close(self) -> None:
        return


class Watching:
    """Watches a conversion, whose caller is there all the time."""

    def __init__(self, estate: Estate) -> None:
        self.estate = estate

    def alive(self) -> bool:
        return True

    def report(self, text: str) -> None:
        self.estate.told.append(text)


def delivered(cables: dict[str, tuple[str, str]]) -> Estate:
    """Return hosts with plain ports."""
    return Estate(cables, dict.fromkeys(PORTS, PLAIN), {host: (NICS, HostForm(False)) for host in HOSTS})


def bundled(cables: dict[str, tuple[str, str]]) -> Estate:
    """Return hosts with static bundles of the ports that they are really at."""
    forms = {port: static(BUNDLES[host]) for port, (host, _nic) in cables.items()}
    return Estate(cables, forms, {host: (NICS, HostForm(True)) for host in HOSTS})


def convert(estate: Estate, host: str, to_static: bool, waived: str = "", kept: list | None = None) -> str:
    """Convert the link of a host as it is declared; return why it failed, nothing where it did not.

    `kept` gets what takes the conversion back.
    """
    ports = tuple(port for port, (owner, _nic) in DECLARED.items() if owner == host)
    goal = static(BUNDLES[host]) if to_static else PLAIN
    declared = Declared(f"{host}-lan", ports, NICS, goal, HostForm(to_static), waived)
    switch = SwitchSeen(
        {port: estate.forms[port] for port in ports},
        frozenset(port for port in ports if estate.forms[port] == goal),
        frozenset(estate.disabled & set(ports)),
    )
    uplinks, form = estate.sending[host]
    seen = HostSeen(uplinks, form, form == HostForm(to_static), True, frozenset(NICS) - estate.up(host))
    try:
        link, start = situation(declared, switch, seen)
        ends = End(estate, "ex1", host), End(estate, host, host)
        keep = nobody if kept is None else partial(kept.__setitem__, slice(None))
        work = Conversion(link, *ends, Watching(estate), keep, clock=estate.clock)
        work.run(route(link, start))
    except (NoRouteError, FailedError) as error:
        return str(error)
    return ""


def take_back(estate: Estate, host: str, kept: list, waived: str = "") -> str:
    """Walk a conversion back; return why it failed, nothing where it did not."""
    steps = [Earlier(step["text"], step["reachable"], step["undo"]["change"].undo, step["disables"]) for step in kept]
    cables = Cables(f"{host}-lan", End(estate, host, host), waived=waived, clock=estate.clock)
    try:
        walk_back(steps, cables, End(estate, "ex1", host), Watching(estate), kept.pop)
    except EndError as error:
        return str(error)
    return ""


def right(cables: dict[str, tuple[str, str]], host: str) -> bool:
    """Tell whether the cables of a host are where they are declared."""
    return all(cables[port] == end for port, end in DECLARED.items() if end[0] == host)


def changed_forms(before: tuple, after: tuple) -> dict[str, PortForm]:
    """Return the ports whose form is another now."""
    return {port: form for port, form in after[0].items() if before[0][port] != form}
