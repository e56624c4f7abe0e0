# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules on filers with ONTAP 9."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.catalogue import rule
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.finding import Fault
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.model import Site

from .site import KIND


@rule("LINK_FAST_TO_ONTAP", severity="warning", waivable=True)
def link_fast_to_ontap(site: Site) -> Iterator[Fault]:
    """A filer's link has the fast LACP timer.

    Breaks: with ONTAP 9.16.1 and above the ports of the interface group flap.
    Why: NetApp CONTAP-447334: only when the switch uses the short time-out.
    Mend: say `periodic: slow`, or waive it for an older ONTAP.
    """
    for name, link in sorted(site.links.items()):
        if link.periodic == "fast" and any(site.kind(host) == KIND.name for host in link.ends):
            yield Fault(
                ("links", name, "periodic"),
                "ports of an ONTAP 9.16.1 or above flap with the fast timer (CONTAP-447334); say slow",
            )
