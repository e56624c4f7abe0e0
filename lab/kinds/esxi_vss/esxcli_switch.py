# SPDX-License-Identifier: GPL-3.0-or-later
"""esxcli: virtual switches, their uplinks and policies."""

from __future__ import annotations

from typing import Any

from . import host as networking
from .command import Option, Options, RefusedError, Values, change, edit_switch, switch
from .esxcli import command
from .host import Host
from .policy import Policy, without_lost
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
        "MTU": host.net.mtu(name),
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
        without_lost(spec.policy.nicTeaming.nicOrder, left)

    edit_switch(host, given["vswitch-name"], edit)


@command("network vswitch standard policy failover get", SWITCH, "record")
def failover_get(host: Host, given: Values) -> dict[str, Any]:
    """Show a virtual switch's teaming."""
    name = given["vswitch-name"]
    return failover(switch(host.net, name).policy.nicTeaming, host.net.uplinks(name))


def failover(teaming: Any, nics: list[str]) -> dict[str, Any]:
    """Give a teaming policy as `get` shows it."""
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
    edit_switch(host, given["vswitch-name"], lambda spec: set_failover(spec.policy.nicTeaming, given))


def set_failover(teaming: Any, given: Values) -> None:
    """Set what is given of a teaming policy."""
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
    return security(switch(host.net, given["vswitch-name"]).policy.security)


def security(policy: Any) -> dict[str, Any]:
    """Give a security policy as `get` shows it."""
    return {
        "Allow Promiscuous": bool(policy.allowPromiscuous),
        "Allow MAC Address Change": bool(policy.macChanges),
        "Allow Forged Transmits": bool(policy.forgedTransmits),
    }


@command("network vswitch standard policy security set", {**SWITCH, **SECURITY})
def security_set(host: Host, given: Values) -> None:
    """Change a virtual switch's security policy."""
    edit_switch(host, given["vswitch-name"], lambda spec: set_security(spec.policy.security, given))


def set_security(policy: Any, given: Values) -> None:
    """Set what is given of a security policy."""
    fields = {"allow-promiscuous": "allowPromiscuous", "allow-mac-change": "macChanges"}
    fields["allow-forged-transmits"] = "forgedTransmits"
    for option, field in fields.items():
        if option in given:
            setattr(policy, field, given[option])


SHAPING: Options = {
    "enabled": Option("e", "bool"),
    "avg-bandwidth": Option("b", "number"),
    "peak-bandwidth": Option("k", "number"),
    "burst-size": Option("t", "number"),
}


@command("network vswitch standard policy shaping set", {**SWITCH, **SHAPING})
def shaping_set(host: Host, given: Values) -> None:
    """Change a virtual switch's traffic shaping."""
    edit_switch(host, given["vswitch-name"], lambda spec: set_shaping(spec.policy.shapingPolicy, given))


def set_shaping(policy: Any, given: Values) -> None:
    """Set what is given of a shaping policy: kbit/s and KiB here, bit/s and octets in the API."""
    fields = {"enabled": ("enabled", 1), "avg-bandwidth": ("averageBandwidth", 1000)}
    fields |= {"peak-bandwidth": ("peakBandwidth", 1000), "burst-size": ("burstSize", 1024)}
    for option, (field, factor) in fields.items():
        if option in given:
            setattr(policy, field, given[option] if option == "enabled" else given[option] * factor)
