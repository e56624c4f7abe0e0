# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves when the simple switch beside a host agrees with its team."""

from __future__ import annotations

import pytest

from kinds.esxi_vss.fabric import team
from kinds.esxi_vss.host import Host
from kinds.esxi_vss.reach import agrees

from .builders import two_uplinks, update_group

PLAIN = {"vmnic0": "", "vmnic1": ""}
STATIC = {"vmnic0": "ae0", "vmnic1": "ae0"}
BOTH = ["vmnic0", "vmnic1"]


@pytest.mark.parametrize(
    ("policy", "uplinks", "far", "whole"),
    [
        ("loadbalance_ip", BOTH, STATIC, True),
        ("loadbalance_ip", BOTH, PLAIN, False),
        ("loadbalance_srcid", BOTH, PLAIN, True),
        ("loadbalance_srcid", BOTH, STATIC, False),
        ("loadbalance_ip", ["vmnic0"], STATIC, False),
        ("loadbalance_ip", ["vmnic0"], {"vmnic0": "ae0", "vmnic1": ""}, True),
        ("loadbalance_srcid", ["vmnic1"], {"vmnic0": "ae0", "vmnic1": ""}, True),
        ("loadbalance_srcid", ["vmnic0"], {"vmnic0": "ae0", "vmnic1": ""}, True),
        ("loadbalance_ip", BOTH, {"vmnic0": "ae0", "vmnic1": ""}, False),
        ("loadbalance_ip", BOTH, {"vmnic0": "ae0", "vmnic1": "ae1"}, False),
        ("loadbalance_srcid", [], PLAIN, False),
        ("loadbalance_srcid", ["vmnic2"], PLAIN, False),
    ],
)
def test_a_team_is_reached_when_both_ends_are_of_one_mind(
    policy: str, uplinks: list[str], far: dict[str, str], whole: bool
) -> None:
    assert agrees(policy, uplinks, far) is whole


def test_the_team_that_counts_is_the_management_port_groups(host: Host) -> None:
    two_uplinks(host, "loadbalance_ip")
    assert team(host) == ("loadbalance_srcid", ["vmnic0"])
    update_group(host, lambda spec: setattr(spec.policy, "nicTeaming", None))
    assert team(host) == ("loadbalance_ip", BOTH)
    host.nics["vmnic0"].dark = True
    assert team(host) == ("loadbalance_ip", ["vmnic1"])
