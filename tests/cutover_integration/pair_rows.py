# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of all kinds of change at an end of a link, and what becomes of each in a run with one end alone."""

from __future__ import annotations

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.neutral import ChangeKind as Kind

from .labs import NICS
from .pairs import DONE, NO_WAY, NOTHING, REFUSED, Row, Site

AGGREGATED = "interfaces {ae} aggregated-ether-options"
FAMILY = "interfaces {ae} unit 0 family ethernet-switching"
RANGE = """set interfaces interface-range hall member {port}
set interfaces interface-range hall member ge-0/0/47
set interfaces interface-range hall unit 0 family ethernet-switching vlan members hall
set vlans hall vlan-id 60"""
BY_HAND = [NICS[0]]


def on_link(**changed):
    return lambda site, link: link.update(changed)


def vlan(name, number):
    return lambda site, link: site["vlans"].update({name: {"id": number}})


def tagged_lab(site: Site, link: Site) -> None:
    site["vlans"]["lab"] = {"id": 30}
    link["vlans"]["tagged"] = ["lab"]


def at_home(site: Site, link: Site) -> None:
    site["vlans"]["home"] = {"id": 40}
    link["vlans"]["untagged"] = "home"
    site["devices"][next(name for name in link["ends"] if name.startswith("esx"))]["management_vlan"] = "home"


def one_more_vlan(site: Site, link: Site) -> None:
    site["vlans"]["nfs"] = {"id": 50}
    link["vlans"]["tagged"] = [*link["vlans"]["tagged"], "nfs"]


def nothing_tagged(site: Site, link: Site) -> None:
    link["vlans"] = {"untagged": "server"}


def nothing_native(site: Site, link: Site) -> None:
    link["vlans"] = {"tagged": ["server", "vmotion"]}


def no_mtu(site: Site, link: Site) -> None:
    del link["mtu"]


def no_bundle(site: Site, link: Site) -> None:
    link["bundle"] = "none"
    for end in link["ends"].values():
        if end["lag"].startswith("ae"):
            del end["lag"]


def a_bundle(site: Site, link: Site) -> None:
    link["bundle"] = "static"
    next(end for end in link["ends"].values() if "lag" not in end)["lag"] = "ae40"


def one_cable(site: Site, link: Site) -> None:
    for end in link["ends"].values():
        end["ports"] = end["ports"][:1]


def two_cables(site: Site, link: Site) -> None:
    for end in link["ends"].values():
        head, number = end["ports"][0][:-1], end["ports"][0].rpartition("/")[2]
        last = f"ge-0/0/{int(number) + 1}" if head.startswith("ge-") else NICS[1]
        end["ports"] = [end["ports"][0], last]


