# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules over what is declared and over what a host would have: one function each, with what breaks and who says so.

A field that is None is not known yet, so it is not judged; what the host has is judged once it is read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.finding import Finding

from .model import BEACON, IP_HASH, Bundle, Half, HostState, PortGroup, Teaming, Vswitch

EXACT = ("replaced", "overridden")
_KB = "VMware KB 1001938"
_TRAP = "VMware KB 1022751"


def judge_declared(half: Half, state: str, at: str = "") -> list[Finding]:
    """Return the findings over a declaration; for objects that go only those that concern names."""
    if state == "deleted":
        return []
    found = list(uplink_on_two_switches(half, at))
    switches = {switch.name: switch for switch in half.vswitches}
    for switch in half.vswitches:
        where = f"{at}vswitches.{switch.name}"
        found += order_of_uplinks(where, switch.uplinks, switch.teaming)
        found += team(where, switch.uplinks, switch.teaming)
        found += bundle(where, switch.uplinks, switch.teaming.load_balancing, switch.bundle)
        if state in EXACT and switch.uplinks is None:
            why = "What is left out goes, and a switch without uplinks reaches nobody."
            found.append(Finding(where, "UPLINKS_MISSING", f"{state} without uplinks", why, "List them, or give []."))
    for group in half.port_groups:
        found += _declared_group(f"{at}port_groups.{group.name}", group, switches.get(group.vswitch or ""), state)
    return found


def _declared_group(where: str, group: PortGroup, switch: Vswitch | None, state: str) -> Iterator[Finding]:
    if state in EXACT and group.vswitch is None:
        why = "What is left out goes, and a port group is a part of a virtual switch."
        yield Finding(where, "VSWITCH_MISSING", f"{state} without vswitch", why, "Name the virtual switch.")
    uplinks = switch.uplinks if switch is not None else None
    yield from order_of_uplinks(where, uplinks, group.teaming)
    yield from team(where, uplinks, group.teaming, switch.teaming.load_balancing if switch is not None else None)
    if switch is not None:
        yield from group_differs(where, group.teaming.load_balancing, switch.name, switch.teaming.load_balancing)


def uplink_on_two_switches(half: Half, at: str = "") -> Iterator[Finding]:
    """A physical NIC belongs to one virtual switch: the host answers ResourceInUse."""
    places: dict[str, list[str]] = defaultdict(list)
    for switch in half.vswitches:
        for nic in switch.uplinks or ():
            places[nic].append(switch.name)
    for nic, names in places.items():
        if len(names) > 1:
            what = f"{nic} is also an uplink of {', '.join(names[1:])}"
            why = "A NIC belongs to one virtual switch."
            yield Finding(f"{at}vswitches.{names[0]}", "UPLINK_TWICE", what, why, "Take it out of all but one.")


def order_of_uplinks(where: str, uplinks: tuple[str, ...] | None, teaming: Teaming) -> Iterator[Finding]:
    """A NIC order names uplinks of the switch, each once; an order without an active NIC leaves all unused."""
    active, standby = teaming.active_uplinks, teaming.standby_uplinks
    if active == () and uplinks != ():
        why = "All uplinks would be unused, and nothing could be sent."
        yield Finding(where, "NO_ACTIVE_UPLINK", "active_uplinks is empty", why, "List one, or leave the key out.")
    both = [nic for nic in active or () if nic in (standby or ())]
    if both:
        why = "An uplink is either active or standby."
        yield Finding(where, "ACTIVE_AND_STANDBY", f"{', '.join(both)} is in both lists", why, "Take it out of one.")
    foreign = [nic for nic in (*(active or ()), *(standby or ())) if uplinks is not None and nic not in uplinks]
    if foreign:
        what = f"{', '.join(dict.fromkeys(foreign))} is no uplink of the switch"
        yield Finding(where, "NOT_AN_UPLINK", what, "The host answers InvalidArgument.", "Add it to uplinks.")


def team(
    where: str, uplinks: tuple[str, ...] | None, teaming: Teaming, inherited: str | None = None
) -> Iterator[Finding]:
    """IP hash: every uplink active, and link status only (KB 1001938).

    Frames that the far end hashes to a standby or unused uplink are lost; beacons come back over another link.
    """
    if (teaming.load_balancing or inherited) != IP_HASH:
        return
    mend = "List all uplinks in active_uplinks, and none in standby_uplinks."
    if teaming.standby_uplinks:
        what = f"IP hash with standby uplink {', '.join(teaming.standby_uplinks)}"
        why = f"The far end sends to every link of its bundle; frames to a standby uplink are lost ({_KB})."
        yield Finding(where, "IP_HASH_STANDBY", what, why, mend)
    placed = (*(teaming.active_uplinks or ()), *(teaming.standby_uplinks or ()))
    unused = [nic for nic in uplinks or () if nic not in placed]
    if teaming.active_uplinks is not None and unused:
        what = f"IP hash with unused uplink {', '.join(unused)}"
        why = f"The far end sends to every link of its bundle; frames to an unused uplink are lost ({_KB})."
        yield Finding(where, "IP_HASH_UNUSED", what, why, mend)
    if teaming.failure_detection == BEACON:
        why = f"Beacons come back over another link of the bundle, so that links are failed without cause ({_KB})."
        yield Finding(where, "IP_HASH_BEACON", "IP hash with beacon probing", why, "Say failure_detection link_status.")


