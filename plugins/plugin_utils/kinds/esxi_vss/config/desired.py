# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host shall have: its state with what is declared put over it, field by field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.finding import Finding

from ..declared.model import (
    BEACON,
    GroupState,
    Half,
    HostState,
    PortGroup,
    Security,
    SwitchState,
    Teaming,
    Vswitch,
    overlaid,
    said,
)

_NEW = SwitchState("")
"""A virtual switch with all that is left out at its default."""


@dataclass
class Wanted:
    """The state to reach, what stands against it, and what the user should know."""

    state: HostState
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def wanted(host: HostState, half: Half, state: str, *, at: str = "") -> Wanted:
    """Return the state that `half` asks for."""
    found = Wanted(host)
    if state == "deleted":
        _delete(found, half, at)
        return found
    switches, groups = dict(host.switches), dict(host.groups)
    for switch in half.vswitches:
        switches[switch.name] = _switch(switches.get(switch.name), switch, state)
    if state == "overridden":
        _drop_others(found, half, switches, groups, at)
    forget_lost(host, switches, groups, found.notes)
    for group in half.port_groups:
        made = _group(found, switches, groups.get(group.name), group, state, at)
        if made is not None:
            groups[group.name] = made
    found.state = replace(host, switches=switches, groups=groups)
    found.findings += _impossible(host, found.state, half, at)
    return found


def _switch(old: SwitchState | None, declared: Vswitch, state: str) -> SwitchState:
    base = replace(_NEW, name=declared.name)
    if state == "merged":
        base = old if old is not None else replace(base, security=Security(), new=True)
    uplinks = base.uplinks if declared.uplinks is None else _in_order(base.uplinks, declared.uplinks)
    return replace(
        base,
        uplinks=uplinks,
        mtu=base.mtu if declared.mtu is None else declared.mtu,
        teaming=_ordered(base, uplinks, declared.teaming),
        security=overlaid(base.security, declared.security),
    )


def _in_order(old: tuple[str, ...], new: tuple[str, ...]) -> tuple[str, ...]:
    """Return the uplinks, those that stay first: their order means nothing."""
    return (*(nic for nic in old if nic in new), *(nic for nic in new if nic not in old))


def _ordered(base: SwitchState, uplinks: tuple[str, ...], declared: Teaming) -> Teaming:
    """Return the teaming; an uplink that goes leaves the order, and one that comes is active unless it is said.

    What UpdateVirtualSwitch does itself with one that goes (its reference), and the vSphere Client with one that comes.
    """
    new = [nic for nic in uplinks if nic not in base.uplinks]
    old = base.teaming
    active = tuple(nic for nic in (*(old.active_uplinks or ()), *new) if nic in uplinks)
    standby = tuple(nic for nic in old.standby_uplinks or () if nic in uplinks)
    return _placed(overlaid(replace(old, active_uplinks=active, standby_uplinks=standby), declared), declared)


def _placed(teaming: Teaming, declared: Teaming) -> Teaming:
    """Return the teaming with each NIC in one list: one that is declared in the one leaves the other."""
    active, standby = teaming.active_uplinks, teaming.standby_uplinks
    if declared.active_uplinks is not None and declared.standby_uplinks is None and standby is not None:
        standby = tuple(nic for nic in standby if nic not in declared.active_uplinks)
    if declared.standby_uplinks is not None and declared.active_uplinks is None and active is not None:
        active = tuple(nic for nic in active if nic not in declared.standby_uplinks)
    return replace(teaming, active_uplinks=active, standby_uplinks=standby)


def _group(
    found: Wanted, switches: Mapping[str, SwitchState], old: GroupState | None, declared: PortGroup, state: str, at: str
) -> GroupState | None:
    if old is None and declared.vswitch is None:
        why = "A port group is a part of a virtual switch."
        where = f"{at}port_groups.{declared.name}"
        found.findings.append(
            Finding(where, "VSWITCH_MISSING", "the port group is new", why, "Name the virtual switch.")
        )
        return None
    base = GroupState(declared.name, declared.vswitch or "") if old is None else old
    exact = state != "merged"
    base = replace(base, vswitch=base.vswitch if declared.vswitch is None else declared.vswitch)
    own = Teaming() if exact or declared.inherit_teaming else base.teaming
    security = Security() if exact or declared.inherit_security else base.security
    vlan = 0 if exact else base.vlan
    return replace(
        base,
        vlan=vlan if declared.vlan is None else declared.vlan,
        teaming=_own(own, declared.teaming, switches.get(base.vswitch, _NEW).teaming, exact),
        security=overlaid(security, declared.security),
    )


