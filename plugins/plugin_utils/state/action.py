# SPDX-License-Identifier: GPL-3.0-or-later
"""The base of the actions that keep what they replace, so that a later run takes it back."""

from __future__ import annotations

import os
from typing import Any

from ..connection.action import DeviceAction
from .of_run import Variable, require_lasting, store_of
from .record import Record


class KeepingAction(DeviceAction):
    """Its options `restore_dir` and `run_id` say where."""

    def variable(self, name: str) -> Any:
        """Return a variable of the task, None where there is none or an empty one."""
        return self._templated(self._task_vars, name)

    def record(self, arguments: dict[str, Any], part: str = "") -> Record | None:
        """Return the record of this device; None without a place or an id.

        Raises:
            StateError: it cannot be there, or would go with the container of this job.

        """
        where, run_id = arguments["restore_dir"], arguments["run_id"]
        if not where or not run_id:
            return None
        if arguments["state"] != "restored" and not self._task.check_mode:
            require_lasting(where, os.environ)
        return self._record(where, run_id, part, self.variable)

    def _record(self, where: str, run_id: str, part: str, variable: Variable) -> Record:
        store = store_of(where, variable)
        return Record(store, run_id, self.device, part, str(variable("netstack_site") or ""))
