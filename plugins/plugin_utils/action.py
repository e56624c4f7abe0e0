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
from .preflight import free_text
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
    FREE_TEXT: ClassVar[str] = ""
    """The role whose options have free text, where this is its module."""

    def _refuse_free_text(self, variables: dict[str, Any]) -> None:
        """Judge the options as they are now, whatever the preflight saw.

        Raises:
            AnsibleActionFail: there is text that is refused.

        """
        try:
            policy = free_text.policy_of(self._templar.template(variables.get(free_text.VARIABLE)))
        except ValueError as error:
            raise AnsibleActionFail(str(error)) from error
        found = free_text.of_options(self.FREE_TEXT, self._task.args) if policy == free_text.REFUSE else []
        if found:
            raise AnsibleActionFail("Refused, and nothing was sent to the node: " + " ".join(found))

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the module's result; nothing reaches the node of free text that `stack_raw` refuses."""
        name = str((task_vars or {}).get("inventory_hostname", ""))
        if self.FREE_TEXT:
            self._refuse_free_text(task_vars or {})
        with Progress(name, Display().display, self.DOING):
            return super().run(tmp, task_vars)
