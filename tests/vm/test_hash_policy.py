# SPDX-License-Identifier: GPL-3.0-or-later
"""A real kernel sends each address pair over the cable that the site foretells, by each policy that it knows."""

from __future__ import annotations

import json
import shlex
from ipaddress import ip_address
from pathlib import Path

import pytest

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack import hashing

PROGRAM = Path(__file__).with_name("sending.py").read_text()
PAIRS = 2 * 16 + 8
PORTS = 8


def sent(host, policy, cables, interface):
    """Return source, destination, source port, mixed MAC addresses and cable of each datagram that the host sent."""
    words = ["unshare", "--net", "python3", "-c", PROGRAM, policy, str(cables), interface]
    found = json.loads(host.shell(shlex.join(words)))
    assert len(found) == PAIRS * PORTS
    return [(ip_address(source), ip_address(destination), *rest) for source, destination, *rest in found]


@pytest.mark.parametrize(
    ("policy", "cables", "interface"),
    [
        ("layer2", 2, "bond0.10"),
        ("layer2", 3, "bond0"),
        ("layer2+3", 2, "bond0"),
        ("layer2+3", 3, "bond0.10"),
        ("layer2+3", 4, "bond0"),
        ("encap2+3", 3, "bond0"),
    ],
)
def test_each_pair_takes_the_cable_of_its_lane_whatever_its_ports_are(one, policy, cables, interface):
    found = sent(one, policy, cables, interface)
    lane = hashing.LANES[policy]
    foretold = [hashing.cable_of(lane(source, to, cables), macs, cables) for source, to, _port, macs, _cable in found]
    assert [cable for *_pair, cable in found] == foretold
    assert set(foretold) == set(range(cables))


def test_by_ports_one_pair_takes_several_cables(one):
    found = sent(one, "layer3+4", 2, "bond0")
    by_pair = {}
    for source, to, _port, _macs, cable in found:
        by_pair.setdefault((source, to), set()).add(cable)
    assert len(by_pair) == PAIRS
    assert set(map(frozenset, by_pair.values())) == {frozenset({0, 1})}
