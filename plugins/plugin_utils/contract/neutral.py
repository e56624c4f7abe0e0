# SPDX-License-Identifier: GPL-3.0-or-later
"""Which changes of one end of a link leave the other end's frames alone. What is not known to be neutral is not."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, unique
from typing import Literal, NamedTuple

Side = Literal["switch", "host"]


@unique
class ChangeKind(str, Enum):
    """What can change at an end of a link; each kind has an entry in NEUTRAL for each side that can make it."""

    VLAN_ID = "vlan_id"
    UNTAGGED_VLAN_ID = "untagged_vlan_id"
    VLAN_ADDED = "vlan_added"
    VLAN_REMOVED = "vlan_removed"
    VLAN_LIST = "vlan_list"
    UNTAGGED_VLAN = "untagged_vlan"
    PORT_MODE = "port_mode"
    VLAN_CREATED = "vlan_created"
    VLAN_DELETED = "vlan_deleted"
    L3_INTERFACE = "l3_interface"
    MTU_RAISED = "mtu_raised"
    MTU_LOWERED = "mtu_lowered"
    BUNDLE = "bundle"
    MEMBER_ADDED = "member_added"
    MEMBER_REMOVED = "member_removed"
    LACP = "lacp"
    LACP_ACTIVE = "lacp_active"
    LACP_PASSIVE = "lacp_passive"
    LACP_TIMER = "lacp_timer"
    MINIMUM_LINKS_RAISED = "minimum_links_raised"
    MINIMUM_LINKS_LOWERED = "minimum_links_lowered"
    LINK_SPEED = "link_speed"
    DISABLED = "disabled"
    ENABLED = "enabled"
    DESCRIPTION = "description"
    EDGE_ADDED = "edge_added"
    EDGE_REMOVED = "edge_removed"
    DEVICE_COUNT = "device_count"
    LOAD_BALANCING = "load_balancing"
    UPLINK_ORDER = "uplink_order"
    FAILURE_DETECTION = "failure_detection"
    NOTIFY_SWITCHES = "notify_switches"
    FAILBACK = "failback"
    OVERRIDE = "override"
    SECURITY = "security"
    PORT_GROUP_MOVED = "port_group_moved"
    VSWITCH_ADDED = "vswitch_added"
    VSWITCH_REMOVED = "vswitch_removed"
    OTHER = "other"


DEVICE_WIDE = frozenset({ChangeKind.VLAN_ID, ChangeKind.UNTAGGED_VLAN_ID})
"""What takes effect at all ports of a switch at once, so that no link can be converted one uplink group at a time."""


class Neutral(NamedTuple):
    """Whether the other end may stay as it is, and why."""

    yes: bool
    why: str


def _yes(why: str) -> Neutral:
    return Neutral(True, why)


def _no(why: str) -> Neutral:
    return Neutral(False, why)


_TAG = "A frame has its sender's tag; the other end drops a tag that it does not have (802.1Q-2018, 8.6.2)."
_STATIC = "A static bundle has no protocol: an end sends over every port that it counts in."
_UNKNOWN = "It is not known what it does to the frames of the other end."
_OWN = "It concerns this end's own choice of an uplink; any port of the other end takes the frame."

_SWITCH: Mapping[ChangeKind, Neutral] = {
    ChangeKind.VLAN_ID: _no(f"{_TAG} The id is the switch's: it changes on all its ports at once."),
    ChangeKind.UNTAGGED_VLAN_ID: _no(
        "The other end sees no tag, but its frames get into the VLAN with the new id, and the rest of the network "
        "knows the old one until its links are changed as well."
    ),
    ChangeKind.VLAN_ADDED: _yes(
        "Frames of a VLAN that the other end does not have are dropped there; no other is touched."
    ),
    ChangeKind.VLAN_REMOVED: _no(_TAG),
    ChangeKind.VLAN_LIST: _yes("The same VLANs under other names or in another order."),
    ChangeKind.UNTAGGED_VLAN: _no("Frames without a tag get into another VLAN, or are dropped."),
    ChangeKind.PORT_MODE: _yes("What it does to frames is told as VLANs that come, go, or lose their tag."),
    ChangeKind.VLAN_CREATED: _yes("A VLAN that no port carries moves no frame."),
    ChangeKind.VLAN_DELETED: _yes("The links that carried it are told as losing it."),
    ChangeKind.L3_INTERFACE: _no("The VLAN's gateway comes from, or goes to, another place."),
    ChangeKind.MTU_RAISED: _yes(
        "The other end sends no larger frame than before. Whoever is in the run, Junos deletes the interface and adds "
        "it again, so frames are lost for a moment (Interfaces for EX Series Switches, Configuring the Media MTU)."
    ),
    ChangeKind.MTU_LOWERED: _no("Larger frames of the other end are dropped (Junos counts them as oversized)."),
    ChangeKind.BUNDLE: _no("A port of a bundle and a plain port do not fit each other: frames are lost or come twice."),
    ChangeKind.MEMBER_ADDED: _no(f"{_STATIC} So does this one."),
    ChangeKind.MEMBER_REMOVED: _no(_STATIC),
    ChangeKind.LACP: _no("A static end and one that speaks LACP form no bundle (802.1AX-2014, 6.4)."),
    ChangeKind.LACP_ACTIVE: _yes("An active end works with an active and with a passive one (802.1AX-2014, 6.4.1)."),
    ChangeKind.LACP_PASSIVE: _no(
        "Two passive ends never begin, and the other end may be passive (802.1AX-2014, 6.4.1)."
    ),
    ChangeKind.LACP_TIMER: _yes(
        "Each end asks the other for its rate in its LACPDUs, and is obeyed (802.1AX-2014, 6.4.13)."
    ),
    ChangeKind.MINIMUM_LINKS_RAISED: _no(
        "The bundle goes down with fewer members, and the other end's frames are lost."
    ),
    ChangeKind.MINIMUM_LINKS_LOWERED: _yes("The bundle stays up with fewer members than before."),
    ChangeKind.LINK_SPEED: _no("Members of another speed leave the bundle."),
    ChangeKind.DISABLED: _no("The NIC at the other end loses its link."),
    ChangeKind.ENABLED: _no("The NIC at the other end gets a link, and both ends send over it at once."),
    ChangeKind.DESCRIPTION: _yes("A text."),
    ChangeKind.EDGE_ADDED: _yes("The port forwards as before, and sooner after its link comes up."),
    ChangeKind.EDGE_REMOVED: _no(
        "A port that is no edge port may wait for two forward delays, 30 s, before it forwards (802.1D-2004, 17.14)."
    ),
    ChangeKind.DEVICE_COUNT: _yes("The number of aggregated interfaces that may exist."),
    ChangeKind.OTHER: _no(_UNKNOWN),
}
_HOST: Mapping[ChangeKind, Neutral] = {
    ChangeKind.VLAN_ID: _no(_TAG),
    ChangeKind.VLAN_ADDED: _yes(
        "Frames of a VLAN that the switch does not have are dropped there; no other is touched."
    ),
    ChangeKind.VLAN_REMOVED: _yes("The host stops to use it; the switch's frames of it are dropped at the host."),
    ChangeKind.UNTAGGED_VLAN: _no(
        "The port group's frames lose or get a tag, and so get into another VLAN of the switch."
    ),
    ChangeKind.MTU_RAISED: _no("Guests may send frames that the switch still drops."),
    ChangeKind.MTU_LOWERED: _no(
        "Larger frames that the switch still sends are dropped: a virtual switch accepts none above its MTU "
        "(Broadcom KB 419088)."
    ),
    ChangeKind.BUNDLE: _no(
        "IP hash works with a static bundle only, any other policy without one only (VMware KB 1001938)."
    ),
    ChangeKind.MEMBER_ADDED: _no("The host sends over a port that the switch may have given to nobody."),
    ChangeKind.MEMBER_REMOVED: _no(_STATIC),
    ChangeKind.LOAD_BALANCING: _yes(_OWN),
    ChangeKind.UPLINK_ORDER: _no("The host sends over ports that it did not use before, and that may not be ready."),
    ChangeKind.FAILURE_DETECTION: _yes(_OWN),
    ChangeKind.NOTIFY_SWITCHES: _yes(_OWN),
    ChangeKind.FAILBACK: _yes(_OWN),
    ChangeKind.OVERRIDE: _yes("The same policy takes effect as before."),
    ChangeKind.SECURITY: _yes("What a guest may do at its virtual port; the switch sees no difference in the link."),
    ChangeKind.PORT_GROUP_MOVED: _no("The port group's frames leave over other uplinks."),
    ChangeKind.VSWITCH_ADDED: _yes("A virtual switch without uplinks sends nothing; its uplinks are told as members."),
    ChangeKind.VSWITCH_REMOVED: _yes(
        "A virtual switch without uplinks sends nothing; its uplinks are told as members."
    ),
    ChangeKind.OTHER: _no(_UNKNOWN),
}
NEUTRAL: Mapping[tuple[ChangeKind, Side], Neutral] = {
    **{(kind, "switch"): entry for kind, entry in _SWITCH.items()},
    **{(kind, "host"): entry for kind, entry in _HOST.items()},
}
"""By kind and the end that changes: may the other end stay as it is? A kind that a side lacks cannot be made there."""
