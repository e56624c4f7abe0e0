# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Begins a change of a host's bonds, and confirms it over a new connection; else the host goes back by itself."""

from __future__ import annotations

import time
from typing import Any

from ansible.utils.display import Display

from ansible_collections.netstack.datacenter.plugins.plugin_utils.action import Action
from ansible_collections.netstack.datacenter.plugins.plugin_utils.connection.executor import AnsibleExecutor
from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.errors import UnreachableError
from ansible_collections.netstack.datacenter.plugins.plugin_utils.progress import Progress

MODULE = "netstack.datacenter.linux_bond"
ALIVE = "-o ServerAliveInterval=5 -o ServerAliveCountMax=3"
SETTLE = 3  # seconds until the host loads the new files; a connection made before would only be cut
GRACE = 45  # seconds beyond the time limit in which a host that went back must answer again


class ActionModule(Action):
    """Runs the module twice: to begin the change, and over a new connection to confirm it."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the task's result; a change that did not stay fails with the reason and what the host has now."""
        result = super().run(tmp, task_vars)
        began = time.monotonic()
        self._vars = task_vars or {}
        self._notice_dead_connections()
        name = str(self._vars.get("inventory_hostname", ""))
        with Progress(name, Display().display, "looks at its bonds, and changes what is not as declared") as progress:
            return {**result, **self._done(began, progress)}

    def _done(self, began: float, progress: Progress) -> dict[str, Any]:
        answers = "waits until the host answers over its changed bonds"
        if self._task.args.get("state") == "confirmed":
            progress.at(answers)
            return {"changed": True, **self._confirm(str(self._task.args.get("token", "")), began + GRACE)}
        result: dict[str, Any] = self._execute_module(
            module_name=MODULE, module_args=dict(self._task.args), task_vars=self._vars, wrap_async=False
        )
        pending = result.pop("pending", None)
        if pending is not None and not result.get("failed"):
            progress.at(answers)
            time.sleep(SETTLE)
            result.update(self._confirm(pending["token"], began + pending["seconds"] + GRACE))
        return result

    def _notice_dead_connections(self) -> None:
        """Have ssh give a connection up that the change cut; without it the task would wait for as long as TCP does."""
        if self._connection.transport == "ssh":
            said = self._connection.get_option("ssh_extra_args") or ""
            self._connection.set_option("ssh_extra_args", f"{said} {ALIVE}".strip())

    def _confirm(self, token: str, end: float) -> dict[str, Any]:
        """Confirm over new connections, as often as it takes until the host must be back at its former files."""
        reasons: list[str] = []
        while time.monotonic() < end:
            answer = self._asked(token)
            if answer.get("confirmed"):
                return {}
            if answer.get("failed") and not answer.get("returning"):
                return _failed([*reasons, str(answer.get("msg"))])
            if answer.get("failed"):
                reasons = reasons or [str(answer.get("msg"))]
            time.sleep(1)
        return _failed([*reasons, "the host does not answer, not even after its timer must have put the files back"])

    def _asked(self, token: str) -> dict[str, Any]:
        """Have the change proven over a new connection and confirm it over another; empty where one is not to be had.

        Two, since the first may have been made before the change cut it off: its module would go on, and prove only
        that the host is as declared. What comes over the second was sent after the proof.
        """
        host = AnsibleExecutor(self, self._vars)
        try:
            host.reconnect()
            answer = host.module(MODULE, {**self._task.args, "state": "confirmed", "token": token})
            if answer.get("unreachable") or answer.get("failed"):
                return {} if answer.get("unreachable") else answer
            host.reconnect()
            done = host.command(str(answer["confirm"]))
        except UnreachableError:
            return {}
        return {"confirmed": True} if done.rc == 0 else {}


def _failed(reasons: list[str]) -> dict[str, Any]:
    text = "; ".join(dict.fromkeys(reasons))
    return {"failed": True, "changed": False, "faults": reasons, "msg": f"The change did not stay: {text}"}
