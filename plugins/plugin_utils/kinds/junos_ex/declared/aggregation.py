# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys of a bundle that are one statement each below `aggregated-ether-options`: a row is all that such a key needs.

Reading, rules, the wanted configuration, its reading back, the set form and the plan's changes follow from the rows.
"""

from __future__ import annotations

from typing import NamedTuple

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.neutral import ChangeKind

LINK_SPEEDS = (
    *("10m", "100m", "1g", "2.5g", "5g", "8g", "10g", "25g", "40g", "50g", "80g", "100g", "400g", "oc192"),
    "mixed",
)
"""`link-speed` of aggregated-ether-options in Juniper's YANG, junos-ex 21.4R1 (17.4R1 has no 400g)."""


class Leaf(NamedTuple):
    """A key: its statement, its words or its lowest and highest number, and why no other value will do."""

    key: str
    path: tuple[str, ...]
    words: tuple[str, ...] = ()
    numbers: tuple[int, int] = (0, 0)
    why: str = ""
    goes: bool = False
    """Whether `replaced` takes it away where it is left out; what came later stays, for sites that never named it."""
    change: ChangeKind = ChangeKind.OTHER
    """What it is for the other end; the default is not neutral."""

    @property
    def of_lacp(self) -> bool:
        """Tell whether a static bundle has no use for it."""
        return self.path[0] == "lacp"


LEAVES = (
    Leaf("periodic", ("lacp", "periodic"), words=("slow", "fast"), goes=True, change=ChangeKind.LACP_TIMER),
    Leaf("system_priority", ("lacp", "system-priority"), numbers=(0, 65535), why="802.1AX has two octets for it."),
    Leaf("minimum_links", ("minimum-links",), numbers=(1, 64), why="It counts members that are up.", goes=True),
    Leaf("link_speed", ("link-speed",), words=LINK_SPEEDS, goes=True, change=ChangeKind.LINK_SPEED),
)
BY_KEY = {leaf.key: leaf for leaf in LEAVES}
