# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that the way by which the controller reaches a switch is found, or that it is said that it was not."""

from __future__ import annotations

import pytest

etree = pytest.importorskip("lxml.etree", reason="lxml is not installed")

from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.config.statements import from_xml
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.device.errors import RefusedError
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.management import (
    declared_way,
    found_way,
)

from .builders import switch

FAMILY = "unit 0 family ethernet-switching"
PORTS = f"""
set interfaces ge-0/0/0 ether-options 802.3ad ae0
set interfaces ae0 {FAMILY} port-mode trunk
set interfaces ae0 {FAMILY} vlan members mgmt
set interfaces ge-0/0/5 {FAMILY} port-mode trunk
set interfaces ge-0/0/5 {FAMILY} vlan members 1-20
set interfaces ge-0/0/6 {FAMILY} port-mode access
set interfaces ge-0/0/6 {FAMILY} vlan members other
set vlans mgmt vlan-id 10
set vlans mgmt l3-interface vlan.10
set vlans other vlan-id 30
"""
ADDRESS = """<configuration><interfaces><interface><name>{name}</name><unit><name>{unit}</name><family><inet>
<address><name>10.0.0.2/24</name></address></inet></family></unit></interface></interfaces></configuration>"""
REPLIES = {
    "get_route_information": "<route-information><rt-entry><nh><to>10.0.0.1</to><via>vlan.10</via></nh></rt-entry>"
    "</route-information>",
    "get_arp_table_information": "<arp-table-information><arp-table-entry><mac-address>00:00:5e:00:53:aa</mac-address>"
    "<ip-address>10.0.0.1</ip-address></arp-table-entry></arp-table-information>",
    "get_ethernet_switching_table_information": "<ethernet-switching-table-information><ethernet-switching-table>"
    "<mac-table-entry><mac-vlan>mgmt</mac-vlan><mac-address>00:00:5e:00:53:AA</mac-address>"
    "<mac-interfaces-list><mac-interfaces>ae0.0</mac-interfaces></mac-interfaces-list></mac-table-entry>"
    "</ethernet-switching-table></ethernet-switching-table-information>",
}


def config(name: str, unit: int = 0):
    found = switch(PORTS)
    found.statements.update(from_xml(ADDRESS.format(name=name, unit=unit)).statements)
    return found


def answer(name, **_arguments):
    return etree.fromstring(REPLIES[name])


def refuse(_name, **_arguments):
    raise RefusedError("no such request")


ADDRESSES = ("192.0.2.7", "10.0.0.2")


def test_the_mac_table_shows_the_port_behind_which_the_next_hop_is():
    way = found_way(config("vlan", 10), "nonels", ADDRESSES, answer)
    assert (way.ports, way.vlans) == ({"ae0", "ge-0/0/0"}, {"mgmt"})


def test_where_the_switch_does_not_tell_every_port_of_the_vlan_counts():
    way = found_way(config("vlan", 10), "nonels", ADDRESSES, refuse)
    assert way.ports == {"ae0", "ge-0/0/0", "ge-0/0/5"}


@pytest.mark.parametrize("name", ["me0", "vme", "fxp0", "em0"])
def test_an_interface_that_no_bundle_touches_endangers_nothing(name):
    way = found_way(config(name), "nonels", ADDRESSES, refuse)
    assert (way.ports, way.vlans) == (set(), set())
    assert way.how


def test_a_routed_port_is_the_way_itself():
    assert found_way(config("ge-0/0/9"), "nonels", ADDRESSES, refuse).ports == {"ge-0/0/9"}


@pytest.mark.parametrize("addresses", [("192.0.2.7", "10.9.9.9"), (None, None)])
def test_an_address_that_the_switch_does_not_have_tells_nothing(addresses):
    assert found_way(config("vlan", 10), "nonels", addresses, refuse).how == ""


def test_what_the_user_names_wins():
    by_vlan = declared_way(config("vlan", 10), "nonels", (), "mgmt")
    by_port = declared_way(config("vlan", 10), "nonels", ("ge-0/0/0",), "mgmt")
    assert by_vlan is not None
    assert by_vlan.ports == {"ae0", "ge-0/0/0", "ge-0/0/5"}
    assert by_port is not None
    assert by_port.ports == {"ae0", "ge-0/0/0"}
