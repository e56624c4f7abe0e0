# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Bundles, VLANs and ports of one Juniper EX, in the controller's process and with one writing session."""

from __future__ import annotations

from ansible_collections.netstack.datacenter.plugins.plugin_utils.connection.action import DriverAction
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.driver import JunosDriver
from ansible_collections.netstack.datacenter.plugins.plugin_utils.options.junos_lag import SPEC

_NEEDS = [("state", "parsed", ["running_config"]), ("state", "confirmed", ["token"]), ("state", "abandoned", ["token"])]


class ActionModule(DriverAction):
    """The action of a device kind: its options, and who carries a state of theirs out."""

    SPEC = SPEC
    NEEDS = _NEEDS
    DRIVER = JunosDriver
