# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a host's management network carries traffic, and what a client sees when it does not."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

State = Literal["up", "silent", "dropped"]
STATES: tuple[State, ...] = ("up", "silent", "dropped")


@dataclass
class Reach:
    """How a host is reached.

    `state` is set by hand or by a fabric: `up`, `silent` (connections are taken and never answered, as when packets
    are lost) or `dropped` (connections are reset). `far` is a simple switch beside the host: {vmnic: bundle's name, or
    nothing for a plain port}; README.md says when it cuts the host off, which
    then is as `lost` says. `seen` is what it was found to be the last time.
    """

    state: State = "up"
    far: dict[str, str] = field(default_factory=dict)
    lost: State = "silent"
    seen: State = "up"

    def __post_init__(self) -> None:
        if self.state not in STATES or self.lost not in STATES:
            raise ValueError(f"a host is one of {', '.join(STATES)}")


def agrees(teaming: str, uplinks: list[str], far: dict[str, str]) -> bool:
    """Tell whether the active `uplinks` of a team suit the far ends: pairing table and KB 1001938.

    IP hash needs all its uplinks in one bundle that has no other member; any other policy needs plain ports, or one
    uplink only. A bundle of one member that is the only uplink suits every policy.
    """
    cabled = [nic for nic in uplinks if nic in far]
    bundles = {far[nic] for nic in cabled}
    if not cabled:
        return False
    for bundle in bundles - {""}:
        if {nic for nic, name in far.items() if name == bundle} - set(cabled):
            return False
    if len(cabled) == 1:
        return True
    if teaming == "loadbalance_ip":
        return len(bundles) == 1 and "" not in bundles
    return bundles == {""}
