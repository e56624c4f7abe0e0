# SPDX-License-Identifier: GPL-3.0-or-later
"""The hashes by which ESXi and a Linux bond choose a cable: worked examples of others, and what holds for all.

What the kernel really does is asked of it in tests/vm/test_hash_policy.py.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.netstack.datacenter.plugins.module_utils.linux_bond.model import POLICIES
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack import hashing
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.link import HashPolicy

ADDRESSES4 = st.integers(0, 2**32 - 1).map(IPv4Address)
ADDRESSES6 = st.integers(0, 2**128 - 1).map(IPv6Address)
PAIRS = st.tuples(ADDRESSES4, ADDRESSES4) | st.tuples(ADDRESSES6, ADDRESSES6)
CABLES = st.integers(2, 8)
POWERS = (2, 4, 8)
TYPES = {4: 0x0800, 6: 0x86DD}


def index(source, destination, cables):
    return hashing.ip_hash(ip_address(source), ip_address(destination), cables)


@pytest.mark.parametrize(
    ("destination", "uplink"), [("10.0.0.20", 0), ("10.0.0.22", 0), ("10.0.0.21", 1)], ids=["NFS1", "NFS2", "mended"]
)
def test_the_example_of_kb_1007371_with_two_uplinks(destination, uplink):
    assert index("10.0.0.10", destination, 2) == uplink


@pytest.mark.parametrize(
    ("destination", "uplink"), [("0xC0A86478", 1), ("0xC0A86482", 3), ("0xC0A8648C", 1), ("0xC0A86496", 3)]
)
def test_the_example_of_a_filer_with_four_addresses_at_four_uplinks(destination, uplink):
    """Of "Troubleshooting IP-Hash Load Balancing on a NFS Storage Network", 24 January 2012: two of four are used."""
    assert hashing.ip_hash(IPv4Address(0xC0A86465), IPv4Address(int(destination, 16)), 4) == uplink


def test_where_the_two_descriptions_of_ip_hash_disagree_nothing_is_foretold():
    assert 0x051E % 3 == 2  # 10.0.1.10 XOR 10.0.4.20, by the whole addresses
    assert 0x1E % 3 == 0  # by their last octets
    assert index("10.0.1.10", "10.0.4.20", 3) is None
    assert index("10.0.1.10", "10.0.4.20", 2) == 0  # both agree
    assert index("10.0.1.10", "10.0.1.20", 3) == 0


def test_nothing_is_foretold_of_ip_hash_and_ipv6():
    assert index("2001:db8::1", "2001:db8::2", 2) is None


@given(source=ADDRESSES4, destination=ADDRESSES4, cables=CABLES)
def test_ip_hash_is_a_cable_and_the_same_both_ways(source, destination, cables):
    found = hashing.ip_hash(source, destination, cables)
    assert found is None or 0 <= found < cables
    assert found == hashing.ip_hash(destination, source, cables)


@given(source=ADDRESSES4, last=st.integers(0, 255), cables=CABLES)
def test_within_24_bits_ip_hash_is_always_foretold(source, last, cables):
    assert hashing.ip_hash(source, IPv4Address(int(source) & ~255 | last), cables) is not None


def test_the_bonds_hash_of_two_neighbours_step_by_step():
    # 0x0100000a ^ 0x0200000a ^ 0x0800 (IPv4) is 0x03000800, mixed by 16 bits 0x03000b00, by 8 bits 0x03030b0b
    assert hashing.bond_hash(ip_address("10.0.0.1"), ip_address("10.0.0.2")) == 0x03030B0B


@given(pair=PAIRS, macs=st.integers(0, 255))
def test_the_bonds_hash_is_symmetric_and_its_last_octet_is_all_octets_mixed(pair, macs):
    source, destination = pair
    found = hashing.bond_hash(source, destination, macs)
    assert found == hashing.bond_hash(destination, source, macs)
    mixed = macs
    for octet in source.packed + destination.packed + TYPES[source.version].to_bytes(2, "big"):
        mixed ^= octet
    assert found & 255 == mixed


@pytest.mark.parametrize("policy", ["layer2", "layer2+3"])
@given(first=PAIRS, second=PAIRS, cables=CABLES)
def test_lanes_say_of_two_pairs_what_all_mac_addresses_show(policy, first, second, cables):
    lanes = [hashing.LANES[policy](*pair, cables) for pair in (first, second)]
    by_macs = [[_sent(policy, *pair, macs, cables) for macs in range(256)] for pair in (first, second)]
    assert [hashing.cable_of(lanes[0], macs, cables) for macs in range(256)] == by_macs[0]
    assert (lanes[0] == lanes[1]) == (by_macs[0] == by_macs[1])
    different = all(one != other for one, other in zip(*by_macs, strict=True))
    assert hashing.apart(*lanes, cables) == different
    if cables in POWERS and policy == "layer2+3":
        assert different == (lanes[0] != lanes[1])


def _sent(policy, source, destination, macs, cables):
    """Return the cable as the kernel computes it (bond_eth_hash, bond_ip_hash)."""
    if policy == "layer2":
        return (macs ^ TYPES[source.version]) % cables
    return hashing.bond_hash(source, destination, macs) % cables


def test_the_site_takes_the_policies_of_the_role_and_foretells_none_that_looks_at_ports():
    assert list(get_args(HashPolicy)) == POLICIES
    assert set(hashing.LANES) - {hashing.IP_HASH} == {"layer2", "layer2+3", "encap2+3"}
