# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Both ends of an ESXi host's links, changed so that the host stays reachable, in a process that outlives the task."""

from __future__ import annotations

import importlib
import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

# The top of an action plugin is imported before the workers fork: pyVmomi is loaded once, and so is PyEZ below.
with suppress(ImportError):
    for _name in ("pyVmomi", "pyVmomi.SoapAdapter", "pyVmomi.VmomiSupport"):
        importlib.import_module(_name)

from ansible_collections.netstack.datacenter.plugins.plugin_utils import progress
from ansible_collections.netstack.datacenter.plugins.plugin_utils.cutover import detached
from ansible_collections.netstack.datacenter.plugins.plugin_utils.cutover_ends import convert, pairs, restore
from ansible_collections.netstack.datacenter.plugins.plugin_utils.cutover_ends.kept import Kept
from ansible_collections.netstack.datacenter.plugins.plugin_utils.cutover_ends.targets import Variables
from ansible_collections.netstack.datacenter.plugins.plugin_utils.declared.arguments import validated
from ansible_collections.netstack.datacenter.plugins.plugin_utils.declared.findings import RefusalError
from ansible_collections.netstack.datacenter.plugins.plugin_utils.junos.connect import warm

warm()

_SPEC: dict[str, Any] = {
    "state": {"type": "str", "choices": ["converted", "restored"], "default": "converted"},
    "links": {"type": "list", "elements": "dict"},
    "vswitches": {"type": "raw"},
    "port_groups": {"type": "raw"},
    "teaming_state": {"type": "str", "choices": ["merged", "replaced"], "default": "merged"},
    "strategy": {"type": "str", "choices": list(convert.STRATEGIES), "default": convert.AUTO},
    "consent": {"type": "list", "elements": "str", "choices": ["foreign", "management"], "default": []},
    "transport": {"type": "str", "choices": ["api", "ssh"], "default": "api"},
    "management_interface": {"type": "str"},
    "ca_file": {"type": "path"},
    "validate_certs": {"type": "bool", "default": True},
    "confirm_minutes": {"type": "int", "default": 5},
    "run_id": {"type": "str", "default": ""},
    "ticket": {"type": "str", "default": ""},
    "restore_dir": {"type": "path"},
    "journal_dir": {"type": "path", "default": "~/.ansible/netstack.datacenter"},
    "verify": {
        "type": "dict",
        "default": {},
        "options": {
            "links": {"type": "bool", "default": True},
            "timeout": {"type": "int", "default": 90},
            "interval": {"type": "float", "default": 2.0},
        },
    },
    "timeouts": {
        "type": "dict",
        "default": {},
        "options": {
            "connect": {"type": "int", "default": 30},
            "rpc": {"type": "int", "default": 60},
            "commit": {"type": "int", "default": 300},
            "call": {"type": "int", "default": 60},
            "back": {"type": "int", "default": 90},
            "other_run": {"type": "int", "default": 300},
        },
    },
}


_NEEDS = [("state", "converted", ["links"]), ("state", "restored", ["run_id", "restore_dir"])]


