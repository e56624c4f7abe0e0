# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves, on both styles, that the five faults which users of other modules have reported for years are not made here.

The numbers are issues of junipernetworks.junos and of its new home.
"""

from __future__ import annotations

import pytest

from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.request import (
    Request,
    Verification,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.transaction import apply

from .builders import STYLES, declared, made, settled, switch
from .switches import Lab

FAMILY = "interfaces ae0 unit 0 family ethernet-switching"


@pytest.mark.parametrize("style", STYLES)
def test_167_an_ae_that_does_not_exist_is_created_with_device_count_above_its_index(style):
    wanted = declared(None, {"ae5": {"members": ["ge-0/0/1"], "lacp": "active"}})
    result = made(switch(), wanted, style)
    assert "set chassis aggregated-devices ethernet device-count 6" in result.commands
    assert "set interfaces ae5 aggregated-ether-options lacp active" in result.commands
    assert settled(result, wanted)


@pytest.mark.parametrize("style", STYLES)
def test_267_a_used_port_loses_unit_and_mtu_in_the_same_load_in_which_it_joins(style):
    used = "set interfaces ge-0/0/1 mtu 9216\nset interfaces ge-0/0/1 unit 0 family ethernet-switching MODE access"
    result = made(switch(used, style), declared(None, {"ae0": {"members": ["ge-0/0/1"], "lacp": "none"}}), style)
    assert result.commands[:3] == [
        "delete interfaces ge-0/0/1 mtu",
        "delete interfaces ge-0/0/1 unit 0",
        "set interfaces ge-0/0/1 ether-options 802.3ad ae0",
    ]
    assert result.xml.count("<configuration>") == 1


@pytest.mark.parametrize(
    ("style", "line"),
    [("nonels", f"set {FAMILY} native-vlan-id server"), ("els", "set interfaces ae0 native-vlan-id 10")],
)
def test_395_and_886_the_native_vlan_stands_where_the_style_has_it(style, line):
    bundle = {"members": ["ge-0/0/1"], "lacp": "none", "untagged": "server", "tagged": ["nfs"]}
    result = made(switch(), declared({"server": {"id": 10}, "nfs": {"id": 30}}, {"ae0": bundle}), style)
    assert [item for item in result.commands if "native-vlan-id" in item] == [line]


@pytest.mark.parametrize("state", ["merged", "replaced"])
@pytest.mark.parametrize("style", STYLES)
def test_452_another_vlan_on_an_access_port_replaces_the_first(style, state):
    family = "interfaces ge-0/0/1 unit 0 family ethernet-switching"
    had = f"set vlans old vlan-id 10\nset {family} MODE access\nset {family} vlan members old"
    wanted = declared({"new": {"id": 20}}, None, {"ge-0/0/1": {"untagged": "new"}})
    result = made(switch(had, style), wanted, style, state)
    assert [line for line in result.commands if "members" in line] == [
        f"delete {family} vlan members old",
        f"set {family} vlan members new",
    ]


def test_547_a_change_whose_links_do_not_work_is_not_confirmed_and_the_switch_is_as_before(lab: Lab):
    before = lab.lines()
    lab.far_end("ge-0/0/1", lacp="off")
    wanted = declared(None, {"ae0": {"members": ["ge-0/0/1"], "lacp": "active"}})
    verification = Verification(timeout=1, interval=0.2)
    with pytest.raises(Exception, match=r"ge-0/0/1: the far end \(partner\) sends no LACP frames"):
        apply(lab.open, Request(wanted, verification=verification))
    assert lab.lines() == before
    assert lab.control("status")["pending"] is None


@pytest.mark.parametrize("style", STYLES)
def test_lacp_goes_away_when_a_bundle_becomes_static(style):
    had = (
        "set interfaces ae0 aggregated-ether-options lacp active\n"
        "set interfaces ae0 aggregated-ether-options lacp periodic slow\n"
        "set interfaces ge-0/0/1 ether-options 802.3ad ae0\n"
        "set chassis aggregated-devices ethernet device-count 1"
    )
    result = made(switch(had, style), declared(None, {"ae0": {"members": ["ge-0/0/1"], "lacp": "none"}}), style)
    assert result.commands == [
        "delete interfaces ae0 aggregated-ether-options",
        "set interfaces ae0 unit 0 family ethernet-switching",
    ]
