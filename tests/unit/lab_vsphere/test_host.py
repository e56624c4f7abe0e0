# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves what a host makes of specifications: replaced as a whole, inherited field by field, refused where wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pyVmomi import vim, vmodl

from kinds.esxi_vss import host as networking
from kinds.esxi_vss import plainform
from kinds.esxi_vss.host import Host

from .builders import teaming, two_uplinks, update_group, update_switch

Policy = vim.host.NetworkPolicy


def test_a_host_as_delivered_overrides_the_teaming_of_its_management_network(host: Host) -> None:
    own = host.net.groups["Management Network"].policy.nicTeaming
    assert (own.policy, own.nicOrder.activeNic, own.rollingOrder) == ("loadbalance_srcid", ["vmnic0"], False)
    empty = host.net.groups["VM Network"].policy
    assert plainform.plain(empty) == {} and empty.nicTeaming is not None and empty.security is not None


def test_ip_hash_on_the_switch_does_not_reach_a_port_group_with_an_override(host: Host) -> None:
    two_uplinks(host, "loadbalance_ip")
    assert teaming(host, "VM Network") == ("loadbalance_ip", ["vmnic0", "vmnic1"], [])
    assert teaming(host) == ("loadbalance_srcid", ["vmnic0"], [])
    update_group(host, lambda spec: setattr(spec.policy, "nicTeaming", None))
    assert teaming(host) == ("loadbalance_ip", ["vmnic0", "vmnic1"], [])


def test_a_port_group_inherits_each_field_that_it_does_not_set(host: Host) -> None:
    two_uplinks(host, "loadbalance_ip")
    update_group(host, lambda spec: setattr(spec.policy, "nicTeaming", Policy.NicTeamingPolicy(notifySwitches=False)))
    computed = host.net.computed("Management Network").nicTeaming
    assert (computed.policy, computed.notifySwitches, computed.rollingOrder) == ("loadbalance_ip", False, False)
    beacon = Policy.NicTeamingPolicy(failureCriteria=Policy.NicFailureCriteria(checkBeacon=True))
    update_group(host, lambda spec: setattr(spec.policy, "nicTeaming", beacon))
    criteria = host.net.computed("Management Network").nicTeaming.failureCriteria
    assert (criteria.checkBeacon, criteria.checkSpeed, criteria.speed) == (True, "minimum", 10)


def test_an_empty_nic_order_is_an_override_without_any_active_nic(host: Host) -> None:
    two_uplinks(host)
    bare = Policy.NicTeamingPolicy(nicOrder=Policy.NicOrderPolicy())
    update_group(host, lambda spec: setattr(spec.policy, "nicTeaming", bare))
    assert teaming(host) == ("loadbalance_srcid", [], [])


def test_what_a_switchs_specification_leaves_out_is_gone(host: Host) -> None:
    two_uplinks(host, "loadbalance_ip")
    update_switch(host, lambda spec: setattr(spec, "mtu", 9000))
    update_switch(host, lambda spec: [setattr(spec.policy, "nicTeaming", None), setattr(spec, "mtu", None)])
    spec = host.net.switches["vSwitch0"]
    assert (spec.mtu, spec.policy.nicTeaming.policy) == (None, "loadbalance_srcid")
    assert host.net.mtu("vSwitch0") == 1500
    assert spec.policy.nicTeaming.nicOrder.activeNic == ["vmnic0", "vmnic1"]


def test_an_update_without_a_policy_leaves_it_and_its_order_follows_the_uplinks(host: Host) -> None:
    two_uplinks(host, "loadbalance_ip")

    def edit(spec: Any) -> None:
        spec.policy, spec.bridge.nicDevice = None, ["vmnic1", "vmnic2"]

    update_switch(host, edit)
    assert teaming(host, "VM Network") == ("loadbalance_ip", ["vmnic1", "vmnic2"], [])


def whole() -> Any:
    """Give the policy of a new switch as terraform-provider-vsphere writes it: real hosts take that."""
    criteria = dict.fromkeys(("checkDuplex", "fullDuplex", "checkErrorPercent", "checkBeacon"), False)
    made = Policy(
        security=Policy.SecurityPolicy(allowPromiscuous=False, macChanges=False, forgedTransmits=False),
        nicTeaming=Policy.NicTeamingPolicy(
            policy="loadbalance_srcid",
            reversePolicy=True,
            notifySwitches=False,
            rollingOrder=False,
            failureCriteria=Policy.NicFailureCriteria(checkSpeed="minimum", speed=10, **criteria),
        ),
        shapingPolicy=Policy.TrafficShapingPolicy(enabled=False),
    )
    return networking.Switch.Specification(numPorts=128, mtu=1500, policy=made)


