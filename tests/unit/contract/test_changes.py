# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that each kind of change is judged for each end, is made by a plan, and reaches the links it concerns."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import pytest

from ansible_collections.netstack.datacenter.plugins.plugin_utils import contract
from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.changes import Change, grouped, read
from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.neutral import NEUTRAL
from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.neutral import ChangeKind as Kind
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.config import changes as of_host
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.declared.model import (
    EXPLICIT,
    IP_HASH,
    Security,
    Teaming,
)
from unit.junos import builders as junos
from unit.vsphere import builders as esxi

AE0 = """set vlans lan vlan-id 10
set vlans nfs vlan-id 20
set vlans lan l3-interface vlan.10
set chassis aggregated-devices ethernet device-count 1
set protocols rstp interface ae1.0
set interfaces ge-0/0/0 ether-options 802.3ad ae0
set interfaces ge-0/0/1 ether-options 802.3ad ae0
set interfaces ge-0/0/1 disable
set interfaces ae0 aggregated-ether-options lacp active
set interfaces ae0 aggregated-ether-options lacp periodic slow
set interfaces ae0 aggregated-ether-options minimum-links 1
set interfaces ae0 mtu 9018
set interfaces ae0 unit 0 family ethernet-switching MODE trunk
set interfaces ae0 unit 0 family ethernet-switching vlan members nfs
set interfaces ge-0/0/2 unit 0 family ethernet-switching MODE access
set interfaces ge-0/0/2 unit 0 family ethernet-switching vlan members lan
"""
STATIC = AE0.replace("lacp active", "link-speed 1g").replace(
    "set interfaces ae0 aggregated-ether-options lacp periodic slow\n", ""
)
FAMILY = "set interfaces ae0 unit 0 family ethernet-switching"
LACP = "set interfaces ae0 aggregated-ether-options lacp"
BUNDLE = "set interfaces ae0 aggregated-ether-options"
AT_SWITCH = {
    Kind.VLAN_ID: (AE0, AE0.replace("nfs vlan-id 20", "nfs vlan-id 21")),
    Kind.UNTAGGED_VLAN_ID: (AE0, AE0.replace("lan vlan-id 10", "lan vlan-id 11")),
    Kind.VLAN_ADDED: (AE0, f"{AE0}{FAMILY} vlan members lan\n"),
    Kind.VLAN_REMOVED: (f"{AE0}{FAMILY} vlan members lan\n", AE0),
    Kind.VLAN_LIST: (AE0, AE0.replace("vlan members nfs", "vlan members 20")),
    Kind.UNTAGGED_VLAN: (AE0, AE0.replace("members lan", "members nfs")),
    Kind.PORT_MODE: (AE0, AE0.replace("MODE trunk", "MODE access")),
    Kind.VLAN_CREATED: (AE0, f"{AE0}set vlans new vlan-id 30\n"),
    Kind.VLAN_DELETED: (f"{AE0}set vlans new vlan-id 30\n", AE0),
    Kind.L3_INTERFACE: (AE0, AE0.replace("vlan.10", "vlan.11")),
    Kind.MTU_RAISED: (AE0, AE0.replace("9018", "9118")),
    Kind.MTU_LOWERED: (AE0, AE0.replace("set interfaces ae0 mtu 9018\n", "")),
    Kind.BUNDLE: (AE0, AE0.replace("set interfaces ge-0/0/1 ether-options 802.3ad ae0\n", "")),
    Kind.MEMBER_ADDED: (AE0, f"{AE0}set interfaces ge-0/0/3 ether-options 802.3ad ae0\n"),
    Kind.MEMBER_REMOVED: (AE0, AE0.replace("set interfaces ge-0/0/0 ether-options 802.3ad ae0\n", "")),
    Kind.LACP: (AE0, STATIC),
    Kind.LACP_ACTIVE: (AE0.replace(f"{LACP} active", f"{LACP} passive"), AE0),
    Kind.LACP_PASSIVE: (AE0, AE0.replace(f"{LACP} active", f"{LACP} passive")),
    Kind.LACP_TIMER: (AE0, AE0.replace("periodic slow", "periodic fast")),
    Kind.MINIMUM_LINKS_RAISED: (AE0, AE0.replace("minimum-links 1", "minimum-links 2")),
    Kind.MINIMUM_LINKS_LOWERED: (AE0.replace("minimum-links 1", "minimum-links 2"), AE0),
    Kind.LINK_SPEED: (AE0, f"{AE0}{BUNDLE} link-speed 10g\n"),
    Kind.DISABLED: (AE0, f"{AE0}set interfaces ge-0/0/0 disable\n"),
    Kind.ENABLED: (AE0, AE0.replace("set interfaces ge-0/0/1 disable\n", "")),
    Kind.DESCRIPTION: (AE0, f"{AE0}set interfaces ge-0/0/0 description x\n"),
    Kind.EDGE_ADDED: (AE0, f"{AE0}set protocols rstp interface ae0.0 edge\n"),
    Kind.EDGE_REMOVED: (f"{AE0}set protocols rstp interface ae0.0 edge\n", AE0),
    Kind.DEVICE_COUNT: (AE0, AE0.replace("device-count 1", "device-count 2")),
    Kind.OTHER: (AE0, f"{AE0}set interfaces ge-0/0/0 hold-time up 5000\n"),
}
OFF_LINK = {Kind.VLAN_CREATED, Kind.VLAN_DELETED, Kind.DEVICE_COUNT}
"""What is of the switch as a whole and touches no link."""
LINKS = [
    {"link": "uplink", "lag": "ae0", "ports": ["ge-0/0/0", "ge-0/0/1"]},
    {"link": "plain", "lag": None, "ports": ["ge-0/0/2"]},
]
HOST = esxi.host(esxi.switch(), groups=(esxi.group(), esxi.group("nfs", vlan=20), esxi.group("own", Teaming(IP_HASH))))


