# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What was saved on a node; the wait for it is told."""

from __future__ import annotations

from ansible_collections.netstack.datacenter.plugins.plugin_utils.action import NodeAction


class ActionModule(NodeAction):
    """A store of many years has many generations."""

    DOING = "reads what was saved on it"
