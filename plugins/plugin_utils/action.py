# SPDX-License-Identifier: GPL-3.0-or-later
"""The base of every action of this collection: an ansible-core that is too old is refused before anything is done."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from .core_release import too_old


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
