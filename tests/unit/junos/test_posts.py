# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that the bundles of the blog posts come out as the posts have them, where the posts are right.

Where they are wrong: `set interface` (the hierarchy is `interfaces`), `set ae5 unit 0` (`set interfaces ae5 unit 0`),
and members put into ae0 while ae5 is configured: members and unit come from one object here, so they cannot part. The
posts' device-count 4 is whatever the highest bundle needs.
"""

from __future__ import annotations

import pytest

from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.declared.model import Declared

from .builders import GOLDEN, STYLES, declared, made, settled, switch

VLANS = {"server_vlan1": {"id": 10}, "vmotion": {"id": 20}, "nfs": {"id": 30}}
POSTS: dict[str, dict[str, dict[str, object]]] = {
    # ESX, all port groups tagged, IP hash: a static bundle.
    "esx_static": {"ae0": {"members": ["ge-0/0/0", "ge-1/0/0"], "lacp": "none", "tagged": ["server_vlan1", "vmotion"]}},
    # ESXi whose management is untagged: an access port lost packets, a trunk with only a native VLAN did not.
    "esxi_management_trunk": {
        "ae0": {"members": ["ge-0/0/0", "ge-1/0/0"], "lacp": "none", "mode": "trunk", "untagged": "server_vlan1"}
    },
    "netapp_lacp_slow": {
        "ae1": {
            "members": ["ge-0/0/2", "ge-0/0/3"],
            "lacp": "active",
            "periodic": "slow",
            "tagged": ["nfs"],
            "description": "NetApp1 - Controller 2",
        }
    },
}


def post(name: str) -> Declared:
    return declared(VLANS, POSTS[name])


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("name", POSTS)
def test_the_posts_bundle_is_rendered_as_its_golden_file_says(name, style, golden):
    result = made(switch(), post(name), style)
    golden(GOLDEN / f"{name}.{style}.set", "".join(line + "\n" for line in result.commands))
    golden(GOLDEN / f"{name}.{style}.xml", result.xml)
    assert settled(result, post(name))


def test_without_els_the_management_trunk_is_the_posts_own_configuration():
    commands = made(switch(), post("esxi_management_trunk"), "nonels").commands
    family = "set interfaces ae0 unit 0 family ethernet-switching"
    assert [line for line in commands if line.startswith("set interfaces ae0")] == [
        f"{family} port-mode trunk",
        f"{family} native-vlan-id server_vlan1",
    ]
    assert "set interfaces ge-0/0/0 ether-options 802.3ad ae0" in commands


def test_with_els_the_native_vlan_is_a_number_of_the_interface_and_a_member_too():
    commands = made(switch(), post("esxi_management_trunk"), "els").commands
    assert "set interfaces ae0 native-vlan-id 10" in commands
    assert "set interfaces ae0 unit 0 family ethernet-switching vlan members server_vlan1" in commands


def test_the_filers_bundle_says_its_mode_and_its_slow_timer():
    commands = made(switch(), post("netapp_lacp_slow"), "nonels").commands
    lacp = "set interfaces ae1 aggregated-ether-options lacp"
    assert [line for line in commands if "lacp" in line] == [f"{lacp} active", f"{lacp} periodic slow"]
    assert "set chassis aggregated-devices ethernet device-count 2" in commands
