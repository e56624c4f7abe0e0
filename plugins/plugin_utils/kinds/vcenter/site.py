# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a vCenter is to the site."""

from __future__ import annotations

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.kind import Impossible, Kind
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.site import LIBRARY

_NO_PORTS = Impossible("a vCenter has no ports of its own", "name the ESXi hosts, and at them vcenter")
KIND = Kind(
    name="vcenter",
    title="vCenter",
    pairing=dict.fromkeys(("lacp", "static", "none"), _NO_PORTS),
    manages=True,
    groups=("link_ends",),
    role="esxi_teaming",
    order=20,
    protocol="api",
    library=LIBRARY,
    told_by=("esxi_teaming_hosts",),
)
