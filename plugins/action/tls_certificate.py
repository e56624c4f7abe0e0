# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Judge TLS certificates on the controller, then put those that pass into service on the target in one module call."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from ansible.errors import AnsibleError
from ansible.utils.display import Display

from ansible_collections.netstack.datacenter.plugins.module_utils.tls_certificate.pem import LARGEST
from ansible_collections.netstack.datacenter.plugins.plugin_utils.action import Action
from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate import outside, third_party
from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate.describe import describe
from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate.findings import (
    UnusableError,
    headline,
    unreadable,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate.request import Request
from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate.survey import (
    Survey,
    survey,
    with_remote,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.options.tls_certificate import SPEC
from ansible_collections.netstack.datacenter.plugins.plugin_utils.progress import Progress

_DOING = "looks at its certificates, and brings what changes into service"
_TARGET = "netstack.datacenter.tls_certificate_target"
_VAULTED = 5
"""A vaulted file has about four octets for each of its content, whose own limit is looked at afterwards."""
_PASSED_ON = ("directory", "haproxy_socket", "haproxy_master_socket", "haproxy_configuration", "run_id", "backup_keep")


class _RefusalError(Exception):
    """Raised with the findings that the user is to read."""


class ActionModule(Action):
    """The controller's half; the target's half is the module tls_certificate_target."""

    TRANSFERS_FILES = False
    _supports_check_mode = True

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the task's result; a refusal comes before the target is touched."""
        result = super().run(tmp, task_vars)
        _validated, arguments = self.validate_argument_spec(argument_spec=SPEC)
        self._task_vars = task_vars or {}
        self._now = datetime.now(timezone.utc)
        if third_party.MISSING:
            return {**result, "failed": True, "msg": third_party.MISSING}
        states = {"restored": self._restored, "absent": self._absent, "verified": self._verified}
        try:
            with Progress(str(self._task_vars.get("inventory_hostname", "")), Display().display, _DOING):
                result.update(states.get(arguments["state"], self._present)(arguments))
        except _RefusalError as refusal:
            findings = list(refusal.args[0])
            text = "\n".join([headline(len(findings)), *findings])
            result.update(failed=True, changed=False, msg=text, findings=findings)
        return result

    def _present(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Judge, look at sources on the target where there are any, judge those, and deploy."""
        found = survey(arguments["certificates"], self._read, arguments["secrets"], self._now)
        if found.findings:
            raise _RefusalError(found.findings)
        if arguments["state"] == "checked":
            told = {"warnings": found.warnings} if found.warnings else {}
            return {"changed": False, "notes": found.notes, "findings": [], "certificates": [], **told}
        remote, keys = self._look_at_target(found, arguments)
        bundles = [_given(bundle.name, bundle.certificates) for bundle in found.bundles]
        bundles += [_remote(request, remote, keys) for request in found.remote]
        bundles += [_self_signed(request) for request in found.self_signed]
        private = {bundle.name: bundle.key for bundle in found.bundles}
        result = self._target(arguments, "present", bundles=bundles, private_keys=private)
        return {**_shown(result), "notes": [*found.notes, *remote.notes]}

    def _look_at_target(self, found: Survey, arguments: dict[str, Any]) -> tuple[Survey, dict[str, tuple[str, int]]]:
        if not found.remote:
            return Survey(), {}
        bundles = [{"name": item.name, "kind": "remote", "path": item.path} for item in found.remote]
        report = self._target(arguments, "inspected", bundles=bundles)
        if report.get("failed"):
            raise AnsibleError(str(report.get("msg", report)))
        judged, keys = with_remote(found, report["sources"], self._read, self._now, self._task.check_mode)
        if judged.findings:
            raise _RefusalError(judged.findings)
        return judged, keys

    def _absent(self, arguments: dict[str, Any]) -> dict[str, Any]:
        return _shown(self._target(arguments, "absent", bundles=_named(arguments)))

    def _restored(self, arguments: dict[str, Any]) -> dict[str, Any]:
        return _shown(self._target(arguments, "restored"))

    def _verified(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Compare file, running HAProxy and what the endpoints send."""
        result = self._target(arguments, "verified", bundles=_named(arguments))
        if result.get("failed"):
            return result
        sent = {item["name"]: item["certificates"] for item in result["certificates"]}
        findings = [text for item in result["certificates"] for text in outside.judge_target(item)]
        for endpoint in arguments["endpoints"]:
            findings += outside.judge_endpoint(endpoint, sent.get(endpoint["certificate"], ""))
        for item in result["certificates"]:
            item["certificates"] = describe(item["certificates"])
        result["findings"] = findings
        if findings:
            result.update(failed=True, msg="\n".join([f"{len(findings)} finding(s) on what is served.", *findings]))
        return result

    def _target(self, arguments: dict[str, Any], state: str, **more: Any) -> dict[str, Any]:
        """Call the module on the target; private keys travel in its arguments only (no_log there)."""
        passed = {key: arguments[key] for key in _PASSED_ON}
        result: dict[str, Any] = self._execute_module(
            module_name=_TARGET, module_args={"state": state, **passed, **more}, task_vars=self._task_vars
        )
        return result

    def _read(self, path: str) -> bytes:
        """Return a file of the controller, decrypted where it is vaulted.

        It is looked for beside the inventory that names it first, then where copy looks for its src.
        """
        beside = os.path.join(str(self._task_vars.get("inventory_dir") or ""), path)
        try:
            real = beside if os.path.isfile(beside) else self._find_needle("files", path)
            if os.path.getsize(real) > _VAULTED * LARGEST:
                raise OSError(f"it has more than {_VAULTED * LARGEST} octets")
            content, _plain = self._loader._get_file_contents(real)  # the public ways decode it or write it to disk
        except (AnsibleError, OSError) as error:
            raise UnusableError(unreadable(path, _first_line(error))) from None
        return bytes(content)


def _first_line(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)


def _named(arguments: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"name": str(name)} for name in sorted(arguments["certificates"])]


def _given(name: str, certificates: str) -> dict[str, Any]:
    return {"name": name, "kind": "given", "certificates": certificates}


def _remote(request: Request, judged: Survey, keys: Mapping[str, tuple[str, int]]) -> dict[str, Any]:
    bundle = next(bundle for bundle in judged.bundles if bundle.name == request.name)
    file, index = keys[request.name]
    return {
        "name": request.name,
        "kind": "remote",
        "path": request.path,
        "order": list(bundle.fingerprints),
        "key_file": file,
        "key_index": index,
    }


def _self_signed(request: Request) -> dict[str, Any]:
    return {
        "name": request.name,
        "kind": "self_signed",
        "names": list(request.names),
        "minimum_days": request.minimum_days,
        "key_type": request.key_type,
        "valid_days": request.valid_days,
    }


def _shown(result: dict[str, Any]) -> dict[str, Any]:
    """Turn PEM texts of the target's report into a diff that a person reads."""
    diffs = []
    for item in result.get("certificates", []):
        before, after = _described(item.pop("before")), _described(item.pop("after"))
        headers = item.pop("before_header"), item.pop("after_header")
        if item["changed"]:
            drift = f"HAProxy serves sha1 {item['running_before']}\n" if item["running_before"] else ""
            diffs.append(
                {
                    "before_header": f"{item['path']} ({headers[0]})",
                    "after_header": f"{item['path']} ({headers[1]})",
                    "before": before + drift,
                    "after": after + (drift and "HAProxy serves this file\n"),
                }
            )
    if diffs:
        result["diff"] = diffs
    return result


def _described(text: str) -> str:
    return text if text.startswith("(") else describe(text)
