# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whose packets a node takes; that the rules are loaded is waited for, and told."""

from __future__ import annotations

from ansible_collections.netstack.datacenter.plugins.plugin_utils.action import NodeAction


class ActionModule(NodeAction):
    """Another program may hold the rules of the kernel for a while."""

    DOING = "loads the rules of who may speak to this node about its VIPs"
