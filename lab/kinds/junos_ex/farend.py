# SPDX-License-Identifier: GPL-3.0-or-later
"""What a port is cabled to: set through the control port, never derived from what a client wants to see."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

# Fields of a LACP row, in the device's order.
FLAGS = ("expired", "defaulted", "distributing", "collecting", "synchronization", "aggregation", "timeout", "activity")
Mode = Literal["off", "active", "passive"]


@dataclass
class FarEnd:
    """The other end of one cable.

    `cable`: `up`, or `dead` (no light). `lacp`: how the far port speaks LACP. `system` and `key` name the far switch
    and its bundle as LACP does: two members of one bundle that differ in them are cabled to different bundles. `flags`
    forces fields of the partner as the switch sees them (`synchronization: No`). `lldp` is (system name, port id)
    or nothing where the far end does not speak LLDP. `macs` are the stations behind it: (address, VLAN name).
    """

    cable: Literal["up", "dead"] = "up"
    lacp: Mode = "off"
    periodic: Literal["fast", "slow"] = "fast"
    system: str = "00:00:5e:00:53:01"
    key: int = 1
    flags: dict[str, str] = field(default_factory=dict)
    lldp: tuple[str, str] | None = None
    macs: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.cable not in ("up", "dead") or self.lacp not in ("off", "active", "passive"):
            raise ValueError("cable is up or dead; lacp is off, active or passive")
        if self.periodic not in ("fast", "slow"):
            raise ValueError("periodic is fast or slow")
        if not set(self.flags) <= set(FLAGS):
            raise ValueError(f"flags are {', '.join(FLAGS)}")
        self.lldp = (self.lldp[0], self.lldp[1]) if self.lldp else None
        self.macs = [(address, vlan) for address, vlan in self.macs]