def bundle(where: str, uplinks: tuple[str, ...] | None, balancing: str | None, far: Bundle | None) -> Iterator[Finding]:
    """A static bundle needs IP hash and as many uplinks as it has ports, plain ports any other policy (KB 1001938)."""
    if far is None:
        return
    if far.mode == "static" and balancing not in (None, IP_HASH):
        why = (
            f"The far end hashes flows onto all links and expects the same; about half of the frames are lost ({_KB})."
        )
        what = f"{balancing} towards a static bundle"
        yield Finding(where, "BUNDLE_WITHOUT_IP_HASH", what, why, f"Say load_balancing {IP_HASH}.")
    if far.mode == "none" and balancing == IP_HASH:
        why = f"The switch sees one MAC address on several plain ports, moving all the time ({_KB})."
        what = "IP hash towards plain ports"
        yield Finding(where, "IP_HASH_WITHOUT_BUNDLE", what, why, "Make a static bundle, or say loadbalance_srcid.")
    if far.mode == "static" and far.ports is not None and uplinks is not None and len(uplinks) != far.ports:
        what = f"{len(uplinks)} uplink(s) towards a bundle of {far.ports} port(s)"
        why = f"Frames to a port without its uplink are lost silently ({_KB})."
        yield Finding(where, "BUNDLE_PORTS", what, why, "Cable and declare as many uplinks as the bundle has ports.")


def group_differs(where: str, own: str | None, switch: str, balancing: str | None) -> Iterator[Finding]:
    """Every port group of a switch with IP hash has IP hash, and none on another switch (KB 1001938)."""
    if own is None or balancing is None or own == balancing or IP_HASH not in (own, balancing):
        return
    what = f"{own} on {switch}, which has {balancing}"
    why = f"All port groups of a switch must agree with it about IP hash ({_KB}, {_TRAP})."
    yield Finding(where, "PORT_GROUP_DIFFERS", what, why, "Say teaming: inherit, or the switch's values.")


def judge_state(before: HostState, after: HostState, half: Half, at: str = "") -> tuple[list[Finding], list[Finding]]:
    """Return what is wrong with the state that a change would make, and what was so before and was not asked about.

    Everything is refused that the change makes, and on a switch whose load balancing or bundle is declared everything.
    """
    asked = {
        switch.name
        for switch in half.vswitches
        if switch.bundle is not None or switch.teaming.load_balancing is not None
    }
    bundles = {switch.name: switch.bundle for switch in half.vswitches if switch.bundle is not None}
    named = {group.name for group in half.port_groups}
    old = {finding for _switch, finding in violations(before, bundles, named, at)}
    refused: list[Finding] = []
    noted: list[Finding] = []
    concerned = {switch.name for switch in half.vswitches}
    concerned |= {after.groups[name].vswitch for name in named if name in after.groups}
    for switch, finding in violations(after, bundles, named, at):
        if switch in asked or finding not in old:
            refused.append(finding)
        elif switch in concerned:
            noted.append(finding)
    return refused, noted


def violations(
    host: HostState, bundles: dict[str, Bundle], named: set[str], at: str = ""
) -> Iterator[tuple[str, Finding]]:
    """Yield the findings over a host's switches and port groups, each with the switch that it concerns."""
    for switch in host.switches.values():
        where = f"{at}vswitches.{switch.name}"
        for finding in team(where, switch.uplinks, switch.teaming):
            yield switch.name, finding
        for finding in bundle(where, switch.uplinks, switch.teaming.load_balancing, bundles.get(switch.name)):
            yield switch.name, finding
        for group in host.groups_of(switch.name):
            teaming, _security = host.effective(group)
            for finding in _group(f"{at}port_groups.{group.name}", host, group.vswitch, teaming, group.name in named):
                yield switch.name, finding


def _group(where: str, host: HostState, name: str, teaming: Teaming, declared: bool) -> Iterator[Finding]:
    switch = host.switches[name]
    found = list(group_differs(where, teaming.load_balancing, name, switch.teaming.load_balancing))
    if switch.teaming.load_balancing == IP_HASH and not found and teaming != switch.teaming:
        found += team(where, switch.uplinks, teaming)
    for finding in found:
        if declared:
            yield finding
        else:
            why = f"{finding.why} It is not declared, and a port group's own teaming is the usual case ({_TRAP})."
            yield Finding(where, "OVERRIDE_NOT_DECLARED", finding.what, why, "Declare it with teaming: inherit.")