PARTS = [
    *("security", "nicTeaming", "shapingPolicy", "security.macChanges", "nicTeaming.policy", "nicTeaming.rollingOrder"),
    *("nicTeaming.failureCriteria", "nicTeaming.failureCriteria.checkSpeed", "shapingPolicy.enabled"),
]


@pytest.mark.parametrize("path", PARTS)
def test_a_new_switch_comes_with_a_whole_policy_or_none(host: Host, path: str) -> None:
    for spec in (None, networking.Switch.Specification(numPorts=8), whole()):
        networking.add_switch(host, host.draft(), "vSwitch1", spec)
    spec = whole()
    *places, name = path.split(".")
    place = spec.policy
    for each in places:
        place = getattr(place, each)
    setattr(place, name, None)
    with pytest.raises(vmodl.fault.InvalidArgument) as caught:
        networking.add_switch(host, host.draft(), "vSwitch1", spec)
    assert caught.value.invalidProperty is None  # real hosts do not say which one


@pytest.mark.parametrize("name", ["a/b", "/"])
def test_a_switch_with_a_slash_in_its_name_cannot_be_made(host: Host, name: str) -> None:
    with pytest.raises(vim.fault.PlatformConfigFault, match="An error occurred during host configuration"):
        networking.add_switch(host, host.draft(), name, None)
    for good in ("a\\b", "a%", "v" * 32):
        networking.add_switch(host, host.draft(), good, None)
    for wrong in ("", "v" * 33):
        with pytest.raises(vmodl.fault.InvalidArgument):
            networking.add_switch(host, host.draft(), wrong, None)


def test_a_switch_without_a_bridge_has_no_uplinks_and_keeps_no_order(host: Host) -> None:
    with pytest.raises(vmodl.fault.InvalidArgument) as caught:
        update_switch(host, lambda spec: setattr(spec, "bridge", None))
    assert caught.value.invalidProperty == "spec.policy.nicTeaming.nicOrder.activeNic"
    update_switch(host, lambda spec: [setattr(spec, "bridge", None), setattr(spec, "policy", None)])
    assert host.net.uplinks("vSwitch0") == [] and teaming(host) == ("loadbalance_srcid", [], [])


def order(active: list[str], standby: list[str]) -> Callable[[Any], None]:
    def edit(spec: Any) -> None:
        spec.policy.nicTeaming.nicOrder = Policy.NicOrderPolicy(activeNic=active, standbyNic=standby)

    return edit


@pytest.mark.parametrize(
    ("edit", "path"),
    [
        (order(["vmnic3"], []), "spec.policy.nicTeaming.nicOrder.activeNic"),
        (order(["vmnic0"], ["vmnic0"]), "spec.policy.nicTeaming.nicOrder.standbyNic"),
        (lambda spec: setattr(spec.policy.nicTeaming, "policy", "hash"), "spec.policy.nicTeaming.policy"),
        (lambda spec: setattr(spec, "mtu", 9001), "spec.mtu"),
        (lambda spec: setattr(spec, "numPorts", 0), "spec.numPorts"),
        (lambda spec: setattr(spec.bridge, "nicDevice", ["vmnic0", "vmnic0"]), "spec.bridge.nicDevice"),
        (
            lambda spec: setattr(spec.bridge.linkDiscoveryProtocolConfig, "protocol", "lldp"),
            "spec.bridge.linkDiscoveryProtocolConfig.protocol",
        ),
    ],
)
def test_a_wrong_switch_is_refused_by_its_property_and_changes_nothing(
    host: Host, edit: Callable[[Any], None], path: str
) -> None:
    before = plainform.write(host)
    with pytest.raises(vmodl.fault.InvalidArgument) as caught:
        update_switch(host, edit)
    assert caught.value.invalidProperty == path and path in caught.value.msg
    assert plainform.write(host) == before and host.revision == 0


def test_beacon_probing_needs_a_switch_that_sends_beacons(host: Host) -> None:
    def edit(spec: Any) -> None:
        spec.bridge.beacon = None
        spec.policy.nicTeaming.failureCriteria.checkBeacon = True

    with pytest.raises(vmodl.fault.InvalidArgument, match="beacon"):
        update_switch(host, edit)


