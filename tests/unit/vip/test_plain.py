# SPDX-License-Identifier: GPL-3.0-or-later
"""Plain addresses become files that netplan and networkd read as meant, and those files are read back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.netstack.datacenter.plugins.module_utils.vip.plain import (
    addresses_in,
    parse_plain,
    render_netplan,
    render_networkd,
)

ITEMS = [
    {"interface": "eth0", "address": "192.0.2.100/24", "label": "eth0:1"},
    {"interface": "bond0.10", "address": "2001:db8::100/64", "label": ""},
    {"interface": "eth0", "address": "192.0.2.101/24", "label": ""},
]


def test_netplan_gets_each_interface_in_its_section():
    text = render_netplan(parse_plain(ITEMS), {"eth0": "ethernets", "bond0.10": "vlans"})
    assert text.split("\n", 1)[1] == (
        "network:\n"
        "  version: 2\n"
        "  ethernets:\n"
        "    eth0:\n"
        "      addresses:\n"
        '        - "192.0.2.100/24": {label: "eth0:1"}\n'
        '        - "192.0.2.101/24"\n'
        "  vlans:\n"
        "    bond0.10:\n"
        "      addresses:\n"
        '        - "2001:db8::100/64"\n'
    )


def test_networkd_gets_a_section_for_each_address():
    text = render_networkd(parse_plain(ITEMS[:1]))
    assert text.split("\n", 1)[1] == "[Address]\nAddress=192.0.2.100/24\nLabel=eth0:1\n"


@given(st.sets(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)), min_size=1, max_size=9))
def test_every_address_written_is_read_back(addresses):
    usable = [a for a in addresses if not (a.is_multicast or a.is_loopback or a.is_unspecified)]
    if not usable:
        return
    plains = parse_plain([{"interface": "eth0", "address": f"{a}/{a.max_prefixlen}", "label": ""} for a in usable])
    wanted = {str(a) for a in usable}
    assert addresses_in(render_networkd(plains)) == wanted
    assert addresses_in(render_netplan(plains, {"eth0": "ethernets"})) == wanted
