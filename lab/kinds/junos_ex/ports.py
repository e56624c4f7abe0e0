# SPDX-License-Identifier: GPL-3.0-or-later
"""What every port of a switch does with frames: its bundle, whether it carries traffic, its VLANs."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

from .device import Device
from .state import State, Vlan
from .tree import Node


@dataclass
class Port:
    """One port.

    `light`: it is enabled. `bundle`: the ae that it is a member of, or nothing. `forwards`: it carries traffic, as a
    member of a bundle that is up or by itself. `untagged` and `tagged` are VLAN tags, those of its bundle for a member;
    `names` gives the VLANs' names by tag. `lacp` (off, active, passive) and `periodic` are how its bundle speaks LACP.
    """

    light: bool
    bundle: str
    forwards: bool
    untagged: int | None = None
    tagged: list[int] = field(default_factory=list)
    names: dict[int, str] = field(default_factory=dict)
    lacp: str = "off"
    periodic: str = "fast"


def ports(device: Device) -> dict[str, dict[str, object]]:
    """Give all ports that have a cable; they are worked out anew when what they follow from is another."""
    state = State(device)
    follow_from = (state.root, state.settling, list(device.far.items()))
    if device.ports is None or device.ports[0] != follow_from:
        vlans = state.vlans()
        families = {logical: (interface, family) for logical, interface, family in state.switching()}
        device.ports = follow_from, {name: asdict(_port(state, vlans, families, name)) for name in device.far}
    return device.ports[1]


def _port(state: State, vlans: dict[str, Vlan], families: dict[str, tuple[Node, Node]], name: str) -> Port:
    bundle = state.bundle(name)
    forwards = state.far(name) is not None
    if bundle:
        forwards = state.up(bundle) and name in state.active_members(bundle)
    port = Port(state.enabled(name), bundle, forwards, lacp=state.lacp_mode(bundle) or "off")
    port.periodic = state.periodic(bundle)
    logical = f"{bundle or name}.0"
    carried = {int(vlan.tag): vlan.name for vlan in vlans.values() if logical in vlan.interfaces and vlan.tag.isdigit()}
    if logical in families and carried:
        port.untagged = _untagged(state, carried, *families[logical])
    port.names = carried
    port.tagged = [tag for tag in carried if tag != port.untagged]
    return port


def _untagged(state: State, carried: dict[int, str], interface: Node, family: Node) -> int | None:
    """Give the VLAN that leaves a port without a tag.

    Without ELS, a native VLAN that is listed among the members as well leaves with a tag (the first blog post).
    """
    mode = family.text("interface-mode") or family.text("port-mode") or "access"
    if mode == "access":
        return next(iter(carried))
    native = family.text("native-vlan-id") or interface.text("native-vlan-id")
    wanted = next((tag for tag, name in carried.items() if native in (str(tag), name)), None)
    listed = family.find("vlan", "members")
    words = listed.values if listed is not None else []
    without_els = state.device.model.style != "els"
    if without_els and wanted is not None and {str(wanted), carried[wanted]} & {str(word) for word in words}:
        return None
    return wanted
