# SPDX-License-Identifier: GPL-3.0-or-later
"""RPCs that show operational state: interfaces, LACP, LLDP, VLANs, stations."""

from __future__ import annotations

import zlib
from fnmatch import fnmatchcase

from lxml import etree

from .dispatch import Call, Reply, rpc
from .errors import JunosError, Report, not_simulated
from .farend import FLAGS
from .frames import outermost, report_element
from .rules import bundle_of
from .state import Lacp, State
from .xmlform import Element

FORMS = ("terse", "brief", "detail", "extensive", "media", "descriptions", "statistics")


def put(parent: Element, name: str, text: str) -> Element:
    """Append an element; real replies wrap values in line ends (facts, section 7)."""
    made = etree.SubElement(parent, name)
    made.text = f"\n{text}\n" if text else None
    return made


def junos_space(call: Call, part: str) -> str:
    """Give the XML namespace of a daemon's replies in this release."""
    return f"http://xml.juniper.net/junos/{call.device.model.short_release}/junos-{part}"


def top(call: Call, name: str, part: str) -> Element:
    """Make a reply's outermost element."""
    return outermost(name, junos_space(call, part))


def finish(call: Call, root: Element, part: str) -> Reply:
    """Put all that has no namespace into the reply's own."""
    space = junos_space(call, part)
    for element in root.iter():
        if not str(element.tag).startswith("{") and element.tag != "rpc-error":
            element.tag = f"{{{space}}}{element.tag}"
    return Reply([root])


@rpc("get-interface-information")
def interfaces(call: Call) -> Reply:
    """Show interfaces: `terse`, or with their details."""
    call.only("interface-name", "routing-instance", *FORMS)
    root = top(call, "interface-information", "interface")
    if call.flag("routing-instance"):
        return _private(call, root)
    state, wanted = State(call.device), call.argument("interface-name")
    physical, _, unit = wanted.partition(".")
    names = [name for name in state.names() if not wanted or fnmatchcase(name, physical)]
    if wanted and not names and not any(mark in wanted for mark in "*?["):
        report = Report(f"device {physical} not found", daemon="ifinfo")
        error_root = etree.Element("interface-information")
        error_root.append(report_element(report))
        return Reply([error_root], failed=True)
    for name in names:
        if call.flag("descriptions"):
            _described(root, state, name)
        else:
            _physical(root, state, name, unit, call.flag("terse"))
    return finish(call, root, "interface")


def _private(call: Call, root: Element) -> Reply:
    """Show the internal interface by which PyEZ finds the routing engine it talks to."""
    if call.argument("routing-instance") != "__juniper_private1__":
        raise not_simulated("interfaces of a routing instance")
    physical = etree.SubElement(root, "physical-interface")
    put(physical, "name", "bme0")
    logical = etree.SubElement(physical, "logical-interface")
    put(logical, "name", "bme0.0")
    family = etree.SubElement(logical, "address-family")
    put(family, "address-family-name", "inet")
    put(etree.SubElement(family, "interface-address"), "ifa-local", "128.0.0.1/2")
    return finish(call, root, "interface")


def _described(root: Element, state: State, name: str) -> None:
    """Show an interface in `show interfaces descriptions`: only if it has one."""
    node = state.interface(name)
    if node is None or not node.has("description"):
        return
    physical = etree.SubElement(root, "physical-interface")
    _status(physical, state, name)
    put(physical, "description", node.text("description"))


def _status(parent: Element, state: State, name: str) -> None:
    """Show name and status."""
    put(parent, "name", name)
    put(parent, "admin-status", "up" if state.enabled(name) else "down")
    put(parent, "oper-status", "up" if state.up(name.partition(".")[0]) else "down")


def _physical(root: Element, state: State, name: str, unit: str, terse: bool) -> None:
    """Show one physical interface with its logical ones."""
    physical = etree.SubElement(root, "physical-interface")
    _status(physical, state, name)
    if not terse:
        _details(physical, state, name)
    for number, families in _logical(state, name):
        if unit in ("", number):
            logical = etree.SubElement(physical, "logical-interface")
            _status(logical, state, f"{name}.{number}")
            for family, bundle in families:
                below = etree.SubElement(logical, "address-family")
                put(below, "address-family-name", family)
                if bundle:
                    put(below, "ae-bundle-name", f"{bundle}.0")


