# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an ESXi host with standard vSwitches is to the site."""

from __future__ import annotations

import re

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.kind import Impossible, Kind, Library, Names

LIBRARY = Library("pyVmomi", "pyVmomi", "pyvmomi")
VMNIC = re.compile(r"vmnic\d+")
ALL_ACTIVE = {"failure_detection": "link_status", "uplinks": "all active"}
KIND = Kind(
    name="esxi_vss",
    title="ESXi host, standard vSwitches",
    pairing={
        "lacp": Impossible(
            "a standard vSwitch speaks no LACP, so the bundle would never come up (VMware KB 1001938)",
            "say static, or move the uplinks to a distributed switch",
        ),
        "static": {"load_balancing": "loadbalance_ip", **ALL_ACTIVE},
        "none": {"load_balancing": "loadbalance_srcid", **ALL_ACTIVE},
    },
    names=Names(
        lag=re.compile(r"\S(.{0,30}\S)?"),
        lag_example="vSwitch0",
        needs_lag=("lacp", "static", "none"),
        port=VMNIC,
        port_example="vmnic2",
        another_lag="give one another vSwitch (one bundle on each, VMware KB 1001938)",
    ),
    hypervisor=True,
    port_groups=True,
    provisions="always",
    groups=("link_ends",),
    role="esxi_teaming",
    order=10,
    one_by_one=True,
    converts=True,
    protocol="api",
    transport="esxi_teaming_transport",
    library=LIBRARY,
    told_by=("esxi_teaming_vswitches",),
)
