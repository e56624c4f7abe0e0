# SPDX-License-Identifier: GPL-3.0-or-later
"""Through which port the controller reaches the switch: by address, route, ARP and MAC table, or else by VLAN."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_interface
from typing import Any

from ..config.members import members_by_bundle
from ..config.names import bundle_index, is_port, physical
from ..config.statements import Config, entry
from ..declared.model import Style
from ..device import errors
from .plan import carriers

OUT_OF_BAND = ("me", "vme", "fxp", "em")
"""Management interfaces that no bundle can touch."""


@dataclass(frozen=True)
class WayIn:
    """Interfaces and VLANs on the way, and how that was found; with `how` empty nothing could be told."""

    ports: set[str] = field(default_factory=set)
    vlans: set[str] = field(default_factory=set)
    how: str = ""


def declared_way(config: Config, style: Style, ports: tuple[str, ...], vlan: str | None) -> WayIn | None:
    """Return the way that the user names, by ports or by VLAN."""
    if ports:
        return WayIn(_with_bundles(config, set(ports)), set(), "named in management_ports")
    if vlan:
        return WayIn(carriers(config, vlan, style), {vlan}, f"it carries the management VLAN {vlan}")
    return None


def found_way(
    config: Config, style: Style, addresses: tuple[str | None, str | None], read: Callable[..., Any]
) -> WayIn:
    """Return the way as the switch shows it; `read` sends operational requests."""
    controller, switch = addresses
    held = holder(config, switch) if switch else None
    if held is None:
        return WayIn()
    interface, unit = held
    if interface.rstrip("0123456789") in OUT_OF_BAND:
        return WayIn(how=f"over {interface}, which no bundle touches")
    if is_port(interface) or bundle_index(interface) is not None:
        return WayIn(_with_bundles(config, {interface}), set(), f"it holds {switch}")
    vlan = next(
        (name for name in config.entries("vlans", tag="vlan") if _l3(config, name) == f"{interface}.{unit}"), None
    )
    if vlan is None:
        return WayIn()
    with suppress(errors.RefusedError, errors.DeniedError):
        port = _learned(controller, read)
        if port:
            return WayIn(_with_bundles(config, {port}), {vlan}, "the MAC table shows the controller's next hop there")
    return WayIn(carriers(config, vlan, style), {vlan}, f"it carries VLAN {vlan}, in which {switch} is")


def holder(config: Config, address: str) -> tuple[str, str] | None:
    """Return interface and unit whose configuration holds the address."""
    for item in config.active().statements:
        if len(item) > 5 and item[0].tag == "interfaces" and item[5].tag == "address" and item[5].key:
            with suppress(ValueError):
                if ip_interface(item[5].key).ip == ip_address(address):
                    return item[1].key or "", item[2].key or ""
    return None


def _l3(config: Config, vlan: str) -> str | None:
    return config.value("vlans", entry("vlan", vlan), "l3-interface")


def _with_bundles(config: Config, ports: set[str]) -> set[str]:
    """Return ports with the bundles that they are in, and bundles with their members."""
    found = set(ports)
    for name, held in members_by_bundle(config).items():
        if name in ports or ports.intersection(held):
            found |= {name, *held}
    return found


def _learned(controller: str | None, read: Callable[..., Any]) -> str | None:
    """Return the port behind which the controller, or the router towards it, was learned."""
    if controller is None:
        return None
    route = read("get_route_information", destination=controller)
    hops = [" ".join((item.text or "").split()) for item in _iter(route, "to")]
    wanted = {controller, *hops}
    macs = {
        " ".join((item.findtext("mac-address") or "").split()).lower()
        for item in _iter(read("get_arp_table_information", no_resolve=True), "arp-table-entry")
        if " ".join((item.findtext("ip-address") or "").split()) in wanted
    }
    table = read("get_ethernet_switching_table_information")
    for item in table.iter() if hasattr(table, "iter") else ():
        if isinstance(item.tag, str) and (item.text or "").strip().lower() in macs - {""}:
            parent = item.getparent()
            near = () if parent is None else parent.iter()
            names = (physical((child.text or "").strip()) for child in near)
            port = next((name for name in names if is_port(name) or bundle_index(name) is not None), None)
            if port:
                return port
    return None


def _iter(reply: Any, tag: str) -> Any:
    return reply.iter(tag) if hasattr(reply, "iter") else ()
