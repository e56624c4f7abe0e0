# SPDX-License-Identifier: GPL-3.0-or-later
"""keepalived.conf is what people have reviewed in golden/, for each release."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.netstack.datacenter.plugins.module_utils.vip.render import (
    Paths,
    digest,
    render,
    router_id,
)

from .vip_builders import instance, instance6, site

GOLDEN = Path(__file__).parent / "golden"
DEBIAN12, UBUNTU24, DEBIAN13 = (2, 2, 7), (2, 2, 8), (2, 3, 3)
PAIR = {
    "edge-a-v4": instance(addresses=["192.0.2.100/24", "192.0.2.101/24"], preferred=True),
    "edge-a-v6": instance6(preferred=True),
    "edge-b-v4": instance(addresses=["192.0.2.102/24"], virtual_router_id=52, priority=100, preferred=False),
}
CASES = {
    "pair-debian12": (site(PAIR), DEBIAN12),
    "pair-tuned-debian13": (site(PAIR, profile="tuned"), DEBIAN13),
    "pair-tuned-ubuntu2404": (site(PAIR, profile="tuned"), UBUNTU24),
    "multicast-preempting": (
        site({"gw": instance(unicast_source=None, unicast_peers=None, preempt=True)}, health={"enabled": False}),
        DEBIAN13,
    ),
    "authenticated-raw": (
        site(
            {"gw": instance(authentication_secret="vrrp", raw=["debug 2"])},
            raw=["vrrp_garp_interval 0.001"],
        ),
        DEBIAN13,
    ),
}
LIKE = {"pair-debian12": "pair-tuned-debian13", "pair-tuned-ubuntu2404": "pair-tuned-debian13"}


def rendered(case):
    return GOLDEN / f"{case}.conf", render(*CASES[case], Paths())


@pytest.mark.parametrize("case", CASES)
def test_the_configuration_is_the_golden_one(case, golden):
    golden(*rendered(case), like=rendered(LIKE[case]) if case in LIKE else None)


def test_the_router_id_ends_in_the_digest_of_all_the_rest():
    text = render(site(), DEBIAN13, Paths())
    body = text.replace(router_id(text), "@ROUTER_ID@")
    assert router_id(text) == f"lb1-{digest(body)}"


@given(st.integers(1, 254), st.integers(1, 254))
def test_two_configurations_have_the_same_router_id_only_if_they_are_the_same(one, other):
    first, second = (render(site({"a": instance(priority=p)}), DEBIAN13, Paths()) for p in (one, other))
    assert (router_id(first) == router_id(second)) == (one == other)


@given(st.sampled_from(["standard", "tuned"]), st.tuples(st.just(2), st.integers(0, 3), st.integers(0, 9)))
def test_an_old_release_never_gets_a_fractional_interval(profile, version):
    lines = [line.split() for line in render(site(profile=profile), version, Paths()).splitlines()]
    intervals = [words[1] for words in lines if words[:1] == ["interval"]]
    assert len(intervals) == 2
    assert version >= (2, 2, 9) or not any("." in interval for interval in intervals)


@given(
    st.sets(st.integers(1, 200), min_size=1, max_size=20),
    st.booleans(),
)
def test_every_address_is_in_exactly_one_instance_that_has_its_own_lease(numbers, preempt):
    instances = {
        f"i{n}": instance(addresses=[f"198.51.100.{n}/24"], virtual_router_id=n, preempt=preempt) for n in numbers
    }
    text = render(site(instances), DEBIAN13, Paths())
    for n in numbers:
        assert text.count(f"198.51.100.{n}/24 dev eth0\n") == 1
        assert text.count(f'script "/usr/local/libexec/netstack-vip-lease i{n}"\n') == 1
        assert text.count(f"        lease_i{n}\n") == 1
    assert text.count("    nopreempt\n") == (0 if preempt else len(numbers))
    assert text.count("{") == text.count("}")


def unicast(version, **more):
    """Return what an instance says of its peers, without the blanks at the lines' ends."""
    lines = [line.strip() for line in render(site({"web4": instance(**more)}), version, Paths()).splitlines()]
    words = ("check_unicast_src", "lower_prio_no_advert", "unicast_ttl", "vrrp_check_unicast_src", "192.0.2.12")
    return [line for line in lines if line.split()[:1] and line.split()[0] in words]


@pytest.mark.parametrize("version", [(2, 1, 0), (2, 1, 5), (2, 2, 4), DEBIAN12, UBUNTU24, DEBIAN13])
def test_only_the_peer_itself_on_the_link_is_believed(version):
    peer = "192.0.2.12 min_ttl 255 max_ttl 255"
    assert unicast(version) == ["check_unicast_src", "lower_prio_no_advert", "unicast_ttl 255", peer]


def test_a_peer_behind_routers_is_believed_at_the_ttl_that_they_leave():
    assert unicast(DEBIAN13, unicast_hops=2)[-1] == "192.0.2.12 min_ttl 253 max_ttl 255"


def test_a_release_that_knows_no_ttl_of_peers_checks_the_source_alone():
    assert unicast((2, 0, 20)) == ["vrrp_check_unicast_src", "192.0.2.12"]
    assert unicast((1, 2, 19)) == ["192.0.2.12"]


def test_multicast_says_nothing_of_peers():
    text = render(site({"gw": instance(unicast_source=None, unicast_peers=None)}), DEBIAN13, Paths())
    assert "unicast" not in text
