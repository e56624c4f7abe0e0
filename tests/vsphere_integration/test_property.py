# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves for any starting state and any partial input: fields that are not named stay, a second run changes nothing.

The simulator's host is changed in this process, through the specifications and command lines that a real one would get.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st
from runner.slices import whole_or_slice

pytest.importorskip("pyVmomi", reason="pyVmomi is not installed")

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.finding import RefusalError
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.run.transaction import apply
from vsphere import factory, plainform

from .direct import Console, Direct
from .labs import request

NICS = ["vmnic0", "vmnic1", "vmnic2", "vmnic3"]
OTHERS = ["loadbalance_srcid", "loadbalance_srcmac", "failover_explicit"]
POLICIES = [*OTHERS, *OTHERS, "loadbalance_ip"]


@st.composite
def orders(draw, uplinks):
    """An order that leaves at least one uplink active."""
    active = draw(st.lists(st.sampled_from(uplinks), min_size=1, unique=True))
    rest = [nic for nic in uplinks if nic not in active]
    return {"activeNic": active, "standbyNic": draw(st.lists(st.sampled_from(rest), unique=True)) if rest else []}


@st.composite
def policies(draw, uplinks, own):
    """A policy in the API's names; a port group's own one has any subset of the fields."""

    def maybe(strategy):
        return st.one_of(st.none(), strategy) if own else strategy

    teaming = {
        "policy": draw(maybe(st.sampled_from(POLICIES))),
        "notifySwitches": draw(maybe(st.booleans())),
        "rollingOrder": draw(maybe(st.booleans())),
        "failureCriteria": draw(maybe(st.builds(lambda flag: {"checkBeacon": flag and bool(uplinks)}, st.booleans()))),
        "nicOrder": draw(maybe(orders(uplinks))) if uplinks else None,
    }
    security = {
        "allowPromiscuous": draw(maybe(st.booleans())),
        "macChanges": draw(maybe(st.booleans())),
        "forgedTransmits": draw(maybe(st.booleans())),
    }
    found = {"nicTeaming": teaming, "security": security}
    if draw(st.booleans()):
        found["shapingPolicy"] = {"enabled": True, "averageBandwidth": 1000, "peakBandwidth": 2000, "burstSize": 300}
    return {part: {key: value for key, value in each.items() if value is not None} for part, each in found.items()}


@st.composite
def states(draw):
    """A host with two virtual switches and up to three port groups."""
    split = draw(st.integers(1, 3))
    switches = {}
    for name, uplinks in (("vSwitch0", NICS[:split]), ("vSwitch1", NICS[split:3])):
        switches[name] = {
            "uplinks": uplinks,
            "mtu": draw(st.sampled_from([1500, 9000])),
            "ports": draw(st.sampled_from([64, 128])),
            "beacon": draw(st.integers(1, 5)),
            "discovery": ["cdp", draw(st.sampled_from(["listen", "both"]))],
            "policy": draw(policies(uplinks, own=False)),
        }
    groups = {}
    for name in draw(st.lists(st.sampled_from(["a", "b c", "d'e"]), unique=True)):
        on = draw(st.sampled_from(sorted(switches)))
        own = draw(policies(switches[on]["uplinks"], own=True))
        groups[name] = {"switch": on, "vlan": draw(st.integers(0, 4095)), "policy": own}
    return {"switches": switches, "groups": groups}


def some(**fields):
    """Any subset of these fields."""
    return st.fixed_dictionaries({}, optional=fields)


SECURITY = some(promiscuous=st.booleans(), mac_changes=st.booleans(), forged_transmits=st.booleans())


@st.composite
def teamings(draw, uplinks):
    """A part of a teaming; now and then with a NIC that the switch does not have, or in both lists."""
    nics = st.sampled_from([*uplinks, *uplinks, draw(st.sampled_from(NICS))])
    found = draw(
        some(
            load_balancing=st.sampled_from(POLICIES),
            failure_detection=st.sampled_from(["link_status", "link_status", "beacon_probing"]),
            notify_switches=st.booleans(),
            failback=st.booleans(),
            active_uplinks=st.lists(nics, min_size=1, unique=True),
        )
    )
    rest = [nic for nic in uplinks if nic not in found.get("active_uplinks", [])]
    if rest and draw(st.booleans()):
        found["standby_uplinks"] = draw(st.lists(st.sampled_from(rest), unique=True))
    return found


@st.composite
def cases(draw):
    """A starting state, and an input that names some fields of some of its objects."""
    state = draw(states())
    wanted: dict[str, Any] = {"vswitches": {}, "port_groups": {}}
    later = {name: each["uplinks"] for name, each in state["switches"].items()}
    for name in draw(st.lists(st.sampled_from(["vSwitch0", "vSwitch1"]), unique=True)):
        data = draw(some(mtu=st.sampled_from([1500, 9000]), security=SECURITY))
        if draw(st.booleans()):
            free = [nic for nic in NICS if nic in later[name] or nic == "vmnic3"]
            data["uplinks"] = later[name] = draw(st.lists(st.sampled_from(free), min_size=1, unique=True))
        if draw(st.booleans()):
            data["teaming"] = draw(teamings(later[name]))
        wanted["vswitches"][name] = data
    for name, group in state["groups"].items():
        part = st.one_of(teamings(later[group["switch"]]), st.just("inherit"))
        security = st.one_of(SECURITY, st.just("inherit"))
        wanted["port_groups"][name] = draw(some(vlan=st.integers(0, 4095), teaming=part, security=security))
    return state, wanted


