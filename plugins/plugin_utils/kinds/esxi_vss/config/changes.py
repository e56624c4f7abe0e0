# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan changes of a host, as data: from its state before and after."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.changes import Change, Value
from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.neutral import ChangeKind

from ..declared.model import EXPLICIT, IP_HASH, GroupState, HostState, Security, SwitchState, Teaming, overlaid, said

_ORDER = ("active_uplinks", "standby_uplinks")
_TEAMING = {
    "failure_detection": ChangeKind.FAILURE_DETECTION,
    "notify_switches": ChangeKind.NOTIFY_SWITCHES,
    "failback": ChangeKind.FAILBACK,
    **dict.fromkeys(_ORDER, ChangeKind.UPLINK_ORDER),
}


def between(before: HostState, after: HostState) -> list[Change]:
    """Return every difference between two states."""
    found: list[Change] = []
    for name in dict.fromkeys([*before.switches, *after.switches]):
        found += _switch(name, before.switches.get(name), after.switches.get(name))
    for name in dict.fromkeys([*before.groups, *after.groups]):
        found += _group(name, before, after)
    return found


def _change(
    kind: ChangeKind, name: str, before: Value, after: Value, concerns: tuple[str, ...], item: str = ""
) -> Change:
    return Change(kind, "host", name, before, after, item, concerns)


def _switch(name: str, old: SwitchState | None, new: SwitchState | None) -> Iterator[Change]:
    """Yield the changes of a virtual switch; one that is not there is like one without uplinks."""
    if old is None or new is None:
        kind = ChangeKind.VSWITCH_ADDED if old is None else ChangeKind.VSWITCH_REMOVED
        yield _change(kind, name, None if old is None else name, None if new is None else name, (name,))
    was, becomes = old or SwitchState(name), new or SwitchState(name)
    for nic in dict.fromkeys([*was.uplinks, *becomes.uplinks]):
        if nic not in becomes.uplinks:
            yield _change(ChangeKind.MEMBER_REMOVED, name, nic, None, (name,))
        elif nic not in was.uplinks:
            yield _change(ChangeKind.MEMBER_ADDED, name, None, nic, (name,))
    if sorted(was.uplinks) == sorted(becomes.uplinks) and was.uplinks != becomes.uplinks:
        yield _change(ChangeKind.UPLINK_ORDER, name, was.uplinks, becomes.uplinks, (name,))
    if was.mtu != becomes.mtu:
        kind = ChangeKind.MTU_RAISED if becomes.mtu > was.mtu else ChangeKind.MTU_LOWERED
        yield _change(kind, name, was.mtu, becomes.mtu, (name,))
    yield from _policies(name, (was.teaming, becomes.teaming), (was.teaming, becomes.teaming), (name,))
    yield from _security(name, was.security, overlaid(was.security, becomes.security), (name,))


def _group(name: str, before: HostState, after: HostState) -> Iterator[Change]:
    old, new = before.groups.get(name), after.groups.get(name)
    if old is None:
        if new is not None:
            yield _change(ChangeKind.VLAN_ADDED, name, None, new.vlan, (new.vswitch,))
            yield from _overrides(new, after)
        return
    if new is None:
        yield _change(ChangeKind.VLAN_REMOVED, name, old.vlan, None, (old.vswitch,))
        return
    concerns = tuple(dict.fromkeys((old.vswitch, new.vswitch)))
    if old.vswitch != new.vswitch:
        yield _change(ChangeKind.PORT_GROUP_MOVED, name, old.vswitch, new.vswitch, concerns)
    yield from _tag(name, old, new, concerns)
    effective = before.effective(old)[0], after.effective(new)[0]
    yield from _policies(name, (old.teaming, new.teaming), effective, concerns)
    yield from _security(name, old.security, new.security, concerns)


def _overrides(group: GroupState, after: HostState) -> Iterator[Change]:
    """Yield how the frames of a new port group leave in another way than those of its virtual switch."""
    common = after.effective(GroupState(group.name, group.vswitch))[0]
    for change in _policies(group.name, (common, group.teaming), (common, after.effective(group)[0]), (group.vswitch,)):
        if change.kind is not ChangeKind.OVERRIDE:
            yield change


def _tag(name: str, old: GroupState, new: GroupState, concerns: tuple[str, ...]) -> Iterator[Change]:
    if old.vlan != new.vlan:
        kind = ChangeKind.VLAN_ID if old.vlan and new.vlan else ChangeKind.UNTAGGED_VLAN
        yield _change(kind, name, old.vlan, new.vlan, concerns)


def _policies(
    name: str, own: tuple[Teaming, Teaming], effective: tuple[Teaming, Teaming], concerns: tuple[str, ...]
) -> Iterator[Change]:
    """Yield the changes of the own teaming; one that changes nothing of what takes effect is told as such."""
    was, becomes = said(own[0]), said(own[1])
    for key in dict.fromkeys([*was, *becomes]):
        values = was.get(key), becomes.get(key)
        if values[0] == values[1]:
            continue
        acting = getattr(effective[0], key), getattr(effective[1], key)
        yield _change(_kind(key, acting), name, *values, concerns, key)


def _kind(key: str, acting: tuple[Value, Value]) -> ChangeKind:
    if acting[0] == acting[1]:
        return ChangeKind.OVERRIDE
    if key == "load_balancing":
        return _balancing(acting)
    return _TEAMING.get(key, ChangeKind.OTHER)


def _balancing(acting: tuple[Value, Value]) -> ChangeKind:
    """Return what another policy is: one of the order where either is explicit, which uses the first uplink alone."""
    if IP_HASH in acting:
        return ChangeKind.BUNDLE
    return ChangeKind.UPLINK_ORDER if EXPLICIT in acting else ChangeKind.LOAD_BALANCING


def _security(name: str, old: Security, new: Security, concerns: tuple[str, ...]) -> Iterator[Change]:
    was, becomes = said(old), said(new)
    for key in dict.fromkeys([*was, *becomes]):
        if was.get(key) != becomes.get(key):
            yield _change(ChangeKind.SECURITY, name, was.get(key), becomes.get(key), concerns, key)
