# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""HAProxy's clients are let end their connections; the wait for them is told."""

from __future__ import annotations

from ansible_collections.netstack.datacenter.plugins.plugin_utils.action import NodeAction


class ActionModule(NodeAction):
    """It takes as long as the requests that are under way, but no longer than the task allows."""

    DOING = "waits until its clients have ended their connections"
