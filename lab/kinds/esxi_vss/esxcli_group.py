# SPDX-License-Identifier: GPL-3.0-or-later
"""esxcli: port groups and their policies."""

from __future__ import annotations

from typing import Any

from . import host as networking
from .command import Option, RefusedError, Values, change, edit_group, group
from .esxcli import command
from .esxcli_switch import FAILOVER, SECURITY, SHAPING, failover, security, set_failover, set_security, set_shaping
from .host import Host
from .host import PortGroup as Group
from .policy import Policy

GROUP = {"portgroup-name": Option("p", needed=True)}
OVERRIDE = {"use-vswitch": Option("u", "flag")}


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
        **failover(host.net.computed(name).nicTeaming, host.net.uplinks(spec.vswitchName)),
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
        set_failover(spec.policy.nicTeaming, given)

    edit_group(host, given["portgroup-name"], edit)


@command("network vswitch standard portgroup policy security get", GROUP, "record")
def group_security_get(host: Host, given: Values) -> dict[str, Any]:
    """Show a port group's security policy, and which of it is its own."""
    name = given["portgroup-name"]
    own = group(host.net, name).policy.security
    return {
        **security(host.net.computed(name).security),
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
        set_security(spec.policy.security, given)

    edit_group(host, given["portgroup-name"], edit)


@command("network vswitch standard portgroup policy shaping set", {**GROUP, **SHAPING, **OVERRIDE})
def group_shaping_set(host: Host, given: Values) -> None:
    """Change a port group's own traffic shaping."""

    def edit(spec: Any) -> None:
        if "use-vswitch" in given:
            spec.policy.shapingPolicy = Policy.TrafficShapingPolicy()
        set_shaping(spec.policy.shapingPolicy, given)

    edit_group(host, given["portgroup-name"], edit)
