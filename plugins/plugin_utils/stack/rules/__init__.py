# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The rules over a whole site, by topic. Importing this package enters all of them into the catalogue.

Those about one kind of device alone are in its package.
"""

from __future__ import annotations

from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds import NAMES, room
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.rules import (
    backends,
    certificates,
    devices,
    hashing,
    health,
    link_bundles,
    link_ports,
    link_vlans,
    links,
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
    *(raw, vlans, devices),
    *(links, link_ports, link_bundles, link_vlans, hashing, paths),
    *(each for name in NAMES if (each := room(name, "rules")) is not None),
    *(pairs, peers, vips, services, offload, backends, health, sticking, protocols, certificates),
)
