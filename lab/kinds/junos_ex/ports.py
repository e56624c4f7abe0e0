# SPDX-License-Identifier: GPL-3.0-or-later
"""What every port of a switch does with frames: its bundle, whether it carries traffic, its VLANs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from device.ends import Far, Port, View

from .device import Device
from .farend import FarEnd
from .state import State, Vlan
from .tree import Node


@dataclass(frozen=True)
class End:
    """A switch as lab/fabric.py has it (device.ends.End)."""

    device: Device

    async def view(self) -> View:
        """Give all ports that have a cable."""
        return View(ports(self.device))

    async def hear(self, far: Mapping[str, Far | None]) -> None:
        """Take note of what stands at the other end of ports; None: no cable.

        Raises:
            ValueError: there is no such port.
        """
        known = set(self.device.model.ports(self.device.fpcs))
        for port, values in far.items():
            if port not in known:
                raise ValueError(f"{self.device.name} has no port {port}")
            if values is None:
                self.device.far.pop(port, None)
            else:
                self.device.far[port] = FarEnd(**values)


def ports(device: Device) -> dict[str, Port]:
    """Give all ports that have a cable; they are worked out anew when what they follow from is another."""
    state = State(device)
    follow_from = (state.root, state.settling, list(device.far.items()))
    if device.ports is None or device.ports[0] != follow_from:
        vlans = state.vlans()
        families = {logical: (interface, family) for logical, interface, family in state.switching()}
        device.ports = follow_from, {name: _port(state, vlans, families, name) for name in device.far}
    return device.ports[1]


def _port(state: State, vlans: dict[str, Vlan], families: dict[str, tuple[Node, Node]], name: str) -> Port:
    bundle = state.bundle(name)
    forwards = state.far(name) is not None
    if bundle:
        forwards = state.up(bundle) and name in state.active_members(bundle)
    logical = f"{bundle or name}.0"
    carried = {int(vlan.tag): vlan.name for vlan in vlans.values() if logical in vlan.interfaces and vlan.tag.isdigit()}
    untagged = _untagged(state, carried, *families[logical]) if logical in families and carried else None
    vlans_of_it = untagged, [tag for tag in carried if tag != untagged], carried
    spoken = state.lacp_mode(bundle) or "off", state.periodic(bundle)
    return Port(state.device.name, name, state.enabled(name), bundle, forwards, *vlans_of_it, *spoken)


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
