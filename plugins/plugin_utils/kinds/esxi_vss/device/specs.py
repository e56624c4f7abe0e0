# SPDX-License-Identifier: GPL-3.0-or-later
"""pyVmomi's objects read into states, and specifications made by changing what was read.

An update replaces a specification whole: what it leaves out goes. So the host's own one is copied, changed and sent.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

from ..declared.model import BEACON, LINK_STATUS, GroupState, HostState, Nic, Security, SwitchState, Teaming, Vmk
from .third_party import MISSING, SoapAdapter, VmomiSupport, vim

_NEW_PORTS = 128
"""numPorts is required; the vSphere Client writes 128 into a new switch."""


def host_state(name: str, info: dict[str, Any]) -> HostState:
    """Return the state from the properties vswitch, portgroup, pnic and vnic of config.network."""
    groups = {each.spec.name: each for each in info.get("portgroup") or []}
    return HostState(
        name,
        switches={each.name: switch_state(each) for each in info.get("vswitch") or []},
        groups={key: _group(each) for key, each in groups.items()},
        nics=nics(info.get("pnic") or []),
        vmks={each.device: _vmk(each) for each in info.get("vnic") or []},
        computed={key: _policy(each.computedPolicy) for key, each in groups.items()},
    )


def switch_state(found: Any) -> SwitchState:
    """Return a virtual switch as the host has it."""
    teaming, security = _policy(found.spec.policy)
    bridge = found.spec.bridge
    uplinks = tuple(getattr(bridge, "nicDevice", None) or ())
    # A switch that names no order uses all of its uplinks.
    active = uplinks if teaming.active_uplinks is None else teaming.active_uplinks
    order = {"active_uplinks": active, "standby_uplinks": teaming.standby_uplinks or ()}
    made = Teaming(**{**vars(teaming), **order})
    mtu = found.spec.mtu or found.mtu or 1500
    return SwitchState(found.name, uplinks, mtu, made, security, raw=found.spec)


def _group(found: Any) -> GroupState:
    teaming, security = _policy(found.spec.policy)
    spec = found.spec
    return GroupState(spec.name, spec.vswitchName, spec.vlanId, teaming, security, len(found.port or []), raw=spec)


def _policy(policy: Any) -> tuple[Teaming, Security]:
    teaming = policy.nicTeaming if policy is not None else None
    security = policy.security if policy is not None else None
    return (
        _teaming(teaming) if teaming is not None else Teaming(),
        Security(security.allowPromiscuous, security.macChanges, security.forgedTransmits)
        if security is not None
        else Security(),
    )


def _teaming(found: Any) -> Teaming:
    beacon = found.failureCriteria.checkBeacon if found.failureCriteria is not None else None
    order = found.nicOrder
    return Teaming(
        load_balancing=found.policy,
        failure_detection=None if beacon is None else BEACON if beacon else LINK_STATUS,
        notify_switches=found.notifySwitches,
        # rollingOrder is the inverse of what the client calls failback.
        failback=None if found.rollingOrder is None else not found.rollingOrder,
        active_uplinks=None if order is None else tuple(order.activeNic or ()),
        standby_uplinks=None if order is None else tuple(order.standbyNic or ()),
    )


def nics(found: Iterable[Any]) -> dict[str, Nic]:
    """Return the NICs by name from the property pnic."""
    return {each.device: _nic(each) for each in found}


def _nic(found: Any) -> Nic:
    return Nic(found.device, found.linkSpeed.speedMb if found.linkSpeed is not None else 0, found.mac)


def _vmk(found: Any) -> Vmk:
    """Read a VMkernel interface; on a distributed switch it has a port in place of a port group."""
    spec = found.spec
    port = spec.distributedVirtualPort if spec is not None else None
    place = f"port {port.portKey} of {port.switchUuid}" if port is not None else ""
    ip = spec.ip if spec is not None else None
    return Vmk(
        found.device,
        found.portgroup or "",
        (ip.ipAddress if ip is not None else "") or "",
        (ip.subnetMask if ip is not None else "") or "",
        spec.mtu if spec is not None else None,
        (spec.mac if spec is not None else "") or "",
        (spec.netStackInstanceKey if spec is not None else "") or "",
        place,
    )


def bare_spec(after: SwitchState, uplinks: tuple[str, ...]) -> Any:
    """Return what makes a virtual switch: no policy, for hosts refuse every one that is not whole (govmomi 817)."""
    spec = vim.host.VirtualSwitch.Specification(numPorts=_NEW_PORTS, bridge=_bridge(None, uplinks))
    if after.mtu != SwitchState.mtu:
        spec.mtu = after.mtu
    return spec


def switch_spec(old: SwitchState, after: SwitchState) -> Any:
    """Return the specification that makes `after` of a virtual switch; without a change the policy stays unset."""
    spec = copy.deepcopy(old.raw)
    if after.mtu != old.mtu:
        spec.mtu = after.mtu
    if sorted(old.uplinks) != sorted(after.uplinks):
        spec.bridge = _bridge(spec.bridge, after.uplinks)
    if (old.teaming, old.security) != (after.teaming, after.security):
        spec.policy = spec.policy or vim.host.NetworkPolicy()
        _change_teaming(spec.policy, old.teaming, after.teaming)
        _change_security(spec.policy, old.security, after.security)
    if after.teaming.failure_detection == BEACON and spec.bridge is not None and spec.bridge.beacon is None:
        spec.bridge.beacon = _beacon()
    if not after.uplinks and spec.policy is not None and spec.policy.nicTeaming is not None:
        # An order without NICs says "all unused" to the ones that come later.
        spec.policy.nicTeaming.nicOrder = None
    return spec


def _beacon() -> Any:
    return vim.host.VirtualSwitch.BeaconConfig(interval=1)


def _bridge(old: Any, uplinks: tuple[str, ...]) -> Any:
    """Return a bridge with these uplinks; beacon and link discovery stay, and a new one has what ESXi gives it."""
    if not uplinks:
        return None
    if old is None:
        discovery = vim.host.LinkDiscoveryProtocolConfig(protocol="cdp", operation="listen")
        bond = vim.host.VirtualSwitch.BondBridge
        return bond(nicDevice=list(uplinks), beacon=_beacon(), linkDiscoveryProtocolConfig=discovery)
    old.nicDevice = list(uplinks)
    return old


def group_spec(before: GroupState | None, after: GroupState) -> Any:
    """Return the specification that makes `after` of `before`; None is a port group that is not there."""
    # A port group that was removed brings the specification that it had.
    old = before or (after if after.raw is not None else None)
    if old is None:
        spec = vim.host.PortGroup.Specification(name=after.name, policy=vim.host.NetworkPolicy())
        old = GroupState(after.name, after.vswitch)
    else:
        spec = copy.deepcopy(old.raw)
        spec.policy = spec.policy or vim.host.NetworkPolicy()
    spec.vlanId, spec.vswitchName = after.vlan, after.vswitch
    _change_teaming(spec.policy, old.teaming, after.teaming)
    _change_security(spec.policy, old.security, after.security)
    return spec


def _change_teaming(policy: Any, old: Teaming, new: Teaming) -> None:
    """Set the fields that differ; without any of its own the part is empty, which drops an override."""
    if new == old:
        return
    if new == Teaming():
        policy.nicTeaming = vim.host.NetworkPolicy.NicTeamingPolicy()
        return
    if policy.nicTeaming is None:
        policy.nicTeaming = vim.host.NetworkPolicy.NicTeamingPolicy()
    teaming = policy.nicTeaming
    if new.load_balancing != old.load_balancing:
        teaming.policy = new.load_balancing
    if new.notify_switches != old.notify_switches:
        teaming.notifySwitches = new.notify_switches
    if new.failback != old.failback:
        teaming.rollingOrder = None if new.failback is None else not new.failback
    if new.failure_detection != old.failure_detection:
        _change_detection(teaming, new.failure_detection)
    if (new.active_uplinks, new.standby_uplinks) != (old.active_uplinks, old.standby_uplinks):
        teaming.nicOrder = _order(new)


def _change_detection(teaming: Any, detection: str | None) -> None:
    if teaming.failureCriteria is None:
        teaming.failureCriteria = vim.host.NetworkPolicy.NicFailureCriteria()
    teaming.failureCriteria.checkBeacon = None if detection is None else detection == BEACON


def _order(teaming: Teaming) -> Any:
    """Return the NIC order, or none: an empty one would be an override without any active NIC."""
    if not teaming.active_uplinks and not teaming.standby_uplinks:
        return None
    active, standby = list(teaming.active_uplinks or ()), list(teaming.standby_uplinks or ())
    return vim.host.NetworkPolicy.NicOrderPolicy(activeNic=active, standbyNic=standby)


def _change_security(policy: Any, old: Security, new: Security) -> None:
    if new == old:
        return
    if policy.security is None:
        policy.security = vim.host.NetworkPolicy.SecurityPolicy()
    if new.promiscuous != old.promiscuous:
        policy.security.allowPromiscuous = new.promiscuous
    if new.mac_changes != old.mac_changes:
        policy.security.macChanges = new.mac_changes
    if new.forged_transmits != old.forged_transmits:
        policy.security.forgedTransmits = new.forged_transmits


def to_text(raw: Any) -> str:
    """Return a specification as text, for an object that goes and may have to come back."""
    newest = VmomiSupport.GetServiceVersions("vim25")[0]
    return str(SoapAdapter.SerializeToStr(raw, version=newest))


def from_text(text: str, kind: str) -> Any:
    """Return the specification of a text; `kind` is switch or group. Over SSH, without pyVmomi, nobody needs it."""
    if MISSING:
        return None
    types = {"switch": vim.host.VirtualSwitch.Specification, "group": vim.host.PortGroup.Specification}
    return SoapAdapter.Deserialize(text, types[kind])
