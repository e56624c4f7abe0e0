# SPDX-License-Identifier: GPL-3.0-or-later
"""Every wrong declaration is refused with its own sentence, committed in golden/refusals.txt; all faults at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.netstack.datacenter.plugins.module_utils.vip.model import VipError
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.plain import parse_plain
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.targets import instance_targets

from .vip_builders import instance, instance6, site

GOLDEN = Path(__file__).parent / "golden" / "refusals.txt"


def one(**more):
    return lambda: site({"web4": instance(**more)})


def plain(*items):
    return lambda: parse_plain([{"interface": "eth0", "address": "192.0.2.9/24", **item} for item in items])


CASES = {
    "no instance": lambda: site({}),
    "instance that is no mapping": lambda: site({"web4": "192.0.2.100/24"}),
    "misspelt key": one(vrid=51, adresses=["192.0.2.100/24"]),
    "name that cannot be a file": lambda: site({"../web": instance()}),
    "no interface": one(interface=None),
    "impossible interface": one(interface="eth0; reboot"),
    "no virtual router id": one(virtual_router_id=None),
    "virtual router id 0": one(virtual_router_id=0),
    "virtual router id as true": one(virtual_router_id=True),
    "priority of the address owner": one(priority=255),
    "priority with a fraction": one(priority=100.5),
    "no address": one(addresses=None),
    "address that is none": one(addresses=["192.0.2.300/24"]),
    "address without prefix": one(addresses=["192.0.2.100"]),
    "network's own address": one(addresses=["192.0.2.0/24"]),
    "loopback address": one(addresses=["127.0.0.1/8"]),
    "both families": one(addresses=["192.0.2.100/24", "2001:db8::1/64"]),
    "address twice": one(addresses=["192.0.2.100/24", "192.0.2.100/24"]),
    "address in two instances": lambda: site({"a": instance(), "b": instance(virtual_router_id=52)}),
    "virtual router twice": lambda: site({"a": instance(), "b": instance(addresses=["192.0.2.101/24"])}),
    "peers without source": one(unicast_source=None),
    "source without peers": one(unicast_peers=None),
    "peer that is no address": one(unicast_peers=["lb2"]),
    "peers of the other family": one(unicast_peers=["2001:db8::12"]),
    "itself as peer": one(unicast_peers=["192.0.2.11"]),
    "peer twice": one(unicast_peers=["192.0.2.12", "192.0.2.12"]),
    "hops without peers": one(unicast_source=None, unicast_peers=None, unicast_hops=1),
    "more hops than a TTL has": one(unicast_hops=255),
    "raw that sends another TTL": one(raw=["unicast_ttl 64"]),
    "virtual address is a node's": one(addresses=["192.0.2.12/24"]),
    "preempt as text": one(preempt="rarely"),
    "advert interval too long": one(advert_interval=60),
    "advert interval finer than VRRPv3": one(advert_interval=0.125),
    "raw with two lines": one(raw=["debug 1\ndebug 2"]),
    "unknown secret": one(authentication_secret="absent"),
    "secret too long": lambda: site(
        {"web4": instance(authentication_secret="vrrp")},
        secrets={"vrrp": "ninechars"},
    ),
    "authentication with the profile's fast adverts": lambda: site(
        {"web4": instance(authentication_secret="vrrp")}, profile="tuned", secrets={"vrrp": "a1b2c3d4"}
    ),
    "authentication for IPv6": lambda: site({"web6": instance6(authentication_secret="vrrp")}),
    "authentication with fast adverts": lambda: site(
        {"web4": instance(authentication_secret="vrrp", advert_interval=1.5)}
    ),
    "misspelt health key": lambda: site(health={"prot": 8405}),
    "health path with a shell in it": lambda: site(health={"path": "/$(reboot)"}),
    "health address that is a name": lambda: site(health={"address": "localhost"}),
    "health port out of range": lambda: site(health={"port": 0}),
    "router id in raw": lambda: site(raw=["router_id me"]),
    "router id with a blank": lambda: site(router_id="load balancer"),
    "no plain address": lambda: parse_plain([]),
    "plain address twice": plain({}, {"interface": "eth1"}),
    "label of another interface": plain({"label": "eth1:1"}),
    "label on IPv6": plain({"address": "2001:db8::9/64", "label": "eth0:1"}),
    "plain interface with a slash": plain({"interface": "../eth0"}),
    "instance without addresses, for a move": lambda: instance_targets({"web4": {"interface": "eth0"}}),
}


def refusal(case):
    with pytest.raises(VipError) as caught:
        CASES[case]()
    return "\n".join(caught.value.faults)


def test_the_refusals_are_the_golden_ones(golden):
    golden(GOLDEN, "\n\n".join(f"# {case}\n{refusal(case)}" for case in CASES) + "\n")


def test_the_causes_differ():
    assert len({refusal(case) for case in CASES}) == len(CASES)


def test_ten_faults_give_ten_sentences():
    with pytest.raises(VipError) as caught:
        site(
            {
                "a": instance(
                    interface=None, virtual_router_id=0, priority=0, preempt="rarely", addresses=["192.0.2.1"]
                ),
                "b": instance(advert_interval=60, unicast_peers=["lb2"], vrid=1),
            },
            health={"port": 0},
            router_id="a b",
        )
    assert len(caught.value.faults) == 10


def test_a_refusal_never_shows_the_secret():
    with pytest.raises(VipError) as caught:
        site({"web4": instance(authentication_secret="vrrp")}, secrets={"vrrp": "canary-9fK2x"})
    assert "canary" not in str(caught.value)
