# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Pound on a node; what its service is waited for is told."""

from __future__ import annotations

from ansible_collections.netstack.datacenter.plugins.plugin_utils.action import NodeAction


class ActionModule(NodeAction):
    """A package may be installed, and the service must listen."""

    FREE_TEXT = "pound"
    DOING = "brings Pound to what is declared and waits until it serves"