class _Silent:
    """Watches a foretelling: it changes nothing, so there is nothing to note."""

    def alive(self) -> bool:
        return True

    def tell(self, text: str) -> None:
        return


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible-core has no type information
    """Templates the connection's variables of both ends itself and never opens Ansible's connection."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the task's result; a failure's message says what both ends have now."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        arguments = validated(self, _SPEC, _NEEDS)
        self._vars = task_vars or {}
        try:
            restored = arguments["state"] == "restored"
            result.update(self._restore(arguments) if restored else self._convert(arguments))
        except RefusalError as refusal:
            findings = [str(finding) for finding in refusal.findings]
            result.update(failed=True, changed=False, msg=refusal.text(), findings=findings)
        except (detached.DetachedError, ValueError, OSError) as error:
            result.update(failed=True, changed=False, msg=str(error))
        return result

    def _convert(self, arguments: dict[str, Any]) -> dict[str, Any]:
        name, check = str(self._vars["inventory_hostname"]), bool(self._task.check_mode)
        links, left = pairs.chosen(arguments["links"])
        if not links:
            return {"changed": False, "steps": [], "commands": [], "left": left}
        builder = pairs.Builder(name, arguments, self._own, check)
        made = [builder.pair(link, self._of(str(link["peer"]))) for link in links]
        if check:
            return {**_told(convert.convert(made, _Silent(), check=True)), "left": left}
        kept = self._kept(arguments)

        def work(journal: detached.Journal) -> dict[str, Any]:
            for pair, link in zip(made, links, strict=True):
                pair.keep = kept.keeper(link) if kept is not None else pair.keep
            return _told(convert.convert(made, journal))

        return {**self._detached(work, arguments), "left": left}

    def _restore(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Take back what the run `run_id` did to the links of this host."""
        kept = self._kept(arguments)
        if kept is None or not kept.links():
            told = "Nothing was converted; neither end was contacted."
            return {"changed": False, "steps": [], "commands": [], "warnings": [told]}
        name, check = str(self._vars["inventory_hostname"]), bool(self._task.check_mode)
        builder = pairs.Builder(name, arguments, self._own, check)
        known = {str(link["peer"]): self._of(str(link["peer"])) for link in kept.links()}

        def pair_of(link: Mapping[str, Any]) -> convert.Pair:
            return builder.bare(link, known[str(link["peer"])])

        if check:
            return _told(restore.restore(kept, pair_of, _Silent(), check=True))
        return self._detached(lambda journal: _told(restore.restore(kept, pair_of, journal)), arguments)

    def _detached(
        self, work: Callable[[detached.Journal], dict[str, Any]], arguments: dict[str, Any]
    ) -> dict[str, Any]:
        name = _safe(str(self._vars["inventory_hostname"]))
        file = Path(os.path.expanduser(arguments["journal_dir"])) / f"cutover-{name}.log"
        patience = (arguments["timeouts"] or {}).get("other_run", 300)
        began, host = time.monotonic(), str(self._vars["inventory_hostname"])

        def waiting(doing: str) -> None:
            Display().display(progress.line(host, doing, time.monotonic() - began))

        return {**detached.run(work, file, patience, waiting), "journal": str(file)}

    def _kept(self, arguments: dict[str, Any]) -> Kept | None:
        """Return where the steps of this run are kept; nowhere without a folder or an id."""
        folder, run_id = arguments["restore_dir"], arguments["run_id"]
        if not folder or not run_id:
            return None
        name = _safe(str(self._vars["inventory_hostname"]))
        return Kept(Path(os.path.expanduser(folder)) / _safe(run_id) / f"{name}.links.json")

    def _own(self, *names: str) -> Any:
        return _first(self._vars, names, self._templar.template)

    def _of(self, host: str) -> Variables:
        """Return what gives the variables of another host of the inventory; they are templated there.

        Raises:
            ValueError: there is no such host.

        """
        known = self._vars["hostvars"]
        if host not in known:
            raise ValueError(f"{host} is no host of the inventory; both ends of a link belong to one.")
        variables = known[host]
        return lambda *names: _first(variables, names, lambda value: value)


def _first(variables: Mapping[str, Any], names: tuple[str, ...], template: Any) -> Any:
    for name in names:
        value = variables.get(name)
        if value not in (None, ""):
            return template(value)
    return None


def _told(report: convert.Report) -> dict[str, Any]:
    """Return a report as the task's result."""
    found = asdict(report)
    failure = found.pop("failure")
    lines = [*report.steps, *(f"  {line}" for line in report.commands)]
    found["diff"] = {"prepared": "".join(f"{line}\n" for line in lines)}
    return {**found, "failed": True, "msg": failure} if failure else found


def _safe(name: str) -> str:
    return "".join(each if each.isalnum() or each in "-_." else "_" for each in name).lstrip(".") or "_"
