# SPDX-License-Identifier: GPL-3.0-or-later
"""Standard virtual switches and port groups of an ESXi host or of a vCenter's hosts, one session for each task."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

# The top of an action plugin is imported before the workers fork: pyVmomi is loaded once, not once for each host.
with suppress(ImportError):
    for _name in ("pyVmomi", "pyVmomi.SoapAdapter", "pyVmomi.VmomiSupport"):
        importlib.import_module(_name)

from ansible_collections.netstack.datacenter.plugins.plugin_utils.connection.model import API, SSH
from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.changes import grouped
from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.driver import Driver, Result
from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.seen import results

from .config import shape
from .declared import options, vmkernel
from .device.api import Api
from .device.errors import ConnectError
from .device.shell import Shell
from .device.target import target_of
from .run import offline, outcomes, points
from .run.plan import Plan
from .run.request import ITSELF, Outcome, Request, Way
from .run.transaction import apply
from .run.verify import Gathered, gather, verified

Opener = Callable[[], Way]


class EsxiDriver(Driver):
    """One host over the API or over SSH, or those of one vCenter, each with an outcome of its own."""

    AWAY = (ConnectError,)

    def parse(self) -> Result:
        """Return the declaration that a console's copy is."""
        return offline.parsed(self.options["running_config"])

    def render(self) -> Result:
        """Return the calls, or the commands, that would be sent."""
        ssh = self.options["transport"] == "ssh"
        return _rendered(offline.render(self._asked(), self.options["running_config"], ssh))

    def gather(self) -> Result:
        """Read only; with something declared also what would change."""
        request = self._asked()
        return self._gathered(request) if request.wanted else _not_contacted(request)

    def verify(self) -> Result:
        """Return what was seen of teaming as the host computes it, and of links."""
        request = self._asked()
        if _nothing(request):
            return _not_contacted(request)
        opener, request = self._reached(request)
        with self.task.waiting("verifies what is declared"):
            return results(verified(opener, request))

    def apply(self) -> Result:
        """Change one host after the other; what fails half-way is put back."""
        request = self._asked()
        if _nothing(request):
            return {"changed": False, **_not_contacted(request)}
        return self._changed(request, self._keep)[0]

    def restore(self) -> Result:
        """Put back the restore points of the task, or those of the run on the controller's disk."""
        request = options.restoring(self._asked(), self._points())
        if not request.wanted:
            plan = {"changed": False, **_grouped({}, [])}
            return {"changed": False, **_not_contacted(request, "Nothing was replaced"), "plan": plan}
        result, outcome = self._changed(request)
        plan = {"changed": bool(outcome.pending), **_grouped(outcome.plans, self.options["links"])}
        return {**result, "plan": plan}

    def _asked(self) -> Request:
        return options.request_of(self.options, self.task.check_mode)

    def _reached(self, request: Request) -> tuple[Opener, Request]:
        """Return what opens a session, and the request with the addresses that the host is reached at."""
        way, protocol = (Shell, SSH) if self.options["transport"] == "ssh" else (Api, API)
        target = target_of(self.task.connection(protocol), self.options)
        return partial(way, target), replace(request, addresses=frozenset(target.addresses()))

    def _gathered(self, request: Request) -> Result:
        opener, request = self._reached(request)
        with self.task.waiting("reads the host"):
            return gathered(gather(opener, request), request, self.options["links"], self.task.device)

    def _changed(
        self, request: Request, keeper: Callable[[dict[str, Any]], None] | None = None
    ) -> tuple[Result, Outcome]:
        opener, request = self._reached(request)
        with self.task.waiting("changes the host and waits until it answers as it must"):
            outcome = apply(opener, request, keeper)
        result = {
            "changed": bool(outcome.pending if request.check_mode else outcome.done),
            **_described(outcome.plans),
            "commands": outcome.commands,
            "diff": _diff(outcome.pending),
            "verified": outcome.verified,
            "warnings": [*_left_out(request), *(f"{self.task.device}: {text}" for text in outcome.warnings)],
            "restore_point": _flat({name: points.point(made) for name, made in outcome.pending.items()}),
            **_outcomes(outcomes.by_host(request, outcome)),
        }
        if outcome.error is not None:
            result.update(failed=True, msg=outcome.message, recovery=outcome.recovery)
        return result, outcome

    def _keep(self, made: dict[str, Any]) -> None:
        folder, run_id = self.options["restore_dir"], self.options["run_id"]
        if folder and run_id:
            points.keep(folder, run_id, self.task.device, made)

    def _points(self) -> dict[str, Any]:
        """Return the restore points by host, from the task or from the controller's disk."""
        given = self.options["restore_point"]
        if given is None:
            return points.kept(self.options["restore_dir"], self.options["run_id"], self.task.device)
        by_host: dict[str, Any] = given.get("hosts", {ITSELF: given} if given else {})
        return by_host


