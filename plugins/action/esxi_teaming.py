# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Standard virtual switches and port groups of ESXi, in the controller's process and with one session for each task."""

from __future__ import annotations

import importlib
from contextlib import suppress
from dataclasses import replace
from typing import Any

# The top of an action plugin is imported before the workers fork: pyVmomi is loaded once, not once for each host.
with suppress(ImportError):
    for _name in ("pyVmomi", "pyVmomi.SoapAdapter", "pyVmomi.VmomiSupport"):
        importlib.import_module(_name)

from ansible_collections.netstack.datacenter.plugins.plugin_utils.connection.model import API, SSH
from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.changes import grouped
from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.seen import results
from ansible_collections.netstack.datacenter.plugins.plugin_utils.state.action import KeepingAction
from ansible_collections.netstack.datacenter.plugins.plugin_utils.vsphere import offline, options, points, shape
from ansible_collections.netstack.datacenter.plugins.plugin_utils.vsphere.api import Api
from ansible_collections.netstack.datacenter.plugins.plugin_utils.vsphere.errors import (
    AuthenticationError,
    ConnectError,
    HostError,
    VerificationError,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.vsphere.plan import Plan
from ansible_collections.netstack.datacenter.plugins.plugin_utils.vsphere.request import CONSENT, ITSELF, Request
from ansible_collections.netstack.datacenter.plugins.plugin_utils.vsphere.shell import Shell
from ansible_collections.netstack.datacenter.plugins.plugin_utils.vsphere.standing import gather, verified
from ansible_collections.netstack.datacenter.plugins.plugin_utils.vsphere.target import target_of
from ansible_collections.netstack.datacenter.plugins.plugin_utils.vsphere.transaction import apply

_SPEC: dict[str, Any] = {
    "state": {
        "type": "str",
        "default": "merged",
        "choices": [*options.APPLYING, "gathered", "rendered", "parsed", "verified", "restored"],
    },
    "vswitches": {"type": "raw"},
    "port_groups": {"type": "raw"},
    "hosts": {"type": "raw"},
    "links": {"type": "list", "elements": "dict", "default": []},
    "plan_for": {"type": "str", "choices": list(options.APPLYING), "default": "merged"},
    "transport": {"type": "str", "choices": ["api", "ssh"], "default": "api"},
    "consent": {"type": "list", "elements": "str", "choices": list(CONSENT), "default": []},
    "management_interface": {"type": "str"},
    "ca_file": {"type": "path"},
    "validate_certs": {"type": "bool", "default": True},
    "verify": {"type": "dict", "default": {}, "options": {"links": {"type": "bool", "default": True}}},
    "restore_point": {"type": "dict"},
    "restore_dir": {"type": "path"},
    "run_id": {"type": "str", "default": ""},
    "running_config": {"type": "str"},
    "timeouts": {
        "type": "dict",
        "default": {},
        "options": {
            "connect": {"type": "int", "default": 30},
            "call": {"type": "int", "default": 60},
            "back": {"type": "int", "default": 90},
        },
    },
}
_NEEDS = [("state", "parsed", ["running_config"])]


class ActionModule(KeepingAction):
    """One state of the module for each kind of result."""

    SPEC = _SPEC
    NEEDS = _NEEDS
    ERRORS = (HostError,)
    AWAY = (ConnectError,)
    LOGIN = (AuthenticationError,)

    def more_of(self, error: Exception) -> dict[str, Any]:
        """Return what a verification that failed has seen."""
        more = super().more_of(error)
        return {**more, "seen": [each.plain() for each in error.seen]} if isinstance(error, VerificationError) else more

    def outcome(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Return what the state found or did."""
        state = arguments["state"]
        if state == "parsed":
            return {"changed": False, "parsed": offline.parsed(arguments["running_config"])}
        request = options.request_of(arguments, bool(self._task.check_mode))
        if state == "rendered":
            return _rendered(offline.render(request, arguments["running_config"], arguments["transport"] == "ssh"))
        if state == "restored":
            return self._restored(request, arguments)
        if not request.wanted or (state != "gathered" and _nothing(request)):
            return _untouched("Nothing is declared")
        return self._at_host(request, arguments)

    def _at_host(self, request: Request, arguments: dict[str, Any]) -> dict[str, Any]:
        state = arguments["state"]
        target = target_of(self.connection(SSH if arguments["transport"] == "ssh" else API), arguments)
        request = replace(request, addresses=frozenset(target.addresses()))
        way = Shell if arguments["transport"] == "ssh" else Api
        if state == "verified":
            with self.waiting("verifies what is declared"):
                return {"changed": False, **results(verified(lambda: way(target), request))}
        if state == "gathered":
            with self.waiting("reads the host"):
                return _gathered(lambda: way(target), request, arguments["links"])
        return self._apply(lambda: way(target), request, arguments)

    def _apply(self, opener: Any, request: Request, arguments: dict[str, Any]) -> dict[str, Any]:
        record = None if arguments["state"] == "restored" else self.record(arguments)

        def keeper(made: dict[str, Any]) -> None:
            if record is not None:
                points.keep(record, made)

        with self.waiting("changes the host and waits until it answers as it must"):
            outcome = apply(opener, request, keeper)
        changed = bool(outcome.pending if request.check_mode else outcome.done)
        result = {
            "changed": changed,
            **_described(outcome.plans),
            "commands": outcome.commands,
            "diff": _diff(outcome.pending),
            "verified": outcome.verified,
            "warnings": outcome.warnings,
            "restore_point": _flat({name: points.point(made) for name, made in outcome.pending.items()}),
        }
        if arguments["state"] == "restored":
            result["plan"] = {"changed": bool(outcome.pending), **_grouped(outcome.plans, arguments["links"])}
        if outcome.error is not None:
            result.update(failed=True, msg=outcome.error.text(), recovery=outcome.recovery)
        return result

    def _restored(self, request: Request, arguments: dict[str, Any]) -> dict[str, Any]:
        """Put back the points of the task, or those that the run kept; tell where these were looked for."""
        given = arguments["restore_point"]
        if given is not None:
            found, told = given.get("hosts", {ITSELF: given} if given else {}), {}
        else:
            record = self.record(arguments)
            kept = points.kept(record) if record is not None else None
            found, told = kept or {}, {"kept_at": record.place if record else "", "kept": kept is not None}
        request = replace(request, points=found)
        if not request.wanted:
            none = {"plan": {"changed": False, **_grouped({}, [])}}
            return {**_untouched("Nothing was replaced"), **none, **told}
        return {**self._at_host(request, arguments), **told}


def _untouched(what: str) -> dict[str, Any]:
    return {"changed": False, "commands": [], "warnings": [f"{what}; the host was not contacted."]}


def _nothing(request: Request) -> bool:
    return all(half.empty for half in request.halves.values())


def _flat(by_host: dict[str, Any]) -> dict[str, Any]:
    """Return one host's data as it is, and those of a vCenter's hosts below `hosts`."""
    if ITSELF in by_host:
        return dict(by_host[ITSELF])
    return {"hosts": by_host} if by_host else {}


def _described(plans: dict[str, Plan]) -> dict[str, Any]:
    both = {name: made.structures() for name, made in plans.items()}
    return {
        "before": _flat({name: pair[0] for name, pair in both.items()}),
        "after": _flat({name: pair[1] for name, pair in both.items()}),
    }


def _diff(plans: dict[str, Plan]) -> dict[str, Any]:
    """Return what changes, and nothing else: a vCenter has hundreds of hosts."""
    both = {name: made.differing() for name, made in plans.items()}
    return {
        "before": _flat({name: pair[0] for name, pair in both.items()}),
        "after": _flat({name: pair[1] for name, pair in both.items()}),
    }


def _rendered(found: dict[str, tuple[Plan, list[str]]]) -> dict[str, Any]:
    plans = {name: made for name, (made, _lines) in found.items()}
    rendered = [line for _made, lines in found.values() for line in lines]
    return {"changed": False, "rendered": "\n".join(rendered), "commands": rendered, **_described(plans)}


def _grouped(plans: dict[str, Plan], links: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the changes by link; those of a vCenter's host by its own links."""
    found: dict[str, Any] = {"by_link": {}, "device": [], "unlinked": []}
    for name, made in plans.items():
        own = grouped(made.changes, [link for link in links if name in (ITSELF, link.get("host"))]).plain()
        found["by_link"].update(own["by_link"])
        found["device"] += own["device"]
        found["unlinked"] += own["unlinked"]
    return found


def _gathered(opener: Any, request: Request, links: list[dict[str, Any]]) -> dict[str, Any]:
    """Read only; with something declared also what would change."""
    seen = gather(opener, request)
    states = {name: made.before for name, made in seen.plans.items()}
    result: dict[str, Any] = {
        "changed": False,
        "gathered": _flat({name: shape.structured(state) for name, state in states.items()}),
        "computed": _flat({name: shape.computed(state) for name, state in states.items()}),
        "nics": _flat({name: shape.nics(state) for name, state in states.items()}),
    }
    if not _nothing(request):
        changed = {name: made for name, made in seen.plans.items() if made.changed}
        result["plan"] = {
            "changed": bool(changed),
            "findings": seen.findings,
            "notes": [f"{request.at(name)}{note}" for name, made in seen.plans.items() for note in made.notes],
            "commands": seen.commands,
            **_grouped(seen.plans, links),
            **_described(seen.plans),
        }
        result["diff"] = _diff(changed)
    return result