# What only the switch's end lacks waits for a run with the switch: with the host alone there is NOTHING to do.
AT_SWITCH = [
    Row("vlan-id", Kind.VLAN_ID, "switch", REFUSED, REFUSED, before=tagged_lab, declare=vlan("lab", 31)),
    Row("untagged-id", Kind.UNTAGGED_VLAN_ID, "switch", REFUSED, REFUSED, before=at_home, declare=vlan("home", 41)),
    Row("vlan-added", Kind.VLAN_ADDED, "switch", DONE, DONE, declare=one_more_vlan),
    Row("vlan-removed", Kind.VLAN_REMOVED, "switch", REFUSED, NOTHING, declare=nothing_tagged),
    Row("native-vlan", Kind.UNTAGGED_VLAN, "switch", REFUSED, NO_WAY, declare=nothing_native),
    Row("port-mode", Kind.PORT_MODE, "switch", DONE, NOTHING, before=nothing_tagged, declare=on_link(trunk=True)),
    Row(
        *("vlan-list", Kind.VLAN_LIST, "switch", DONE, NOTHING),
        before=nothing_tagged,
        declare=on_link(trunk=True),
        lines=f"delete {FAMILY} vlan members server\nset {FAMILY} vlan members 10",
    ),
    Row("mtu-raised", Kind.MTU_RAISED, "switch", DONE, DONE, declare=on_link(mtu=9000)),
    Row("mtu-lowered", Kind.MTU_LOWERED, "switch", REFUSED, DONE, before=on_link(mtu=9000), declare=no_mtu),
    Row("bundle-made", Kind.BUNDLE, "switch", REFUSED, DONE, to="plain", declare=a_bundle),
    Row("bundle-dissolved", Kind.BUNDLE, "switch", REFUSED, DONE, declare=no_bundle),
    Row("member-added", Kind.MEMBER_ADDED, "switch", REFUSED, DONE, before=one_cable, declare=two_cables),
    Row("member-removed", Kind.MEMBER_REMOVED, "switch", REFUSED, NO_WAY, declare=one_cable),
    Row("minimum-raised", Kind.MINIMUM_LINKS_RAISED, "switch", REFUSED, NOTHING, declare=on_link(minimum_links=2)),
    Row(
        *("minimum-lowered", Kind.MINIMUM_LINKS_LOWERED, "switch", DONE, NOTHING),
        before=on_link(minimum_links=2),
        declare=on_link(minimum_links=1),
    ),
    Row("link-speed", Kind.LINK_SPEED, "switch", REFUSED, NOTHING, lines=f"set {AGGREGATED} link-speed 1g"),
    Row("description", Kind.DESCRIPTION, "switch", DONE, NOTHING, declare=on_link(description="to the hall")),
    Row("edge-added", Kind.EDGE_ADDED, "switch", DONE, NOTHING, lines="delete protocols rstp interface {edge} edge"),
    Row("other", Kind.OTHER, "switch", REFUSED, NOTHING, to="plain", lines=RANGE),
]
BETWEEN = [
    Row(
        "trunk-lacp",
        Kind.LACP,
        "switch",
        REFUSED,
        to="switch",
        before=on_link(bundle="static"),
        declare=on_link(bundle="lacp"),
    ),
    Row(
        *("trunk-active", Kind.LACP_ACTIVE, "switch", DONE),
        to="switch",
        lines=f"delete {AGGREGATED} lacp active\nset {AGGREGATED} lacp passive",
    ),
    Row("trunk-timer", Kind.LACP_TIMER, "switch", DONE, to="switch", declare=on_link(periodic="fast")),
    Row(
        "trunk-edge",
        Kind.EDGE_REMOVED,
        "switch",
        REFUSED,
        to="switch",
        lines="set protocols rstp interface {edge} edge",
    ),
    Row("trunk-vlan-added", Kind.VLAN_ADDED, "switch", DONE, to="switch", declare=one_more_vlan),
    Row("trunk-vlan-removed", Kind.VLAN_REMOVED, "switch", REFUSED, to="switch", declare=nothing_tagged),
    Row("trunk-mtu-raised", Kind.MTU_RAISED, "switch", DONE, to="switch", declare=on_link(mtu=9000)),
    Row(
        "trunk-mtu-lowered", Kind.MTU_LOWERED, "switch", REFUSED, to="switch", before=on_link(mtu=9000), declare=no_mtu
    ),
    Row("trunk-member-removed", Kind.MEMBER_REMOVED, "switch", REFUSED, to="switch", declare=one_cable),
    Row("trunk-minimum", Kind.MINIMUM_LINKS_RAISED, "switch", REFUSED, to="switch", declare=on_link(minimum_links=2)),
]


def on_vswitch(**found):
    return lambda state: state["switches"]["vSwitch0"].update(found)


def teaming(**found):
    return lambda state: state["switches"]["vSwitch0"]["policy"]["nicTeaming"].update(found)


def security(state: Site) -> None:
    state["switches"]["vSwitch0"]["policy"]["security"] = {"allowPromiscuous": True}


def group(**found):
    return lambda state: state["groups"]["vmotion"].update(found)


def no_group(state: Site) -> None:
    del state["groups"]["vmotion"]


def own_teaming(state: Site) -> None:
    state["groups"]["vmotion"]["policy"] = {"nicTeaming": dict(state["switches"]["vSwitch0"]["policy"]["nicTeaming"])}


def other_vswitch(state: Site) -> None:
    state["switches"]["vSwitch9"] = {}
    state["groups"]["vmotion"]["switch"] = "vSwitch9"


def one_uplink(state: Site) -> None:
    """Leave the second NIC unused, by the vSwitch and by the management's own teaming."""
    state["switches"]["vSwitch0"]["uplinks"] = BY_HAND
    for each in (state["switches"]["vSwitch0"], state["groups"]["Management Network"]):
        each["policy"]["nicTeaming"]["nicOrder"] = {"activeNic": BY_HAND, "standbyNic": []}


def old_group(state: Site) -> None:
    state["groups"]["old"] = {"switch": "vSwitch0", "vlan": 77}


