# SPDX-License-Identifier: GPL-3.0-or-later
"""esxcli: the commands of `network` that concern standard switches, uplinks and interfaces."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from . import host as networking
from .command import Option, Options, RefusedError, Values, change, edit_group, edit_switch, group, read, switch
from .host import Host
from .host import PortGroup as Group
from .policy import Policy
from .table import line_form, list_form, table_form
from .vmomi import vim

BALANCING = {
    "portid": "loadbalance_srcid",
    "iphash": "loadbalance_ip",
    "mac": "loadbalance_srcmac",
    "explicit": "failover_explicit",
}
# The words of `get` differ from those of `set`.
SHOWN = {
    "loadbalance_srcid": "srcport",
    "loadbalance_ip": "iphash",
    "loadbalance_srcmac": "srcmac",
    "failover_explicit": "explicit",
}
SWITCH = {"vswitch-name": Option("v", needed=True)}
GROUP = {"portgroup-name": Option("p", needed=True)}
FAILOVER: Options = {
    "active-uplinks": Option("a", "list"),
    "standby-uplinks": Option("s", "list"),
    "load-balancing": Option("l", choices=tuple(BALANCING)),
    "failure-detection": Option("f", choices=("link", "beacon")),
    "notify-switches": Option("n", "bool"),
    "failback": Option("b", "bool"),
}
SECURITY: Options = {
    "allow-promiscuous": Option("o", "bool"),
    "allow-mac-change": Option("m", "bool"),
    "allow-forged-transmits": Option("f", "bool"),
}
OVERRIDE = {"use-vswitch": Option("u", "flag")}
Run = Callable[[Host, Values], Any]
FORMS: dict[str, Callable[[Any], str]] = {
    "none": lambda _: "",
    "record": line_form,
    "records": list_form,
    "table": table_form,
}
COMMANDS: dict[str, tuple[Options, str, Run]] = {}


def command(path: str, options: Options, form: str = "none") -> Callable[[Run], Run]:
    """Register a command: its path, its options and the form of its output (none, record, records or table)."""

    def keep(function: Run) -> Run:
        COMMANDS[path] = (options, form, function)
        return function

    return keep


def run(host: Host, words: list[str]) -> str:
    """Run `esxcli`; give what it prints.

    Raises:
        RefusedError: the command is unknown or an option is wrong.
    """
    formatter = ""
    while words and words[0].startswith("--formatter"):
        _, glued, value = words[0].partition("=")
        formatter, words = (value, words[1:]) if glued else ((words[1:2] or [""])[0], words[2:])
    if formatter not in ("", "json"):
        raise RefusedError(f"SIM TEXT: the formatter {formatter} is not simulated")
    count = next((index for index, word in enumerate(words) if word.startswith("-")), len(words))
    path = " ".join(words[:count])
    if path not in COMMANDS:
        raise RefusedError(f"Error: Unknown command or namespace {path}")
    options, form, function = COMMANDS[path]
    result = function(host, read(words[count:], options))
    if formatter == "json":
        return json.dumps(_json(result)) + "\n"
    return FORMS[form](result)


def _json(result: Any) -> Any:
    """Give a result with the names that the JSON formatter has: without blanks."""
    if isinstance(result, list):
        return [_json(each) for each in result]
    if isinstance(result, dict):
        return {name.replace(" ", ""): value for name, value in result.items()}
    return "" if result is None else result


@command("network vswitch standard list", {"vswitch-name": Option("v")}, "records")
def switch_list(host: Host, given: Values) -> list[dict[str, Any]]:
    """List the virtual switches."""
    names = [given["vswitch-name"]] if "vswitch-name" in given else list(host.net.switches)
    return [_switch(host, name) for name in names]


def _switch(host: Host, name: str) -> dict[str, Any]:
    spec = switch(host.net, name)
    bridge = spec.bridge
    discovery = bridge.linkDiscoveryProtocolConfig if bridge is not None else None
    interval = bridge.beacon.interval if bridge is not None and bridge.beacon is not None else 1
    return {
        "Name": name,
        "Class": "cswitch",
        "Num Ports": 1536,
        "Used Ports": 6,
        "Configured Ports": spec.numPorts,
        "MTU": spec.mtu,
        "CDP Status": discovery.operation if discovery is not None else "listen",
        "Beacon Enabled": bool(spec.policy.nicTeaming.failureCriteria.checkBeacon),
        "Beacon Interval": interval,
        "Beacon Threshold": 3,
        "Beacon Required By": "",
        "Uplinks": host.net.uplinks(name),
        "Portgroups": host.net.members(name),
    }


@command("network vswitch standard add", {**SWITCH, "ports": Option("P", "number")})
def switch_add(host: Host, given: Values) -> None:
    """Make a virtual switch."""
    spec = networking.Switch.Specification(numPorts=given.get("ports", 128))
    change(host, lambda net: networking.add_switch(host, net, given["vswitch-name"], spec))


@command("network vswitch standard remove", SWITCH)
def switch_remove(host: Host, given: Values) -> None:
    """Remove a virtual switch."""
    change(host, lambda net: networking.remove_switch(host, net, given["vswitch-name"]))


CDP = Option("c", choices=("down", "listen", "advertise", "both"))


@command("network vswitch standard set", {**SWITCH, "mtu": Option("m", "number"), "cdp-status": CDP})
def switch_set(host: Host, given: Values) -> None:
    """Change MTU and discovery."""

    def edit(spec: Any) -> None:
        spec.mtu = given.get("mtu", spec.mtu)
        if "cdp-status" in given and spec.bridge is not None:
            operation = {"down": "none"}.get(given["cdp-status"], given["cdp-status"])
            config = vim.host.LinkDiscoveryProtocolConfig(protocol="cdp", operation=operation)
            spec.bridge.linkDiscoveryProtocolConfig = config

    edit_switch(host, given["vswitch-name"], edit)


UPLINK = {**SWITCH, "uplink-name": Option("u", needed=True)}


@command("network vswitch standard uplink add", UPLINK)
def uplink_add(host: Host, given: Values) -> None:
    """Add an uplink; it becomes active."""

    def edit(spec: Any) -> None:
        spec.bridge = spec.bridge or networking.Switch.BondBridge(beacon=networking.Switch.BeaconConfig(interval=1))
        spec.bridge.nicDevice = [*spec.bridge.nicDevice, given["uplink-name"]]
        order = spec.policy.nicTeaming.nicOrder
        order.activeNic = [*order.activeNic, given["uplink-name"]]

    edit_switch(host, given["vswitch-name"], edit)


@command("network vswitch standard uplink remove", UPLINK)
def uplink_remove(host: Host, given: Values) -> None:
    """Remove an uplink, and from the NIC orders as well."""
    gone = given["uplink-name"]

    def edit(spec: Any) -> None:
        if spec.bridge is None or gone not in spec.bridge.nicDevice:
            raise RefusedError(f"Error: Unable to find uplink {gone}")
        left = [nic for nic in spec.bridge.nicDevice if nic != gone]
        spec.bridge.nicDevice = left
        if not left:
            spec.bridge = None
        order = spec.policy.nicTeaming.nicOrder
        order.activeNic = [nic for nic in order.activeNic if nic != gone]
        order.standbyNic = [nic for nic in order.standbyNic if nic != gone]

    edit_switch(host, given["vswitch-name"], edit)


@command("network vswitch standard policy failover get", SWITCH, "record")
def failover_get(host: Host, given: Values) -> dict[str, Any]:
    """Show a virtual switch's teaming."""
    name = given["vswitch-name"]
    return _failover(switch(host.net, name).policy.nicTeaming, host.net.uplinks(name))


