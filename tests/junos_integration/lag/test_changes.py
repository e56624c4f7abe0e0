# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves, on a switch of each style, that the changes users fear pass its commit check, in one commit, and settle."""

from __future__ import annotations

import dataclasses

import pytest
from unit.junos.builders import declared
from unit.junos.switches import Lab
from unit.junos.test_posts import POSTS, post

from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.declared.model import Declared
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.facts import survey
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.request import (
    Request,
    Verification,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.transaction import apply

PORTS = [f"ge-0/0/{number}" for number in range(4)]
CONSENT = frozenset({"foreign"})
USED = """
set interfaces ge-0/0/1 mtu 9216
set interfaces interface-range desks member-range ge-0/0/0 to ge-0/0/5
set interfaces interface-range desks unit 0 family ethernet-switching
set protocols rstp interface {edge} edge
set protocols lldp interface ge-0/0/1
set vlans old vlan-id 9
"""


def request(wanted: Declared, **options) -> Request:
    return Request(wanted, consent=CONSENT, verification=Verification(timeout=3, interval=0.2), **options)


def settled(lab: Lab, asked: Request) -> bool:
    """Tell whether a second run would change nothing."""
    session = lab.open()
    try:
        return not survey(session, asked).plan.changed
    finally:
        session.close()


def confirmed_commits(lab: Lab) -> int:
    return sum("<confirmed/>" in entry["request"] for entry in lab.control("log"))


def test_several_bundles_exchange_their_ports_in_one_commit(lab):
    lab.far_end(*PORTS, lacp="active")
    first = {"ae0": {"members": PORTS[:2], "lacp": "active"}, "ae1": {"members": PORTS[2:], "lacp": "active"}}
    apply(lab.open, request(declared(None, first)))
    lab.simulator.control("clear_log")
    second = {"ae0": {**first["ae0"], "members": PORTS[2:]}, "ae1": {**first["ae1"], "members": PORTS[:2]}}
    asked = request(declared(None, second), state="replaced")
    outcome = apply(lab.open, asked)
    assert [line.split(" (")[0] for line in outcome.verified[1:3]] == [
        f"{name}: up with {', '.join(second[name]['members'])}" for name in ("ae0", "ae1")
    ]
    assert confirmed_commits(lab) == 1
    assert settled(lab, asked)


def test_a_used_port_of_a_range_joins_a_bundle_and_its_neighbours_keep_what_they_had(lab):
    edge = {"nonels": "ge-0/0/1.0", "els": "ge-0/0/1"}[lab.style]
    delivered = "".join(f"delete interfaces {port}\n" for port in (*PORTS, "ge-0/0/4", "ge-0/0/5"))
    lab.control("commit", set=delivered + USED.format(edge=edge), user="anna")
    lab.far_end("ge-0/0/1", lacp="active")
    asked = request(declared(None, {"ae0": {"members": ["ge-0/0/1"], "lacp": "active"}}))
    apply(lab.open, asked)
    lines = lab.lines()
    named = [line for line in lines if {"ge-0/0/1", "ge-0/0/1.0"} & set(line.split())]
    assert sorted(named) == [
        "set interfaces ge-0/0/1 ether-options 802.3ad ae0",
        "set protocols lldp interface ge-0/0/1",  # LLDP speaks on member links
    ]
    assert "set interfaces interface-range desks member ge-0/0/0" in lines
    assert "set interfaces interface-range desks member-range ge-0/0/2 to ge-0/0/5" in lines
    assert settled(lab, asked)


def test_a_lacp_bundle_becomes_static_and_is_up_without_lacp(lab):
    lab.far_end(*PORTS[:2], lacp="active")
    bundle = {"members": PORTS[:2], "lacp": "active"}
    apply(lab.open, request(declared(None, {"ae0": bundle})))
    lab.far_end(*PORTS[:2], lacp="off")
    asked = request(declared(None, {"ae0": {**bundle, "lacp": "none"}}))
    assert "static" in apply(lab.open, asked).verified[1]
    assert not any("lacp" in line for line in lab.lines())


def test_overridden_takes_undeclared_bundles_away_and_lowers_device_count(lab):
    lab.far_end(*PORTS, lacp="active")
    both = {"ae0": {"members": PORTS[:2], "lacp": "active"}, "ae5": {"members": PORTS[2:], "lacp": "active"}}
    apply(lab.open, request(declared(None, both)))
    asked = request(declared(None, {"ae0": both["ae0"]}), state="overridden")
    apply(lab.open, asked)
    assert not any("ae5" in line for line in lab.lines())
    assert "set chassis aggregated-devices ethernet device-count 1" in lab.lines()
    assert settled(lab, asked)


def test_another_vlan_on_an_access_port_passes_the_check_because_the_first_one_goes(lab):
    for number, name in ((10, "first"), (20, "second")):
        asked = request(declared({name: {"id": number}}, None, {"ge-0/0/1": {"untagged": name}}))
        apply(lab.open, asked)
    assert [line.split()[-1] for line in lab.lines() if " ge-0/0/1 " in line and "members" in line] == ["second"]


@pytest.mark.parametrize("name", POSTS)
def test_the_bundles_of_the_posts_are_taken_by_the_switch(lab, name):
    wanted = post(name)
    # The posts' switch is a virtual chassis; the second member's port is a port of the only member here.
    bundles = tuple(
        dataclasses.replace(bundle, members=tuple(port.replace("ge-1/0/0", "ge-0/0/1") for port in bundle.members))
        for bundle in wanted.bundles
    )
    ports = [port for bundle in bundles for port in bundle.members]
    lab.far_end(*ports, lacp="active" if bundles[0].lacp == "active" else "off")
    asked = request(dataclasses.replace(wanted, bundles=bundles))
    assert apply(lab.open, asked).changed
    assert settled(lab, asked)


def test_the_rescue_configuration_is_the_one_from_before_the_first_change(lab):
    lab.far_end(*PORTS[:2], lacp="active")
    before = lab.lines()
    apply(lab.open, request(declared(None, {"ae0": {"members": PORTS[:2], "lacp": "active"}})))
    assert lab.lines("rescue") == before
    asked = [entry["rpc"] for entry in lab.control("log")]
    commits = [number for number, rpc in enumerate(asked) if rpc == "commit-configuration"]
    assert commits[0] < asked.index("request-save-rescue-configuration") < commits[1]


def test_device_count_is_not_lowered_by_a_smaller_one_that_is_asked_for(lab):
    lab.control("commit", set="set chassis aggregated-devices ethernet device-count 8", user="anna")
    lab.far_end(*PORTS[:2], lacp="active")
    apply(lab.open, request(declared(None, {"ae0": {"members": PORTS[:2], "lacp": "active"}}, device_count=2)))
    assert "set chassis aggregated-devices ethernet device-count 8" in lab.lines()
