# SPDX-License-Identifier: GPL-3.0-or-later
"""Small states after switches of campuses and data centers, a task for each, and what must come of it exactly.

A case is done or refused. Done: by the judge's expander the switch gains and loses these lines and no others. Refused:
the message has each of these words, and nothing changes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

ELS, NONELS, CHANNELS, STACK = ("els", "old-els"), ("nonels", "old"), ("channels",), ("els",)
OPEN = ("foreign",)


@dataclass(frozen=True)
class Case:
    """A state of a switch, a task, and what comes of it."""

    name: str
    switches: tuple[str, ...]
    has: str
    task: dict[str, Any]
    gains: tuple[str, ...] = ()
    loses: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    gone: tuple[str, ...] = field(default=())


def l2(port: str, *rest: str) -> tuple[str, ...]:
    return tuple(f"interfaces {port} unit 0 family ethernet-switching {text}" for text in rest)


CLERKS = """
    set vlans office vlan-id 10
    set vlans guests vlan-id 20
    set forwarding-options storm-control-profiles calm all
    set interfaces interface-range clerks member ge-0/0/11
    set interfaces interface-range clerks member ge-0/0/12
    set interfaces interface-range clerks speed 100m
    set interfaces interface-range clerks unit 0 family ethernet-switching interface-mode access
    set interfaces interface-range clerks unit 0 family ethernet-switching vlan members office
    set interfaces interface-range clerks unit 0 family ethernet-switching storm-control calm
"""
OLD_CLERKS = """
    set vlans office vlan-id 10
    set vlans guests vlan-id 20
    set interfaces interface-range clerks member-range ge-0/0/10 to ge-0/0/15
    set interfaces interface-range clerks ether-options link-mode full-duplex
    set interfaces interface-range clerks unit 0 family ethernet-switching port-mode access
    set interfaces interface-range clerks unit 0 family ethernet-switching vlan members office
    set protocols rstp interface clerks edge
"""
TRUNKS = """
    set vlans one vlan-id 31
    set vlans two vlan-id 32
    set vlans extra vlan-id 33
    set interfaces interface-range trunks member ge-0/0/30
    set interfaces interface-range trunks member ge-0/0/31
    set interfaces interface-range trunks unit 0 family ethernet-switching port-mode trunk
    set interfaces interface-range trunks unit 0 family ethernet-switching vlan members one
    set interfaces interface-range trunks unit 0 family ethernet-switching vlan members two
"""
DB = """
    set chassis aggregated-devices ethernet device-count 2
    set vlans db vlan-id 30
    set interfaces interface-range lag1 member ge-0/0/4
    set interfaces interface-range lag1 member ge-0/0/5
    set interfaces interface-range lag1 ether-options 802.3ad ae1
    set interfaces ae1 aggregated-ether-options lacp active
    set interfaces ae1 unit 0 family ethernet-switching port-mode trunk
    set interfaces ae1 unit 0 family ethernet-switching vlan members db
"""
DB_AE1 = {"members": ["ge-0/0/4", "ge-0/0/5"], "lacp": "active", "tagged": ["db"]}
FLOOR = """
    set vlans floor vlan-id 30
    set vlans rack vlan-id 40
    set interfaces interface-range floor member-range ge-0/0/12 to ge-1/0/47
    set interfaces interface-range floor unit 0 family ethernet-switching interface-mode access
    set interfaces interface-range floor unit 0 family ethernet-switching vlan members floor
"""
NEW_AE = {"lacp": "active", "periodic": "slow", "tagged": ["rack"]}
LAG_GROUP = """
    set groups lag interfaces <ae*> aggregated-ether-options lacp active
    set groups lag interfaces <ae*> aggregated-ether-options lacp periodic fast
    set groups lag interfaces <ae*> mtu 9216
    set apply-groups lag
    set chassis aggregated-devices ethernet device-count 4
    set vlans web vlan-id 50
    set interfaces ge-0/0/1 ether-options 802.3ad ae1
    set interfaces ae1 unit 0 family ethernet-switching interface-mode trunk
    set interfaces ae1 unit 0 family ethernet-switching vlan members web