ALONE = {"esxi_teaming_state": "overridden"}
EXACT = {"esxi_teaming_state": "replaced"}
FOUND = [
    ("group-vlan", Kind.VLAN_ID, REFUSED, group(vlan=99), {}),
    ("group-added", Kind.VLAN_ADDED, DONE, no_group, {}),
    ("group-untagged", Kind.UNTAGGED_VLAN, REFUSED, group(vlan=0), {}),
    ("group-moved", Kind.PORT_GROUP_MOVED, REFUSED, other_vswitch, {}),
    ("group-teaming", Kind.OVERRIDE, DONE, own_teaming, {}),
    ("host-mtu-raised", Kind.MTU_RAISED, REFUSED, on_vswitch(mtu=1400), {}),
    ("host-mtu-lowered", Kind.MTU_LOWERED, REFUSED, on_vswitch(mtu=9000), {}),
    ("uplink-added", Kind.MEMBER_ADDED, REFUSED, one_uplink, {}),
    ("uplink-removed", Kind.MEMBER_REMOVED, REFUSED, on_vswitch(uplinks=[*NICS, "vmnic2"]), {}),
    ("ip-hash", Kind.BUNDLE, REFUSED, teaming(policy="loadbalance_ip"), {}),
    ("balancing", Kind.LOAD_BALANCING, DONE, teaming(policy="loadbalance_srcmac"), {}),
    ("order", Kind.UPLINK_ORDER, REFUSED, teaming(nicOrder={"activeNic": NICS[:1], "standbyNic": NICS[1:]}), {}),
    ("detection", Kind.FAILURE_DETECTION, DONE, teaming(failureCriteria={"checkBeacon": True}), {}),
    ("notify", Kind.NOTIFY_SWITCHES, DONE, teaming(notifySwitches=False), EXACT),
    ("failback", Kind.FAILBACK, DONE, teaming(rollingOrder=True), EXACT),
    ("security", Kind.SECURITY, DONE, security, EXACT),
]
AT_HOST = [
    Row(name, kind, "host", NOTHING, becomes, to="shared", found=found, variables=variables)
    for name, kind, becomes, found, variables in FOUND
]
"""Two links share the vSwitch, so that they are not converted and the host's end is changed by itself."""
VIA = [
    Row("via-vlan-removed", Kind.VLAN_REMOVED, "switch", REFUSED, to="via", declare=nothing_tagged),
    Row("via-vlan-added", Kind.VLAN_ADDED, "switch", DONE, to="via", declare=one_more_vlan),
    Row("group-removed", Kind.VLAN_REMOVED, "host", NOTHING, DONE, to="via", found=old_group, variables=ALONE),
]
"""Behind a vCenter, whose hosts are not converted; port groups that nobody declares are taken away only there."""
ROWS = [*AT_SWITCH, *BETWEEN, *AT_HOST, *VIA]
BOTH_ENDS = Row(
    *("vlan-removed-and-detection", Kind.VLAN_REMOVED, "switch", DONE),
    declare=nothing_tagged,
    found=teaming(failureCriteria={"checkBeacon": True}),
)
"""Both ends of a bundle differ, so that it is converted in a run with both."""
OF_THE_DEVICE = {
    (Kind.VLAN_CREATED, "switch"): "vlan-added",
    (Kind.DEVICE_COUNT, "switch"): "bundle-made",
}
"""Kinds that no link has, with the row whose run makes them."""
NEVER = {
    (Kind.LACP_PASSIVE, "switch"): "the table of pairs makes every switch that speaks LACP the active end",
    (Kind.DISABLED, "switch"): "no site says `disabled`, and what is not said stays",
    (Kind.ENABLED, "switch"): "no site says `disabled`, and what is not said stays",
    (Kind.L3_INTERFACE, "switch"): "no site says the gateway of a switch, and what is not said stays",
    (Kind.VLAN_DELETED, "switch"): "a site takes a VLAN off links; the switch keeps it",
    (Kind.VSWITCH_ADDED, "host"): "a declared virtual switch has uplinks: its link gets them (uplink-added)",
    (Kind.VSWITCH_REMOVED, "host"): "a virtual switch that is not declared is of no link",
    (Kind.OTHER, "host"): "each field of a teaming has a kind of its own",
}
"""Kinds that no run of a site can make of a link, and why."""
