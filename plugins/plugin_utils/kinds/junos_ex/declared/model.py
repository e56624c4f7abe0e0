# SPDX-License-Identifier: GPL-3.0-or-later
"""What a switch is declared to have: VLANs, bundles and plain ports. None means: not asked for, so not touched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds import kinds

from ..platform import FRAME_TAGGED, FRAME_UNTAGGED

Style = Literal["els", "nonels"]
Lacp = Literal["active", "passive", "none"]

NO_VLAN = ""
"""`untagged: ""`: no VLAN for untagged frames, where None would leave what there is."""

EDGE: dict[str, bool | None] = {"host": True, "switch": False}
EDGE.update({each.name: None if each.outside else not each.switch for each in kinds() if not each.manages})
"""Whether a port to this kind of peer is an RSTP edge port; None: unknown, so spanning tree is not touched.

A host sends no BPDU, and a port that is not an edge port forwards only after up to 30 s (802.1D-2004, 17.3)."""

PAYLOAD_DEFAULT = 1500


@dataclass(frozen=True)
class Vlan:
    """One VLAN of the switch."""

    name: str
    id: int | None
    description: str | None = None
    l3_interface: str | None = None


@dataclass(frozen=True)
class Switching:
    """Layer 2 of an interface; on a trunk `untagged` is the native VLAN. `derived`: the mode is not said by anybody."""

    mode: Literal["access", "trunk"] | None = None
    untagged: str | None = None
    tagged: tuple[str, ...] | None = None
    derived: bool = False

    @property
    def asked(self) -> bool:
        """Tell whether anything is declared."""
        return self.mode is not None or self.untagged is not None or self.tagged is not None


@dataclass(frozen=True)
class Port:
    """A port without a bundle, or what a bundle's ae has in common with it."""

    name: str
    description: str | None = None
    payload_mtu: int | None = None
    switching: Switching = Switching()
    peer: str | None = None
    disabled: bool | None = None


@dataclass(frozen=True)
class Bundle(Port):
    """An aggregated interface; `lacp` none is a static bundle, None only where the bundle goes."""

    members: tuple[str, ...] = ()
    lacp: Lacp | None = None
    leaves: Mapping[str, int | str] = field(default_factory=dict)
    """What is given of aggregation.LEAVES, by key."""
    member_descriptions: Mapping[str, str] = field(default_factory=dict)
    disabled_members: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Declared:
    """All that is declared for one switch."""

    vlans: tuple[Vlan, ...] = ()
    bundles: tuple[Bundle, ...] = ()
    ports: tuple[Port, ...] = ()
    device_count: int | None = None

    @property
    def empty(self) -> bool:
        """Tell whether nothing is declared."""
        return not (self.vlans or self.bundles or self.ports)


def junos_mtu(payload: int, tagged: bool, explicit: bool = False) -> int | None:
    """Return `mtu` of the interface for a payload in octets; None where Junos's default carries it, unless `explicit`.

    Junos counts the Ethernet header and not the FCS (GE default 1514), the far end counts payload: "9000 on both ends"
    is a mismatch.
    """
    if payload == PAYLOAD_DEFAULT and not explicit:
        return None
    return payload + (FRAME_TAGGED if tagged else FRAME_UNTAGGED)


def payload_of(mtu: int, tagged: bool) -> int:
    """Return the payload in octets that an interface with this `mtu` carries."""
    return mtu - (FRAME_TAGGED if tagged else FRAME_UNTAGGED)
