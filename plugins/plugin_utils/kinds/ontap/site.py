# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a filer with ONTAP 9 is to the site."""

from __future__ import annotations

import re

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.kind import Kind, Names

PORT = re.compile(r"e\d+[a-zM]")
KIND = Kind(
    name="ontap",
    title="NetApp filer, ONTAP 9",
    pairing={
        "lacp": {"mode": "multimode_lacp", "distribution_policy": "ip"},
        "static": {"mode": "multimode", "distribution_policy": "ip"},
        "none": {"mode": "singlemode"},
    },
    names=Names(lag=re.compile(r"a\d{1,3}[a-z]"), lag_example="a0a", needs_lag=(), port=PORT, port_example="e0a"),
    storage=True,
)
