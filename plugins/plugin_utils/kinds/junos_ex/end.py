# SPDX-License-Identifier: GPL-3.0-or-later
"""A Juniper EX as an end of a link: each step is one confirmed commit, held until the host has been proven too."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

from ...connection.model import NETCONF
from ...contract.changes import Change
from ...contract.end import EndData, EndError, Proof, SwitchEnd, SwitchSeen, Traits, as_end_error, nothing
from ...contract.finding import Finding, RefusalError
from ...contract.link_state import Link, PortForm, Step
from ...contract.neutral import ChangeKind
from . import end_notes as notes
from .config import layout
from .config.port_view import Wire, wires
from .declared.options import request_of
from .device import errors
from .device.commits import RESTORED, Token
from .device.connect import warm
from .device.session import Session
from .device.target import target_of
from .end_plan import SwitchConfiguration, declared_configuration
from .run import verify
from .run.facts import refuse_findings, refuse_pending, survey
from .run.pending import settle
from .run.plan import Plan
from .run.request import MARGIN, Request
from .run.restore import verified
from .run.reverse import Statements, statements_from, statements_of, undo_of
from .run.transaction import apply

TRAITS = Traits("switch", "switch", "interface", ("static", "none"))
_CAUSES = errors.SwitchError, RefusalError
_SECONDS = "link_down_seconds"
_ROLE = (
    *("style", "model", "release", "stp", "limits", "management_ports", "management_vlan"),
    *("synchronize", "rescue"),
)
"""Variables of the role junos_lag that a switch may have, without their prefix."""
_DEFAULTS: dict[str, Any] = {
    **{"plan_for": "merged", "style": "auto", "model": None, "release": None, "stp": "auto"},
    **{"limits": None, "consent": [], "management_ports": [], "management_vlan": None, "confirm_minutes": 5},
    **{"hold": False, "run_id": "", "ticket": "", "synchronize": "auto", "rescue": "missing", "verify": {}},
}

warm()  # ends are imported before the workers fork


def protocol(_options: Mapping[str, Any]) -> str:
    """Return what a switch is reached by."""
    return NETCONF


def end_of(data: EndData) -> SwitchEnd:
    """Return the switch's end of a link.

    Raises:
        RefusalError: something of it is wrong.

    """
    _refuse_seconds(data)
    own = SwitchConfiguration(str(data.link["link"]), tuple(data.link["peer_ports"]))
    if data.declared:
        own = declared_configuration(data.link, data.variable)
    target = target_of(data.connection, data.options["timeouts"] or {})
    count = int(data.variable("junos_lag_device_count") or 0) if data.declared else 0
    return JunosEnd(str(data.link["peer"]), lambda: Session(target), own, _request(own, data), device_count=count)


def _refuse_seconds(data: EndData) -> None:
    """Refuse a time for a NIC to lose its link in which it cannot, or at whose end the switch's own timer is over."""
    seconds, minutes = data.link_down, data.options["confirm_minutes"]
    if seconds < 1:
        what = f"{seconds:g} is out of range"
        why = "A NIC that is looked at once only has had no time to lose its link."
        raise RefusalError([Finding(f"verify.{_SECONDS}", "OUT_OF_RANGE", what, why, "Give seconds.")])
    if seconds + (data.options["verify"] or {}).get("timeout", 0) > 60 * minutes - MARGIN:
        what = f"{seconds:g} s and verify.timeout do not fit into confirm_minutes {minutes}"
        why = "The switch takes a commit back by itself when that time is over."
        mend = "Raise confirm_minutes or lower it."
        raise RefusalError([Finding(f"verify.{_SECONDS}", "TIMER_TOO_SHORT", what, why, mend)])


def _request(own: SwitchConfiguration, data: EndData) -> Request:
    role = {key: value for key in _ROLE if (value := data.variable(f"junos_lag_{key}")) not in (None, "")}
    task = {key: data.options[key] for key in _DEFAULTS if key in data.options}
    given = {**_DEFAULTS, **role, **task, "state": own.state, "vlans": dict(own.vlans)}
    given["bundles"] = {own.bundle: own.declared_bundle} if own.bundle else None
    given["ports"] = None if own.bundle else dict(own.declared_ports)
    given["verify"] = {name: value for name, value in (given["verify"] or {}).items() if name != _SECONDS}
    return request_of(given, data.check_mode)


