# SPDX-License-Identifier: GPL-3.0-or-later
"""Change hosts: read, plan, refuse or carry out, read back; put back what fails half-way, find out what is unknown."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ..declared.findings import Finding, RefusalError
from . import errors, esxcli, management, plan, points
from .desire import written_out
from .model import HostState
from .plan import Plan
from .request import Outcome, Request, Way

Opener = Callable[[], Way]
Keeper = Callable[[dict[str, Any]], None]
_PAUSE_FIRST, _PAUSE_LONGEST = 0.5, 5.0
"""Seconds between two attempts to reach a host that is away."""


def planned(way: Way, request: Request) -> dict[str, Plan]:
    """Read the hosts and return the plan for each."""
    states = way.read(request.names)
    return {name: _plan(way, request, name, states[name]) for name in request.wanted}


def _plan(way: Way, request: Request, name: str, state: HostState) -> Plan:
    if request.points is not None:
        made = points.plan_of(state, request.points[name])
        made = points.explicit(made) if way.explicit else made
        made.findings += points.stranger(state, request.points[name], request.at(name))
    else:
        made = plan.make(state, request.halves[name], request.state, explicit=way.explicit, at=request.at(name))
    if way.explicit:
        made.findings += esxcli.impossible(made.steps, request.at(name))
    return made


def findings_of(request: Request, plans: dict[str, Plan]) -> list[Finding]:
    """Return all that a change would be refused for."""
    found = [finding for made in plans.values() for finding in made.findings]
    for name, made in plans.items():
        vmk = management.interface(made.before, request.addresses, request.management_interface)
        if request.management_interface and vmk is None:
            why = f"The host has {', '.join(made.before.vmks) or 'none'}."
            what = f"there is no {request.management_interface}"
            where = f"{request.at(name)}management_interface"
            found.append(Finding(where, "NO_SUCH_INTERFACE", what, why, "Mend the name."))
        if "management" not in request.consent:
            found += management.refuse(made, vmk, request.at(name))
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
        outcome = run.outcome = Outcome(plans)
        outcome.commands = [line for made in outcome.pending.values() for line in way.lines(made.steps)]
        outcome.warnings = [f"{request.at(name)}{note}" for name, made in plans.items() for note in made.notes]
        if request.check_mode or not outcome.pending:
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
    """A change under way; its session is replaced by a new one when it breaks."""

    def __init__(self, opener: Opener, request: Request, way: Way) -> None:
        self.opener, self.request, self.way = opener, request, way
        self.outcome = Outcome()
        self.seen: dict[str, HostState] = {}

    def change(self) -> None:
        """Change one host after the other, and read them all back; the first failure ends it."""
        for name, made in self.outcome.pending.items():
            try:
                self._one(name, made)
            except errors.HostError as error:
                self._failed(name, made, error)
                break
            self.outcome.done.append(name)
        if self.outcome.done:
            self._read_back()

    def _failed(self, name: str, made: Plan, error: errors.HostError) -> None:
        left = [other for other in self.outcome.pending if other not in (*self.outcome.done, name)]
        if left:
            error = error.after(f"Not begun: {', '.join(left)}.")
        self.outcome.error = self.outcome.error or error
        if isinstance(error, errors.UnknownError):
            self.outcome.recovery = esxcli.recovery(made)

    def _one(self, name: str, made: Plan) -> None:
        vmk = management.interface(made.before, self.request.addresses, self.request.management_interface)
        managed = management.switch_of(made.before, vmk)
        together = any(managed in step.switches for step in made.steps)
        try:
            self.way.carry_out(name, made.steps, together)
        except errors.LostError as error:
            self._find_out(name, made, error)
        except errors.HostError as error:
            self._put_back(name, made, error)
        else:
            if together and not self.request.center:
                # The old connection proves nothing: it may still live on a link that new ones do not use.
                self.way.drop()
                self.seen[name] = self._return(name, "The change was sent.")

    def _return(self, name: str, what: str) -> HostState:
        """Open a session with a host that may be away for a while, and return its state.

        Raises:
            errors.UnknownError: it stays away.

        """
        deadline, pause = time.monotonic() + self.request.back, _PAUSE_FIRST
        while True:
            try:
                self.way = self.opener()
                return self._state(name)
            except (errors.ConnectError, errors.LostError) as error:
                self.way.drop()
                if time.monotonic() + pause > deadline:
                    raise _unknown(what, error, self.request.back) from None
            time.sleep(pause)
            pause = min(pause * 2, _PAUSE_LONGEST)

    def _state(self, name: str) -> HostState:
        return self.way.read([name] if self.request.center else None)[name]

    def _find_out(self, name: str, made: Plan, error: errors.LostError) -> None:
        """Find out what a host has after its connection broke; what is neither old nor new becomes old.

        Raises:
            errors.HostError: unless it has the new state.

        """
        self.way.drop()
        now = self._return(name, error.what)
        if not plan.difference(now, made.after):
            self.outcome.warnings.append(f"{error.what} The host has the new state.")
            self.seen[name] = now
            return
        self._back_to(name, made, now, error)

    def _put_back(self, name: str, made: Plan, error: errors.HostError) -> None:
        try:
            now = self._state(name)
        except errors.LostError:
            self.way.drop()
            now = self._return(name, error.what)
        self._back_to(name, made, now, error)

    def _back_to(self, name: str, made: Plan, now: HostState, error: errors.HostError) -> None:
        """Bring a host back to what it was, and raise the error with what it has now."""
        old = made.before
        if self.way.explicit:
            old = replace(old, groups=written_out(now, old))
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
        try:
            read = self.way.read(unseen if self.request.center else None) if unseen else {}
        except errors.HostError as error:
            error = error.after("What was sent has been answered, but could not be read back.")
            self.outcome.error = self.outcome.error or error
            read = {}
        return {name: state for name, state in {**self.seen, **read}.items() if name in self.outcome.done}

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
    """Return where the policy that a host computed for a port group is not what its settings add up to."""
    wrong = []
    for group in host.groups.values():
        if group.vswitch not in switches or group.name not in host.computed:
            continue
        expected, found = host.effective(group), host.computed[group.name]
        if expected != found:
            wrong.append(f"port_groups.{group.name}: the host computes {found}, not {expected}")
    return wrong