PATHS = {
    "load_balancing": ["nicTeaming.policy"],
    "failure_detection": ["nicTeaming.failureCriteria"],
    "notify_switches": ["nicTeaming.notifySwitches"],
    "failback": ["nicTeaming.rollingOrder"],
    "active_uplinks": ["nicTeaming.nicOrder"],
    "standby_uplinks": ["nicTeaming.nicOrder"],
    "promiscuous": ["security.allowPromiscuous"],
    "mac_changes": ["security.macChanges"],
    "forged_transmits": ["security.forgedTransmits"],
}


def flat(data: dict[str, Any], path: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in data.items():
        if key in ("computed", "nics"):
            continue
        if isinstance(value, dict):
            found |= flat(value, f"{path}{key}|")
        else:
            found[f"{path}{key}"] = value
    return found


def named(wanted: dict[str, Any], before: dict[str, Any]) -> list[str]:
    """Return the beginnings of the paths that an input may change."""
    found = []
    for section, kind in (("vswitches", "switches"), ("port_groups", "groups")):
        for name, data in wanted[section].items():
            at = f"{kind}|{name}|"
            for key in set(data) & {"uplinks", "mtu", "vlan"}:
                found.append(f"{at}{key}")
            for part in ("teaming", "security"):
                asked = PATHS if data.get(part) == "inherit" else data.get(part, {})
                found += [f"{at}policy|{path.replace('.', '|')}" for key in asked for path in PATHS[key]]
            if "uplinks" in data:
                members = [other for other, each in before["groups"].items() if each["switch"] == name]
                found.append(f"{at}policy|nicTeaming|nicOrder")
                if not before["switches"][name]["uplinks"]:
                    found += [f"{at}beacon", f"{at}discovery"]  # both are parts of the uplinks' bridge
                found += [f"groups|{other}|policy|nicTeaming|nicOrder" for other in members]
    return found


LAST_UPLINK = (
    {
        "switches": {
            "vSwitch0": {"uplinks": ["vmnic0"], "policy": {}},
            "vSwitch1": {
                "uplinks": ["vmnic1", "vmnic2"],
                "policy": {"nicTeaming": {"nicOrder": {"activeNic": ["vmnic2"], "standbyNic": ["vmnic1"]}}},
            },
        },
        "groups": {"a": {"switch": "vSwitch1", "vlan": 0, "policy": {}}},
    },
    {"vswitches": {"vSwitch1": {"uplinks": ["vmnic1"]}}, "port_groups": {"a": {"teaming": {"standby_uplinks": []}}}},
)
"""The switch's active uplink goes, and the port group is not to have the other one: found by chance, refused since."""


@pytest.mark.parametrize("way", [Direct, Console], ids=["api", "ssh"])
@settings(max_examples=whole_or_slice(120, 30, reason="more hosts are drawn"), suppress_health_check=list(HealthCheck))
@given(case=cases())
@example(case=LAST_UPLINK)
def test_fields_that_are_not_named_stay_and_a_second_run_changes_nothing(way, case):
    state, wanted = case
    owner = factory.make("esx1", 1, 4, state)
    before = plainform.write(owner)
    try:
        asked = request(**wanted)
        done = apply(lambda: way(owner), asked)
    except RefusalError:
        event("refused")
        assert plainform.write(owner) == before
        return
    event("changed" if done.pending else "nothing to do")
    assert done.error is None, done.error
    old, new = flat(before), flat(plainform.write(owner))
    allowed = tuple(named(wanted, before))
    moved = {path for path in {*old, *new} if old.get(path) != new.get(path)}
    assert [path for path in moved if not path.startswith(allowed)] == []
    again = apply(lambda: way(owner), asked)
    assert again.pending == {}


def ranked(policy: dict[str, Any]) -> dict[str, Any]:
    """Return a policy with its active uplinks sorted, unless their order is what it goes by."""
    teaming = policy["nicTeaming"]
    if teaming["policy"] != "failover_explicit":
        teaming["nicOrder"]["activeNic"].sort()
    return policy


@settings(max_examples=whole_or_slice(60, 15, reason="more hosts are drawn"), suppress_health_check=list(HealthCheck))
@given(case=cases())
def test_both_ways_reach_the_same_effect(case):
    state, wanted = case
    effects = []
    for way in (Direct, Console):
        owner = factory.make("esx1", 1, 4, state)
        try:
            assert apply(lambda way=way, owner=owner: way(owner), request(**wanted)).error is None
        except RefusalError as refusal:
            effects.append(str(refusal))
            continue
        found = plainform.write(owner)
        effects.append(
            {
                **{name: ranked(group["computed"]) for name, group in found["groups"].items()},
                **{
                    name: (each["uplinks"], each["mtu"], ranked(each["policy"]))
                    for name, each in found["switches"].items()
                },
            }
        )
    assert effects[0] == effects[1]
