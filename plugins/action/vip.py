# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""keepalived on a node; what it is waited for is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.netstack.datacenter.plugins.plugin_utils.action import NodeAction
from ansible_collections.netstack.datacenter.plugins.plugin_utils.needed_secrets import only


class ActionModule(NodeAction):
    """A reload must show in the running daemon."""

    FREE_TEXT = "vip"
    DOING = "brings keepalived to what is declared and waits until it runs it"

    def arguments(self) -> dict[str, Any]:
        """Return the module's arguments; of the secrets only those reach the node that its instances name."""
        given = super().arguments()
        instances, secrets = given.get("instances") or {}, given.get("secrets")
        if isinstance(secrets, Mapping) and isinstance(instances, Mapping):
            named = [each.get("authentication_secret") for each in instances.values() if isinstance(each, Mapping)]
            given["secrets"] = only(secrets, named)
        return given
