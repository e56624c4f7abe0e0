# SPDX-License-Identifier: GPL-3.0-or-later
"""Network policies: what is filled in, what a port group inherits, what is refused. README.md says what is guessed."""

from __future__ import annotations

import copy
from typing import Any

from .vmomi import vim, vmodl

Policy = vim.host.NetworkPolicy
TEAMINGS = ("loadbalance_ip", "loadbalance_srcmac", "loadbalance_srcid", "failover_explicit")
PARTS = {
    "security": Policy.SecurityPolicy,
    "nicTeaming": Policy.NicTeamingPolicy,
    "offloadPolicy": vim.host.NetOffloadCapabilities,
    "shapingPolicy": Policy.TrafficShapingPolicy,
}
# What the virtual switch of a fresh installation has; of the failure criteria only checkBeacon is alive.
SWITCH: dict[str, dict[str, Any]] = {
    "security": {"allowPromiscuous": False, "macChanges": True, "forgedTransmits": True},
    "nicTeaming": {
        "policy": "loadbalance_srcid",
        "reversePolicy": True,
        "notifySwitches": True,
        "rollingOrder": False,
    },
    "offloadPolicy": {"csumOffload": True, "tcpSegmentation": True, "zeroCopyXmit": True},
    "shapingPolicy": {"enabled": False},
}
CRITERIA: dict[str, Any] = {
    "checkSpeed": "minimum",
    "speed": 10,
    "checkDuplex": False,
    "fullDuplex": False,
    "checkErrorPercent": False,
    "percentage": 0,
    "checkBeacon": False,
}


# What terraform-provider-vsphere sends with a new virtual switch, and real hosts take (a percentage of 0 does not reach
# the wire). They refused parts of it (govmomi 817, pyvmomi 300, pyvmomi-community-samples 403, community.vmware 1269).
WHOLE: dict[str, tuple[str, ...]] = {
    "security": ("allowPromiscuous", "macChanges", "forgedTransmits"),
    "nicTeaming": ("policy", "reversePolicy", "notifySwitches", "rollingOrder", "failureCriteria"),
    "shapingPolicy": ("enabled",),
}
WHOLE_CRITERIA = tuple(name for name in CRITERIA if name != "percentage")


def invalid(path: str, text: str) -> vmodl.fault.InvalidArgument:
    """Make the fault of a wrong argument; `path` is the property that the fault names."""
    return vmodl.fault.InvalidArgument(
        msg=f"A specified parameter was not correct: {path} ({text})", invalidProperty=path
    )


def refuse_a_part(given: Any) -> None:
    """Refuse a new virtual switch's policy that is not whole; without any the host has its own.

    Raises:
        InvalidArgument: without the name of the property, as real hosts answered.
    """
    if given is None:
        return
    named = [(getattr(given, part), fields) for part, fields in WHOLE.items()]
    criteria = given.nicTeaming.failureCriteria if given.nicTeaming is not None else None
    for data, fields in [*named, (criteria, WHOLE_CRITERIA)]:
        if data is None or any(getattr(data, field) is None for field in fields):
            raise vmodl.fault.InvalidArgument(msg="A specified parameter was not correct: ")


def of_a_new_switch() -> Any:
    """Give the policy of a new virtual switch that comes with none: it rejects what vSwitch0 accepts (README.md)."""
    return Policy(security=Policy.SecurityPolicy(**dict.fromkeys(WHOLE["security"], False)))


def settled(given: Any, nics: list[str]) -> Any:
    """Give the whole policy of a virtual switch: what a policy leaves out has the default, not the old value."""
    policy = copy.deepcopy(given) if given is not None else Policy()
    for part, defaults in SWITCH.items():
        if getattr(policy, part) is None:
            setattr(policy, part, PARTS[part]())
        _fill(getattr(policy, part), defaults)
    teaming = policy.nicTeaming
    teaming.failureCriteria = teaming.failureCriteria or Policy.NicFailureCriteria()
    _fill(teaming.failureCriteria, CRITERIA)
    if teaming.nicOrder is None:
        teaming.nicOrder = Policy.NicOrderPolicy(activeNic=list(nics))
    return policy


def spread(given: Any) -> Any:
    """Give a port group's own policy with all its parts as objects, empty where nothing is overridden."""
    policy = copy.deepcopy(given) if given is not None else Policy()
    for part, kind in PARTS.items():
        if getattr(policy, part) is None:
            setattr(policy, part, kind())
    return policy


def computed(own: Any, inherited: Any) -> Any:
    """Give what takes effect: each field is the port group's own, else the switch's. A NIC order is one field."""
    policy = copy.deepcopy(inherited)
    for part in PARTS:
        _overlay(getattr(policy, part), getattr(own, part))
    return policy


def _fields(data: Any) -> list[str]:
    return [field.name for field in data._GetPropertyList() if not field.name.startswith("dynamic")]


def _fill(data: Any, defaults: dict[str, Any]) -> None:
    """Set what is unset."""
    for name, value in defaults.items():
        if getattr(data, name) is None:
            setattr(data, name, value)


def _overlay(data: Any, above: Any) -> None:
    """Put the set fields of `above` over `data`."""
    for name in _fields(above) if above is not None else []:
        value = getattr(above, name)
        if name == "failureCriteria" and value is not None:
            _overlay(data.failureCriteria, value)
        elif value is not None:
            setattr(data, name, copy.deepcopy(value))


def check(policy: Any, nics: list[str], beacon: bool, path: str) -> None:
    """Refuse a policy that names a foreign NIC, an unknown teaming or a beacon that the switch does not send.

    Raises:
        InvalidArgument: with the property's path.
    """
    teaming = policy.nicTeaming if policy is not None else None
    if teaming is None:
        return
    path = f"{path}.policy.nicTeaming"
    if teaming.policy is not None and teaming.policy not in TEAMINGS:
        raise invalid(f"{path}.policy", f"unknown policy {teaming.policy}")
    if teaming.nicOrder is not None:
        _check_order(teaming.nicOrder, nics, f"{path}.nicOrder")
    if teaming.failureCriteria is not None and teaming.failureCriteria.checkBeacon and not beacon:
        raise invalid(f"{path}.failureCriteria.checkBeacon", "the virtual switch has no beacon configuration")


def without_lost(order: Any, nics: list[str]) -> None:
    """Take the NICs out of an order that are no uplinks any more."""
    order.activeNic = [nic for nic in order.activeNic if nic in nics]
    order.standbyNic = [nic for nic in order.standbyNic if nic in nics]


def _check_order(order: Any, nics: list[str], path: str) -> None:
    """Refuse NICs that are no uplinks of the switch, or that stand twice."""
    seen: set[str] = set()
    for field in ("activeNic", "standbyNic"):
        for nic in getattr(order, field):
            if nic not in nics:
                raise invalid(f"{path}.{field}", f"{nic} is not an uplink of the virtual switch")
            if nic in seen:
                raise invalid(f"{path}.{field}", f"{nic} stands twice")
            seen.add(nic)