def _failover(teaming: Any, nics: list[str]) -> dict[str, Any]:
    order = teaming.nicOrder
    used = [*order.activeNic, *order.standbyNic]
    return {
        "Load Balancing": SHOWN[teaming.policy],
        "Network Failure Detection": "beacon" if teaming.failureCriteria.checkBeacon else "link",
        "Notify Switches": bool(teaming.notifySwitches),
        "Failback": not teaming.rollingOrder,
        "Active Adapters": list(order.activeNic),
        "Standby Adapters": list(order.standbyNic),
        "Unused Adapters": [nic for nic in nics if nic not in used],
    }


@command("network vswitch standard policy failover set", {**SWITCH, **FAILOVER})
def failover_set(host: Host, given: Values) -> None:
    """Change a virtual switch's teaming: what is not given stays."""
    edit_switch(host, given["vswitch-name"], lambda spec: _set_failover(spec.policy.nicTeaming, given))


def _set_failover(teaming: Any, given: Values) -> None:
    if "load-balancing" in given:
        teaming.policy = BALANCING[given["load-balancing"]]
    if "failure-detection" in given:
        teaming.failureCriteria = teaming.failureCriteria or Policy.NicFailureCriteria()
        teaming.failureCriteria.checkBeacon = given["failure-detection"] == "beacon"
    if "notify-switches" in given:
        teaming.notifySwitches = given["notify-switches"]
    if "failback" in given:
        teaming.rollingOrder = not given["failback"]
    if "active-uplinks" in given or "standby-uplinks" in given:
        _set_order(teaming, given)


