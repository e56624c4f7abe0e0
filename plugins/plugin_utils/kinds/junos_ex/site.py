# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a Juniper EX is to the site."""

from __future__ import annotations

import re

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.kind import BUNDLED, Kind, Library, Names

from .platform import PORT

KIND = Kind(
    name="junos_ex",
    title="Juniper EX",
    # Junos without `active` is passive, and two passive ends never come up (`lacp` statement).
    pairing={"lacp": {"lacp": "active"}, "static": {"lacp": "none"}, "none": {"bundle": "none"}},
    names=Names(
        lag=re.compile(r"ae(0|[1-9]\d{0,3})"),  # how far the numbers go is the model's: LINK_LAG_BEYOND_MODEL
        lag_example="ae0",
        needs_lag=BUNDLED,
        port=PORT,
        port_example="ge-0/0/0",
        lag_without_bundle=False,
    ),
    switch=True,
    forwards=True,
    routes=True,
    provisions="always",
    groups=("switches", "link_ends"),
    role="junos_lag",
    order=30,
    protocol="netconf",
    library=Library("PyEZ", "jnpr.junos", "junos-eznc"),
    told_by=("junos_lag_bundles", "junos_lag_ports"),
)
