# SPDX-License-Identifier: GPL-3.0-or-later
"""The bases of the actions of this collection: an ansible-core that is too old is refused before anything is done, what
devices say cannot steer the terminal, and while a node works off its module a line says what is waited for."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ClassVar

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.plugins.action import ActionBase
from ansible.plugins.action.normal import ActionModule as Normal
from ansible.utils.display import Display

from .core_release import too_old
from .preflight import free_text
from .progress import Progress
from .readable import readable, readable_text

Run = Callable[..., dict[str, Any]]


def _readable(run: Run) -> Run:
    """Let an action's result, or its failure, come readable, whoever wrote the texts in it: see :mod:`readable`."""

    @wraps(run)
    def shown(*given: Any, **named: Any) -> dict[str, Any]:
        try:
            result: dict[str, Any] = readable(run(*given, **named))
        except AnsibleError as error:
            text = readable_text(str(error))
            if text == str(error):
                raise
            raise type(error)(text) from None
        return result

    return shown


class Action(ActionBase):  # type: ignore[misc]  # ansible-core has no type information
    """What each `run` begins with by `super().run`; the roles call an action first, so that it holds for them too.

    Every action returns its result through :func:`_readable`. This is the one place where foreign text, such as the
    name of a port, a banner or a reply, enters what Ansible shows, registers and hands to the report.
    """

    def __init_subclass__(cls, **named: Any) -> None:
        """Wrap the `run` of each class that has one."""
        super().__init_subclass__(**named)
        if "run" in cls.__dict__:
            cls.run = _readable(cls.run)  # type: ignore[method-assign]  # of the class that is being made

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