def _set_order(teaming: Any, given: Values) -> None:
    """Set the NIC order. With the active ones alone all others become unused; with the standby ones alone they move."""
    standby = given.get("standby-uplinks", [])
    old = list(teaming.nicOrder.activeNic) if teaming.nicOrder is not None else []
    active = given.get("active-uplinks", [nic for nic in old if nic not in standby])
    teaming.nicOrder = Policy.NicOrderPolicy(activeNic=active, standbyNic=standby)


@command("network vswitch standard policy security get", SWITCH, "record")
def security_get(host: Host, given: Values) -> dict[str, Any]:
    """Show a virtual switch's security policy."""
    return _security(switch(host.net, given["vswitch-name"]).policy.security)


def _security(security: Any) -> dict[str, Any]:
    return {
        "Allow Promiscuous": bool(security.allowPromiscuous),
        "Allow MAC Address Change": bool(security.macChanges),
        "Allow Forged Transmits": bool(security.forgedTransmits),
    }


@command("network vswitch standard policy security set", {**SWITCH, **SECURITY})
def security_set(host: Host, given: Values) -> None:
    """Change a virtual switch's security policy."""
    edit_switch(host, given["vswitch-name"], lambda spec: _set_security(spec.policy.security, given))


def _set_security(security: Any, given: Values) -> None:
    fields = {"allow-promiscuous": "allowPromiscuous", "allow-mac-change": "macChanges"}
    fields["allow-forged-transmits"] = "forgedTransmits"
    for option, field in fields.items():
        if option in given:
            setattr(security, field, given[option])


@command("network vswitch standard portgroup list", {}, "table")
def group_list(host: Host, given: Values) -> list[dict[str, Any]]:
    """List the port groups."""
    users = [vmk.port_group for vmk in host.net.vmks.values()]
    return [
        {
            "Name": name,
            "Virtual Switch": spec.vswitchName,
            "Active Clients": users.count(name),
            "VLAN ID": spec.vlanId,
        }
        for name, spec in host.net.groups.items()
    ]


MEMBER = {**GROUP, "vswitch-name": Option("v", needed=True)}


@command("network vswitch standard portgroup add", MEMBER)
def group_add(host: Host, given: Values) -> None:
    """Make a port group."""
    spec = Group.Specification(name=given["portgroup-name"], vlanId=0, vswitchName=given["vswitch-name"])
    change(host, lambda net: networking.add_group(host, net, spec))


@command("network vswitch standard portgroup remove", MEMBER)
def group_remove(host: Host, given: Values) -> None:
    """Remove a port group of a virtual switch."""
    if group(host.net, given["portgroup-name"]).vswitchName != given["vswitch-name"]:
        raise RefusedError(f"Error: Unable to find portgroup {given['portgroup-name']} in {given['vswitch-name']}")
    change(host, lambda net: networking.remove_group(host, net, given["portgroup-name"]))


@command("network vswitch standard portgroup set", {**GROUP, "vlan-id": Option("v", "number")})
def group_set(host: Host, given: Values) -> None:
    """Change a port group's VLAN; without one it has none."""
    edit_group(host, given["portgroup-name"], lambda spec: setattr(spec, "vlanId", given.get("vlan-id", 0)))


