# SPDX-License-Identifier: GPL-3.0-or-later
"""Change hosts: read, plan, refuse or carry out, read back; put back what fails half-way, find out what is unknown."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.finding import Finding, RefusalError

from ..declared.model import HostState, agree
from ..device import errors, esxcli
from . import management, outcomes, plan, points
from .plan import Plan
from .request import Outcome, Request, Way

Opener = Callable[[], Way]
Keeper = Callable[[dict[str, Any]], None]
_PAUSE_FIRST, _PAUSE_LONGEST = 0.5, 5.0
"""Seconds between two attempts to reach a host that is away."""


def planned(way: Way, request: Request) -> dict[str, Plan]:
    """Read the hosts and return the plan for each that could be read; the way has the others in `away`.

    Raises:
        errors.SomeHostsError: none of them could be read.

    """
    states = way.read(request.names)
    if way.away and not states:
        raise outcomes.none_read(way.away)
    return {name: _plan(way, request, name, state) for name, state in states.items()}


def _plan(way: Way, request: Request, name: str, state: HostState) -> Plan:
    if request.points is not None:
        made = points.plan_of(state, request.points[name])
    else:
        made = plan.make(state, request.halves[name], request.state, at=request.at(name))
    if not way.moves:
        made.findings += esxcli.impossible(made.steps, request.at(name))
    if made.changed and management.is_guessed(state, request.addresses, request.management_interface):
        made.notes.append(f"{management.DEFAULT} is taken for the management interface: the host does not tell which.")
    return made


def findings_of(request: Request, plans: dict[str, Plan]) -> list[Finding]:
    """Return all that a change would be refused for."""
    found = [finding for made in plans.values() for finding in made.findings]
    for name, made in plans.items():
        vmks = management.interfaces(made.before, request.addresses, request.management_interface)
        if request.management_interface and not vmks:
            why = f"The host has {', '.join(made.before.vmks) or 'none'}."
            what = f"there is no {request.management_interface}"
            where = f"{request.at(name)}management_interface"
            found.append(Finding(where, "NO_SUCH_INTERFACE", what, why, "Mend the name."))
        if "management" not in request.consent:
            found += [finding for vmk in vmks for finding in management.refuse(made, vmk, request.at(name))]
    return sorted(set(found))


def apply(opener: Opener, request: Request, keeper: Keeper | None = None) -> Outcome:
    """Bring the hosts to what is asked for; `keeper` is given the restore points before anything is changed.

    Raises:
        RefusalError: something is wrong with it; nothing was changed.
        errors.HostError: nothing was changed. What fails later is in the outcome.

    """
    way = opener()
    run = _Run(opener, request, way)
    try:
        plans = planned(way, request)
        findings = findings_of(request, plans)
        if findings:
            raise RefusalError(findings, "Nothing was changed.")
        outcome = run.outcome = Outcome(plans, dict(way.away))
        outcome.commands = [line for made in outcome.pending.values() for line in way.lines(made.steps)]
        outcome.warnings = [f"{request.at(name)}{note}" for name, made in plans.items() for note in made.notes]
        if request.check_mode or not outcome.pending:
            run.tell()
            return outcome
        if keeper is not None:
            keeper({name: points.point(made) for name, made in outcome.pending.items()})
        run.change()
        return outcome
    except errors.LostError:
        run.way.drop()
        raise
    finally:
        run.way.close()


class _Run:
    """A change under way; its session is replaced by a new one when it breaks, and `broken` when that fails."""

    def __init__(self, opener: Opener, request: Request, way: Way) -> None:
        self.opener, self.request, self.way = opener, request, way
        self.outcome = Outcome()
        self.seen: dict[str, HostState] = {}
        self.broken = False

    def change(self) -> None:
        """Change one host after the other, and read them all back.

        A host that fails and has its old state keeps no other from its change. What may cut more than one off ends it:
        a host that is lost after its change, a change that vCenter had to take back, a vCenter that does not answer.
        """
        for name, made in self.outcome.pending.items():
            try:
                self._one(name, made)
            except errors.HostError as error:
                self._failed(name, made, error)
                if self.broken or isinstance(error, (errors.UnknownError, errors.TakenBackError)):
                    break
            else:
                self.outcome.done.append(name)
        if self.outcome.done:
            self._read_back()
        self.tell()

    def tell(self) -> None:
        """Make one error of all failures."""
        self.outcome.error = outcomes.told(self.request, self.outcome)

    def _failed(self, name: str, made: Plan, error: errors.HostError) -> None:
        self.outcome.failed[name] = error
        if isinstance(error, errors.UnknownError):
            self.outcome.recovery += outcomes.recovery(name, made)

    def _one(self, name: str, made: Plan) -> None:
        vmks = management.interfaces(made.before, self.request.addresses, self.request.management_interface)
        managed = {management.switch_of(made.before, vmk) for vmk in vmks}
        together = any(managed & step.switches for step in made.steps)
        try:
            self.way.carry_out(name, made.steps, together)
        except errors.AwayError:
            raise
        except errors.LostError as error:
            self._find_out(name, made, error)
        except errors.HostError as error:
            self._put_back(name, made, error)
        else:
            if together and not self.request.center:
                # The old connection proves nothing: it may still live on a link that new ones do not use.
                self._lose()
                self.seen[name] = self._return(name, "The change was sent.")

    def _return(self, name: str, what: str) -> HostState:
        """Return the state of a host that may be away for a while.

        Raises:
            errors.UnknownError: it stays away, or cannot be read.

        """
        deadline, pause = time.monotonic() + self.request.back, _PAUSE_FIRST
        while True:
            try:
                return self._state(name)
            except (errors.ConnectError, errors.LostError) as error:
                if time.monotonic() + pause > deadline:
                    raise _unknown(what, error, self.request.back) from None
            except errors.HostError as error:
                raise errors.UnknownError(
                    f"{what} It is not known what the host has: {error.text()}", _BY_HAND
                ) from None
            time.sleep(pause)
            pause = min(pause * 2, _PAUSE_LONGEST)

    def _lose(self) -> None:
        """Give a session up that proves nothing; the next read opens another one."""
        self.way.drop()
        self.broken = True

    def _state(self, name: str) -> HostState:
        states, away = self._read([name])
        if away:
            raise away[name]
        return states[name]

    def _read(self, names: list[str]) -> tuple[dict[str, HostState], dict[str, errors.HostError]]:
        """Return the states of hosts, and why others have none; by a new session where the old one is broken.

        Raises:
            errors.HostError: nothing can be read.

        """
        if self.broken:
            self.way = self.opener()
            self.broken = False
        try:
            states = self.way.read(names if self.request.center else None)
        except errors.LostError:
            self._lose()
            raise
        except RefusalError as gone:
            raise errors.RefusedError(gone.text()) from None
        return states, {name: self.way.away[name] for name in names if name not in states}

    def _find_out(self, name: str, made: Plan, error: errors.LostError) -> None:
        """Find out what a host has after its connection broke; what is neither old nor new becomes old.

        Raises:
            errors.HostError: unless it has the new state.

        """
        self._lose()
        now = self._return(name, error.what)
        if not plan.difference(now, made.after):
            self.outcome.warnings.append(outcomes.named(name, f"{error.what} The host has the new state."))
            self.seen[name] = now
            return
        self._back_to(name, made, now, error)

    def _put_back(self, name: str, made: Plan, error: errors.HostError) -> None:
        now = self._return(name, error.what)
        self._back_to(name, made, now, error)

    def _back_to(self, name: str, made: Plan, now: HostState, error: errors.HostError) -> None:
        """Bring a host back to what it was, and raise the error with what it has now."""
        old = made.before
        steps = plan.difference(now, old)
        if not steps:
            raise error.after("The host has its old state.")
        try:
            self.way.carry_out(name, steps, together=True)
            left = plan.difference(self._state(name), old)
        except errors.HostError as second:
            raise errors.UnknownError(f"{error.text()}\nPutting it back failed: {second.what}", _BY_HAND) from None
        if left:
            told = "; ".join(str(step) for step in left)
            raise errors.UnknownError(f"{error.text()}\nPutting it back left: {told}", _BY_HAND)
        raise error.after("What had been changed was put back: the host has its old state.")

    def _read_back(self) -> None:
        """Read all changed hosts back at once, and put those back that do not have what they should have."""
        for name, now in self._states().items():
            made, at = self.outcome.plans[name], self.request.at(name)
            wrong = [f"{at}missing: {step}" for step in plan.difference(now, made.after)]
            wrong += [f"{at}{each}" for each in not_in_effect(now, touched(made))]
            if wrong:
                self._undo(name, made, now, wrong)
            else:
                self.outcome.verified.append(f"{at}read back: the host has what was sent")

    def _states(self) -> dict[str, HostState]:
        """Return the states of the changed hosts; that they cannot be read does not undo that they have changed."""
        unseen = [name for name in self.outcome.done if name not in self.seen]
        read, failed = self._read_once_more(unseen) if unseen else ({}, {})
        for name, error in failed.items():
            self.outcome.failed[name] = error.after("What was sent has been answered, but could not be read back.")
        return {name: state for name, state in {**self.seen, **read}.items() if name in self.outcome.done}

    def _read_once_more(self, names: list[str]) -> tuple[dict[str, HostState], dict[str, errors.HostError]]:
        """Read hosts; where the answer is lost, a second time. What cannot be read has its reason by host."""
        try:
            return self._read(names)
        except errors.LostError:
            pass
        except errors.HostError as error:
            return {}, dict.fromkeys(names, error)
        try:
            return self._read(names)
        except errors.HostError as error:
            return {}, dict.fromkeys(names, error)

    def _undo(self, name: str, made: Plan, now: HostState, wrong: list[str]) -> None:
        what = "\n".join(["The host did not take all of it:", *wrong])
        self.outcome.done.remove(name)
        try:
            self._back_to(name, made, now, errors.VerificationError(what))
        except errors.HostError as error:
            self._failed(name, made, error)


_BY_HAND = "Put it back with state restored and restore_point, or by the commands in `recovery` at the console."


def _unknown(what: str, error: errors.HostError, seconds: float) -> errors.UnknownError:
    told = f"{what} The host has not come back within {seconds:g} s, so it is not known what it has: {error.what}"
    mend = f"If its uplinks are waiting for the switch, change the switch and run again. {_BY_HAND}"
    return errors.UnknownError(told, mend)


def touched(made: Plan) -> set[str]:
    """Return the virtual switches that a plan concerns."""
    return {name for step in made.steps for name in step.switches}


def not_in_effect(host: HostState, switches: set[str]) -> list[str]:
    """Return where the policy that a host computed for a port group is not what its settings add up to.

    What neither the port group nor its virtual switch sets says nothing about what the host computes.
    """
    wrong = []
    for group in host.groups.values():
        if group.vswitch not in switches or group.name not in host.computed:
            continue
        expected, found = host.effective(group), host.computed[group.name]
        if not (agree(expected[0], found[0]) and agree(expected[1], found[1])):
            wrong.append(f"port_groups.{group.name}: the host computes {found}, not {expected}")
    return wrong