def _committed(first: Proof) -> Callable[[], None]:
    """Return what the transaction calls once the commit is made; whatever is raised takes the commit back."""

    def call() -> None:
        try:
            first()
        except EndError as error:
            raise errors.SwitchError(str(error)) from None
        except Exception as error:  # a port is disabled now: whatever it is, it is not left so
            raise errors.SwitchError(f"{type(error).__name__}: {error}") from error

    return call


@dataclass
class JunosEnd:
    """The switch's end of one link; `base` has what is common to all its requests."""

    name: str
    opener: Callable[[], Session]
    configuration: SwitchConfiguration
    base: Request
    goal: PortForm = field(default_factory=PortForm)
    planned: Plan | None = None
    device_count: int = 0
    """How many aggregated interfaces a step makes room for, if not more are needed; alone it is no reason for one."""
    foretold_count: int = 0
    """How many of them earlier links of the same task will have brought."""
    reverts = True  # a commit that is not confirmed in time

    @property
    def names(self) -> tuple[str, ...]:
        """Return the ports of the link."""
        return self.configuration.ports

    @property
    def whole(self) -> Request:
        """Return the request for the declared end."""
        return replace(self.base, declared=self.configuration.declared(self.configuration.ports, None))

    def look(self) -> SwitchSeen:
        """Return what the switch has, after taking back what a dead run left pending.

        Raises:
            EndError: it cannot be read, a commit is pending, or what is declared would be refused.

        """
        with as_end_error(self.name, *_CAUSES), closing(self.opener()) as session:
            return self._seen(session)

    def _seen(self, session: Session) -> SwitchSeen:
        seen = survey(session, replace(self.whole, maker=self._counted().maker(self.configuration.ports, ())))
        if seen.pending is not None and notes.is_of(seen.pending, self.configuration.link) and not self.base.check_mode:
            # Nobody else converts this link (the caller holds its lock), so the run that made the commit is dead.
            settle(self.opener, Token(seen.pending.seconds, seen.pending.comment), False, False)
            return self._seen(session)
        refuse_pending(seen)
        refuse_findings(seen, self.base)
        self.planned = seen.plan
        ports, current = self.configuration.ports, seen.plan.before
        now = wires(current, ports, seen.style)
        self.goal = _form(next(iter(wires(seen.plan.after, ports[:1], seen.style).values())))
        off = {port for port, wire in now.items() if wire.disabled}
        own = {port for port in off if notes.disabled_by(seen.history, self.configuration.link, port)}
        up = verify.links(session.read("get_interface_information", terse=True)).up
        return SwitchSeen(
            forms={port: _form(wire) for port, wire in now.items()},
            final=frozenset(self._final(seen.plan, now, off)),
            disabled=frozenset(own),
            disabled_by_hand=frozenset(off - own),
            dead=frozenset(port for port in ports if port not in off and up.get(port, ("", ""))[1] != "up"),
        )

    def _final(self, whole: Plan, now: dict[str, Wire], off: set[str]) -> set[str]:
        """Return the ports at which nothing is missing but that they may be disabled."""

        def done(ports: set[str]) -> bool:
            return not self.configuration.maker(ports, off)(whole.views, whole.style).changed

        if not self.configuration.bundle:
            return {port for port in self.configuration.ports if done({port})}
        held = {port for port, wire in now.items() if wire.bundle == self.configuration.bundle}
        return held if held and done(held) else set()

    def change(self, link: Link, step: Step, reachable: bool) -> SwitchChange:
        """Read what there is and prepare a step."""
        disabled, before = set(link.ports_of(step.after.disabled)), set(link.ports_of(step.before.disabled))
        request = replace(
            self.whole,
            maker=self._counted().maker(link.ports_of(step.after.ports_new), disabled),
            note=notes.note(self.configuration.link, disabled - before, before - disabled),
        )
        with as_end_error(self.name, *_CAUSES), closing(self.opener()) as session:
            plan = survey(session, request).plan
        back = notes.note(self.configuration.link, before - disabled, disabled - before)
        return SwitchChange(self, request, plan, back)

    def _counted(self) -> SwitchConfiguration:
        return replace(self.configuration, device_count=max(self.foretold_count, self.device_count) or None)

    def made_before(self, undo: Mapping[str, Any]) -> SwitchUndo:
        """Return the change of an earlier run, from what it kept."""
        return SwitchUndo(self, self.base, statements_from(dict(undo)), f"{undo['note']} {RESTORED}")

    def undone(self, undos: Iterable[Mapping[str, Any]]) -> list[Change]:
        """Return what would change of the switch if changes of an earlier run were taken back. Reads only."""
        requests = [replace(self.base, maker=undo_of(statements_from(dict(undo)))) for undo in undos]
        if not requests:
            return []
        with as_end_error(self.name, *_CAUSES), closing(self.opener()) as session:
            found = [survey(session, request).plan.changes for request in requests]
        return list(dict.fromkeys(chain.from_iterable(found)))

    @property
    def changes(self) -> tuple[Change, ...]:
        """Return what changes of the switch, by the last look."""
        return () if self.planned is None else self.planned.changes

    @property
    def leaving(self) -> tuple[str, ...]:
        """Return the enabled ports that lose their bundle without being ports of the link: no NIC would see that."""
        if self.planned is None:
            return ()
        gone = [str(each.before) for each in self.changes if each.kind is ChangeKind.MEMBER_REMOVED]
        config = self.planned.before
        off = [port for port in gone if config.has(*layout.interface(port), "disable")]
        return tuple(port for port in gone if port not in off and port not in self.configuration.ports)

    def prove(self) -> None:
        """Log in anew."""
        with as_end_error(self.name, *_CAUSES):
            self.opener().close()

    def verify(self) -> list[str]:
        """Return what was verified: configuration, links, LACP. Reads only, so that nothing confirms a held commit."""
        with as_end_error(self.name, *_CAUSES):
            return [f"{self.name}: {text}" for text in verified(self.opener, self.whole)]


