# SPDX-License-Identifier: GPL-3.0-or-later
"""An ESXi host as an end of a link: each step is one change of its vSwitch, after which it must answer a new login."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any

from ...connection.model import API, SSH
from ...contract.end import EndData, EndError, HostEnd, HostSeen, Proof, Traits, as_end_error, nothing
from ...contract.finding import Finding, RefusalError
from ...contract.link_state import HostForm, Link, Step
from .declared.model import IP_HASH, Bundle, Half, HostState, Teaming, Vswitch
from .declared.options import request_of
from .device import errors
from .device.api import Api
from .device.shell import Shell
from .device.target import target_of
from .run import management, plan
from .run.request import ITSELF, Request, Way
from .run.transaction import apply
from .run.verify import gather, verified

MERGED = "merged"
TRAITS = Traits("host", "standard vSwitch", "vSwitch", ("static", "none"))
_CAUSES = errors.HostError, RefusalError
_DEFAULTS: dict[str, Any] = {
    **{"state": MERGED, "plan_for": MERGED, "vswitches": None, "port_groups": None, "hosts": None},
    **{"transport": "api", "consent": ["management"], "management_interface": None, "run_id": "", "timeouts": {}},
    **{"verify": {}, "restore_point": None, "restore_dir": None},
}


def protocol(options: Mapping[str, Any]) -> str:
    """Return what a host is reached by."""
    return SSH if options["transport"] == "ssh" else API


def end_of(data: EndData) -> HostEnd:
    """Return the host's end of a link; of a link that is taken back nothing needs to be declared.

    Raises:
        RefusalError: something of it is wrong.

    """
    options, vswitch, nics = data.options, str(data.link["lag"]), tuple(data.link["ports"])
    target, reach = target_of(data.connection, options), Shell if options["transport"] == "ssh" else Api
    task = {key: options[key] for key in _DEFAULTS if key in options}
    request = request_of({**_DEFAULTS, **task, "state": MERGED}, data.check_mode)
    declared = _declared(data.link, request.halves[ITSELF]) if data.declared else Half()
    own = HostConfiguration(vswitch, nics, declared, options["teaming_state"])
    base = replace(request, halves={}, consent=frozenset({"management"}), addresses=frozenset(target.addresses()))
    # A host that falls silent while its port is disabled must not hold us longer than a NIC may.
    patience = max(1, min(target.call_timeout, int(data.link_down) // 3))
    hurried = replace(target, call_timeout=patience)
    return EsxiEnd(data.connection.name, lambda: reach(target), lambda: reach(hurried), own, base, patience=patience)


def _declared(link: Mapping[str, Any], whole: Half) -> Half:
    """Return what is declared for the vSwitch of a link."""
    switches = tuple(each for each in whole.vswitches if each.name == link["lag"])
    if not switches:
        what, why = f"vswitches has no {link['lag']}", "A conversion changes both ends."
        mend = "Give the vSwitch of each link."
        raise RefusalError([Finding(f"links.{link['link']}", "END_MISSING", what, why, mend)])
    return Half(switches, tuple(each for each in whole.port_groups if each.vswitch == link["lag"]))


@dataclass(frozen=True)
class HostConfiguration:
    """The host's end: one vSwitch with its port groups, and the uplinks that are cables of the link."""

    vswitch: str
    nics: tuple[str, ...]
    declared: Half
    state: str = MERGED

    def over(self, nics: Collection[str]) -> Half:
        """Return the declaration for some of the uplinks alone."""
        switches = tuple(
            replace(
                switch,
                uplinks=_of(switch.uplinks, nics),
                teaming=_teaming(switch.teaming, nics),
                bundle=_bundle(switch.bundle, nics),
            )
            for switch in self.declared.vswitches
        )
        groups = tuple(replace(g, teaming=_teaming(g.teaming, nics)) for g in self.declared.port_groups)
        return Half(switches, groups)

    def moved(self, nics: Collection[str]) -> Half:
        """Return a change of nothing but the uplinks."""
        return Half((Vswitch(self.vswitch, uplinks=_of(self.nics, nics)),))


def _of(listed: tuple[str, ...] | None, nics: Collection[str]) -> tuple[str, ...] | None:
    return None if listed is None else tuple(nic for nic in listed if nic in nics)


def _teaming(teaming: Teaming, nics: Collection[str]) -> Teaming:
    active, standby = _of(teaming.active_uplinks, nics), _of(teaming.standby_uplinks, nics)
    return replace(teaming, active_uplinks=active, standby_uplinks=standby)


def _bundle(bundle: Bundle | None, nics: Collection[str]) -> Bundle | None:
    if bundle is None or bundle.ports is None:
        return bundle
    return replace(bundle, ports=min(bundle.ports, len(nics)))


