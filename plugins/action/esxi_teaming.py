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

from ansible_collections.netstack.datacenter.plugins.plugin_utils.connection.action import DeviceAction
from ansible_collections.netstack.datacenter.plugins.plugin_utils.connection.model import API, SSH
from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.changes import grouped
from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.seen import results
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.config import shape
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.declared import options, vmkernel
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.device.api import Api
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.device.errors import (
    AuthenticationError,
    ConnectError,
    HostError,
    VerificationError,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.device.shell import Shell
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.device.target import target_of
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.run import offline, outcomes, points
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.run.plan import Plan
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.run.request import (
    CONSENT,
    ITSELF,
    Request,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.run.transaction import apply
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.run.verify import (
    Gathered,
    gather,
    verified,
)

_SPEC: dict[str, Any] = {
    "state": {
        "type": "str",
        "default": "merged",
        "choices": [*options.APPLYING, "gathered", "rendered", "parsed", "verified", "restored"],
    },
    "vswitches": {"type": "raw"},
    "port_groups": {"type": "raw"},
    "vmkernel": {"type": "raw"},
    "hosts": {"type": "raw"},
    "hosts_left_out": {"type": "list", "elements": "str", "default": []},
    "links": {"type": "list", "elements": "dict", "default": []},
    "plan_for": {"type": "str", "choices": list(options.APPLYING), "default": "merged"},
    "transport": {"type": "str", "choices": ["api", "ssh"], "default": "api"},
    "consent": {"type": "list", "elements": "str", "choices": list(CONSENT), "default": []},
    "management_interface": {"type": "str"},
    "ca_file": {"type": "path"},
    "validate_certs": {"type": "bool", "default": True},
    "tls_fingerprint": {"type": "str"},
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


class ActionModule(DeviceAction):
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
            return {"changed": False, **offline.parsed(arguments["running_config"])}
        request = options.request_of(arguments, bool(self._task.check_mode))
        if state == "rendered":
            return _rendered(offline.render(request, arguments["running_config"], arguments["transport"] == "ssh"))
        if state == "restored":
            kept = self._points(arguments)
            request = options.restoring(request, kept)
        if not request.wanted or (state not in ("gathered", "restored") and _nothing(request)):
            what = "Nothing is declared" if state != "restored" else "Nothing was replaced"
            told = f"{what}; the host was not contacted."
            none = {"plan": {"changed": False, **_grouped({}, [])}} if state == "restored" else {}
            none |= _outcomes(outcomes.of_read(request, {}, {}))
            return {"changed": False, "commands": [], "warnings": [told, *_left_out(request)], **none}
        target = target_of(self.connection(SSH if arguments["transport"] == "ssh" else API), arguments)
        request = replace(request, addresses=frozenset(target.addresses()))
        way = Shell if arguments["transport"] == "ssh" else Api
        if state == "verified":
            with self.waiting("verifies what is declared"):
                return {"changed": False, **results(verified(lambda: way(target), request))}
        if state == "gathered":
            with self.waiting("reads the host"):
                return _gathered(lambda: way(target), request, arguments["links"], self.device)
        return self._apply(lambda: way(target), request, arguments)

    def _apply(self, opener: Any, request: Request, arguments: dict[str, Any]) -> dict[str, Any]:
        folder, run_id, name = arguments["restore_dir"], arguments["run_id"], self.device

        def keeper(made: dict[str, Any]) -> None:
            if folder and run_id and arguments["state"] != "restored":
                points.keep(folder, run_id, name, made)

        with self.waiting("changes the host and waits until it answers as it must"):
            outcome = apply(opener, request, keeper)
        changed = bool(outcome.pending if request.check_mode else outcome.done)
        result = {
            "changed": changed,
            **_described(outcome.plans),
            "commands": outcome.commands,
            "diff": _diff(outcome.pending),
            "verified": outcome.verified,
            "warnings": [*_left_out(request), *(f"{self.device}: {text}" for text in outcome.warnings)],
            "restore_point": _flat({name: points.point(made) for name, made in outcome.pending.items()}),
            **_outcomes(outcomes.by_host(request, outcome)),
        }
        if arguments["state"] == "restored":
            result["plan"] = {"changed": bool(outcome.pending), **_grouped(outcome.plans, arguments["links"])}
        if outcome.error is not None:
            result.update(failed=True, msg=outcome.message, recovery=outcome.recovery)
        return result

    def _points(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Return the restore points by host, from the task or from the controller's disk."""
        given = arguments["restore_point"]
        if given is None:
            name = self.device
            return points.kept(arguments["restore_dir"], arguments["run_id"], name)
        points_by_host: dict[str, Any] = given.get("hosts", {ITSELF: given} if given else {})
        return points_by_host


def _nothing(request: Request) -> bool:
    return all(half.empty for half in request.halves.values())


def _left_out(request: Request) -> list[str]:
    told = [f"{name} is left as it is (hosts_left_out)." for name in request.left_out]
    return told + [f"hosts_left_out has {name}, which is none of `hosts` here." for name in request.strangers]


def _away(seen: Gathered) -> list[str]:
    """Return who could not be read, and how to go on without."""
    told = [f"{name}: {error.text()}" for name, error in seen.away.items()]
    return [*told, outcomes.way_on(seen.away)] if told else []


def _outcomes(by_host: dict[str, dict[str, str]]) -> dict[str, Any]:
    return {"outcomes": by_host} if by_host else {}


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


def _gathered(opener: Any, request: Request, links: list[dict[str, Any]], device: str) -> dict[str, Any]:
    """Read only; with something declared also what would change."""
    seen = gather(opener, request)
    states = {name: made.before for name, made in seen.plans.items()}
    result: dict[str, Any] = {
        "changed": False,
        "gathered": _flat({name: shape.structured(state) for name, state in states.items()}),
        "computed": _flat({name: shape.computed(state) for name, state in states.items()}),
        "nics": _flat({name: shape.nics(state) for name, state in states.items()}),
        "vmkernel": _flat({name: shape.vmks(state) for name, state in states.items()}),
        "warnings": [*_left_out(request), *_away(seen)],
        **_outcomes(outcomes.of_read(request, seen.plans, seen.away)),
    }
    if not _nothing(request):
        changed = {name: made for name, made in seen.plans.items() if made.changed}
        result["plan"] = {
            "changed": bool(changed),
            "findings": seen.findings,
            "notes": [f"{request.at(name)}{note}" for name, made in seen.plans.items() for note in made.notes],
            "commands": seen.commands,
            "vmkernel": vmkernel.told(each for made in seen.plans.values() for each in made.vmkernel),
            **_grouped(seen.plans, links),
            **_described(seen.plans),
        }
        result["diff"] = _diff(changed)
        differing = result["plan"]["vmkernel"]
        result["warnings"] += [f"{device}: {text}" for level in ("wrong", "hint") for text in differing[level]]
    return result
