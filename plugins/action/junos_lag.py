# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Bundles, VLANs and ports of one Juniper EX, in the controller's process and with one writing session."""

from __future__ import annotations

import gc
from dataclasses import asdict, replace
from typing import Any

from ansible.constants import LOCALHOST
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.netstack.datacenter.plugins.plugin_utils.declared.arguments import validated
from ansible_collections.netstack.datacenter.plugins.plugin_utils.junos import offline, options
from ansible_collections.netstack.datacenter.plugins.plugin_utils.junos.commits import Token, describe_pending, runs
from ansible_collections.netstack.datacenter.plugins.plugin_utils.junos.connect import looked_up, warm
from ansible_collections.netstack.datacenter.plugins.plugin_utils.junos.errors import (
    AWAY,
    ConfirmedError,
    SwitchError,
    VerificationError,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.junos.findings import RefusalError
from ansible_collections.netstack.datacenter.plugins.plugin_utils.junos.pending import settle
from ansible_collections.netstack.datacenter.plugins.plugin_utils.junos.plan import Plan, refuse_foreign
from ansible_collections.netstack.datacenter.plugins.plugin_utils.junos.request import CONSENT, Request
from ansible_collections.netstack.datacenter.plugins.plugin_utils.junos.session import Session
from ansible_collections.netstack.datacenter.plugins.plugin_utils.junos.standing import restore, verified
from ansible_collections.netstack.datacenter.plugins.plugin_utils.junos.survey import survey
from ansible_collections.netstack.datacenter.plugins.plugin_utils.junos.target import Target, with_arguments
from ansible_collections.netstack.datacenter.plugins.plugin_utils.junos.transaction import apply
from ansible_collections.netstack.datacenter.plugins.plugin_utils.progress import Progress

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


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible-core has no type information
    """Templates the connection's variables itself and never opens Ansible's connection."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the task's result; a refusal or a failure carries the message that says what the switch has now."""
        # This process is a fork that ends with the task. What it inherited is no garbage, and looking through it would
        # copy its memory.
        gc.freeze()
        result: dict[str, Any] = super().run(tmp, task_vars)
        arguments = validated(self, _SPEC, _NEEDS)
        self._vars = self._connection_variables(task_vars or {})
        try:
            result.update(self._dispatch(arguments))
        except RefusalError as refusal:
            findings = [str(finding) for finding in refusal.findings]
            result.update(failed=True, changed=False, msg=refusal.text(), findings=findings)
        except VerificationError as error:
            failures = error.what.splitlines()[1:] or [error.what]
            result.update(failed=True, changed=isinstance(error, ConfirmedError), msg=str(error), failures=failures)
        except (SwitchError, ValueError) as error:
            away = isinstance(error, AWAY) and arguments["state"] == "gathered"  # nothing of a run depends on it yet
            result.update({"unreachable" if away else "failed": True}, changed=isinstance(error, ConfirmedError))
            result["msg"] = str(error)
        return result

    def _dispatch(self, arguments: dict[str, Any]) -> dict[str, Any]:
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
            return {"changed": False, "verified": verified(lambda: Session(target), request)}
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
        name = str(self._vars.get("inventory_hostname", ""))
        with Progress(name, Display().display, "reads the switch") as progress:
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
        session = Session(self._target(arguments))
        try:
            seen = survey(session, request)
        finally:
            session.close()
        before, _after = seen.plan.structures()
        pending = describe_pending(seen.pending, seen.left) if seen.pending else ""
        result: dict[str, Any] = {"changed": False, "gathered": before, "style": seen.style, "pending": pending}
        result["runs"] = runs(seen.history)
        if pending:
            result["warnings"] = [pending]
        if not request.declared.empty:
            findings = seen.plan.findings + refuse_foreign(seen.plan, "foreign" in request.consent)
            result["plan"] = {
                "changed": seen.plan.changed,
                "changes": seen.plan.summary(),
                "findings": [str(finding) for finding in sorted(set(findings))],
                "notes": seen.plan.notes,
                **_described(seen.plan),
            }
            result["diff"] = {"prepared": "".join(line + "\n" for line in seen.plan.commands)}
        return result

    def _restore(self, request: Request, arguments: dict[str, Any]) -> dict[str, Any]:
        target = self._target(arguments)
        done = restore(lambda: Session(target), request)
        diff = {"prepared": done.diff + "\n" if done.diff else ""}
        result: dict[str, Any] = {"changed": done.changed, "diff": diff, "undone": list(done.undone)}
        if done.links:
            what = f"The run changed both ends of {', '.join(done.links)}. This end of theirs stays as it is."
            result["warnings"] = [f"{what} link_cutover with state restored takes both back."]
        return result

    def _settle(self, arguments: dict[str, Any]) -> dict[str, Any]:
        target, token = self._target(arguments), Token(**arguments["token"])
        confirm = arguments["state"] == "confirmed"
        synchronize = options.synchronize_of(arguments)
        done = settle(lambda: Session(target), token, confirm, bool(self._task.check_mode), synchronize)
        return {"changed": done, "token": arguments["token"]}

    def _target(self, arguments: dict[str, Any]) -> Target:
        """Return where the switch is, from the connection's usual variables."""
        port = self._variable("ansible_port", "ansible_ssh_port")
        checking = self._variable("ansible_host_key_checking", "ansible_ssh_host_key_checking")
        times = arguments["timeouts"]
        target = Target(
            host=str(self._variable("ansible_host", "ansible_ssh_host", "inventory_hostname")).strip("[]"),
            port=int(port) if port else None,
            user=_text(self._variable("ansible_user", "ansible_ssh_user") or self._task.remote_user),
            password=_text(
                self._variable("ansible_password", "ansible_ssh_password", "ansible_ssh_pass")
                or self._play_context.password
            ),
            key_file=_text(
                self._variable("ansible_private_key_file", "ansible_ssh_private_key_file")
                or self._play_context.private_key_file
            ),
            host_key_checking=str(checking if checking is not None else True).lower()
            not in ("false", "no", "0", "off"),
            connect_timeout=times.get("connect", 30),
            rpc_timeout=times.get("rpc", 60),
            commit_timeout=times.get("commit", 300),
        )
        for name in ("ansible_ssh_common_args", "ansible_ssh_extra_args"):
            target = with_arguments(target, str(self._variable(name) or ""))
        return looked_up(target)

    def _variable(self, *names: str) -> Any:
        """Return the first of these variables that is set, templated (vault and Jinja values)."""
        for name in names:
            if self._vars.get(name) in (None, ""):
                continue
            value = self._template(self._vars[name])
            if value not in (None, ""):
                return value
        return None

    def _template(self, value: Any) -> Any:
        """Template with the variables of the host that the connection goes to, which a delegated task has beside."""
        own = self._templar.available_variables
        self._templar.available_variables = self._vars
        try:
            return self._templar.template(value)
        finally:
            self._templar.available_variables = own

    def _connection_variables(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        """Return the variables of the switch: of the host that the task is delegated to, if it is delegated.

        Delegated to the controller it stays with the host of the play: that is where it runs in any case.
        """
        host = self._task.delegate_to
        if not host or host in LOCALHOST:
            return task_vars
        known: dict[str, Any] = task_vars.get("ansible_delegated_vars", {}).get(host, {})
        return {**known, "inventory_hostname": known.get("inventory_hostname", host)}


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _described(made: Plan) -> dict[str, Any]:
    before, after = made.structures()
    return {"before": before, "after": after, "commands": made.commands}