"""
BY_PATTERN = CLERKS.replace("member ge-0/0/11", "member ge-0/0/[11-12]").replace(
    "    set interfaces interface-range clerks member ge-0/0/12\n", ""
)
STORAGE = """
    set chassis aggregated-devices ethernet device-count 2
    set vlans nfs vlan-id 60
    set interfaces ge-0/0/1 ether-options 802.3ad ae1
    set interfaces ae1 mtu 9216
    deactivate interfaces ae1 mtu
    set interfaces ae1 aggregated-ether-options lacp active
    set interfaces ae1 unit 0 family ethernet-switching interface-mode trunk
    set interfaces ae1 unit 0 family ethernet-switching vlan members nfs
"""
UPLINKS = """
    set vlans admin vlan-id 99
    set vlans admin l3-interface vlan.99
    set vlans work vlan-id 10
    set interfaces vlan unit 99 family inet address 127.0.0.1/8
    set interfaces interface-range uplinks member ge-0/0/44
    set interfaces interface-range uplinks member ge-0/0/45
    set interfaces interface-range uplinks unit 0 family ethernet-switching port-mode trunk
    set interfaces interface-range uplinks unit 0 family ethernet-switching vlan members admin
"""
TRUNK = """
    set chassis aggregated-devices ethernet device-count 4
    set vlans prod vlan-id 10
    set vlans test vlan-id 20
    set interfaces ge-0/0/1 ether-options 802.3ad ae3
    set interfaces ae3 aggregated-ether-options lacp active
    set interfaces ae3 unit 0 family ethernet-switching interface-mode trunk
    set interfaces ae3 unit 0 family ethernet-switching vlan members prod
