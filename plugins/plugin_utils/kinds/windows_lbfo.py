# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Windows hosts with an LBFO team: declared only."""

from __future__ import annotations

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.kind import ANY, BUNDLED, Kind, Names

TEAM = Names(lag=ANY, lag_example="team0", needs_lag=BUNDLED, port=ANY, port_example="NIC1")
KIND = Kind(
    name="windows_lbfo",
    title="Windows host, LBFO team",
    pairing={
        "lacp": {"teaming_mode": "LACP"},
        "static": {"teaming_mode": "Static"},
        "none": {"teaming_mode": "SwitchIndependent"},
    },
    names=TEAM,
)