def _own(own: Teaming, declared: Teaming, inherited: Teaming, exact: bool) -> Teaming:
    """Return a port group's own teaming; a NIC order is one, so its other list is the one that held until now."""
    if declared.active_uplinks is None and declared.standby_uplinks is None:
        return overlaid(own, declared)
    if own.active_uplinks is None:
        standby = () if exact else inherited.standby_uplinks
        own = replace(own, active_uplinks=inherited.active_uplinks, standby_uplinks=standby)
    return _placed(overlaid(own, declared), declared)


def forget_lost(
    host: HostState, switches: Mapping[str, SwitchState], groups: dict[str, GroupState], notes: list[str]
) -> None:
    """Take uplinks that go out of the port groups' own orders; an order without any NIC would leave all unused."""
    for name, group in groups.items():
        lost = set(host.switches[group.vswitch].uplinks) if group.vswitch in host.switches else set()
        lost -= set(switches[group.vswitch].uplinks) if group.vswitch in switches else set()
        own = group.teaming
        listed = (*(own.active_uplinks or ()), *(own.standby_uplinks or ()))
        if not lost.intersection(listed):
            continue
        active, standby = (
            None if nics is None else tuple(nic for nic in nics if nic not in lost)
            for nics in (own.active_uplinks, own.standby_uplinks)
        )
        if not active and not standby:
            active = standby = None
            notes.append(f"{name} inherits its uplinks from now on, for none of its own is left.")
        groups[name] = replace(group, teaming=replace(own, active_uplinks=active, standby_uplinks=standby))


def _drop_others(
    found: Wanted, half: Half, switches: dict[str, SwitchState], groups: dict[str, GroupState], at: str
) -> None:
    """Take everything away that is not declared."""
    kept_switches = {switch.name for switch in half.vswitches}
    kept_groups = {group.name for group in half.port_groups}
    _refuse_used(found, [name for name in groups if name not in kept_groups], at)
    for name in [name for name in groups if name not in kept_groups]:
        del groups[name]
    for name in [name for name in switches if name not in kept_switches]:
        del switches[name]


def _delete(found: Wanted, half: Half, at: str) -> None:
    host = found.state
    gone = {group.name for group in half.port_groups}
    switches = {switch.name for switch in half.vswitches}
    _refuse_used(found, [name for name in host.groups if name in gone], at)
    for name in switches & set(host.switches):
        left = [group.name for group in host.groups_of(name) if group.name not in gone]
        if left:
            what = f"it still has {', '.join(left)}"
            why = "They would go with it."
            mend = "Name them in port_groups as well."
            found.findings.append(Finding(f"{at}vswitches.{name}", "PORT_GROUPS_LEFT", what, why, mend))
    found.state = replace(
        host,
        switches={name: switch for name, switch in host.switches.items() if name not in switches},
        groups={name: group for name, group in host.groups.items() if name not in gone},
    )


def _refuse_used(found: Wanted, names: list[str], at: str) -> None:
    """Refuse to remove a port group that something is connected to: the host answers ResourceInUse."""
    for name in names:
        vmks = [vmk.name for vmk in found.state.vmks.values() if vmk.port_group == name]
        users = found.state.groups[name].users
        if vmks or users:
            what = f"it is used by {', '.join(vmks) or f'{users} port(s)'}"
            why = "The host would refuse to remove it."
            mend = "Move what uses it, or declare it."
            found.findings.append(Finding(f"{at}port_groups.{name}", "IN_USE", what, why, mend))