def changed_switch(**fields):
    return replace(HOST, switches={"vSwitch0": esxi.switch(**fields)})


def changed_group(name: str, **fields):
    return replace(HOST, groups={**HOST.groups, name: replace(HOST.groups[name], **fields)})


def policy(**fields):
    return changed_switch(teaming=replace(HOST.switches["vSwitch0"].teaming, **fields))


TWO = replace(HOST, switches={**HOST.switches, "vSwitch1": esxi.switch("vSwitch1", ())})
AT_HOST = {
    Kind.VLAN_ID: (HOST, changed_group("nfs", vlan=21)),
    Kind.UNTAGGED_VLAN: (HOST, changed_group("nfs", vlan=0)),
    Kind.VLAN_ADDED: (replace(HOST, groups={}), HOST),
    Kind.VLAN_REMOVED: (HOST, replace(HOST, groups={})),
    Kind.MTU_RAISED: (HOST, changed_switch(mtu=9000)),
    Kind.MTU_LOWERED: (changed_switch(mtu=9000), HOST),
    Kind.BUNDLE: (HOST, policy(load_balancing=IP_HASH)),
    Kind.MEMBER_ADDED: (changed_switch(uplinks=("vmnic0",)), HOST),
    Kind.MEMBER_REMOVED: (HOST, changed_switch(uplinks=("vmnic0",))),
    Kind.LOAD_BALANCING: (HOST, policy(load_balancing="loadbalance_srcmac")),
    Kind.UPLINK_ORDER: (HOST, policy(active_uplinks=("vmnic0",), standby_uplinks=("vmnic1",))),
    Kind.FAILURE_DETECTION: (HOST, policy(failure_detection="beacon_probing")),
    Kind.NOTIFY_SWITCHES: (HOST, policy(notify_switches=False)),
    Kind.FAILBACK: (HOST, policy(failback=False)),
    Kind.OVERRIDE: (HOST, changed_group("nfs", teaming=Teaming("loadbalance_srcid"))),
    Kind.SECURITY: (HOST, changed_group("nfs", security=Security(promiscuous=True))),
    Kind.PORT_GROUP_MOVED: (TWO, replace(TWO, groups={**TWO.groups, "nfs": esxi.group("nfs", on="vSwitch1", vlan=20)})),
    Kind.VSWITCH_ADDED: (HOST, TWO),
    Kind.VSWITCH_REMOVED: (TWO, HOST),
}
NEVER_MADE = {(Kind.OTHER, "host")}
"""What a host's plan cannot hold: all of its fields have a kind. The entry stays for a field that somebody adds."""


