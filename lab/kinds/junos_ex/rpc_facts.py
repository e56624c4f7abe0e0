# SPDX-License-Identifier: GPL-3.0-or-later
"""RPCs that tell what the box is: software, chassis, routing engines, virtual chassis, files, and CLI commands."""

from __future__ import annotations

import zlib

from lxml import etree

from . import setform, textform
from .clock import stamp
from .dispatch import HANDLERS, Call, Reply, output, rpc
from .errors import error, not_simulated, syntax_error
from .rpc_show import put
from .xmlform import Element

SLOTS = 10
"""Members of the largest virtual chassis of an EX4200."""
FILES = {
    "/etc/hosts.junos": "128.0.0.1 fpc0 re0 master local member0\n",
    "/var/etc/resolv.conf": "",
    "/etc/resolv.conf": "",
}


def serial(name: str, fpc: int) -> str:
    """Give the serial number of a member: made from the name."""
    return f"BP{zlib.crc32(f'{name}/{fpc}'.encode()) % 10**10:010}"


def _software(call: Call) -> Element:
    """Make `<software-information>`; `<junos-version>` is there from 15.1 on."""
    model = call.device.model
    host = call.device.committed.text("system", "host-name", default=call.device.name)
    made = etree.Element("software-information")
    put(made, "host-name", host)
    put(made, "product-model", model.name)
    put(made, "product-name", model.name)
    if float(model.release[:4]) >= 15.1:
        put(made, "junos-version", model.release)
    package = etree.SubElement(made, "package-information")
    put(package, "name", "junos")
    put(package, "comment", f"JUNOS EX  Software Suite [{model.release}]")
    return made


@rpc("get-software-information")
def software(call: Call) -> Reply:
    """Show the release; a virtual chassis answers for its members."""
    call.only("all-members", "brief", "detail")
    if not call.flag("all-members"):
        return Reply([_software(call)])
    results = etree.Element("multi-routing-engine-results")
    for fpc in call.device.members:
        item = etree.SubElement(results, "multi-routing-engine-item")
        put(item, "re-name", f"fpc{fpc}")
        item.append(_software(call))
    return Reply([results])


@rpc("get-virtual-chassis-information")
def virtual_chassis(call: Call) -> Reply:
    """Show the virtual chassis: also a switch alone is one of one member (capture: PyEZ's ex4200-48t)."""
    call.only()
    root = etree.Element("virtual-chassis-information")
    ident = etree.SubElement(root, "virtual-chassis-id-information")
    put(ident, "virtual-chassis-id", f"{zlib.crc32(call.device.name.encode()):012x}"[:12])
    put(ident, "virtual-chassis-mode", "Enabled")
    members = etree.SubElement(root, "member-list")
    for fpc in range(call.device.fpcs):
        entry = etree.SubElement(members, "member")
        there = fpc in call.device.members
        role = "Master*" if fpc == 0 else "Backup" if fpc == 1 else "Linecard"
        values = {"member-status": "Prsnt" if there else "NotPrsnt", "member-id": str(fpc), "fpc-slot": f"(FPC {fpc})"}
        values |= {"member-serial-number": serial(call.device.name, fpc), "member-model": call.device.model.name}
        values |= {"member-priority": "128", "member-mixed-mode": "N", "member-role": role} if there else {}
        for name, text in values.items():
            put(entry, name, text)
    return Reply([root])


@rpc("get-route-engine-information")
def routing_engines(call: Call) -> Reply:
    """Show the routing engines: one a member, at most two."""
    call.only()
    root = etree.Element("route-engine-information")
    for slot in call.device.members[:2]:
        entry = etree.SubElement(root, "route-engine")
        if call.device.fpcs > 1:
            put(entry, "slot", str(slot))
            put(entry, "mastership-state", "master" if slot == 0 else "backup")
        put(entry, "status", "OK")
        put(entry, "model", call.device.model.name.upper())
        put(entry, "serial-number", serial(call.device.name, slot))
        put(entry, "up-time", "1 day")
        put(entry, "last-reboot-reason", "0x1:power cycle/failure")
    return Reply([root])


@rpc("get-chassis-inventory")
def inventory(call: Call) -> Reply:
    """Show the hardware."""
    call.only("detail", "extensive", "models")
    root = etree.Element("chassis-inventory")
    chassis = etree.SubElement(root, "chassis")
    put(chassis, "name", "Chassis")
    put(chassis, "serial-number", serial(call.device.name, 0))
    put(chassis, "description", call.device.model.name.upper())
    for fpc in call.device.members:
        module = etree.SubElement(chassis, "chassis-module")
        put(module, "name", f"FPC {fpc}")
        put(module, "serial-number", serial(call.device.name, fpc))
        put(module, "model-number", call.device.model.name.upper())
    return Reply([root])


