# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Standard virtual switches and port groups of ESXi, in the controller's process and with one session for each task."""

from __future__ import annotations

from ansible_collections.netstack.datacenter.plugins.plugin_utils.connection.action import DriverAction
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.driver import EsxiDriver
from ansible_collections.netstack.datacenter.plugins.plugin_utils.options.esxi_teaming import SPEC

_NEEDS = [("state", "parsed", ["running_config"])]


class ActionModule(DriverAction):
    """The action of a device kind: its options, and who carries a state of theirs out."""

    SPEC = SPEC
    NEEDS = _NEEDS
    DRIVER = EsxiDriver
