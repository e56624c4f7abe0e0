# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules and commands on the host of a task, over the connection that Ansible has given the task."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ansible.errors import AnsibleConnectionFailure

from ..contract.errors import UnreachableError
from ..contract.executor import Completed


class AnsibleExecutor:
    """Goes by the action of a task: its connection, its `become`, its check mode."""

    def __init__(self, action: Any, task_vars: dict[str, Any]) -> None:
        self._action, self._task_vars = action, task_vars

    def module(self, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return the result of a module on the host."""
        with _lost():
            found: dict[str, Any] = self._action._execute_module(
                module_name=name, module_args=dict(arguments), task_vars=self._task_vars, wrap_async=False
            )
        return found

    def command(self, text: str) -> Completed:
        """Return what a line for the host's shell came to."""
        with _lost():
            done = self._action._low_level_execute_command(text)
        return Completed(done.get("rc", 1), done.get("stdout", ""), done.get("stderr", ""))

    def reconnect(self) -> None:
        """Let what comes next go over a new connection."""
        with _lost():
            self._action._connection.reset()


@contextmanager
def _lost() -> Iterator[None]:
    try:
        yield
    except AnsibleConnectionFailure as error:
        raise UnreachableError(f"The host cannot be reached: {error}") from error