def planned(before: str, after: str, style: str):
    one, two = (junos.views.offline(junos.switch(text, style)) for text in (before, after))
    return junos.plan.seen(one, two, style).changes


def test_each_entry_says_why_and_nothing_unknown_is_neutral():
    assert {kind for kind, _side in NEUTRAL} == set(Kind)
    assert [key for key, entry in NEUTRAL.items() if len(entry.why) < 7 or not entry.why.endswith(".")] == []
    assert {NEUTRAL[Kind.OTHER, side].yes for side in ("switch", "host")} == {False}


NEUTRAL_AT_SWITCH = {
    *(Kind.VLAN_ADDED, Kind.VLAN_LIST, Kind.VLAN_CREATED, Kind.VLAN_DELETED, Kind.PORT_MODE, Kind.MTU_RAISED),
    *(Kind.LACP_ACTIVE, Kind.LACP_TIMER, Kind.MINIMUM_LINKS_LOWERED, Kind.DESCRIPTION, Kind.EDGE_ADDED),
    Kind.DEVICE_COUNT,
}
NEUTRAL_AT_HOST = {
    *(Kind.VLAN_ADDED, Kind.VLAN_REMOVED, Kind.LOAD_BALANCING, Kind.FAILURE_DETECTION),
    *(Kind.NOTIFY_SWITCHES, Kind.FAILBACK, Kind.OVERRIDE, Kind.SECURITY, Kind.VSWITCH_ADDED, Kind.VSWITCH_REMOVED),
}


def test_whoever_calls_another_change_neutral_says_so_twice():
    found = {
        side: {kind for (kind, at), entry in NEUTRAL.items() if entry.yes and at == side} for side in ("switch", "host")
    }
    assert found == {"switch": NEUTRAL_AT_SWITCH, "host": NEUTRAL_AT_HOST}


def test_a_kind_that_the_table_lacks_cannot_be_made():
    with pytest.raises(KeyError, match="no entry in the table"):
        Change(Kind.LACP_TIMER, "host", "vSwitch0", "slow", "fast")


def test_each_kind_has_an_example():
    assert {(kind, "switch") for kind in AT_SWITCH} | {(kind, "host") for kind in AT_HOST} == set(NEUTRAL) - NEVER_MADE


@pytest.mark.parametrize("style", junos.STYLES)
@pytest.mark.parametrize("kind", list(AT_SWITCH), ids=lambda kind: kind.value)
def test_a_switchs_plan_makes_each_kind_and_tells_the_link_that_it_concerns(kind, style):
    found = planned(*AT_SWITCH[kind], style)
    mine = [change for change in found if change.kind is kind]
    assert mine, found
    groups = grouped(found, LINKS)
    told = {change.kind for changes in groups.by_link.values() for change in changes}
    assert (kind in told) is (kind not in OFF_LINK)
    assert planned(AT_SWITCH[kind][0], AT_SWITCH[kind][0], style) == ()


@pytest.mark.parametrize("kind", list(AT_HOST), ids=lambda kind: kind.value)
def test_a_hosts_plan_makes_each_kind_and_tells_the_link_that_it_concerns(kind):
    before, after = AT_HOST[kind]
    links = [{"link": name, "lag": name, "ports": []} for name in ("vSwitch0", "vSwitch1")]
    groups = grouped(of_host.between(before, after), links)
    assert kind in {change.kind for changes in groups.by_link.values() for change in changes}
    assert of_host.between(before, before) == []


@pytest.mark.parametrize("style", junos.STYLES)
@pytest.mark.parametrize(
    ("kind", "least"),
    [
        *((kind, {kind}) for kind in (Kind.VLAN_ADDED, Kind.VLAN_LIST, Kind.LACP_TIMER, Kind.DESCRIPTION)),
        (Kind.UNTAGGED_VLAN_ID, {Kind.UNTAGGED_VLAN_ID, Kind.VLAN_ID}),
    ],
)
def test_a_change_of_one_thing_is_told_as_nothing_else(kind, least, style):
    """VLAN_ID is there beside it as the switch's own; on the link it is the VLAN without a tag."""
    found = planned(*AT_SWITCH[kind], style)
    assert {change.kind for change in found} == least
    assert {change.kind for changes in grouped(found, LINKS).by_link.values() for change in changes} == {kind}


