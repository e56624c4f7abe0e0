# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves on the wire that what switches of many years have comes back as it was, or is refused."""

from __future__ import annotations

import pytest
from unit.junos.builders import declared
from unit.junos.switches import Lab, skip_without_its_packages

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.finding import RefusalError
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.config import gather
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.device.target import Target
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.platform import (
    Limit,
    limit_of,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.facts import survey
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.request import (
    Request,
    Verification,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.transaction import apply
from junos.client import Simulator

QUICK = Verification(links=False, timeout=2, interval=0.2)
L2 = "unit 0 family ethernet-switching"
LAG = f"""set chassis aggregated-devices ethernet device-count 2
set vlans v10 vlan-id 10
set vlans v20 vlan-id 20
set interfaces ge-0/0/1 ether-options 802.3ad ae1
set interfaces ae1 aggregated-ether-options lacp active
set interfaces ae1 mtu 9216
set interfaces ae1 {L2} MODE trunk
set interfaces ae1 {L2} vlan members v10
"""
MODE = {"els": "interface-mode", "nonels": "port-mode"}


def started(lab, text: str) -> list[str]:
    lab.control("reset", set=text.replace("MODE", MODE.get(lab.style, MODE["els"])))
    return lab.lines()


def gathered(lab) -> dict:
    session = lab.open()
    try:
        seen = survey(session, Request(declared()))
    finally:
        session.close()
    return gather.structured(seen.plan.before, seen.style)


def changed(lab, found: dict, state: str = "replaced", limit: Limit | None = None) -> bool:
    wanted = declared(found.get("vlans"), found.get("bundles"), found.get("ports"), limit=limit)
    return apply(lab.open, Request(wanted, state=state, limit=limit, verification=QUICK)).changed


HISTORIES = {
    "a timer that nobody set, and the highest mtu": LAG,
    "the highest mtu of an access bundle": LAG.replace("MODE trunk", "MODE access"),
    "every VLAN": LAG.replace("members v10", "members all"),
    "a range of ids": LAG.replace("members v10", "members 10-11\nset vlans v11 vlan-id 11"),
    "names with a blank, an apostrophe and a number": (
        f'set vlans "bob\'s lab" vlan-id 30\nset vlans 10-mgmt vlan-id 10\nset interfaces ge-0/0/5 {L2} MODE trunk\n'
        f'set interfaces ge-0/0/5 {L2} vlan members [ "bob\'s lab" 10-mgmt ]\n'
    ),
    "a port in the default VLAN": (
        f"set interfaces ge-0/0/5 description desk\nset interfaces ge-0/0/5 {L2} MODE access\n"
    ),
    "an inactive mtu": f"{LAG}deactivate interfaces ae1 mtu\n",
}


@pytest.mark.parametrize("what", HISTORIES)
def test_what_is_gathered_is_declared_without_a_change(lab, what):
    before = started(lab, HISTORIES[what])
    found = gathered(lab)
    assert found["bundles"] or found["ports"]
    assert not changed(lab, found)
    assert lab.lines() == before


def test_a_vlan_that_lists_a_port_is_gathered_and_respected(nonels):
    text = "set vlans servers vlan-id 10\nset vlans servers interface ge-0/0/1.0\n"
    before = started(nonels, f"{text}set interfaces ge-0/0/1 {L2} MODE access\n")
    found = gathered(nonels)
    assert found["ports"]["ge-0/0/1"]["untagged"] == "servers"
    assert not changed(nonels, found)
    assert changed(nonels, {"vlans": {"dmz": {"id": 20}}, "ports": {"ge-0/0/1": {"untagged": "dmz"}}}, "merged")
    assert "set vlans servers interface ge-0/0/1.0" in set(before) - set(nonels.lines())
    assert f"set interfaces ge-0/0/1 {L2} vlan members dmz" in nonels.lines()


def test_names_of_any_kind_are_written_by_xml(lab):
    started(lab, "")
    vlans = {"bob's lab": {"id": 30}, "10-mgmt": {"id": 10}, "R&D": {"id": 40}}
    assert changed(lab, {"vlans": vlans, "ports": {"ge-0/0/5": {"tagged": list(vlans), "description": "it's <b>"}}})
    found = gathered(lab)
    assert {name: found["vlans"][name] for name in vlans} == vlans
    assert found["ports"]["ge-0/0/5"]["tagged"] == list(vlans)
    assert found["ports"]["ge-0/0/5"]["description"] == "it's <b>"
    assert not changed(lab, found)


@pytest.mark.parametrize("state", ["merged", "replaced"])
def test_untagged_alone_leaves_a_trunk_as_it_is(lab, state):
    before = started(lab, LAG)
    bundle = {"members": ["ge-0/0/1"], "lacp": "active", "untagged": "v20"}
    with pytest.raises(RefusalError, match="MODE_NOT_SAID"):
        changed(lab, {"bundles": {"ae1": bundle}}, state)
    assert lab.lines() == before


def test_without_els_spanning_tree_is_left_with_layer_2_and_not_begun_without_it(nonels):
    text = f"set vlans v5 vlan-id 5\nset interfaces ge-0/0/1 {L2} MODE access\n"
    text += f"set interfaces ge-0/0/1 {L2} vlan members v5\nset protocols rstp interface ge-0/0/1.0 edge\n"
    before = started(
        nonels, f"{text}set interfaces ge-0/0/2 description routed\nset protocols rstp bridge-priority 4k\n"
    )
    assert not changed(nonels, {"ports": {"ge-0/0/2": {"peer": "host"}}}, "merged")
    assert nonels.lines() == before
    assert changed(nonels, {"ports": {"ge-0/0/1": {"description": "empty"}}})
    assert not [line for line in nonels.lines() if "interface ge-0/0/1.0" in line]


@pytest.fixture(scope="module")
def newer(tmp_path_factory):
    """Return newer switches by their model: one whose ports are split, one with many bundles."""
    skip_without_its_packages()
    models = ("ex4650-48y", "ex9204")
    with Simulator({name: name for name in models}) as found:
        known = tmp_path_factory.mktemp("ssh") / "known_hosts"
        known.write_text("".join(f"[127.0.0.1]:{found.port(name)} {found.host_key(name)}\n" for name in models))
        yield {
            name: Lab(
                found, name, Target("127.0.0.1", found.port(name), "lab", "lab123", None, "/dev/null", (str(known),))
            )
            for name in models
        }


def test_channelised_ports_are_gathered_declared_and_joined(newer):
    lab = newer["ex4650-48y"]
    text = f"set vlans v5 vlan-id 5\nset interfaces xe-0/0/48:0 {L2} MODE access\n"
    text += f"set interfaces xe-0/0/48:0 {L2} vlan members v5\nset interfaces xe-0/0/48:1 ether-options 802.3ad ae1\n"
    text += "set interfaces ae1 aggregated-ether-options lacp active\n"
    before = started(lab, f"{text}set chassis aggregated-devices ethernet device-count 2\n")
    found = gathered(lab)
    assert found["ports"]["xe-0/0/48:0"] == {"mode": "access", "untagged": "v5"}
    assert found["bundles"]["ae1"]["members"] == ["xe-0/0/48:1"]
    assert not changed(lab, found)
    assert lab.lines() == before
    assert changed(lab, {"bundles": {"ae1": {"members": ["xe-0/0/48:0", "xe-0/0/48:1"], "lacp": "active"}}}, "merged")
    assert gathered(lab)["bundles"]["ae1"]["members"] == ["xe-0/0/48:0", "xe-0/0/48:1"]
    assert "xe-0/0/48:0" not in gathered(lab)["ports"]


def test_bundles_above_127_and_members_by_gigether_options_are_left_in_their_form(newer):
    lab, limit = newer["ex9204"], limit_of("ex9204")
    text = "set chassis aggregated-devices ethernet device-count 201\n"
    text += "set interfaces xe-0/0/1 gigether-options 802.3ad ae200\n"
    before = started(lab, f"{text}set interfaces ae200 aggregated-ether-options lacp active\n")
    found = gathered(lab)
    assert not changed(lab, found, limit=limit)
    assert lab.lines() == before
    found["bundles"]["ae200"]["members"].append("xe-0/0/2")
    assert changed(lab, found, limit=limit)
    assert "set interfaces xe-0/0/2 gigether-options 802.3ad ae200" in lab.lines()
