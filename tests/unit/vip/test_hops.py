# SPDX-License-Identifier: GPL-3.0-or-later
"""The hop limit of a peer's adverts is asked for as soon as that loses no address, and the path to it has no router."""

from __future__ import annotations

import pytest

from ansible_collections.netstack.datacenter.plugins.module_utils.vip.hops import require_links, settle
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.model import VipError
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.render import Paths, render

from .vip_builders import instance, instance6, site

RELEASE = (2, 3, 3)
PEER = "2001:db8::12"
OLD = "vrrp_instance web6 {\n    unicast_peer {\n        2001:db8::12\n    }\n}\n"
SENDS = OLD.replace("    unicast_peer", "    unicast_ttl 255\n    unicast_peer")
ASKS = SENDS.replace("db8::12", "db8::12 min_ttl 255 max_ttl 255")


def asks(current, heard, **more):
    """Tell whether the next configuration asks for the hop limit, after ``heard`` has been heard."""
    found = settle(site({"web6": instance6(**more)}), current, lambda _peers, _seconds: heard)
    text = render(found, RELEASE, Paths())
    assert "check_unicast_src" in text
    assert "unicast_ttl 255" in text
    return "min_ttl" in text


@pytest.mark.parametrize(
    ("current", "heard", "expected"),
    [
        ("", {}, True),  # a new node, and nobody speaks
        ("", {PEER: 64}, False),  # a new node beside one of an earlier release
        ("", {PEER: 255}, True),
        (OLD, {}, False),  # the holder: its peer is silent, and may be of an earlier release
        (OLD, {PEER: 64}, False),
        (OLD, {PEER: 255}, False),  # the second node of a run, whose rollback takes the first one back before it
        (SENDS, {}, True),
        (SENDS, {PEER: 64}, False),
        (SENDS, {PEER: 255}, True),
    ],
)
def test_the_hop_limit_is_asked_for_once_the_peer_sends_it(current, heard, expected):
    assert asks(current, heard) is expected


def test_routers_in_between_take_their_share():
    assert asks("", {PEER: 253}, unicast_hops=2)
    assert not asks("", {PEER: 252}, unicast_hops=2)


def test_nobody_listens_where_it_is_asked_for_already_nor_for_ipv4_and_multicast():
    def fail(_peers, _seconds):
        pytest.fail("listened")

    multicast = instance6(unicast_source=None, unicast_peers=None, virtual_router_id=52, addresses=["2001:db8::9/64"])
    declared = site({"web6": instance6(), "web4": instance(), "gw": multicast})
    assert settle(declared, ASKS, fail) == declared


def test_it_waits_as_long_as_a_backup_would():
    waits = []

    def hear(peers, seconds):
        waits.append((peers, seconds))
        return {}

    settle(site({"web6": instance6(advert_interval=2)}), "", hear)
    assert waits == [({PEER}, 7.0)]


def routed(gateway):
    answer = '[{"dst": "192.0.2.12", "dev": "eth0"%s}]' % (f', "gateway": "{gateway}"' if gateway else "")
    return lambda command: (2, "", "no such source") if "from" in command else (0, answer, "")


def test_a_peer_behind_a_router_that_is_not_declared_is_refused():
    require_links(site(), routed(""))
    require_links(site({"web4": instance(unicast_hops=1)}), routed("192.0.2.1"))
    require_links(site(), lambda command: (2, "", "the network is down"))
    with pytest.raises(VipError, match=r"peer 192.0.2.12 behind the router 192.0.2.1\. .* set `unicast_hops`"):
        require_links(site(), routed("192.0.2.1"))
