# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules over a whole declaration: one function each, its docstring says what breaks and who says so."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.finding import Finding

from ..config.names import bundle_index
from ..platform import FRAME_TAGGED, MTU_HIGHEST, MTU_LOWEST, UNKNOWN, Limit
from .model import Bundle, Declared, Port


def judge(declared: Declared, limit: Limit | None, going: bool) -> list[Finding]:
    """Return the findings of every rule; where the objects go, only those that concern names."""
    found = [*port_twice(declared)]
    if going:
        return found
    found += vlan_id_twice(declared)
    for bundle in declared.bundles:
        found += too_many_members(bundle, limit or UNKNOWN)
        found += ae_beyond_model(bundle, limit or UNKNOWN)
        for rule in _OF_A_BUNDLE:
            found += rule(bundle)
    for port in (*declared.bundles, *declared.ports):
        for judged in _OF_A_PORT:
            found += judged(port)
    found += too_many_bundles(len(declared.bundles), limit or UNKNOWN)
    return found


def port_twice(declared: Declared) -> Iterator[Finding]:
    """Junos: `Member link cannot be a part of multiple aggregation group` (must-message, and seen on a device)."""
    places: dict[str, list[str]] = defaultdict(list)
    for bundle in declared.bundles:
        for member in bundle.members:
            places[member].append(f"bundles.{bundle.name}")
    for port in declared.ports:
        places[port.name].append(f"ports.{port.name}")
    for name, where in places.items():
        if len(where) > 1:
            why = "A port has one place: one bundle, or none."
            yield Finding(
                where[0], "PORT_TWICE", f"{name} is also in {', '.join(where[1:])}", why, "Take it out of all but one."
            )


def vlan_id_twice(declared: Declared) -> Iterator[Finding]:
    """Two VLANs of one switch with one tag: Junos refuses the commit."""
    names: dict[int, list[str]] = defaultdict(list)
    for vlan in declared.vlans:
        if vlan.id is not None:
            names[vlan.id].append(vlan.name)
    for number, found in names.items():
        if len(found) > 1:
            why = "A tag belongs to one VLAN of a switch."
            yield Finding(
                f"vlans.{found[0]}",
                "VLAN_ID_TWICE",
                f"id {number} is also that of {', '.join(found[1:])}",
                why,
                "Change one.",
            )


def too_many_members(bundle: Bundle, limit: Limit) -> Iterator[Finding]:
    """More members than any such model takes (limits.py names the source of each number)."""
    count = len(bundle.members)
    if count > limit.members:
        why = f"This model takes {limit.members} ({limit.source})."
        mend = "Use fewer links, name the model if it is another, or raise limits.members."
        yield Finding(f"bundles.{bundle.name}", "TOO_MANY_MEMBERS", f"{count} members", why, mend)


def ae_beyond_model(bundle: Bundle, limit: Limit) -> Iterator[Finding]:
    """Junos: `device value outside range 0..127 for '34345' in 'ae34345'` (EX 11.4); some models have more."""
    index = bundle_index(bundle.name)
    if index is not None and index > limit.ae:
        why = f"The highest is ae{limit.ae} (Junos: device value outside range)."
        mend = "Use a lower number, or name the model if it has more (EX8200, EX9200)."
        yield Finding(f"bundles.{bundle.name}", "AE_BEYOND_MODEL", f"{bundle.name} is beyond the model", why, mend)


def too_many_bundles(count: int, limit: Limit) -> Iterator[Finding]:
    """More bundles than any such model has."""
    if count > limit.lags:
        why = f"This model has {limit.lags} ({limit.source})."
        mend = "Use fewer bundles, name the model if it is another, or raise limits.lags."
        yield Finding("bundles", "TOO_MANY_BUNDLES", f"{count} bundles", why, mend)


def minimum_links_unreachable(bundle: Bundle) -> Iterator[Finding]:
    """Junos, dcd: `Number of member links configured, i.e [1], ... is lesser than the required minimum [2].`."""
    count = len(set(bundle.members) - set(bundle.disabled_members or ()))
    if bundle.minimum_links is not None and bundle.members and bundle.minimum_links > count:
        off = " that are not disabled" if bundle.disabled_members else ""
        why = "The bundle would be down." if bundle.disabled_members else "The commit would fail."
        what = f"minimum_links {bundle.minimum_links} with {count} member(s){off}"
        yield Finding(f"bundles.{bundle.name}", "MINIMUM_LINKS", what, why, "Lower it, or add members.")