def _impossible(before: HostState, after: HostState, half: Half, at: str) -> list[Finding]:
    """Return what the host could not do: NICs and switches that are not there, NICs that another switch keeps."""
    found: list[Finding] = []
    for switch in half.vswitches:
        for nic in switch.uplinks or ():
            holders = [other.name for other in after.switches.values() if nic in other.uplinks]
            where = f"{at}vswitches.{switch.name}"
            if nic not in before.nics:
                why = f"The host has {', '.join(before.nics) or 'none'}."
                found.append(Finding(where, "NO_SUCH_NIC", f"there is no {nic}", why, "Look at the cabling."))
            elif len(holders) > 1:
                other = next(name for name in holders if name != switch.name)
                what, why = f"{nic} belongs to {other}", "A NIC belongs to one virtual switch."
                found.append(Finding(where, "UPLINK_HELD", what, why, f"Declare {other} without it as well."))
    for group in half.port_groups:
        made = after.groups.get(group.name)
        if made is not None and made.vswitch not in after.switches:
            what, why = f"there is no {made.vswitch}", "A port group is a part of a virtual switch."
            where = f"{at}port_groups.{group.name}"
            found.append(Finding(where, "NO_SUCH_VSWITCH", what, why, "Declare it, or mend the name."))
    return (
        found
        + _slashes(before, half, at)
        + _foreign_order(after, half, at)
        + _all_unused(before, after, half, at)
        + _beacon_to_nobody(after, half, at)
    )


def _slashes(before: HostState, half: Half, at: str) -> list[Finding]:
    """Return a finding for each new switch with a slash in its name; earlier releases may have made such ones."""
    names = [switch.name for switch in half.vswitches if "/" in switch.name and switch.name not in before.switches]
    what, why = "the name has a /", "ESXi 7.0.2 and later make no such switch (community.vmware 889)."
    return [Finding(f"{at}vswitches.{name}", "NAME", what, why, "Choose another name.") for name in names]


def _foreign_order(after: HostState, half: Half, at: str) -> list[Finding]:
    """Return a finding for each declared order that names a NIC that the switch does not have."""
    found: list[Finding] = []
    orders = [(f"{at}vswitches.{switch.name}", switch.name, switch.teaming) for switch in half.vswitches]
    for group in half.port_groups:
        made = after.groups.get(group.name)
        orders.append((f"{at}port_groups.{group.name}", made.vswitch if made is not None else "", group.teaming))
    for where, name, teaming in orders:
        uplinks = after.switches[name].uplinks if name in after.switches else None
        listed = {nic for key, nics in said(teaming).items() if key.endswith("_uplinks") for nic in nics}
        foreign = sorted(listed - set(uplinks)) if uplinks is not None else []
        if foreign:
            what = f"{', '.join(foreign)} is no uplink of {name}"
            found.append(Finding(where, "NOT_AN_UPLINK", what, "The host answers InvalidArgument.", "Mend the list."))
    return found


def _all_unused(before: HostState, after: HostState, half: Half, at: str) -> list[Finding]:
    """Return a finding for each declared object whose last active uplink would go, which leaves all others unused."""
    places: list[str] = []
    for declared in half.vswitches:
        made, old = after.switches[declared.name], before.switches.get(declared.name)
        if made.uplinks and _unused(made.teaming) and (old is None or not _unused(old.teaming)):
            places.append(f"{at}vswitches.{declared.name}")
    for group in half.port_groups:
        own, former = after.groups.get(group.name), before.groups.get(group.name)
        ordered = group.teaming.active_uplinks is not None or group.teaming.standby_uplinks is not None
        if own is None or not ordered or (former is not None and former.teaming == own.teaming):
            continue
        if own.vswitch in after.switches and after.switches[own.vswitch].uplinks and _unused(own.teaming):
            places.append(f"{at}port_groups.{group.name}")
    what, why = "no uplink stays active or standby", "All uplinks would be unused, and nothing could be sent."
    mend = "List one in teaming.active_uplinks."
    return [Finding(place, "NO_ACTIVE_UPLINK", what, why, mend) for place in places]


def _unused(teaming: Teaming) -> bool:
    return not teaming.active_uplinks and not teaming.standby_uplinks


def _beacon_to_nobody(after: HostState, half: Half, at: str) -> list[Finding]:
    """Return a finding for each declared object that would send beacons from a switch without uplinks."""
    dark = {name for name, switch in after.switches.items() if not switch.uplinks}
    places = [
        (f"{at}vswitches.{name}", after.switches[name].teaming)
        for name in (switch.name for switch in half.vswitches)
        if name in dark
    ]
    places += [
        (f"{at}port_groups.{group.name}", after.groups[group.name].teaming)
        for group in half.port_groups
        if group.name in after.groups and after.groups[group.name].vswitch in dark
    ]
    why, mend = "The host answers InvalidArgument.", "Say failure_detection link_status."
    what = "beacon probing without uplinks"
    return [
        Finding(where, "BEACON_NO_UPLINKS", what, why, mend) for where, own in places if own.failure_detection == BEACON
    ]