@rpc("get-fpc-information")
def fpcs(call: Call) -> Reply:
    """Show the slots: a member is Online, a slot without one Empty."""
    call.only()
    root = etree.Element("fpc-information")
    for slot in range(max(SLOTS, call.device.fpcs)):
        entry = etree.SubElement(root, "fpc")
        put(entry, "slot", str(slot))
        put(entry, "state", "Online" if slot in call.device.members else "Empty")
    return Reply([root])


@rpc("get-system-uptime-information")
def uptime(call: Call) -> Reply:
    """Show the clock, the start and the last commit."""
    call.only()
    device = call.device
    now, newest = device.clock.now(), device.commits[0]
    root = etree.Element("system-uptime-information")
    for name, when in (
        ("current-time", now),
        ("system-booted-time", device.booted),
        ("last-configured-time", newest.time),
    ):
        below = etree.SubElement(root, name)
        date = put(below, "date-time", stamp(when))
        date.set(f"{{http://xml.juniper.net/junos/{device.model.short_release}/junos}}seconds", str(int(when)))
    information = etree.SubElement(root, "uptime-information")
    up = put(information, "up-time", f"{int(now - device.booted)} seconds")
    up.set(f"{{http://xml.juniper.net/junos/{device.model.short_release}/junos}}seconds", str(int(now - device.booted)))
    return Reply([root])


@rpc("file-show")
def file_show(call: Call) -> Reply:
    """Show one of the few files that clients look for."""
    call.only("filename", "encoding")
    name = call.argument("filename")
    if name not in FILES:
        raise error(f"could not resolve file: {name}")
    made = etree.Element("file-content")
    made.text = f"\n{FILES[name]}"
    return Reply([made])


@rpc("file-list")
def file_list(call: Call) -> Reply:
    """Show the home folder, which is empty."""
    call.only("path", "detail")
    root = etree.Element("directory-list")
    directory = etree.SubElement(root, "directory")
    put(directory, "directory-name", f"/var/home/{call.session.user}/")
    return Reply([root])


@rpc(
    "get-chassis-cluster-status",
    "get-jnu-satellites-information",
    "request-shell-execute",
    "get-system-nodes-information",
)
def not_on_this_box(call: Call) -> Reply:
    """Refuse what an EX does not have."""
    raise syntax_error(call.name)


# CLI commands that have an RPC: `<command>` answers what the RPC does, in XML alone.
COMMANDS = {
    "show version": "<get-software-information/>",
    "show version all-members": "<get-software-information><all-members/></get-software-information>",
    "show interfaces terse": "<get-interface-information><terse/></get-interface-information>",
    "show interfaces": "<get-interface-information/>",
    "show lacp interfaces": "<get-lacp-interface-information/>",
    "show lldp neighbors": "<get-lldp-neighbors-information/>",
    "show vlans": "<get-vlan-information/>",
    "show ethernet-switching table": "<get-ethernet-switching-table-information/>",
    "show virtual-chassis": "<get-virtual-chassis-information/>",
    "show system commit": "<get-commit-information/>",
    "show system uptime": "<get-system-uptime-information/>",
    "show chassis fpc": "<get-fpc-information/>",
    "show chassis hardware": "<get-chassis-inventory/>",
    "show chassis routing-engine": "<get-route-engine-information/>",
}


@rpc("command")
def command(call: Call) -> Reply:
    """Run a CLI command: those of the table in XML, and the configuration as text."""
    words = " ".join((call.request.text or "").split())
    form = str(call.request.get("format", "text"))
    if words.startswith("show configuration"):
        return _show_configuration(call, words)
    if words not in COMMANDS:
        known = max((len(each) for each in COMMANDS if words.startswith(each)), default=0)
        raise syntax_error((words[known:].split() or words.split() or [""])[0])
    if form == "text" and words == "show version":
        return Reply([output(_version(call))])
    if form != "xml":
        raise not_simulated(f"the command {words} in {form}")
    asked = etree.fromstring(COMMANDS[words])
    return HANDLERS[str(asked.tag)](Call(call.device, call.session, asked, call.lab))


def _version(call: Call) -> str:
    """Give `show version` as text."""
    model = call.device.model
    host = call.device.committed.text("system", "host-name", default=call.device.name)
    return f"fpc0:\n{'-' * 74}\nHostname: {host}\nModel: {model.name}\nJUNOS EX  Software Suite [{model.release}]"


def _show_configuration(call: Call, words: str) -> Reply:
    """Show what runs, in braces or as set commands."""
    made = etree.Element("configuration-output")
    if words == "show configuration":
        made.text = "\n" + textform.write(call.device.committed)
    elif words == "show configuration | display set":
        made.text = "\n" + "\n".join(setform.lines(call.device.committed)) + "\n"
    else:
        raise not_simulated(f"the command {words}")
    holder = etree.Element("configuration-information")
    holder.append(made)
    return Reply([holder])
