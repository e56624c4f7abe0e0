# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Bundles, VLANs and ports of one Juniper EX, in the controller's process and with one writing session."""

from __future__ import annotations

import gc
from contextlib import closing
from dataclasses import asdict, replace
from typing import Any

from ansible_collections.netstack.datacenter.plugins.plugin_utils.connection.action import DeviceAction
from ansible_collections.netstack.datacenter.plugins.plugin_utils.connection.model import NETCONF
from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.changes import grouped
from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.seen import results
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.declared import options
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.device.commits import (
    Token,
    describe_pending,
    runs,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.device.connect import looked_up, warm
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.device.errors import (
    AWAY,
    AuthenticationError,
    ConfirmedError,
    SwitchError,
    VerificationError,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.device.session import Session
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.device.target import (
    Target,
    target_of,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run import offline
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.facts import survey
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.pending import settle
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.plan import Plan, refuse_foreign
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.request import CONSENT, Request
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.restore import restore, verified
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.transaction import apply

warm()  # The top of an action plugin is imported before the workers fork.

_SPEC: dict[str, Any] = {
    "state": {
        "type": "str",
        "default": "merged",
        "choices": [
            *options.APPLYING,
            *("gathered", "rendered", "parsed", "verified", "confirmed", "abandoned", "restored"),
        ],
    },
    "vlans": {"type": "raw"},
    "bundles": {"type": "raw"},
    "ports": {"type": "raw"},
    "links": {"type": "list", "elements": "dict", "default": []},
    "plan_for": {"type": "str", "choices": list(options.APPLYING), "default": "merged"},
    "style": {"type": "str", "choices": ["auto", "els", "nonels"], "default": "auto"},
    "model": {"type": "str"},
    "release": {"type": "str"},
    "stp": {"type": "str", "choices": ["auto", "rstp", "mstp", "none"], "default": "auto"},
    "device_count": {"type": "int"},
    "limits": {"type": "dict", "options": {"members": {"type": "int"}, "lags": {"type": "int"}}},
    "consent": {"type": "list", "elements": "str", "choices": list(CONSENT), "default": []},
    "management_ports": {"type": "list", "elements": "str", "default": []},
    "management_vlan": {"type": "str"},
    "confirm_minutes": {"type": "int", "default": 5},
    "hold": {"type": "bool", "default": False},
    "token": {
        "type": "dict",
        "options": {"time": {"type": "int", "required": True}, "comment": {"type": "str", "required": True}},
    },
    "run_id": {"type": "str", "default": ""},
    "ticket": {"type": "str", "default": ""},
    "synchronize": {"type": "str", "choices": ["auto", "always", "never"], "default": "auto"},
    "rescue": {"type": "str", "choices": ["missing", "always", "never"], "default": "missing"},
    "verify": {
        "type": "dict",
        "default": {},
        "options": {
            "links": {"type": "bool", "default": True},
            "timeout": {"type": "int", "default": 90},
            "interval": {"type": "float", "default": 2.0},
            "command": {"type": "list", "elements": "str", "default": []},
        },
    },
    "running_config": {"type": "str"},
    "timeouts": {
        "type": "dict",
        "default": {},
        "options": {
            "connect": {"type": "int", "default": 30},
            "rpc": {"type": "int", "default": 60},
            "commit": {"type": "int", "default": 300},
        },
    },
}
_NEEDS = [("state", "parsed", ["running_config"]), ("state", "confirmed", ["token"]), ("state", "abandoned", ["token"])]


class ActionModule(DeviceAction):
    """One state of the module for each kind of result."""

    SPEC = _SPEC
    NEEDS = _NEEDS
    ERRORS = (SwitchError,)
    AWAY = AWAY
    LOGIN = (AuthenticationError,)

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the task's result."""
        # This process is a fork that ends with the task. What it inherited is no garbage, and looking through it would
        # copy its memory.
        gc.freeze()
        return super().run(tmp, task_vars)

    def more_of(self, error: Exception) -> dict[str, Any]:
        """Return whether the switch keeps what was done, and each thing that is not as declared."""
        more: dict[str, Any] = {"changed": isinstance(error, ConfirmedError)}
        if isinstance(error, VerificationError):
            more["failures"] = error.what.splitlines()[1:] or [error.what]
            more["seen"] = [each.plain() for each in error.seen]
        return more

    def outcome(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Return what the state found or did."""
        state = arguments["state"]
        if state == "parsed":
            parsed, style = offline.parse(arguments["running_config"], options.style_of(arguments))
            return {"changed": False, "parsed": parsed, "style": style}
        if state in ("confirmed", "abandoned"):
            return self._settle(arguments)
        request = options.request_of(arguments, bool(self._task.check_mode))
        if state == "rendered":
            made = offline.render(request, arguments["running_config"])
            return {"changed": False, "rendered": made.xml, "style": made.style, **_described(made)}
        if state == "verified":
            target = self._target(arguments)
            with self.waiting("verifies what is declared"):
                return {"changed": False, **results(verified(lambda: Session(target), request))}
        if state == "restored":
            return self._restore(request, arguments)
        if state == "gathered":
            return self._gather(request, arguments)
        return self._apply(request, arguments)

    def _apply(self, request: Request, arguments: dict[str, Any]) -> dict[str, Any]:
        if request.declared.empty:
            return {
                "changed": False,
                "commands": [],
                "warnings": ["Nothing is declared; the switch was not contacted."],
            }
        target = self._target(arguments)
        with self.waiting("reads the switch") as progress:
            verification = replace(request.verification, progress=progress.at)
            outcome = apply(lambda: Session(target), replace(request, verification=verification))
        result = {
            "changed": outcome.changed,
            **_described(outcome.plan),
            "style": outcome.plan.style,
            "diff": {"prepared": outcome.diff + "\n" if outcome.diff else ""},
            "verified": outcome.verified,
            "rescue_saved": outcome.rescue_saved,
            "warnings": outcome.warnings,
        }
        if outcome.token is not None:
            result["token"] = asdict(outcome.token)
        return result

    def _gather(self, request: Request, arguments: dict[str, Any]) -> dict[str, Any]:
        """Read only: no lock, no load, no commit check."""
        target = self._target(arguments)
        with self.waiting("reads the switch"), closing(Session(target)) as session:
            seen = survey(session, request)
        before, _after = seen.plan.structures()
        pending = describe_pending(seen.pending, seen.left) if seen.pending else ""
        result: dict[str, Any] = {"changed": False, "gathered": before, "style": seen.style, "pending": pending}
        result["runs"] = runs(seen.history)
        if pending or seen.plan.warnings:
            result["warnings"] = [
                *([pending] if pending else []),
                *(f"{self.device}: {text}" for text in seen.plan.warnings),
            ]
        if not request.declared.empty:
            findings = seen.plan.findings + refuse_foreign(seen.plan, "foreign" in request.consent)
            result["plan"] = {
                "changed": seen.plan.changed,
                "changes": seen.plan.summary(),
                "findings": [str(finding) for finding in sorted(set(findings))],
                "notes": seen.plan.notes,
                **grouped(seen.plan.changes, arguments["links"]).plain(),
                **_described(seen.plan),
            }
            result["diff"] = {"prepared": "".join(line + "\n" for line in seen.plan.commands)}
        return result

    def _restore(self, request: Request, arguments: dict[str, Any]) -> dict[str, Any]:
        target = self._target(arguments)
        with self.waiting("puts back what the run replaced"):
            done = restore(lambda: Session(target), request)
        diff = {"prepared": done.diff + "\n" if done.diff else ""}
        result: dict[str, Any] = {"changed": done.changed, "diff": diff, "undone": list(done.undone)}
        result["plan"] = {"changed": done.changed, **grouped(done.changes, arguments["links"]).plain()}
        if done.links:
            what = f"The run changed both ends of {', '.join(done.links)}. This end of theirs stays as it is."
            result["warnings"] = [f"{what} link_cutover with state restored takes both back."]
        return result

    def _settle(self, arguments: dict[str, Any]) -> dict[str, Any]:
        target, token = self._target(arguments), Token(**arguments["token"])
        confirm = arguments["state"] == "confirmed"
        synchronize = options.synchronize_of(arguments)
        with self.waiting("confirms the pending commit" if confirm else "takes the pending commit back"):
            done = settle(lambda: Session(target), token, confirm, bool(self._task.check_mode), synchronize)
        return {"changed": done, "token": arguments["token"]}

    def _target(self, arguments: dict[str, Any]) -> Target:
        return looked_up(target_of(self.connection(NETCONF), arguments["timeouts"] or {}))


def _described(made: Plan) -> dict[str, Any]:
    before, after = made.structures()
    return {"before": before, "after": after, "commands": made.commands}