@dataclass
class EsxiEnd:
    """The host's end of one link; `base` has what is common to all its requests.

    `watcher` opens a session whose calls are given up after `patience` seconds.
    """

    name: str
    opener: Callable[[], Way]
    watcher: Callable[[], Way]
    configuration: HostConfiguration
    base: Request
    goal: HostForm = field(default_factory=lambda: HostForm(False))
    patience: float = 5.0
    reverts = False  # a host keeps what it is told, and nobody else puts it back

    @property
    def names(self) -> tuple[str, ...]:
        """Return the uplinks that are cables of the link."""
        return self.configuration.nics

    def look(self) -> HostSeen:
        """Return what the host has.

        Raises:
            EndError: it cannot be read, or what is declared would be refused.

        """
        with as_end_error(self.name, *_CAUSES), closing(self.opener()) as session:
            state = session.read(None)[ITSELF]
        whole = plan.make(state, self.configuration.declared, self.configuration.state)
        if whole.findings:
            raise EndError(f"{self.name}: {RefusalError(whole.findings, 'Nothing was changed.')}")
        group = self._management_group(state)
        self.goal = _form(whole.after, self.configuration.vswitch, group)
        return HostSeen(
            _used(state, self.configuration.vswitch, group),
            _form(state, self.configuration.vswitch, group),
            self._final(state),
            group is not None,
            frozenset(name for name, nic in state.nics.items() if not nic.speed),
        )

    def _management_group(self, state: HostState) -> str | None:
        """Return the port group on the vSwitch that carries the host's management; none where another vSwitch does."""
        for vmk in management.interfaces(state, self.base.addresses, self.base.management_interface):
            if management.switch_of(state, vmk) == self.configuration.vswitch:
                return vmk.port_group
        return None

    def _final(self, state: HostState) -> bool:
        switch = state.switches.get(self.configuration.vswitch)
        held = [nic for nic in self.configuration.nics if switch is not None and nic in switch.uplinks]
        return bool(held) and not plan.make(state, self.configuration.over(held), self.configuration.state).changed

    def change(self, link: Link, step: Step, reachable: bool) -> HostChange:
        """Read what there is and prepare a step."""
        nics = link.nics_of(step.after.used)
        new = step.after.host_new
        declared = self.configuration.over(nics) if new else self.configuration.moved(nics)
        request = replace(self.base, halves={ITSELF: declared}, state=self.configuration.state if new else MERGED)
        with as_end_error(self.name, *_CAUSES):
            commands = gather(self.opener, request).commands
        return HostChange(self, request, [f"{self.name}: {line}" for line in commands], not reachable)

    def made_before(self, undo: Mapping[str, Any]) -> HostChange:
        """Return the change of an earlier run, from what it kept."""
        return HostChange(self, self.base, [], point=dict(undo["point"]))

    def prove(self) -> None:
        """Log in anew."""
        with as_end_error(self.name, *_CAUSES):
            self.opener().close()

    def nic_reader(self) -> NicReader:
        """Open a session that tells which NICs have link."""
        with as_end_error(self.name, *_CAUSES):
            return NicReader(self.name, self.watcher(), self.patience)

    def verify(self) -> list[str]:
        """Return what was verified: the declared state, and that the host computes its policies so."""
        request = replace(self.base, halves={ITSELF: self.configuration.declared}, state=self.configuration.state)
        with as_end_error(self.name, *_CAUSES):
            return [f"{self.name}: {text}" for text in verified(self.opener, request)]


@dataclass
class NicReader:
    """An open session with the host; both ways keep it, or open it again, when a call of it was given up."""

    name: str
    session: Way
    patience: float

    def up(self) -> frozenset[str]:
        """Return the NICs with link."""
        with as_end_error(self.name, *_CAUSES):
            return frozenset(nic.name for nic in self.session.nics() if nic.speed)

    def close(self) -> None:
        """End the session."""
        self.session.close()


@dataclass
class HostChange:
    """One change of the host, and the restore point that its transaction made.

    `blind`: the host is expected to be away until the switch follows (host_first, with consent).
    """

    end: EsxiEnd
    request: Request
    commands: list[str]
    blind: bool = False
    point: dict[str, Any] = field(default_factory=dict)

    def make(self, first: Proof, proof: Proof) -> None:
        """Change the host; it cannot hold a change back, so it is proven by whoever made the step."""
        request = replace(self.request, back=0) if self.blind else self.request
        self._apply(request, self.point.update, self.blind)

    def plain(self) -> dict[str, Any]:
        """Return the restore point."""
        return {"point": self.point}

    def undo(self, first: Proof = nothing) -> None:
        """Put the restore point back; without one nothing was changed."""
        if self.point:
            self._apply(replace(self.request, points=self.point), lambda _made: None)

    def _apply(self, request: Request, keeper: Callable[[dict[str, Any]], None], blind: bool = False) -> None:
        with as_end_error(self.end.name, *_CAUSES):
            outcome = apply(self.end.opener, request, keeper)
        if blind and isinstance(outcome.error, errors.UnknownError):
            return
        if outcome.error is not None:
            raise EndError(f"{self.end.name}: {outcome.message}")


def _form(state: HostState, vswitch: str, group: str | None) -> HostForm:
    """Return how the management's port group sends, or without one the vSwitch."""
    if group is not None and group in state.groups:
        return HostForm(state.effective(state.groups[group])[0].load_balancing == IP_HASH, state.groups[group].vlan)
    switch = state.switches.get(vswitch)
    return HostForm(switch is not None and switch.teaming.load_balancing == IP_HASH)


def _used(state: HostState, vswitch: str, group: str | None) -> tuple[str, ...]:
    """Return the uplinks that are sent over: the active ones, without any the first standby one."""
    switch = state.switches.get(vswitch)
    if switch is None:
        return ()
    teaming = state.effective(state.groups[group])[0] if group is not None else switch.teaming
    return tuple(teaming.active_uplinks or ()) or tuple(teaming.standby_uplinks or ())[:1]
