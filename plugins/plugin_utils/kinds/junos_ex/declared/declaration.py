# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the declaration of a switch; everything that needs no device is refused here, all of it at once."""

from __future__ import annotations

from typing import Any, cast

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.finding import Finding
from ansible_collections.netstack.datacenter.plugins.plugin_utils.declared.fields import named

from ..config.names import bundle_index, is_port
from ..platform import FRAME_UNTAGGED, MTU_HIGHEST, MTU_LOWEST, VLAN_NAME, Limit
from . import rules
from .fields import Reader
from .model import EDGE, LINK_SPEEDS, Bundle, Declared, Port, Switching, Vlan

_PORT_KEYS = ("description", "payload_mtu", "mode", "untagged", "tagged", "peer")
_BUNDLE_KEYS = (
    *("members", "lacp", "periodic", "minimum_links", "link_speed", "member_descriptions", "disabled_members"),
    *_PORT_KEYS,
)
_VLAN_KEYS = ("id", "description", "l3_interface")


def read(
    vlans: Any,
    bundles: Any,
    ports: Any,
    *,
    going: bool = False,
    limit: Limit | None = None,
    device_count: int | None = None,
) -> tuple[Declared, list[Finding]]:
    """Return the declaration and what is wrong with it.

    `going`: the objects are to be removed, so that a name alone is enough. `limit` is the model's, where it is known.
    """
    findings: list[Finding] = []
    declared = Declared(
        tuple(_vlan(name, data, findings) for name, data in named("vlans", vlans, findings)),
        tuple(_bundle(name, data, findings, going) for name, data in named("bundles", bundles, findings)),
        tuple(_port(name, data, findings) for name, data in named("ports", ports, findings)),
        device_count,
    )
    findings += rules.judge(declared, limit, going)
    return declared, sorted(set(findings))


def _vlan(name: str, data: Any, findings: list[Finding]) -> Vlan:
    reader = Reader(f"vlans.{name}", data, _VLAN_KEYS, findings)
    number = reader.number("id", 1, 4094, "", "802.1Q reserves 0 and 4095.")
    if not VLAN_NAME.fullmatch(name):
        why = "Junos takes 2 to 64 characters; an id, a range of ids and all mean other VLANs in a list of VLANs."
        reader.refuse("VLAN_NAME", f"{name!r} is no name of a VLAN", why, "Choose another name.")
    return Vlan(name, number, reader.line("description"), reader.text("l3_interface"))


def _port(name: str, data: Any, findings: list[Finding]) -> Port:
    reader = Reader(f"ports.{name}", data, (*_PORT_KEYS, "disabled"), findings)
    if not is_port(name):
        why = "A plain port is a physical port; units and bundles are not declared here."
        reader.refuse("PORT_NAME", f"{name!r} is no port", why, "Give a name such as ge-0/0/3.")
    return Port(name, **_common(reader), disabled=reader.flag("disabled"))


def _bundle(name: str, data: Any, findings: list[Finding], going: bool) -> Bundle:
    reader = Reader(f"bundles.{name}", data, _BUNDLE_KEYS, findings)
    if bundle_index(name) is None:
        why = "Junos calls aggregated interfaces ae and a number."
        reader.refuse("AE_NAME", f"{name!r} is no aggregated interface", why, "Give a name such as ae0.")
    lacp = reader.choice("lacp", ("active", "passive", "none"))
    if lacp is None and not going and reader.data.get("lacp") is None:
        why = "Junos takes a missing mode for passive, and two passive ends never come up."
        reader.refuse("LACP_MISSING", "lacp is not said", why, "Say active, passive, or none for a static bundle.")
    return Bundle(
        name,
        **_common(reader),
        members=_members(reader, going),
        lacp=cast(Any, lacp),
        periodic=cast(Any, reader.choice("periodic", ("slow", "fast"))),
        minimum_links=reader.number("minimum_links", 1, 64, "", "It counts members that are up."),
        link_speed=reader.choice("link_speed", LINK_SPEEDS),
        member_descriptions=_member_descriptions(reader),
        disabled_members=_disabled_members(reader),
    )


def _common(reader: Reader) -> dict[str, Any]:
    why = f"Junos's mtu, which is the payload and {FRAME_UNTAGGED} octets, is within {MTU_LOWEST}..{MTU_HIGHEST}."
    return {
        "description": reader.line("description"),
        "payload_mtu": reader.number("payload_mtu", MTU_LOWEST, MTU_HIGHEST - FRAME_UNTAGGED, " octets", why),
        "switching": _switching(reader),
        "peer": reader.choice("peer", tuple(EDGE)),
    }


def _switching(reader: Reader) -> Switching:
    mode = reader.choice("mode", ("access", "trunk"))
    untagged, tagged = reader.vlan("untagged"), reader.vlans("tagged")
    derived = mode is None and reader.data.get("mode") is None and bool(tagged or untagged)
    if derived:
        mode = "trunk" if tagged else "access"
    return Switching(cast(Any, mode), untagged, tagged, derived)


def _members(reader: Reader, going: bool) -> tuple[str, ...]:
    found = reader.items("members")
    if not found and not going and not (found is None and reader.data.get("members") is not None):
        why = "An ae without a member never comes up."
        reader.refuse("MEMBERS_MISSING", "there are no members", why, "List the ports, or let the bundle go.")
    names = [str(item) for item in found or []]
    for name in names:
        if not is_port(name):
            why = "A member link is a physical port."
            reader.refuse("PORT_NAME", f"member {name!r} is no port", why, "Give a name such as ge-0/0/3.")
    return tuple(names)


def _member_descriptions(reader: Reader) -> dict[str, str]:
    data = reader.data.get("member_descriptions")
    if data is None:
        return {}
    members = [str(item) for item in reader.data.get("members") or []]
    inner = Reader(f"{reader.where}.member_descriptions", data, members, reader.findings)
    found = {str(name): inner.line(str(name)) for name in inner.data}
    return {name: text for name, text in found.items() if text is not None}


def _disabled_members(reader: Reader) -> tuple[str, ...] | None:
    found = reader.items("disabled_members")
    if found is None:
        return None
    members = [str(item) for item in reader.data.get("members") or []]
    for name in found:
        if str(name) not in members:
            why = "Only a member link is disabled here."
            reader.refuse("NOT_A_MEMBER", f"disabled_members {name!r} is no member", why, "Mend the name, or add it.")
    return tuple(str(name) for name in found)
