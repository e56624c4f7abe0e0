# SPDX-License-Identifier: GPL-3.0-or-later
"""Which links of a host have two ends that can be changed, and the pairs of these ends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..contract.end import EndData, HostEnd, SwitchEnd, Traits, Variable
from .cables import SECONDS
from .convert import Pair

LINK_DOWN = "LINK_DOWN"
"""The rule of the site that a link waives whose enclosure hides from the NIC that its port is disabled."""
LinkData = Mapping[str, Any]
"""An entry of `stack_links` of the host."""


def chosen(links: Iterable[LinkData], own: Traits, kinds: Mapping[str, Any]) -> tuple[list[LinkData], list[str]]:
    """Return the links whose both ends can be changed here, and why each other one is left alone.

    `own` is what the host says of its end; `kinds` has the modules `end` by kind.
    """
    found, left = [], []
    all_links = list(links)
    for link in all_links:
        peer = getattr(kinds.get(link["peer_kind"]), "TRAITS", own)
        without = [each.title for each in (own, peer) if link["bundle"] not in each.bundles]
        sharing = [other["link"] for other in all_links if other["lag"] == link["lag"] and other is not link]
        if peer.side == own.side:
            left.append(f"{link['link']}: its far end {link['peer']} is not configured by this collection.")
        elif without:
            left.append(f"{link['link']}: a {without[0]} has no bundle {link['bundle']}.")
        elif sharing:
            left.append(f"{link['link']}: its {own.short} {link['lag']} is that of {', '.join(sharing)} too.")
        else:
            found.append(link)
    return found, left


@dataclass(frozen=True)
class Device:
    """The device of an end: the module `end` of its kind, how it is reached, and what gives its variables."""

    kind: Any
    connection: Any
    variable: Variable


@dataclass(frozen=True)
class Builder:
    """Makes the pairs of one host; `options` are those of the task."""

    host: Device
    options: Mapping[str, Any]
    check_mode: bool

    def pair(self, link: LinkData, switch: Device, declared: bool = True) -> Pair:
        """Return the two ends of one link; what is declared for it does not count where it is taken back.

        Raises:
            RefusalError: something of it is wrong.

        """
        seconds = float((self.options["verify"] or {}).get("link_down_seconds", SECONDS))

        def end_of(device: Device) -> Any:
            return device.kind.end_of(
                EndData(link, device.connection, device.variable, self.options, self.check_mode, seconds, declared)
            )

        ends: tuple[SwitchEnd, HostEnd] = end_of(switch), end_of(self.host)
        waived = str((link.get("waive") or {}).get(LINK_DOWN, ""))
        consent = "management" in self.options["consent"]
        return Pair(str(link["link"]), *ends, self.options["strategy"], consent, link_down=seconds, waived=waived)
