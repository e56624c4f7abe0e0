# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The rule on free text: what of it is more than balancing."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.catalogue import rule
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.finding import Fault
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.model import Site
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.raw.haproxy import of_proxy
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.raw.variables import told


@rule("RAW", severity="warning")
def raw(site: Site) -> Iterator[Fault]:
    """Free text has a directive that can do more than balance.

    Breaks: its author reads files of other tenants, runs code as root (`lua-load` does when the configuration is
    checked, so in check mode too), or changes the process.
    Why: HAProxy reads its configuration as root, and nothing else stands between `raw` and it (docs/security.md).
    Mend: remove the line; or say in group_vars or with -e what your authors are trusted with: `stack_raw: allow`,
    `warn` (the default), or `refuse`, by which nothing of such text reaches a load balancer.
    """
    for name, service in sorted(site.services.items()):
        for side, lines in (("frontend", service.raw.frontend), ("backend", service.raw.backend)):
            for index, line in enumerate(lines):
                for suspect in told(of_proxy(line)):
                    yield Fault(("services", name, "raw", side, index), str(suspect))
