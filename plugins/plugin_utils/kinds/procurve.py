# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""HP switches: declared only."""

from __future__ import annotations

import re

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.kind import ANY, BUNDLED, Kind, Names

KIND = Kind(
    name="procurve",
    title="HP ProCurve",
    pairing={"lacp": {"trunk": "lacp"}, "static": {"trunk": "trunk"}, "none": {"trunk": "none"}},
    names=Names(
        lag=re.compile(r"[Tt]rk\d{1,3}"),
        lag_example="Trk1",
        needs_lag=BUNDLED,
        port=ANY,
        port_example="A1",
        lag_without_bundle=False,
    ),
    switch=True,
    forwards=True,
    routes=True,
)
