# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The variables of the role esxi_teaming for a vCenter: the ends of its hosts."""

from __future__ import annotations

from typing import Any

from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss import derivation
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss import site as of_host
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.model import Site

DERIVED = {
    "esxi_teaming_hosts": "vSwitches, port groups and VMkernel interfaces of each of its hosts with links (role "
    "esxi_teaming)",
}
"""Every variable that a vCenter gets from the site; `stack_derived` holds their digests."""
EMPTY: dict[str, Any] = {"esxi_teaming_hosts": {}}
"""What it has where nothing follows: the default of the role."""


def derive(site: Site, center: str) -> dict[str, Any]:
    """Return the ends of the vCenter's hosts, as plain data; none without a link."""
    managed = [host for host in site.hosts_by_manager.get(center, ()) if site.kind(host) == of_host.KIND.name]
    found = {host: own for host in managed if (own := derivation.own_end(site, host))}
    return {"esxi_teaming_hosts": found} if found else {}
