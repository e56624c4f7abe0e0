# SPDX-License-Identifier: GPL-3.0-or-later
"""The requests of junos_lag, made by an action with its client, and nothing else: what no action for PyEZ can go below.

It is given the arguments of junos_lag and gives a result of junos_lag, for what Ansible does with them is part of it:
`work` is a file with the change and the result, `again` tells whether the switches are as they should be.
"""

from __future__ import annotations

import gc
import json
import sys
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bare_pyez import push

from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.device.connect import (
    looked_up,
    open_device,
    warm,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.device.target import (
    Target,
    with_arguments,
)

warm()


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible-core has no type information
    """Makes the requests of one switch."""

    _requires_connection = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the result of the file."""
        gc.freeze()
        known, work = task_vars or {}, json.loads(Path(self._task.args["work"]).read_text())
        target = Target("127.0.0.1", known["ansible_port"], "lab", key_file=known["ansible_ssh_private_key_file"])
        target = looked_up(with_arguments(target, known["ansible_ssh_common_args"]))
        push(lambda: open_device(target), work["load"], self._task.args["again"])
        found: dict[str, Any] = work["result"]
        return found
