# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Begins a change of a host's bonds, and confirms it over a new connection; else the host goes back by itself."""

from __future__ import annotations

import time
from typing import Any

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase

MODULE = "netstack.datacenter.linux_bond"
GRACE = 45  # seconds beyond the time limit in which a host that went back must answer again


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible-core has no type information
    """Runs the module twice: to begin the change, and over a new connection to confirm it."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the task's result; a change that did not stay fails with the reason and what the host has now."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        began = time.monotonic()
        self._vars = task_vars or {}
        result.update(self._module({}))
        pending = result.pop("pending", None)
        if pending is not None and not result.get("failed"):
            result.update(self._confirm(pending["token"], began + pending["seconds"] + GRACE))
        return result

    def _module(self, more: dict[str, Any]) -> dict[str, Any]:
        arguments = {**self._task.args, **more}
        found: dict[str, Any] = self._execute_module(
            module_name=MODULE, module_args=arguments, task_vars=self._vars, wrap_async=False
        )
        return found

    def _confirm(self, token: str, end: float) -> dict[str, Any]:
        """Confirm over a new connection, as often as it takes until the host must be back at its former files."""
        reasons: list[str] = []
        while time.monotonic() < end:
            answer = self._asked(token)
            if answer is None:
                time.sleep(1)
            elif not answer.get("failed"):
                return {}
            elif not answer.get("returning"):
                return _failed([*reasons, str(answer.get("msg"))])
            else:
                reasons = reasons or [str(answer.get("msg"))]
                time.sleep(1)
        return _failed([*reasons, "the host does not answer, not even after its timer must have put the files back"])

    def _asked(self, token: str) -> dict[str, Any] | None:
        """Return the module's answer over a new connection, None where the host cannot be reached."""
        try:
            self._connection.reset()
            answer = self._module({"state": "confirmed", "token": token})
        except AnsibleConnectionFailure:
            return None
        return None if answer.get("unreachable") else answer


def _failed(reasons: list[str]) -> dict[str, Any]:
    text = "; ".join(dict.fromkeys(reasons))
    return {"failed": True, "changed": False, "faults": reasons, "msg": f"The change did not stay: {text}"}
