# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Devices that somebody else configures: their links are declared, and nothing is ever done to them."""

from __future__ import annotations

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.kind import Kind

KIND = Kind(
    name="external",
    title="device of somebody else",
    pairing={bundle: {"bundle": bundle} for bundle in ("lacp", "static", "none")},
    switch=True,
    routes=True,
    outside=True,
)
