# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""ESXi hosts with a distributed switch: declared only."""

from __future__ import annotations

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.kind import ANY, Kind, Names
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.site import ALL_ACTIVE, VMNIC

KIND = Kind(
    name="esxi_vds",
    title="ESXi host, distributed switch",
    pairing={
        "lacp": {"lag_mode": "active", "uplinks": "the LAG active, all others unused"},
        "static": {"load_balancing": "loadbalance_ip", **ALL_ACTIVE},
        "none": {"load_balancing": "loadbalance_srcid", **ALL_ACTIVE},
    },
    names=Names(lag=ANY, lag_example="lag1", needs_lag=("lacp",), port=VMNIC, port_example="vmnic2"),
    hypervisor=True,
)