"""

CASES = (
    Case(
        "01 a port of a range gets a description and keeps all that the range gives it",
        ELS,
        CLERKS,
        {"ports": {"ge-0/0/11": {"description": "copier"}}},
        gains=("interfaces ge-0/0/11 description copier",),
        gone=("set interfaces ge-0/0/11 unit",),
    ),
    Case(
        "02 a port of a range is disabled and keeps all that the range gives it",
        NONELS,
        OLD_CLERKS,
        {"ports": {"ge-0/0/12": {"disabled": True}}},
        gains=("interfaces ge-0/0/12 disable",),
    ),
    Case(
        "03 a port of a range gets another VLAN and keeps what the range gives beside layer 2",
        ELS,
        CLERKS,
        {"ports": {"ge-0/0/11": {"untagged": "guests"}}},
        gains=l2("ge-0/0/11", "vlan members guests"),
        loses=l2("ge-0/0/11", "vlan members office"),
        gone=("set interfaces interface-range clerks member ge-0/0/11",),
    ),
    Case(
        "03 a port of a member-range gets another VLAN, and spanning tree's list by range still has it",
        NONELS,
        OLD_CLERKS,
        {"ports": {"ge-0/0/12": {"untagged": "guests"}}},
        gains=l2("ge-0/0/12", "vlan members guests"),
        loses=l2("ge-0/0/12", "vlan members office"),
        gone=("set interfaces interface-range clerks member-range ge-0/0/10 to ge-0/0/15",),
    ),
    Case(
        "03 a port that a pattern puts into its range cannot leave it",
        ELS,
        BY_PATTERN,
        {"ports": {"ge-0/0/11": {"untagged": "guests"}}},
        refused=("clerks", "RANGE_PATTERN"),
    ),
    Case(
        "03 a trunk of a range gets one more VLAN and keeps those of the range",
        NONELS,
        TRUNKS,
        {"ports": {"ge-0/0/30": {"tagged": ["extra"]}}},
        gains=l2("ge-0/0/30", "vlan members extra"),
        gone=("set interfaces interface-range trunks member ge-0/0/30",),
    ),
    Case(
        "03 one of several VLANs of a range goes from one of its ports",
        NONELS,
        TRUNKS,
        {"state": "replaced", "ports": {"ge-0/0/30": {"tagged": ["one"]}}},
        loses=l2("ge-0/0/30", "vlan members two"),
        gone=("set interfaces interface-range trunks member ge-0/0/30",),
    ),
    Case(
        "04 a bundle whose members are a whole range is not deleted in silence",
        NONELS,
        DB,
        {"state": "deleted", "bundles": ["ae1"], "consent": OPEN},
        refused=("lag1", "RANGE_LAST_PORT"),
    ),
    Case(
        "05 nor does it go where others are declared",
        NONELS,
        DB,
        {"state": "overridden", "consent": OPEN, "bundles": {"ae0": {**DB_AE1, "members": ["ge-0/0/10"]}}},
        refused=("lag1", "RANGE_LAST_PORT"),
    ),
    Case(
        "04 one of two members by range leaves the bundle",
        NONELS,
        DB,
        {"state": "replaced", "bundles": {"ae1": {**DB_AE1, "members": ["ge-0/0/4"]}}, "consent": OPEN},
        loses=("interfaces ge-0/0/5 ether-options 802.3ad ae1",),
    ),
    Case("07 a bundle by range is as it is declared", NONELS, DB, {"bundles": {"ae1": DB_AE1}}),
    Case(
        "08 the way to the switch that a range carries is not taken without consent",
        NONELS,
        UPLINKS,
        {
            "management_vlan": "admin",
            "bundles": {"ae0": {"members": ["ge-0/0/45"], "lacp": "active", "tagged": ["work"]}},
        },
        refused=("MANAGEMENT", "ge-0/0/45"),
    ),
    Case(
        "09 two ports of the second switch leave a range over both and make a bundle",
        STACK,
        FLOOR,
        {"bundles": {"ae5": {**NEW_AE, "members": ["ge-1/0/7", "ge-1/0/8"]}}, "consent": OPEN},
        gains=(
            "chassis aggregated-devices ethernet device-count 6",
            "interfaces ge-1/0/7 ether-options 802.3ad ae5",
            "interfaces ge-1/0/8 ether-options 802.3ad ae5",
            "interfaces ae5 aggregated-ether-options lacp active",
            "interfaces ae5 aggregated-ether-options lacp periodic slow",
            *l2("ae5", "interface-mode trunk", "vlan members rack"),
        ),
        loses=(
            *l2("ge-1/0/7", "interface-mode access", "vlan members floor"),
            *l2("ge-1/0/8", "interface-mode access", "vlan members floor"),
        ),
    ),
    Case(
        "10 a port of the second switch gets another VLAN",
        STACK,
        FLOOR,
        {"ports": {"ge-1/0/7": {"untagged": "rack"}}},
        gains=l2("ge-1/0/7", "vlan members rack"),
        loses=l2("ge-1/0/7", "vlan members floor"),
    ),
    Case(
        "11 an inactive leaf that gets another value is activated",
        ELS,
        STORAGE,
        {"bundles": {"ae1": {"members": ["ge-0/0/1"], "lacp": "active", "payload_mtu": 8982}}},
        gains=("interfaces ae1 mtu 9000",),
        lines=("set interfaces ae1 mtu 9000",),
        gone=("deactivate",),
    ),
    Case(
        "11 an inactive container is not brought to life with what nobody declares",
        ELS,
        CLERKS.replace("interface-range clerks unit", "ge-0/0/12 unit")
        + "set interfaces ge-0/0/12 description old\ndeactivate interfaces ge-0/0/12\n",
        {"ports": {"ge-0/0/12": {"untagged": "guests"}}},
        refused=("INACTIVE", "ge-0/0/12"),
    ),
    Case(
        "14 a port whose unit a group gives cannot join a bundle",
        ELS,
        LAG_GROUP
        + """
        set groups edge interfaces <ge-*> unit 0 family ethernet-switching interface-mode access
        set interfaces ge-0/0/5 apply-groups edge
        """,
        {"bundles": {"ae1": {"members": ["ge-0/0/1", "ge-0/0/5"], "lacp": "active"}}, "consent": OPEN},
        refused=("edge", "ge-0/0/5"),
    ),
    Case(
        "14 a new bundle that a group would give more than is declared is not made",
        ELS,
        LAG_GROUP,
        {"bundles": {"ae2": {"members": ["ge-0/0/5"], "lacp": "active", "tagged": ["web"]}}},
        refused=("lag", "ae2", "mtu"),
    ),
    Case(
        "14 a leaf that a group gives is overridden at the bundle",
        ELS,
        LAG_GROUP,
        {"bundles": {"ae1": {"members": ["ge-0/0/1"], "lacp": "active", "periodic": "slow"}}},
        gains=("interfaces ae1 aggregated-ether-options lacp periodic slow",),
        loses=("interfaces ae1 aggregated-ether-options lacp periodic fast",),
    ),
    Case(
        "14 the default MTU is written where a group gives another",
        ELS,
        LAG_GROUP,
        {"bundles": {"ae1": {"members": ["ge-0/0/1"], "lacp": "active", "payload_mtu": 1500}}},
        gains=("interfaces ae1 mtu 1518",),
        loses=("interfaces ae1 mtu 9216",),
    ),
    Case(
        "14 and at a new bundle",
        ELS,
        LAG_GROUP,
        {"bundles": {"ae2": {**NEW_AE, "members": ["ge-0/0/5"], "tagged": ["web"], "payload_mtu": 1500}}},
        gains=(
            "interfaces ae2 mtu 1518",
            "interfaces ae2 aggregated-ether-options lacp active",
            "interfaces ae2 aggregated-ether-options lacp periodic slow",
            "interfaces ge-0/0/5 ether-options 802.3ad ae2",
            *l2("ae2", "interface-mode trunk", "vlan members web"),
        ),
    ),
    Case(
        "14 what a group gives and shall not be there is refused with the group's name",
        ELS,
        LAG_GROUP,
        {
            "state": "replaced",
            "bundles": {"ae1": {"members": ["ge-0/0/1"], "lacp": "active", "periodic": "fast", "tagged": ["web"]}},
        },
        refused=("lag", "ae1", "mtu"),
    ),
    Case(
        "15 what nobody declares is not written where a bundle is replaced",
        NONELS,
        DB,
        {"state": "replaced", "bundles": {"ae1": DB_AE1}},
    ),
    Case(
        "16 a trunk of all VLANs and one of numbers are declared as they are gathered",
        ELS,
        TRUNK.replace("members prod", "members all")
        + """
        set interfaces ge-0/0/7 unit 0 family ethernet-switching interface-mode trunk
        set interfaces ge-0/0/7 unit 0 family ethernet-switching vlan members 10-20
        """,
        {
            "state": "replaced",
            "bundles": {"ae3": {"members": ["ge-0/0/1"], "lacp": "active", "mode": "trunk", "tagged": ["all"]}},
            "ports": {"ge-0/0/7": {"mode": "trunk", "tagged": ["10-20"]}},
        },
    ),
    Case(
        "18 a port that its VLAN lists is in that VLAN",
        NONELS,
        """
        set vlans shop vlan-id 10
        set vlans shop interface ge-0/0/7.0
        set interfaces ge-0/0/7 unit 0 family ethernet-switching port-mode access
        """,
        {"state": "replaced", "ports": {"ge-0/0/7": {"mode": "access", "untagged": "shop"}}},
    ),
    Case(
        "20 a channel of a port gets a description",
        CHANNELS,
        """
        set vlans disks vlan-id 5
        set interfaces xe-0/0/48:0 unit 0 family ethernet-switching interface-mode access
        set interfaces xe-0/0/48:0 unit 0 family ethernet-switching vlan members disks
        """,
        {"ports": {"xe-0/0/48:0": {"description": "filer"}}},
        gains=("interfaces xe-0/0/48:0 description filer",),
    ),
    Case(
        "21 the largest MTU of an access bundle is declared as it is gathered",
        ELS,
        STORAGE.replace("    deactivate interfaces ae1 mtu\n", "").replace("mode trunk", "mode access"),
        {
            "state": "replaced",
            "bundles": {
                "ae1": {
                    "members": ["ge-0/0/1"],
                    "lacp": "active",
                    "payload_mtu": 9202,
                    "mode": "access",
                    "untagged": "nfs",
                }
            },
        },
    ),
    Case(
        "22 a trunk does not become an access port because a VLAN without tag is all that is said",
        ELS,
        TRUNK,
        {"bundles": {"ae3": {"members": ["ge-0/0/1"], "lacp": "active", "untagged": "test"}}},
        refused=("ae3", "mode"),
    ),
    Case(
        "22 it becomes one where mode is said",
        ELS,
        TRUNK,
        {"bundles": {"ae3": {"members": ["ge-0/0/1"], "lacp": "active", "mode": "access", "untagged": "test"}}},
        gains=l2("ae3", "interface-mode access", "vlan members test"),
        loses=l2("ae3", "interface-mode trunk", "vlan members prod"),
    ),
)
