# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Refuse to go on when the declared site was refused, or when a derived variable was overridden."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible import context
from ansible.errors import AnsibleError
from ansible.inventory.manager import IGNORED
from ansible.plugins.action import ActionBase

from ansible_collections.netstack.datacenter.plugins.plugin_utils.preflight import files, libraries, secrets
from ansible_collections.netstack.datacenter.plugins.plugin_utils.preflight.tags import Tags, only_ours
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.run import RUN_ID
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.verdict import Verdict, judge, judge_site

_SPEC: dict[str, Any] = {
    "scope": {"type": "str", "choices": ["host", "site"], "default": "host"},
    "parts": {"type": "list", "elements": "str", "default": []},
}


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible-core has no type information
    """Read the task's variables only: no connection is opened and nothing runs on the target."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the findings for this host, or for the site, as a failure when there is one."""
        super().run(tmp, task_vars)
        _validated, arguments = self.validate_argument_spec(argument_spec=_SPEC)
        known = task_vars or {}
        self._task_vars = known
        verdict = judge_site(known) if arguments["scope"] == "site" else judge(known)
        concerned: dict[str, bool] = {}
        if arguments["scope"] == "site" and not verdict.errors:
            concerned = self._judge_run(verdict, arguments["parts"])
        result = {**result_of(verdict, self._elsewhere(verdict)), **concerned}
        result["ansible_facts"] = {"netstack_run_id": known.get("netstack_run_id", RUN_ID)}
        return result

    def _elsewhere(self, verdict: Verdict) -> str:
        """Return the host that shows what all hosts of the play would repeat; empty for that one, which is the last."""
        last = str((self._task_vars.get("ansible_play_batch") or [""])[-1])
        return last if verdict.of_site and not self._task.run_once and last != self._host() else ""

    def _host(self) -> str:
        return str(self._task_vars.get("inventory_hostname", ""))

    def _judge_run(self, verdict: Verdict, parts: list[str]) -> dict[str, bool]:
        """Judge what is not declared: the run's tags, secrets, libraries, files; return which parts it concerns."""
        run, skip = (self._task_vars.get(f"ansible_{name}_tags") or () for name in ("run", "skip"))
        tags = Tags(run, skip, parts, self._task.tags)
        ours = only_ours(str(name) for name in context.CLIARGS.get("args") or ())
        verdict.errors += tags.errors(ours)
        verdict.warnings += tags.warnings(ours)
        if tags.load_balancers:
            verdict.errors += secrets.findings(self._needs(), self._secrets)
        if tags.links:
            verdict.errors += libraries.findings(self._libraries())
        sources = self._task_vars.get("ansible_inventory_sources") or ()
        verdict.warnings += files.findings((str(source) for source in sources), IGNORED)
        return {"links": tags.links, "load_balancers": tags.load_balancers}

    def _needs(self) -> dict[str, list[secrets.Need]]:
        pairs = {
            host: name.removeprefix("lb_pair_")
            for name, hosts in self._task_vars["groups"].items()
            for host in hosts
            if name.startswith("lb_pair_")
        }
        return {host: list(secrets.needs(self._of(host), pairs.get(host, ""))) for host in self._hosts()}

    def _secrets(self, host: str, variable: str) -> tuple[str, Any]:
        """Return which variable counts for a role's dictionary of secrets, and its value or what is wrong with it."""
        name = variable if variable in self._of(host) else secrets.SHARED
        try:
            return name, self._value(host, name)
        except AnsibleError as error:
            return name, str(error)

    def _libraries(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for host in self._hosts():
            for name in libraries.needed(self._of(host), self._value(host, "esxi_teaming_transport")):
                found.setdefault(name, []).append(host)
        return found

    def _hosts(self) -> list[str]:
        return [str(host) for host in self._task_vars.get("ansible_play_hosts_all") or ()]

    def _of(self, host: str) -> Mapping[str, Any]:
        """Return the variables of a host as they were written."""
        found: Mapping[str, Any] = self._task_vars["hostvars"].raw_get(host)
        return found

    def _value(self, host: str, name: str) -> Any:
        """Return one variable of a host with its templates and vault values resolved; None where it is not set."""
        variables = self._of(host)
        if name not in variables:
            return None
        before = self._templar.available_variables
        self._templar.available_variables = {**variables, "hostvars": self._task_vars["hostvars"]}
        try:
            return self._templar.template(variables[name])
        finally:
            self._templar.available_variables = before


def result_of(verdict: Verdict, elsewhere: str = "") -> dict[str, Any]:
    """Turn the verdict into a task result, the same in check mode; each error stands in it once."""
    result: dict[str, Any] = {"changed": False, "checked": verdict.checked, "waived": verdict.waived}
    result["errors"] = [] if elsewhere else verdict.errors
    if verdict.warnings:
        result["warnings"] = verdict.warnings
    if verdict.errors:
        count = len(verdict.errors)
        head = f"The declared site is refused: {count} error{'s' if count > 1 else ''}"
        where = f" (those of {elsewhere}, told there)" if elsewhere else ""
        result.update(failed=True, msg=f"{head}{where}. No device was contacted.")
        result["_ansible_verbose_always"] = not elsewhere  # the list is shown line by line, as debug does it
    return result