def test_a_nic_of_another_switch_is_in_use_and_an_unknown_one_not_found(host: Host) -> None:
    draft = host.draft()
    spec = networking.Switch.Specification(numPorts=128, bridge=networking.Switch.BondBridge(nicDevice=["vmnic0"]))
    with pytest.raises(vim.fault.ResourceInUse) as caught:
        networking.add_switch(host, draft, "vSwitch1", spec)
    assert (caught.value.name, caught.value.type) == ("vmnic0", vim.host.PhysicalNic)
    spec.bridge.nicDevice = ["vmnic9"]
    with pytest.raises(vim.fault.NotFound):
        networking.add_switch(host, draft, "vSwitch1", spec)


def test_names_that_exist_are_refused_and_names_that_do_not_are_not_found(host: Host) -> None:
    with pytest.raises(vim.fault.AlreadyExists):
        networking.add_switch(host, host.draft(), "vSwitch0", None)
    group = networking.PortGroup.Specification(name="VM Network", vlanId=0, vswitchName="vSwitch0", policy=Policy())
    with pytest.raises(vim.fault.AlreadyExists):
        networking.add_group(host, host.draft(), group)
    with pytest.raises(vim.fault.AlreadyExists):
        update_group(host, lambda spec: setattr(spec, "name", "VM Network"))
    for call in (networking.remove_switch, networking.remove_group):
        with pytest.raises(vim.fault.NotFound):
            call(host, host.draft(), "nothing")


@pytest.mark.parametrize("call", [networking.remove_group, networking.remove_switch])
def test_what_a_vmkernel_interface_uses_cannot_be_removed(host: Host, call: Callable[..., None]) -> None:
    name = "Management Network" if call is networking.remove_group else "vSwitch0"
    draft = host.draft()
    with pytest.raises(vim.fault.ResourceInUse, match="vmk0"):
        call(host, draft, name)
    assert "Management Network" in draft.groups and "vSwitch0" in draft.switches


def test_a_port_group_moves_to_another_switch_only_while_nothing_uses_it(host: Host) -> None:
    draft = host.draft()
    networking.add_switch(host, draft, "vSwitch1", None)
    host.replace(draft)

    def move(spec: Any) -> None:
        spec.vswitchName, spec.policy = "vSwitch1", Policy()

    update_group(host, move, "VM Network")
    assert host.net.members("vSwitch1") == ["VM Network"]
    with pytest.raises(vim.fault.ResourceInUse, match="vmk0"):
        update_group(host, move)


def test_a_port_group_keeps_its_interface_when_it_is_renamed(host: Host) -> None:
    update_group(host, lambda spec: setattr(spec, "name", "Management"))
    assert host.net.vmks["vmk0"].port_group == "Management" and list(host.net.groups) == ["VM Network", "Management"]


def test_a_port_group_forgets_uplinks_that_its_switch_has_lost(host: Host) -> None:
    two_uplinks(host)
    update_group(host, order(["vmnic0"], ["vmnic1"]))

    def lose(spec: Any) -> None:
        spec.bridge.nicDevice = ["vmnic0"]
        spec.policy.nicTeaming.nicOrder.activeNic = ["vmnic0"]

    update_switch(host, lose)
    assert teaming(host) == ("loadbalance_srcid", ["vmnic0"], [])


@pytest.mark.parametrize("vlan", [-1, 4096])
def test_a_vlan_that_does_not_exist_is_refused(host: Host, vlan: int) -> None:
    with pytest.raises(vmodl.fault.InvalidArgument) as caught:
        update_group(host, lambda spec: setattr(spec, "vlanId", vlan))
    assert caught.value.invalidProperty == "portgrp.vlanId"


def test_the_plain_form_says_all_that_is_set_and_makes_the_same_again(host: Host) -> None:
    two_uplinks(host, "loadbalance_ip")
    update_group(host, order(["vmnic1"], ["vmnic0"]))
    shown = plainform.write(host)
    assert shown["groups"]["VM Network"]["policy"] == {}
    for group in shown["groups"].values():
        del group["computed"]
    host.replace(plainform.read(host, {key: shown[key] for key in ("switches", "groups", "vmks")}))
    again = plainform.write(host)
    assert teaming(host) == ("loadbalance_srcid", ["vmnic1"], ["vmnic0"])
    for group in again["groups"].values():
        del group["computed"]
    assert again == shown