@command("network vswitch standard portgroup policy failover get", GROUP, "record")
def group_failover_get(host: Host, given: Values) -> dict[str, Any]:
    """Show what takes effect in a port group, and which of it is its own."""
    name = given["portgroup-name"]
    spec = group(host.net, name)
    own = spec.policy.nicTeaming
    beacon = own.failureCriteria is not None and own.failureCriteria.checkBeacon is not None
    return {
        **_failover(host.net.computed(name).nicTeaming, host.net.uplinks(spec.vswitchName)),
        "Override Vswitch Load Balancing": own.policy is not None,
        "Override Vswitch Network Failure Detection": beacon,
        "Override Vswitch Notify Switches": own.notifySwitches is not None,
        "Override Vswitch Failback": own.rollingOrder is not None,
        "Override Vswitch Uplinks": own.nicOrder is not None,
    }


@command("network vswitch standard portgroup policy failover set", {**GROUP, **FAILOVER, **OVERRIDE})
def group_failover_set(host: Host, given: Values) -> None:
    """Change a port group's own teaming; `--use-vswitch` first forgets all of it."""

    def edit(spec: Any) -> None:
        if "use-vswitch" in given:
            spec.policy.nicTeaming = Policy.NicTeamingPolicy()
        _set_failover(spec.policy.nicTeaming, given)

    edit_group(host, given["portgroup-name"], edit)


@command("network vswitch standard portgroup policy security get", GROUP, "record")
def group_security_get(host: Host, given: Values) -> dict[str, Any]:
    """Show a port group's security policy, and which of it is its own."""
    name = given["portgroup-name"]
    own = group(host.net, name).policy.security
    return {
        **_security(host.net.computed(name).security),
        "Override Vswitch Allow Promiscuous": own.allowPromiscuous is not None,
        "Override Vswitch Allow MAC Address Change": own.macChanges is not None,
        "Override Vswitch Allow Forged Transmits": own.forgedTransmits is not None,
    }


@command("network vswitch standard portgroup policy security set", {**GROUP, **SECURITY, **OVERRIDE})
def group_security_set(host: Host, given: Values) -> None:
    """Change a port group's own security policy."""

    def edit(spec: Any) -> None:
        if "use-vswitch" in given:
            spec.policy.security = Policy.SecurityPolicy()
        _set_security(spec.policy.security, given)

    edit_group(host, given["portgroup-name"], edit)


@command("network nic list", {}, "table")
def nic_list(host: Host, given: Values) -> list[dict[str, Any]]:
    """List the physical NICs."""
    mtu = {nic: spec.mtu for name, spec in host.net.switches.items() for nic in host.net.uplinks(name)}
    return [
        {
            "Name": nic.device,
            "PCI Device": f"0000:{int(nic.device[5:]) + 3:02x}:00.0",
            "Driver": "igbn",
            "Admin Status": "Up",
            "Link Status": "Up" if nic.link else "Down",
            "Speed": nic.speed if nic.link else 0,
            "Duplex": "Full" if nic.link else "Half",
            "MAC Address": nic.mac,
            "MTU": mtu.get(nic.device, 1500),
            "Description": "simulated",
        }
        for nic in host.nics.values()
    ]


@command("network ip interface list", {}, "records")
def interface_list(host: Host, given: Values) -> list[dict[str, Any]]:
    """List the VMkernel interfaces."""
    return [
        {
            "Name": vmk.device,
            "MAC Address": vmk.mac,
            "Enabled": True,
            "Portset": host.net.groups[vmk.port_group].vswitchName,
            "Portgroup": vmk.port_group,
            "Netstack Instance": "defaultTcpipStack",
            "MTU": vmk.mtu,
        }
        for vmk in host.net.vmks.values()
    ]


@command("network ip interface ipv4 get", {"interface-name": Option("i")}, "table")
def ipv4_get(host: Host, given: Values) -> list[dict[str, Any]]:
    """Show the addresses."""
    wanted = given.get("interface-name")
    if wanted is not None and wanted not in host.net.vmks:
        raise RefusedError(f"Error: Unable to find interface {wanted}")
    return [
        {"Name": vmk.device, "IPv4 Address": vmk.address, "IPv4 Netmask": vmk.mask, "Address Type": "STATIC"}
        for vmk in host.net.vmks.values()
        if wanted in (None, vmk.device)
    ]
