# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Refuse to go on when the declared site was refused, or when a derived variable was overridden."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.run import RUN_ID
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.verdict import Verdict, judge


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible-core has no type information
    """Read the task's variables only: no connection is opened and nothing runs on the target."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the findings for this host, as a failure when there is one."""
        super().run(tmp, task_vars)
        self.validate_argument_spec(argument_spec={})
        known = task_vars or {}
        result = result_of(judge(known))
        result["ansible_facts"] = {"netstack_run_id": known.get("netstack_run_id", RUN_ID)}
        return result


def result_of(verdict: Verdict) -> dict[str, Any]:
    """Turn the verdict into a task result, the same in check mode."""
    result: dict[str, Any] = {
        "changed": False,
        "checked": verdict.checked,
        "errors": verdict.errors,
        "waived": verdict.waived,
    }
    if verdict.warnings:
        result["warnings"] = verdict.warnings
    if verdict.errors:
        count = len(verdict.errors)
        head = f"The declared site is refused: {count} error{'s' if count > 1 else ''}. No device was contacted."
        result.update(failed=True, msg="\n".join([head, *verdict.errors]))
    return result
