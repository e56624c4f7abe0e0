# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The rules over a whole site, by topic. Importing this package enters all of them into the catalogue."""

from __future__ import annotations

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.rules import (
    backends,
    certificates,
    devices,
    hashing,
    health,
    link_bundles,
    link_esxi,
    link_linux,
    link_ports,
    link_vlans,
    links,
    models,
    offload,
    pairs,
    paths,
    peers,
    protocols,
    raw,
    services,
    sticking,
    vips,
    vlans,
)

TOPICS = (
    *(raw, vlans, devices, models),
    *(links, link_ports, link_bundles, link_vlans, link_esxi, link_linux, hashing, paths),
    *(pairs, peers, vips, services, offload, backends, health, sticking, protocols, certificates),
)
