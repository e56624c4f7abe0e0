# SPDX-License-Identifier: GPL-3.0-or-later
"""A configuration read back into the shape of the declaration."""

from __future__ import annotations

from typing import Any, TypeAlias

from ..declared.model import NO_VLAN, Style, payload_of
from . import layout, members
from .names import in_order, is_port, number_of
from .statements import Config, entry

Named: TypeAlias = dict[str | None, str]
"""Names of VLANs by their id as text."""


def structured(config: Config, style: Style) -> dict[str, Any]:
    """Return VLANs, bundles and plain switched ports; what is inactive does not take effect and is left out."""
    live = config.active()
    named: Named = {
        live.value("vlans", entry("vlan", vlan), "vlan-id"): vlan for vlan in live.entries("vlans", tag="vlan")
    }
    held = members.members_by_bundle(live)
    taken = {port for ports in held.values() for port in ports}
    ports = sorted(
        (n for n in live.entries("interfaces", tag="interface") if is_port(n) and n not in taken), key=in_order
    )
    return {
        "vlans": {name: _vlan(live, name) for name in live.entries("vlans", tag="vlan")},
        "bundles": {name: _bundle(live, name, held.get(name, []), style, named) for name in members.bundles_of(live)},
        "ports": {name: _plain(live, name, style, named) for name in ports if live.has(*layout.family(name))},
    }


def _vlan(config: Config, name: str) -> dict[str, Any]:
    where = ("vlans", entry("vlan", name))
    found: dict[str, Any] = {}
    number = number_of(config.value(*where, "vlan-id"))
    if number is not None:
        found["id"] = number
    for key, tag in (("description", "description"), ("l3_interface", "l3-interface")):
        text = config.value(*where, tag)
        if text is not None:
            found[key] = text
    return found


def _bundle(config: Config, name: str, ports: list[str], style: Style, named: Named) -> dict[str, Any]:
    options = (*layout.interface(name), "aggregated-ether-options")
    found: dict[str, Any] = {"members": ports, "lacp": "none"}
    if config.has(*options, "lacp"):
        found["lacp"] = "active" if config.has(*options, "lacp", "active") else "passive"
        periodic = config.value(*options, "lacp", "periodic")
        found.update({"periodic": periodic} if periodic else {})
    links, speed = number_of(config.value(*options, "minimum-links")), config.value(*options, "link-speed")
    found.update({} if links is None else {"minimum_links": links})
    found.update({"link_speed": speed} if speed else {})
    texts = {port: config.value(*layout.interface(port), "description") for port in ports}
    said = {port: text for port, text in texts.items() if text}
    found.update({"member_descriptions": said} if said else {})
    off = [port for port in ports if config.has(*layout.interface(port), "disable")]
    found.update({"disabled_members": off} if off else {})
    return {**found, **_port(config, name, style, named)}


def _plain(config: Config, name: str, style: Style, named: Named) -> dict[str, Any]:
    off = {"disabled": True} if config.has(*layout.interface(name), "disable") else {}
    return {**_port(config, name, style, named), **off}


def _port(config: Config, name: str, style: Style, named: Named) -> dict[str, Any]:
    found: dict[str, Any] = {}
    where = layout.interface(name)
    listed = layout.members_of(config, name)
    mode = layout.mode_of(config, name, style) or ("access" if listed else None)
    description, mtu = config.value(*where, "description"), number_of(config.value(*where, "mtu"))
    if description:
        found["description"] = description
    if mtu is not None:
        found["payload_mtu"] = payload_of(mtu, layout.counts_tag(config, name, style))
    if mode is not None and (mode != "access" or listed):
        found["mode"] = mode
        found.update(_vlans(config, name, mode, style, named))
    protocol = layout.stp_of(config)
    if protocol and any(config.has("protocols", protocol, entry("interface", n), "edge") for n in (name, f"{name}.0")):
        found["peer"] = "host"
    return found


def _vlans(config: Config, name: str, mode: str, style: Style, named: Named) -> dict[str, Any]:
    listed, native = layout.members_of(config, name), layout.native_of(config, name, style)
    if mode == "access":
        return {"untagged": listed[0]} if listed else {}
    untagged = named.get(native, native) if native else NO_VLAN
    tagged = [vlan for vlan in listed if not (style == "els" and native and vlan in (native, untagged))]
    return {"untagged": untagged, "tagged": tagged} if untagged or tagged else {}
