# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a Linux host is to the site."""

from __future__ import annotations

import re

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.kind import BUNDLED, Kind, Names

_NAME = re.compile(r"[^\s/]{1,15}")  # IFNAMSIZ of the kernel, 16 with the closing zero
KIND = Kind(
    name="linux",
    title="Linux host",
    pairing={"lacp": {"mode": "802.3ad"}, "static": {"mode": "balance-xor"}, "none": {"mode": "active-backup"}},
    names=Names(lag=_NAME, lag_example="bond0", needs_lag=BUNDLED, port=_NAME, port_example="eth0"),
    provisions="asked",
    groups=("link_ends",),
    protocol="ssh",
    told_by=("linux_bond_bonds",),
)
