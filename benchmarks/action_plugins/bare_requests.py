# SPDX-License-Identifier: GPL-3.0-or-later
"""The requests of junos_lag, made by an action with its client, and nothing else: what no action for PyEZ can go below.

Arguments: `load`, the change as XML; `again`, whether the switches are as they should be (bare_pyez.py).
"""

from __future__ import annotations

import gc
import sys
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bare_pyez import push

from ansible_collections.netstack.datacenter.plugins.plugin_utils.junos.connect import looked_up, open_device, warm
from ansible_collections.netstack.datacenter.plugins.plugin_utils.junos.target import Target, with_arguments

warm()


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible-core has no type information
    """Makes the requests of one switch."""

    _requires_connection = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return nothing but that it was done."""
        gc.freeze()
        known = task_vars or {}
        target = Target("127.0.0.1", known["ansible_port"], "lab", key_file=known["ansible_ssh_private_key_file"])
        target = looked_up(with_arguments(target, known["ansible_ssh_common_args"]))
        push(lambda: open_device(target), self._task.args["load"], self._task.args["again"])
        return {"changed": not self._task.args["again"]}
