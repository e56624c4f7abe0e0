# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Windows hosts with Switch Embedded Teaming: declared only."""

from __future__ import annotations

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.kind import Impossible, Kind
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.windows_lbfo import TEAM

_NO_BUNDLE = Impossible(
    "Switch Embedded Teaming is switch-independent, so a bundle at the other end loses frames (Microsoft, "
    "Convert-LBFO2SET)",
    "say none",
)
KIND = Kind(
    name="windows_set",
    title="Windows host, Switch Embedded Teaming",
    pairing={"lacp": _NO_BUNDLE, "static": _NO_BUNDLE, "none": {"teaming_mode": "SwitchIndependent"}},
    names=TEAM,
)
