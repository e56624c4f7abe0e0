# SPDX-License-Identifier: GPL-3.0-or-later
"""What a port is to its far end: its bundle, whether that speaks LACP, its VLANs by id, whether it is disabled."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..declared.model import Declared, Style
from . import layout, members
from .statements import Config
from .vlans import VlanTable, table


@dataclass(frozen=True)
class Wire:
    """One port; `untagged` and `tagged` are those of its bundle for a member link."""

    bundle: str = ""
    lacp: bool = False
    untagged: int | None = None
    tagged: frozenset[int] = frozenset()
    disabled: bool = False


def wires(config: Config, ports: Iterable[str], style: Style) -> dict[str, Wire]:
    """Return what each port is by a configuration; what is inactive does not take effect."""
    live = config.active()
    known = table(live, Declared())
    return {port: _wire(live, port, style, known) for port in ports}


def _wire(config: Config, port: str, style: Style, known: VlanTable) -> Wire:
    bundle = members.bundle_of(config, port) or ""
    name = bundle or port
    listed, native = layout.members_of(config, name), layout.native_of(config, name, style)
    lacp = config.has(*layout.interface(name), "aggregated-ether-options", "lacp")
    disabled = config.has(*layout.interface(port), "disable")
    if layout.mode_of(config, name, style) != "trunk":
        untagged = next(iter(known.numbers(listed)), None)
        if not listed and config.has(*layout.family(name)):
            untagged = known.id_of("default") or 0  # without ELS the default VLAN has no id
        return Wire(bundle, lacp, untagged, disabled=disabled)
    tagged = known.numbers(listed)
    untagged = known.id_of(native) if native else None
    if style == "els":
        tagged -= {untagged}
    elif untagged in tagged:
        untagged = None  # without ELS what is listed leaves with a tag, the native VLAN too
    return Wire(bundle, lacp, untagged, frozenset(tagged), disabled)
