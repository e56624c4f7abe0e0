# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that a part which a host leaves unset stays unset, is no difference, and makes no right change a wrong one.

The host here leaves unset what nobody has set, and still computes a whole policy for each port group.
"""

from __future__ import annotations

import copy
from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest
from runner.slices import whole_or_slice

pytest.importorskip("pyVmomi", reason="pyVmomi is not installed")

from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.device import specs
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.run.transaction import apply
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.run.verify import verified
from kinds.esxi_vss import factory, policy, views
from kinds.esxi_vss.plainform import plain

from .direct import Direct
from .labs import request

PARTS = (
    *("security", "shapingPolicy", "nicTeaming", "nicTeaming.failureCriteria", "nicTeaming.nicOrder"),
    *("nicTeaming.notifySwitches", "nicTeaming.rollingOrder", "nicTeaming.policy", "security.macChanges"),
)
MOST = whole_or_slice(len(PARTS), 2, reason="more than two parts are unset at once")
SUBSETS = [subset for size in range(MOST + 1) for subset in combinations(PARTS, size)]
ORDER = {"activeNic": ["vmnic0", "vmnic1"], "standbyNic": []}
STATE = {
    "switches": {"vSwitch0": {"uplinks": ["vmnic0", "vmnic1"], "beacon": 1}},
    "groups": {
        "inherits": {"switch": "vSwitch0", "vlan": 3},
        "own": {
            **{"switch": "vSwitch0", "vlan": 4},
            "policy": {
                "nicTeaming": {
                    **{"policy": "loadbalance_srcid", "notifySwitches": True, "rollingOrder": False},
                    **{"failureCriteria": {"checkBeacon": False}, "nicOrder": ORDER},
                },
                "security": {"macChanges": True},
            },
        },
    },
}


class Sparse(Direct):
    """A host whose specifications hold what was set and no more."""

    def __init__(self, unset: tuple[str, ...]) -> None:
        super().__init__(factory.make("esx1", 1, 4, STATE))
        self._systems = {"": self}
        self.info = views.info(self.owner)
        for each in (self.info.vswitch[0], self.info.portgroup[1]):
            for path in unset:
                _unset(each.spec.policy, path)

    def read(self, names: Any) -> Any:
        (switch,) = self.info.vswitch
        whole = policy.settled(switch.spec.policy, list(switch.spec.bridge.nicDevice))
        for group in self.info.portgroup:
            group.computedPolicy = policy.computed(policy.spread(group.spec.policy), whole)
        return {"": specs.host_state("here", vars(self.info))}

    def UpdateVirtualSwitch(self, name: str, spec: Any) -> None:  # noqa: N802  # WSDL's name
        self.info.vswitch[0].spec = copy.deepcopy(spec)

    def UpdatePortGroup(self, name: str, spec: Any) -> None:  # noqa: N802  # WSDL's name
        (group,) = [each for each in self.info.portgroup if each.spec.name == name]
        group.spec = copy.deepcopy(spec)

    def shown(self) -> dict[str, dict[str, Any]]:
        """Return all that is set, and the MTU in any case: what it is before a change is written back."""
        groups = {each.spec.name: plain(each.spec) for each in self.info.portgroup}
        return {"vSwitch0": {"mtu": 1500, **plain(self.info.vswitch[0].spec)}, **groups}


def _unset(data: Any, path: str) -> None:
    *places, name = path.split(".")
    for place in places:
        data = getattr(data, place)
        if data is None:
            return
    setattr(data, name, None)


def flat(data: dict[str, Any], path: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in data.items():
        found |= flat(value, f"{path}{key}.") if isinstance(value, dict) else {f"{path}{key}": value}
    return found


CRITERIA = "policy.nicTeaming.failureCriteria.checkBeacon"
SWITCH = {
    "nothing": ({}, {}),
    "what unset means": ({"teaming": {"failure_detection": "link_status", "notify_switches": True}}, {}),
    "mtu": ({"mtu": 9000}, {"mtu": 9000}),
    "beacon": ({"teaming": {"failure_detection": "beacon_probing"}}, {CRITERIA: True}),
    "failback": ({"teaming": {"failback": False}}, {"policy.nicTeaming.rollingOrder": True}),
    "security": ({"security": {"mac_changes": False}}, {"policy.security.macChanges": False}),
}
GROUP = {
    "vlan": ({"vlan": 7}, {"vlanId": 7}),
    "beacon": SWITCH["beacon"],
    "policy": (
        {"teaming": {"load_balancing": "loadbalance_srcmac"}},
        {"policy.nicTeaming.policy": "loadbalance_srcmac"},
    ),
    "security": SWITCH["security"],
}
CASES = [("vswitches", "vSwitch0", *case) for case in SWITCH.values()]
CASES += [("port_groups", name, *case) for name in ("inherits", "own") for case in GROUP.values()]


@pytest.mark.parametrize(("section", "name", "asked", "written"), CASES)
def test_only_what_is_declared_is_written_and_taken_and_comes_back(section, name, asked, written):
    for unset in SUBSETS:
        host, kept = Sparse(unset), {}
        before, wanted = host.shown(), request(**{section: {name: asked}})
        done = apply(lambda: host, wanted, kept.update)  # noqa: B023  # it is called at once
        assert done.error is None, (unset, done.error.text())
        for key, old in before.items():
            assert flat(host.shown()[key]) == {**flat(old), **(written if key == name else {})}, unset
        assert apply(lambda: host, wanted).pending == {}, unset  # noqa: B023
        assert [seen.good for seen in verified(lambda: host, replace(wanted, links=False))] == [True], unset  # noqa: B023
        if kept:
            assert apply(lambda: host, replace(request(), points=kept)).error is None, unset  # noqa: B023
        assert host.shown() == before, unset
