# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Standard virtual switches and port groups of ESXi, in the controller's process and with one session for each task."""

from __future__ import annotations

import importlib
import shlex
from contextlib import suppress
from dataclasses import replace
from typing import Any

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

# The top of an action plugin is imported before the workers fork: pyVmomi is loaded once, not once for each host.
with suppress(ImportError):
    for _name in ("pyVmomi", "pyVmomi.SoapAdapter", "pyVmomi.VmomiSupport"):
        importlib.import_module(_name)

from ansible_collections.netstack.datacenter.plugins.plugin_utils.declared.arguments import validated
from ansible_collections.netstack.datacenter.plugins.plugin_utils.declared.findings import RefusalError
from ansible_collections.netstack.datacenter.plugins.plugin_utils.progress import Progress
from ansible_collections.netstack.datacenter.plugins.plugin_utils.vsphere import offline, options, points, shape
from ansible_collections.netstack.datacenter.plugins.plugin_utils.vsphere.api import Api
from ansible_collections.netstack.datacenter.plugins.plugin_utils.vsphere.errors import ConnectError, HostError
from ansible_collections.netstack.datacenter.plugins.plugin_utils.vsphere.plan import Plan
from ansible_collections.netstack.datacenter.plugins.plugin_utils.vsphere.request import CONSENT, ITSELF, Request
from ansible_collections.netstack.datacenter.plugins.plugin_utils.vsphere.shell import Shell
from ansible_collections.netstack.datacenter.plugins.plugin_utils.vsphere.standing import gather, verified
from ansible_collections.netstack.datacenter.plugins.plugin_utils.vsphere.target import Target
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


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible-core has no type information
    """Templates the connection's variables itself and never opens Ansible's connection."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the task's result; a refusal or a failure carries the message that says what the host has now."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        arguments = validated(self, _SPEC, _NEEDS)
        self._vars = task_vars or {}
        try:
            result.update(self._dispatch(arguments))
        except RefusalError as refusal:
            findings = [str(finding) for finding in refusal.findings]
            result.update(failed=True, changed=False, msg=refusal.text(), findings=findings)
        except (HostError, ValueError, OSError) as error:
            away = isinstance(error, ConnectError) and arguments["state"] == "gathered"
            result.update({"unreachable" if away else "failed": True}, changed=False, msg=str(error))
        return result

    def _dispatch(self, arguments: dict[str, Any]) -> dict[str, Any]:
        state = arguments["state"]
        if state == "parsed":
            return {"changed": False, "parsed": offline.parsed(arguments["running_config"])}
        request = options.request_of(arguments, bool(self._task.check_mode))
        if state == "rendered":
            return _rendered(offline.render(request, arguments["running_config"], arguments["transport"] == "ssh"))
        if state == "restored":
            request = replace(request, points=self._points(arguments))
        if not request.wanted or (state not in ("gathered", "restored") and _nothing(request)):
            what = "Nothing is declared" if state != "restored" else "Nothing was replaced"
            told = f"{what}; the host was not contacted."
            return {"changed": False, "commands": [], "warnings": [told]}
        target = self._target(arguments)
        request = replace(request, addresses=frozenset(target.addresses()))
        way = Shell if arguments["transport"] == "ssh" else Api
        if state == "verified":
            return {"changed": False, "verified": verified(lambda: way(target), request)}
        if state == "gathered":
            return _gathered(lambda: way(target), request)
        return self._apply(lambda: way(target), request, arguments)

    def _apply(self, opener: Any, request: Request, arguments: dict[str, Any]) -> dict[str, Any]:
        folder, run_id, name = arguments["restore_dir"], arguments["run_id"], self._vars.get("inventory_hostname", "")

        def keeper(made: dict[str, Any]) -> None:
            if folder and run_id and arguments["state"] != "restored":
                points.keep(folder, run_id, name, made)

        with Progress(str(name), Display().display, "changes the host and waits until it answers as it must"):
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
        if outcome.error is not None:
            result.update(failed=True, msg=outcome.error.text(), recovery=outcome.recovery)
        return result

    def _points(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Return the restore points by host, from the task or from the controller's disk."""
        given = arguments["restore_point"]
        if given is None:
            name = self._vars.get("inventory_hostname", "")
            return points.kept(arguments["restore_dir"], arguments["run_id"], name)
        points_by_host: dict[str, Any] = given.get("hosts", {ITSELF: given} if given else {})
        return points_by_host

    def _target(self, arguments: dict[str, Any]) -> Target:
        """Return where the host is, from the connection's usual variables."""
        ssh = arguments["transport"] == "ssh"
        port = self._variable("ansible_ssh_port") if ssh else None
        port = port or self._variable("ansible_port")
        checking = self._variable("ansible_host_key_checking", "ansible_ssh_host_key_checking")
        times = arguments["timeouts"]
        words = [str(self._variable(name) or "") for name in ("ansible_ssh_common_args", "ansible_ssh_extra_args")]
        return Target(
            host=str(self._variable("ansible_host", "ansible_ssh_host", "inventory_hostname")),
            port=int(port) if port else None,
            user=_text(self._variable("ansible_user", "ansible_ssh_user") or self._task.remote_user),
            password=_text(self._variable("ansible_password", "ansible_ssh_password", "ansible_ssh_pass")),
            key_file=_text(self._variable("ansible_private_key_file", "ansible_ssh_private_key_file")),
            ssh_arguments=tuple(word for text in words for word in shlex.split(text)),
            ca_file=arguments["ca_file"],
            validate_certs=arguments["validate_certs"],
            host_key_checking=str(checking if checking is not None else True).lower()
            not in ("false", "no", "0", "off"),
            connect_timeout=times.get("connect", 30),
            call_timeout=times.get("call", 60),
            back_timeout=times.get("back", 90),
        )

    def _variable(self, *names: str) -> Any:
        """Return the first of these variables that is set, templated (vault and Jinja values)."""
        for name in names:
            if self._vars.get(name) not in (None, ""):
                return self._templar.template(self._vars[name])
        return None


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


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


def _gathered(opener: Any, request: Request) -> dict[str, Any]:
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
            **_described(seen.plans),
        }
        result["diff"] = _diff(changed)
    return result