def gathered(seen: Gathered, request: Request, links: list[dict[str, Any]], device: str) -> Result:
    """Return what hosts have and, with something declared, what would change."""
    states = {name: made.before for name, made in seen.plans.items()}
    result: Result = {
        "gathered": _flat({name: shape.structured(state) for name, state in states.items()}),
        "computed": _flat({name: shape.computed(state) for name, state in states.items()}),
        "nics": _flat({name: shape.nics(state) for name, state in states.items()}),
        "vmkernel": _flat({name: shape.vmks(state) for name, state in states.items()}),
        "warnings": [*_left_out(request), *_away(seen)],
        **_outcomes(outcomes.of_read(request, seen.plans, seen.away)),
    }
    if not _nothing(request):
        plan = result["plan"] = _plan(seen, request, links)
        result["diff"] = _diff({name: made for name, made in seen.plans.items() if made.changed})
        result["warnings"] += [f"{device}: {text}" for level in ("wrong", "hint") for text in plan["vmkernel"][level]]
    return result


def _plan(seen: Gathered, request: Request, links: list[dict[str, Any]]) -> Result:
    return {
        "changed": any(made.changed for made in seen.plans.values()),
        "findings": seen.findings,
        "notes": [f"{request.at(name)}{note}" for name, made in seen.plans.items() for note in made.notes],
        "commands": seen.commands,
        "vmkernel": vmkernel.told(each for made in seen.plans.values() for each in made.vmkernel),
        **_grouped(seen.plans, links),
        **_described(seen.plans),
    }


def _not_contacted(request: Request, what: str = "Nothing is declared") -> Result:
    told = f"{what}; the host was not contacted."
    outcome = _outcomes(outcomes.of_read(request, {}, {}))
    return {"commands": [], "warnings": [told, *_left_out(request)], **outcome}


def _nothing(request: Request) -> bool:
    return all(half.empty for half in request.halves.values())


def _left_out(request: Request) -> list[str]:
    told = [f"{name} is left as it is (hosts_left_out)." for name in request.left_out]
    return told + [f"hosts_left_out has {name}, which is none of `hosts` here." for name in request.strangers]


def _away(seen: Gathered) -> list[str]:
    """Return who could not be read, and how to go on without."""
    told = [f"{name}: {error.text()}" for name, error in seen.away.items()]
    return [*told, outcomes.way_on(seen.away)] if told else []


def _outcomes(by_host: dict[str, dict[str, str]]) -> Result:
    return {"outcomes": by_host} if by_host else {}


def _flat(by_host: Mapping[str, Any]) -> dict[str, Any]:
    """Return one host's data as it is, and those of a vCenter's hosts below `hosts`."""
    if ITSELF in by_host:
        return dict(by_host[ITSELF])
    return {"hosts": dict(by_host)} if by_host else {}


def _both(pairs: Iterable[tuple[str, tuple[Any, Any]]]) -> Result:
    found = dict(pairs)
    return {
        side: _flat({name: pair[at] for name, pair in found.items()}) for at, side in enumerate(("before", "after"))
    }


def _described(plans: Mapping[str, Plan]) -> Result:
    return _both((name, made.structures()) for name, made in plans.items())


def _diff(plans: Mapping[str, Plan]) -> Result:
    """Return what changes, and nothing else: a vCenter has hundreds of hosts."""
    return _both((name, made.differing()) for name, made in plans.items())


def _rendered(found: dict[str, tuple[Plan, list[str]]]) -> Result:
    plans = {name: made for name, (made, _lines) in found.items()}
    rendered = [line for _made, lines in found.values() for line in lines]
    return {"rendered": "\n".join(rendered), "commands": rendered, **_described(plans)}


def _grouped(plans: Mapping[str, Plan], links: list[dict[str, Any]]) -> Result:
    """Return the changes by link; those of a vCenter's host by its own links."""
    found: Result = {"by_link": {}, "device": [], "unlinked": []}
    for name, made in plans.items():
        own = grouped(made.changes, [link for link in links if name in (ITSELF, link.get("host"))]).plain()
        found["by_link"].update(own["by_link"])
        found["device"] += own["device"]
        found["unlinked"] += own["unlinked"]
    return found