@pytest.mark.parametrize("style", junos.STYLES)
def test_exchanged_ids_are_two_changes_of_a_trunk_that_carries_both_vlans(style):
    before = f"{AE0}{FAMILY} vlan members lan\n"
    after = before.replace("nfs vlan-id 20", "nfs vlan-id 10").replace("lan vlan-id 10", "lan vlan-id 20")
    on_link = grouped(planned(before, after, style), LINKS).by_link["uplink"]
    told = {(change.kind, change.item, change.before, change.after) for change in on_link}
    expected = {(Kind.VLAN_ID, "nfs", 20, 10), (Kind.VLAN_ID, "lan", 10, 20)}
    assert {entry for entry in told if entry[0] is Kind.VLAN_ID} == expected


NATIVE = {
    "els": f"{AE0}set interfaces ae0 native-vlan-id 10\n{FAMILY} vlan members lan\n",
    "nonels": f"{AE0}{FAMILY} native-vlan-id lan\n",
}


@pytest.mark.parametrize("style", junos.STYLES)
def test_beside_a_native_vlan_what_is_tagged_is_told_as_tagged_and_the_native_one_as_untagged(style):
    before = NATIVE[style]
    renumbered = before.replace("nfs vlan-id 20", "nfs vlan-id 21")
    found = grouped(planned(before, renumbered, style), LINKS).by_link["uplink"]
    assert [(change.kind, change.item) for change in found] == [(Kind.VLAN_ID, "nfs")]
    renumbered = before.replace("lan vlan-id 10", "lan vlan-id 11").replace("native-vlan-id 10", "native-vlan-id 11")
    found = grouped(planned(before, renumbered, style), LINKS).by_link["uplink"]
    assert [(change.kind, change.item) for change in found] == [(Kind.UNTAGGED_VLAN_ID, "lan")]


def test_without_els_a_native_vlan_that_is_listed_leaves_with_a_tag():
    listed = f"{NATIVE['nonels']}{FAMILY} vlan members lan\n"
    found = grouped(planned(NATIVE["nonels"], listed, "nonels"), LINKS).by_link["uplink"]
    assert {change.kind for change in found} == {Kind.UNTAGGED_VLAN, Kind.VLAN_ADDED}


def test_a_range_around_the_native_vlan_does_not_make_it_a_tagged_one():
    wide = NATIVE["els"].replace("vlan members nfs", "vlan members 5-30")
    found = planned(NATIVE["els"], wide, "els")
    assert "lan" not in {change.item for change in found if change.kind is Kind.VLAN_ADDED}


def test_a_port_that_no_structure_shows_is_told_all_the_same():
    found = planned(AE0, f"{AE0}set interfaces ge-0/0/9 disable\n", "els")
    assert [(change.kind, change.concerns) for change in found] == [(Kind.OTHER, ("ge-0/0/9",))]


RANGE = f"""{AE0}set interfaces interface-range srv member-range ge-0/0/1 end-range ge-0/0/5
set interfaces interface-range srv member ge-1/0/0
set interfaces interface-range srv mtu 9018
"""


@pytest.mark.parametrize(
    ("after", "concerned"),
    [
        (RANGE.replace("ge-0/0/1 end-range", "ge-0/0/3 end-range"), ("ge-0/0/1", "ge-0/0/2")),
        (RANGE.replace("ge-1/0/0", "ge-1/0/7"), ("ge-1/0/0", "ge-1/0/7")),
        (RANGE.replace("srv mtu 9018", "srv mtu 1518"), (*(f"ge-0/0/{number}" for number in range(1, 6)), "ge-1/0/0")),
    ],
)
def test_a_range_concerns_the_ports_that_come_and_go_and_all_of_them_where_what_they_share_changes(after, concerned):
    found = planned(RANGE, after, "els")
    (of_range,) = [change for change in found if change.object == "interface-range srv"]
    assert (of_range.kind, of_range.concerns) == (Kind.OTHER, concerned)
    assert {name for change in found if change is not of_range for name in change.concerns} == set(concerned)


