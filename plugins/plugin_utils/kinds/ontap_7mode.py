# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""NetApp filers in 7-mode: declared only."""

from __future__ import annotations

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.kind import ANY, BUNDLED, Kind, Names
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.ontap.site import PORT

KIND = Kind(
    name="ontap_7mode",
    title="NetApp filer, Data ONTAP 7-mode",
    pairing={
        "lacp": {"ifgrp": "lacp", "load_balancing": "ip"},
        "static": {"ifgrp": "multi", "load_balancing": "ip"},
        "none": {"ifgrp": "single"},
    },
    names=Names(lag=ANY, lag_example="vif1", needs_lag=BUNDLED, port=PORT, port_example="e0a"),
    storage=True,
)
