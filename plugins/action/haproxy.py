# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""HAProxy on a node; what its service is waited for is told. Here, too, are the certificates of its peers issued."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from ansible.errors import AnsibleActionFail

from ansible_collections.netstack.datacenter.plugins.plugin_utils.action import NodeAction
from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate.findings import UnusableError
from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate.peers import for_node


class ActionModule(NodeAction):
    """A reload may wait for the old processes, a restart for all of its listeners."""

    FREE_TEXT = "haproxy"
    DOING = "brings HAProxy to what is declared and waits until it serves"

    def arguments(self) -> dict[str, Any]:
        """Return the module's arguments: with what the peers' CAs issue, and without secrets that it does not need."""
        try:
            return for_node(self._task.args, datetime.now(timezone.utc))
        except UnusableError as error:
            raise AnsibleActionFail("\n".join(finding.text("haproxy") for finding in error.findings)) from None