def test_a_description_of_a_port_that_no_structure_shows_is_a_description():
    (found,) = planned(RANGE, f"{RANGE}set interfaces ge-0/0/3 description x\n", "els")
    assert (found.kind, found.after, found.concerns) == (Kind.DESCRIPTION, "x", ("ge-0/0/3",))


@pytest.mark.parametrize("style", junos.STYLES)
def test_a_trunk_that_lists_an_id_loses_the_vlan_whose_id_becomes_another(style):
    before = AE0.replace("vlan members nfs", "vlan members 20")
    found = grouped(planned(before, before.replace("nfs vlan-id 20", "nfs vlan-id 21"), style), LINKS).by_link["uplink"]
    assert (Kind.VLAN_REMOVED, "nfs", 20) in {(change.kind, change.item, change.before) for change in found}


@pytest.mark.parametrize(
    ("own", "kinds"),
    [
        (Teaming(), set()),
        (Teaming("loadbalance_srcid"), set()),
        (Teaming(IP_HASH), {Kind.BUNDLE}),
        (Teaming(active_uplinks=("vmnic1",)), {Kind.UPLINK_ORDER}),
    ],
)
def test_a_new_port_group_that_leaves_in_another_way_than_its_virtual_switch_is_told(own, kinds):
    after = replace(HOST, groups={**HOST.groups, "new": esxi.group("new", own, vlan=30)})
    assert {change.kind for change in of_host.between(HOST, after)} == {Kind.VLAN_ADDED, *kinds}


@pytest.mark.parametrize("policies", [("failover_explicit", "loadbalance_srcid"), ("loadbalance_srcmac", EXPLICIT)])
def test_an_uplink_that_the_explicit_order_spared_is_one_of_the_order(policies):
    before, after = (policy(load_balancing=each) for each in policies)
    assert [change.kind for change in of_host.between(before, after)] == [Kind.UPLINK_ORDER]


def test_what_was_inactive_and_is_activated_is_told():
    current = junos.switch(f"{AE0}deactivate interfaces ge-0/0/1 disable\n")
    text = {"ae0": {"members": ["ge-0/0/0", "ge-0/0/1"], "lacp": "active", "disabled_members": ["ge-0/0/1"]}}
    plan = junos.made(current, junos.declared(None, text, None), "nonels")
    assert Kind.DISABLED in {change.kind for change in plan.changes}


def test_a_vlan_that_leaves_its_range_and_one_without_a_name_are_told():
    before = AE0.replace("vlan members nfs", "vlan members 5-30")
    found = [change for change in planned(before, AE0, "els") if change.kind is Kind.VLAN_REMOVED]
    assert {change.item for change in found} == {"lan", "5-9", "11-19", "21-30"}
    everything = planned(AE0, AE0.replace("vlan members nfs", "vlan members all"), "els")
    assert {change.item for change in everything if change.kind is Kind.VLAN_ADDED} == {"lan"}


def test_a_change_that_no_declared_link_has_is_kept_apart():
    found = grouped(planned(AE0, AE0.replace("members lan", "members nfs"), "els"), LINKS[:1])
    assert {change.kind for change in found.unlinked} == {Kind.UNTAGGED_VLAN}
    assert (found.by_link, found.device) == ({}, ())


def test_plain_data_gives_the_same_change_again_and_an_unknown_kind_is_refused():
    for change in planned(*AT_SWITCH[Kind.VLAN_ID], "els"):
        assert read(change.plain()) == change
    with pytest.raises(ValueError, match="nonsense"):
        read({**change.plain(), "kind": "nonsense"})
    with pytest.raises(ValueError, match="no entry"):
        read({**change.plain(), "kind": "lacp_timer", "side": "host"})


def test_the_contract_imports_nothing_but_the_standard_library():
    for file in Path(contract.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""] if not node.level else ["" if node.level == 1 else "outside"]
            assert {name.split(".")[0] for name in names} <= {
                "",
                "__future__",
                "abc",
                "collections",
                "contextlib",
                "dataclasses",
                "enum",
                "re",
                "typing",
            }