def _logical(state: State, name: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """Give the units of an interface with (family, bundle); a member's unit 0 is the bundle's own."""
    bundle = state.bundle(name)
    if bundle:
        return [("0", [("aenet", bundle)])]
    node = state.interface(name)
    if node is None or bundle_of(node):
        return []
    names = {"ethernet-switching": "eth-switch"}
    units = []
    for entry in node.entries("unit"):
        family = entry.child("family")
        below = (
            [names.get(child.schema.name, child.schema.name) for child in family.ordered()]
            if family is not None
            else []
        )
        units.append((entry.key, [(each, "") for each in below]))
    return units


def _details(physical: Element, state: State, name: str) -> None:
    """Show what `show interfaces X` tells beside the status."""
    node = state.interface(name)
    if node is not None and node.has("description"):
        put(physical, "description", node.text("description"))
    put(physical, "link-level-type", "Ethernet")
    put(physical, "mtu", node.text("mtu", default="1514") if node is not None else "1514")
    put(physical, "speed", state.speed(name))
    if node is not None and node.has("aggregated-ether-options", "minimum-links"):
        put(physical, "minimum-links-in-aggregate", node.text("aggregated-ether-options", "minimum-links"))
    flags = etree.SubElement(physical, "if-device-flags")
    etree.SubElement(flags, "ifdf-present")
    etree.SubElement(flags, "ifdf-running")
    for tag in ("current-physical-address", "hardware-physical-address"):
        put(physical, tag, address(state.device.name, name))
    since = put(physical, "interface-flapped", "Never")
    since.set(f"{{http://xml.juniper.net/junos/{state.device.model.short_release}/junos}}seconds", "0")


def address(switch: str, name: str) -> str:
    """Give an interface's MAC address: made from the names, the same at each start."""
    number = zlib.crc32(f"{switch}/{name}".encode())
    return "00:00:5e:" + ":".join(f"{(number >> shift) & 255:02x}" for shift in (16, 8, 0))


@rpc("get-lacp-interface-information")
def lacp(call: Call) -> Reply:
    """Show LACP of all bundles, or of one; a warning where nothing is configured to speak it (facts, J9)."""
    call.only("interface-name", "extensive")
    state, wanted = State(call.device), call.argument("interface-name")
    speaking = [name for name in state.bundles if state.lacp_mode(name)]
    if not speaking:
        words = "lacp subsystem not running - not needed by configuration"
        raise JunosError(Report(words, "warning", daemon="lacpd"))
    root = top(call, "lacp-interface-information-list", "lacpd")
    for name in speaking:
        members = [member for member in state.lacp(name) if wanted in ("", name, member.port)]
        if members or wanted == name:
            _lacp_bundle(root, name, members)
    return finish(call, root, "lacpd")


def _lacp_bundle(root: Element, name: str, members: list[Lacp]) -> None:
    """Show one bundle: two rows a member, then the machines."""
    below = etree.SubElement(root, "lacp-interface-information")
    put(etree.SubElement(below, "lag-lacp-header"), "aggregate-name", name)
    for member in members:
        for role, flags in (("Actor", member.actor), ("Partner", member.partner)):
            row = etree.SubElement(below, "lag-lacp-state")
            put(row, "name", member.port)
            put(row, "lacp-role", role)
            for flag in FLAGS:
                put(row, f"lacp-{flag}", flags[flag])
    for member in members:
        row = etree.SubElement(below, "lag-lacp-protocol")
        put(row, "name", member.port)
        put(row, "lacp-receive-state", member.receive)
        put(row, "lacp-transmit-state", member.transmit)
        put(row, "lacp-mux-state", member.mux)


@rpc("get-lldp-neighbors-information")
def lldp(call: Call) -> Reply:
    """Show LLDP's neighbours."""
    call.only("interface-device")
    els, wanted = call.device.model.style == "els", call.argument("interface-device")
    root = top(call, "lldp-neighbors-information", "l2cp" if els else "lldpd")
    for port, bundle, far in State(call.device).neighbours():
        if wanted not in ("", port, bundle) or far.lldp is None:
            continue
        entry = etree.SubElement(root, "lldp-neighbor-information")
        put(entry, "lldp-local-port-id" if els else "lldp-local-interface", port if els else f"{port}.0")
        put(entry, "lldp-local-parent-interface-name", (bundle if els else f"{bundle}.0") if bundle else "-")
        put(entry, "lldp-remote-chassis-id-subtype", "Mac address")
        put(entry, "lldp-remote-chassis-id", far.system)
        put(entry, "lldp-remote-port-id-subtype", "Interface name")
        put(entry, "lldp-remote-port-id", far.lldp[1])
        put(entry, "lldp-remote-port-description", far.lldp[1])
        put(entry, "lldp-remote-system-name", far.lldp[0])
    return finish(call, root, "l2cp" if els else "lldpd")


@rpc("get-vlan-information")
def vlans(call: Call) -> Reply:
    """Show VLANs with the interfaces in them; an asterisk marks those that are up."""
    call.only("brief", "detail", "extensive", "vlan-name")
    state, els, wanted = State(call.device), call.device.model.style == "els", call.argument("vlan-name")
    part = "l2ng-l2ald" if els else "esw"
    root = top(call, "l2ng-l2ald-vlan-instance-information" if els else "vlan-information", part)
    for index, vlan in enumerate(sorted(state.vlans().values(), key=lambda each: each.name)):
        if wanted in ("", vlan.name):
            marked = [name + ("*" if state.up(name.partition(".")[0]) else "") for name in vlan.interfaces]
            _vlan_els(root, vlan.name, vlan.tag, marked) if els else _vlan(root, index, vlan.name, vlan.tag, marked)
    return finish(call, root, part)


def _vlan_els(root: Element, name: str, tag: str, interfaces: list[str]) -> None:
    """Show one VLAN in ELS's form (capture: NAPALM's mocked data, test_get_vlans/vlan_l2ng)."""
    group = etree.SubElement(root, "l2ng-l2ald-vlan-instance-group")
    put(group, "l2ng-l2rtb-name", "default-switch")
    put(group, "l2ng-l2rtb-vlan-name", name)
    put(group, "l2ng-l2rtb-vlan-tag", tag)
    for interface in interfaces or [""]:
        put(etree.SubElement(group, "l2ng-l2rtb-vlan-member"), "l2ng-l2rtb-vlan-member-interface", interface)


def _vlan(root: Element, index: int, name: str, tag: str, interfaces: list[str]) -> None:
    """Show one VLAN in the older form (capture: NAPALM's mocked data, test_get_vlans/vlan)."""
    entry = etree.SubElement(root, "vlan")
    values = {
        "vlan-instance": "0",
        "vlan-name": name,
        "vlan-status": "Enabled",
        "vlan-owner": "static",
        "vlan-tag": tag or "0",
    }
    values |= {"vlan-index": str(index + 2), "vlan-protocol-port": "Port Mode"}
    values |= {"vlan-members-count": str(len(interfaces))}
    values |= {"vlan-members-upcount": str(sum(name.endswith("*") for name in interfaces))}
    for tag_name, text in values.items():
        put(entry, tag_name, text)
    listed = etree.SubElement(etree.SubElement(entry, "vlan-detail"), "vlan-member-list")
    for interface in interfaces or ["None"]:
        put(etree.SubElement(listed, "vlan-member"), "vlan-member-interface", interface)


@rpc("get-ethernet-switching-table-information")
def stations(call: Call) -> Reply:
    """Show the stations learnt, in the style's own form: by its outermost element clients tell the styles."""
    call.only("summary", "brief", "detail", "extensive", "interface-name", "vlan-name")
    wanted, vlan = call.argument("interface-name"), call.argument("vlan-name")
    found = [
        entry
        for entry in State(call.device).stations()
        if wanted in ("", entry[2], entry[2][:-2]) and vlan in ("", entry[0].name)
    ]
    if call.device.model.style == "els":
        return _stations_els(call, [(each.name, each.tag, mac, port) for each, mac, port in found])
    root = top(call, "ethernet-switching-table-information", "esw")
    table = etree.SubElement(root, "ethernet-switching-table")
    put(table, "mac-table-count", str(len(found)))
    put(table, "mac-table-learned", str(len(found)))
    for each, mac, port in found if not call.flag("summary") else []:
        entry = etree.SubElement(table, "mac-table-entry")
        put(entry, "mac-vlan", each.name)
        put(entry, "mac-vlan-tag", each.tag)
        put(entry, "mac-address", mac)
        put(entry, "mac-type", "Learn")
        put(entry, "mac-age", "0")
        put(etree.SubElement(entry, "mac-interfaces-list"), "mac-interfaces", port)
    return finish(call, root, "esw")


def _stations_els(call: Call, found: list[tuple[str, str, str, str]]) -> Reply:
    """Show the stations in ELS's form (captures: PyEZ's and others' replies of 14.1X53 and 18.2R3)."""
    root = top(call, "l2ng-l2ald-rtb-macdb", "l2al")
    if call.flag("summary"):
        summary = etree.SubElement(root, "l2ng-l2ald-ethernet-switching-table-summary")
        put(summary, "l2ng-l2-total-mac-count", str(len(found)))
        put(summary, "l2ng-l2-total-smac-count", "0")
        return finish(call, root, "l2al")
    if call.flag("detail") or call.flag("extensive"):
        for name, tag, mac, port in found:
            _station_in_detail(root, len(found), (name, tag, mac, port))
        return finish(call, root, "l2al")
    table = etree.SubElement(root, "l2ng-l2ald-mac-entry-vlan")
    put(table, "mac-count-global", str(len(found)))
    put(table, "learnt-mac-count", str(len(found)))
    put(table, "l2ng-l2-mac-routing-instance", "default-switch")
    for name, _, mac, port in found:
        entry = etree.SubElement(table, "l2ng-mac-entry")
        put(entry, "l2ng-l2-mac-vlan-name", name)
        put(entry, "l2ng-l2-mac-address", mac)
        put(entry, "l2ng-l2-mac-flags", "D")
        put(entry, "l2ng-l2-mac-age", "-")
        put(entry, "l2ng-l2-mac-logical-interface", port)
    return finish(call, root, "l2al")


def _station_in_detail(root: Element, count: int, station: tuple[str, str, str, str]) -> None:
    """Show one station as `detail` and `extensive` do (public captures of 15.1X53)."""
    name, tag, mac, port = station
    entry = etree.SubElement(root, "l2ng-l2ald-mac-entry-vlan")
    put(entry, "l2ng-l2-mac-address", mac)
    put(entry, "mac-count-global", str(count))
    put(entry, "learnt-mac-count", str(count))
    put(entry, "l2ng-l2-mac-routing-instance", "default-switch")
    put(entry, "l2ng-l2-vlan-id", tag)
    put(entry, "l2ng-l2-mac-vlan-name", name)
    put(entry, "l2ng-l2-mac-logical-interface", port)