def minimum_links_mixed(bundle: Bundle) -> Iterator[Finding]:
    """Junos: `Minimum-links option is not compatible with link-speed mixed` (must-message)."""
    if bundle.minimum_links is not None and bundle.link_speed == "mixed":
        why = "Junos: Minimum-links option is not compatible with link-speed mixed."
        yield Finding(
            f"bundles.{bundle.name}",
            "MINIMUM_LINKS_MIXED",
            "minimum_links with link_speed mixed",
            why,
            "Leave one out.",
        )


def periodic_without_lacp(bundle: Bundle) -> Iterator[Finding]:
    """A LACP timer on a static bundle would be accepted and ignored."""
    if bundle.periodic is not None and bundle.lacp == "none":
        why = "A static bundle sends no LACP frames."
        yield Finding(
            f"bundles.{bundle.name}", "PERIODIC_STATIC", "periodic with lacp none", why, "Leave it out, or say active."
        )


def tagged_on_access(port: Port) -> Iterator[Finding]:
    """An access port carries one VLAN, untagged."""
    if port.switching.mode == "access" and port.switching.tagged:
        what = f"mode access with tagged {', '.join(port.switching.tagged)}"
        yield Finding(
            _where(port),
            "ACCESS_TAGGED",
            what,
            "An access port carries one VLAN, untagged.",
            "Say trunk, or leave tagged out.",
        )


def access_without_vlan(port: Port) -> Iterator[Finding]:
    """An access port without a VLAN is in the switch's default VLAN, which nobody declared."""
    if port.switching.mode == "access" and not port.switching.untagged:
        why = "The port would be in the switch's default VLAN."
        yield Finding(_where(port), "ACCESS_NO_VLAN", "mode access without untagged", why, "Name the VLAN in untagged.")


def trunk_without_vlan(port: Port) -> Iterator[Finding]:
    """ELS: `For trunk interface, please ensure either vlan members is configured or inner-vlan-id-list ...`."""
    switching = port.switching
    if switching.mode == "trunk" and not switching.tagged and not switching.untagged and switching.tagged is not None:
        why = "It would carry nothing, and an ELS switch refuses the commit."
        yield Finding(
            _where(port), "TRUNK_NO_VLAN", "mode trunk without any VLAN", why, "Name VLANs in tagged or untagged."
        )


def payload_of_a_trunk(port: Port) -> Iterator[Finding]:
    """Junos: mtu is within 256..9216, and counts the tag on a trunk: four octets less for the payload."""
    highest = MTU_HIGHEST - FRAME_TAGGED
    if port.switching.mode == "trunk" and port.payload_mtu is not None and port.payload_mtu > highest:
        what = f"payload_mtu {port.payload_mtu} is above {highest} on a trunk"
        why = (
            f"Junos's mtu, which there is the payload and {FRAME_TAGGED} octets, is within {MTU_LOWEST}..{MTU_HIGHEST}."
        )
        yield Finding(_where(port), "OUT_OF_RANGE", what, why, "Give a number in that range.")


def native_tagged(port: Port) -> Iterator[Finding]:
    """One VLAN both tagged and untagged: non-ELS tags all of `vlan members`, so untagged frames are lost."""
    switching = port.switching
    if switching.untagged and switching.tagged and switching.untagged in switching.tagged:
        why = "On one port a VLAN is sent either with a tag or without."
        yield Finding(
            _where(port), "NATIVE_TAGGED", f"{switching.untagged} is untagged and tagged", why, "Take it out of one."
        )


def _where(port: Port) -> str:
    return f"{'bundles' if isinstance(port, Bundle) else 'ports'}.{port.name}"


_OF_A_BUNDLE: tuple[Callable[[Bundle], Iterator[Finding]], ...] = (
    minimum_links_unreachable,
    minimum_links_mixed,
    periodic_without_lacp,
)
_OF_A_PORT: tuple[Callable[[Port], Iterator[Finding]], ...] = (
    tagged_on_access,
    access_without_vlan,
    trunk_without_vlan,
    payload_of_a_trunk,
    native_tagged,
)