@dataclass
class SwitchChange:
    """One commit, and the statements that it changes."""

    end: JunosEnd
    request: Request
    plan: Plan
    back: str

    @property
    def commands(self) -> list[str]:
        """Return the commands in set form."""
        return [f"{self.end.name}: {line}" for line in self.plan.commands]

    def make(self, first: Proof, proof: Proof) -> None:
        """Commit and hold it, prove, confirm; whatever is raised in between abandons it."""
        with as_end_error(self.end.name, *_CAUSES):
            outcome = apply(self.end.opener, replace(self.request, hold=True, committed=_committed(first)))
        self.plan = outcome.plan
        if outcome.token is None:
            proof()
            return
        try:
            proof()
        except BaseException as error:
            self._settle(outcome.token, False, str(error))
            raise
        try:
            self._settle(outcome.token, True, "")
        except EndError:
            with suppress(EndError):  # it may be confirmed, or gone by its timer: then the statements are taken back
                self._settle(outcome.token, False, "")
            raise

    def _settle(self, token: Token, confirm: bool, said: str) -> None:
        try:
            settle(self.end.opener, token, confirm, False)
        except errors.SwitchError as error:
            raise EndError(f"{said}\n{self.end.name}: {error}".strip()) from None

    def plain(self) -> dict[str, Any]:
        """Return the statements that were changed, and the note of the commit that takes them back."""
        return {**statements_of(self.plan).plain(), "note": self.back}

    def undo(self, first: Proof = nothing) -> None:
        """Put back the statements that were changed, if they are not back already."""
        SwitchUndo(self.end, self.request, statements_of(self.plan), self.back).undo(first)


@dataclass
class SwitchUndo:
    """Statements that go, and others that come back."""

    end: JunosEnd
    request: Request
    statements: Statements
    note: str

    def undo(self, first: Proof = nothing) -> None:
        """Commit it, if there is anything to do."""
        request = replace(
            self.request,
            maker=undo_of(self.statements),
            note=self.note,
            consent=frozenset({"foreign", "management"}),
            hold=False,
            committed=_committed(first),
        )
        with as_end_error(self.end.name, *_CAUSES):
            apply(self.end.opener, request)


def _form(wire: Wire) -> PortForm:
    return PortForm(wire.bundle, not wire.lacp, wire.untagged, wire.tagged)
