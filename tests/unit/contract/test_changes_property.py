# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves for random declarations that a plan's changes tell every difference of its structures, and no other."""

from __future__ import annotations

from dataclasses import fields, replace

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.changes import grouped
from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.neutral import ChangeKind as Kind
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.config import changes as of_host
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.declared.model import (
    BALANCING,
    HostState,
    Security,
    SwitchState,
    Teaming,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.config.port_view import wires
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.declared import declaration
from unit.junos import builders as junos
from unit.vsphere import builders as esxi

PORTS = [f"ge-0/0/{number}" for number in range(6)]
VLANS = ("lan", "nfs", "vmotion")
FRAMES = {Kind.VLAN_ID, Kind.VLAN_ADDED, Kind.VLAN_REMOVED, Kind.VLAN_LIST, Kind.UNTAGGED_VLAN, Kind.UNTAGGED_VLAN_ID}
OF_KEY = {
    "untagged": FRAMES,
    "tagged": FRAMES,
    "mode": {Kind.PORT_MODE},
    "members": {Kind.MEMBER_ADDED, Kind.MEMBER_REMOVED},
    "lacp": {Kind.LACP, Kind.LACP_ACTIVE, Kind.LACP_PASSIVE},
    "periodic": {Kind.LACP_TIMER},
    "minimum_links": {Kind.MINIMUM_LINKS_RAISED, Kind.MINIMUM_LINKS_LOWERED},
    "link_speed": {Kind.LINK_SPEED},
    "description": {Kind.DESCRIPTION},
    "member_descriptions": {Kind.DESCRIPTION},
    "disabled": {Kind.DISABLED, Kind.ENABLED},
    "disabled_members": {Kind.DISABLED, Kind.ENABLED},
    "payload_mtu": {Kind.MTU_RAISED, Kind.MTU_LOWERED},
    "peer": {Kind.EDGE_ADDED, Kind.EDGE_REMOVED},
    "id": {Kind.VLAN_ID},
    "l3_interface": {Kind.L3_INTERFACE},
}


def some(**strategies):
    return st.fixed_dictionaries({}, optional=strategies)


COMMON = {
    "description": st.sampled_from(["x", "y"]),
    "payload_mtu": st.sampled_from([1500, 9000]),
    "peer": st.sampled_from(["host", "switch"]),
}


@st.composite
def frames(draw):
    """Return layer 2 of an interface: none, an access port, or a trunk with at least one tagged VLAN."""
    first, *others = draw(st.permutations(VLANS))
    tagged = others[: draw(st.integers(1, 2))]
    kinds = [{}, {"mode": "access", "untagged": first}, {"mode": "trunk", "tagged": tagged}]
    return draw(st.sampled_from([*kinds, {"mode": "trunk", "untagged": first, "tagged": tagged}]))


@st.composite
def sites(draw):
    """Return what is declared for one switch."""
    ids = draw(st.permutations([10, 20, 30, 40]))
    vlans = {name: {"id": number} for name, number in zip(VLANS, ids, strict=False)}
    ports = draw(st.permutations(PORTS))
    cut, last = sorted(draw(st.lists(st.integers(0, 6), min_size=2, max_size=2)))
    bundles = {}
    for name, held in (("ae0", ports[:cut]), ("ae3", ports[cut:last])):
        if held:
            off = draw(st.lists(st.sampled_from(held), unique=True, max_size=len(held) - 1))
            bundles[name] = {
                **draw(some(minimum_links=st.integers(1, len(held) - len(off)), **COMMON)),
                **draw(frames()),
                **{"members": held, "lacp": draw(st.sampled_from(["active", "passive", "none"]))},
                **{"disabled_members": off, "member_descriptions": {held[0]: draw(st.sampled_from(["p", "q"]))}},
            }
            if bundles[name]["lacp"] != "none":
                bundles[name]["periodic"] = draw(st.sampled_from(["slow", "fast"]))
    return (
        vlans,
        bundles,
        {port: {**draw(some(disabled=st.booleans(), **COMMON)), **draw(frames())} for port in ports[last:]},
    )


def declared(site):
    found, findings = declaration.read(*site)
    assume(not findings)
    return found


ALL_VLANS = {name: {"id": number} for number, name in enumerate(VLANS, start=10)}


def untold(before: dict, after: dict, changes) -> list[str]:
    """Return the differences that no change tells."""
    found = []
    for group in ("vlans", "bundles", "ports"):
        for name in {**before[group], **after[group]}:
            old, new = before[group].get(name), after[group].get(name)
            kinds = {change.kind for change in changes if name in (change.object, *change.concerns)}
            keys = {key for key in {**(old or {}), **(new or {})} if (old or {}).get(key) != (new or {}).get(key)}
            if old is None or new is None:
                found += [] if kinds or not keys else [f"{group} {name}"]
            else:
                found += [f"{group} {name} {key}" for key in keys if not OF_KEY[key] & kinds]
    return found


@settings(max_examples=60, deadline=None)
@given(sites(), sites(), st.sampled_from(junos.STYLES), st.sampled_from(["merged", "replaced", "overridden"]))
@example(
    (ALL_VLANS, {}, {PORTS[5]: {"disabled": True}}),
    (ALL_VLANS, {}, {PORTS[5]: {"disabled": False, "mode": "trunk", "tagged": ["nfs"]}}),
    "nonels",
    "merged",
)
def test_a_switchs_changes_tell_every_difference_and_neutral_ones_leave_the_far_end_alone(one, two, style, state):
    running = junos.switch("set protocols rstp bridge-priority 4k", style)
    start = junos.made(running, declared(one), style)
    assume(not start.findings)
    plan = junos.made(start.written, declared(two), style, state)
    before, after = plan.structures()
    assert untold(before, after, plan.changes) == []
    assert bool(plan.changes) is (plan.before.statements.keys() != plan.after.statements.keys())
    links = [{"link": port, "lag": None, "ports": [port]} for port in PORTS]
    links += [{"link": name, "lag": name, "ports": bundle["members"]} for name, bundle in before["bundles"].items()]
    by_link = grouped(plan.changes, links).by_link
    was, becomes = (wires(config, PORTS, style) for config in (plan.before, plan.after))
    for port in PORTS:
        names = [link["link"] for link in links if port in link["ports"]]
        changes = [change for name in names for change in by_link.get(name, ())]
        if all(change.neutral.yes for change in changes):
            old, new = was[port], becomes[port]
            assert (old.bundle, old.lacp, old.disabled) == (new.bundle, new.lacp, new.disabled)
            assert old.tagged <= new.tagged
            assert (old.untagged is None) is (new.untagged is None)


def policies():
    return st.builds(
        Teaming,
        load_balancing=st.sampled_from(BALANCING),
        failure_detection=st.sampled_from(["link_status", "beacon_probing"]),
        notify_switches=st.booleans(),
        failback=st.booleans(),
        active_uplinks=st.sampled_from([("vmnic0",), ("vmnic0", "vmnic1"), ()]),
        standby_uplinks=st.sampled_from([("vmnic1",), ()]),
    )


@st.composite
def overrides(draw):
    """Return a port group's own teaming, of which any field may be missing."""
    whole = draw(policies())
    return replace(whole, **dict.fromkeys(each.name for each in fields(Teaming) if draw(st.booleans())))


@st.composite
def states(draw):
    """Return the networking of one host."""
    switches = {
        name: SwitchState(
            name,
            draw(st.sampled_from([("vmnic0",), ("vmnic0", "vmnic1"), ()])),
            draw(st.sampled_from([1500, 9000])),
            draw(policies()),
            draw(st.builds(Security, st.booleans(), st.booleans(), st.booleans())),
        )
        for name in draw(st.sets(st.sampled_from(["vSwitch0", "vSwitch1"]), min_size=1))
    }
    groups = {
        name: replace(
            esxi.group(name, draw(overrides()), draw(st.sampled_from(sorted(switches)))),
            vlan=draw(st.sampled_from([0, 10, 20, 4095])),
            security=Security(promiscuous=draw(st.sampled_from([None, True, False]))),
        )
        for name in draw(st.sets(st.sampled_from(["lan", "nfs"])))
    }
    return HostState("esx1", switches, groups)


@settings(max_examples=60, deadline=None)
@given(states(), states())
def test_a_hosts_changes_tell_every_difference_and_nothing_else(before, after):
    found = of_host.between(before, after)
    for one, two in ((before.switches, after.switches), (before.groups, after.groups)):
        for name in {**one, **two}:
            told = [change for change in found if change.object == name]
            assert bool(told) is (one.get(name) != two.get(name))
            if name in one and name in two:
                differing = [each for each in fields(one[name]) if each.compare and each.name != "name"]
                differing = [
                    each for each in differing if getattr(one[name], each.name) != getattr(two[name], each.name)
                ]
                assert len(told) >= len(differing)
    assert of_host.between(before, before) == []
