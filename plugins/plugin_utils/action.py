# SPDX-License-Identifier: GPL-3.0-or-later
"""The bases of the actions of this collection: an ansible-core that is too old is refused before anything is done, and
while a node works off its module a line says what is waited for."""

from __future__ import annotations

from typing import Any, ClassVar

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.plugins.action.normal import ActionModule as Normal
from ansible.utils.display import Display

from .core_release import too_old
from .progress import Progress


class Action(ActionBase):  # type: ignore[misc]  # ansible-core has no type information
    """What each `run` begins with by `super().run`; the roles call an action first, so that it holds for them too."""

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the empty result.

        Raises:
            AnsibleActionFail: this ansible-core is too old.

        """
        if reason := too_old():
            raise AnsibleActionFail(reason)
        result: dict[str, Any] = super().run(tmp, task_vars)
        return result


class NodeAction(Action, Normal):  # type: ignore[misc]  # ansible-core has no type information
    """Runs the module of its name on the node, as Ansible does where there is no action.

    A module itself cannot say anything before its end.
    """

    DOING: ClassVar[str]
    """What the node does meanwhile."""

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the module's result."""
        name = str((task_vars or {}).get("inventory_hostname", ""))
        with Progress(name, Display().display, self.DOING):
            return super().run(tmp, task_vars)

    def arguments(self) -> dict[str, Any]:
        """Return what the module is given: what the task says, unless an action knows more."""
        return dict(self._task.args)

    def _execute_module(
        self, module_name: str | None = None, module_args: dict[str, Any] | None = None, **more: Any
    ) -> dict[str, Any]:
        """Run the module; the task keeps its own arguments, for it may be run once more (retries)."""
        given = self.arguments() if module_args is None else module_args
        result: dict[str, Any] = super()._execute_module(module_name=module_name, module_args=given, **more)
        return result
