# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""keepalived on a node; what it is waited for is told."""

from __future__ import annotations

from ansible_collections.netstack.datacenter.plugins.plugin_utils.action import NodeAction


class ActionModule(NodeAction):
    """A reload must show in the running daemon."""

    FREE_TEXT = "vip"
    DOING = "brings keepalived to what is declared and waits until it runs it"
