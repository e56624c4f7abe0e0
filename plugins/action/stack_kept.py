# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Refuse to take back a run that nobody knows, or of which what it replaced is gone."""

from __future__ import annotations

from typing import Any

from ansible_collections.netstack.datacenter.plugins.plugin_utils.action import Action
from ansible_collections.netstack.datacenter.plugins.plugin_utils.state.known import findings


class ActionModule(Action):
    """Read what the hosts of the play have told; nothing is contacted."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return what is missing as a failure."""
        super().run(tmp, task_vars)
        _validated, arguments = self.validate_argument_spec(argument_spec={"run_id": {"type": "str", "required": True}})
        variables = task_vars or {}
        hosts = {str(host): variables["hostvars"].raw_get(host) for host in variables["ansible_play_hosts_all"]}
        found = findings(arguments["run_id"], hosts)
        result: dict[str, Any] = {"changed": False, "missing": found}
        if found:
            result.update(failed=True, msg="\n".join([*found, "Nothing was changed."]))
        return result
