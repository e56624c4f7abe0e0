# SPDX-License-Identifier: GPL-3.0-or-later
"""The frames are those of the standards, and only an answer about the right address counts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.netstack.datacenter.plugins.module_utils.vip import packets
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.neighbours import Kernel

from .vip_builders import kernel_run

MAC, OTHER = bytes.fromhex("020000000001"), bytes.fromhex("020000000002")
KERNEL = kernel_run(
    ("lo", [("127.0.0.1", 8)]),
    ("eth0", [("192.0.2.11", 24), ("2001:db8::11", 64), ("fe80::1", 64)]),
    ("eth1", [("192.0.2.129", 25), ("198.51.100.1", 32)]),
)


def test_an_arp_probe_has_no_sender_address():
    frame = packets.arp_probe(MAC, "192.0.2.100")
    assert frame.hex() == (
        "ffffffffffff" "020000000001" "0806" "0001" "0800" "06" "04" "0001"
        "020000000001" "00000000" "000000000000" "c0000264"
    )  # fmt: skip


def test_a_neighbour_solicitation_goes_to_the_solicited_node_and_comes_from_a_real_address():
    frame = packets.neighbour_solicitation(MAC, "fe80::1", "2001:db8::ab:cdef")
    assert frame[:6].hex() == "3333ffabcdef"
    assert frame[22:38].hex() == "fe800000000000000000000000000001"
    assert frame[38:54].hex() == "ff0200000000000000000001ffabcdef"
    assert frame[21] == 255


@given(st.ip_addresses(v=6), st.binary(min_size=6, max_size=6))
def test_the_checksum_of_every_icmpv6_message_is_right(address, mac):
    frame = packets.neighbour_announcement(mac, str(address))
    message = frame[54:]
    pseudo = frame[22:54] + len(message).to_bytes(4, "big") + (58).to_bytes(4, "big")
    assert packets.checksum(pseudo + message) == 0


@given(st.ip_addresses(v=4), st.ip_addresses(v=4))
def test_an_announcement_speaks_of_its_own_address_only(one, other):
    frame = packets.arp_announcement(OTHER, str(one))
    assert packets.arp_owner(frame, str(other)) == (OTHER if one == other else None)


@given(st.ip_addresses(v=6), st.ip_addresses(v=6))
def test_an_advertisement_speaks_of_its_own_address_only(one, other):
    frame = packets.neighbour_announcement(OTHER, str(one))
    assert packets.neighbour_owner(frame, str(other)) == (OTHER if one == other else None)


def test_a_question_of_somebody_else_is_no_answer():
    assert packets.arp_owner(packets.arp_probe(OTHER, "192.0.2.100"), "192.0.2.100") is None
    question = packets.neighbour_solicitation(OTHER, "fe80::2", "2001:db8::1")
    assert packets.neighbour_owner(question, "2001:db8::1") is None


def test_an_advertisement_that_was_routed_is_not_believed():
    frame = bytearray(packets.neighbour_announcement(OTHER, "2001:db8::1"))
    frame[21] = 254
    assert packets.neighbour_owner(bytes(frame), "2001:db8::1") is None


@given(st.binary(max_size=120))
def test_no_frame_makes_the_reader_stumble(frame):
    packets.arp_owner(frame, "192.0.2.1")
    packets.neighbour_owner(frame, "2001:db8::1")


@pytest.mark.parametrize(
    ("address", "interface"),
    [
        ("192.0.2.100", "eth0"),
        ("192.0.2.200", "eth1"),
        ("2001:db8::99", "eth0"),
        ("203.0.113.1", ""),
        ("198.51.100.1", ""),
    ],
)
def test_the_link_of_an_address_is_that_of_the_narrowest_subnet(address, interface):
    assert Kernel(KERNEL).interface_for(address) == interface


def test_neighbours_are_asked_from_the_link_local_address_and_never_from_the_one_looked_for():
    kernel = Kernel(KERNEL)
    assert kernel.source_for("eth0", "2001:db8::100") == "fe80::1"
    assert kernel.source_for("eth0", "fe80::1") == "2001:db8::11"
    assert kernel.source_for("eth1", "2001:db8::100") == ""


def test_an_address_whose_duplicate_was_detected_is_not_held():
    answer = '[{"ifname": "eth0", "addr_info": [{"family": "inet6", "local": "2001:db8::1", "prefixlen": 64, %s}]}]'
    assert Kernel(lambda _c: (0, answer % '"dadfailed": true', "")).addresses() == set()
    assert Kernel(lambda _c: (0, answer % '"scope": "global"', "")).addresses() == {"2001:db8::1"}
