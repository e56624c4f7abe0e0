# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that what is in the way is told before anything is changed: two holders of a VIP, a node that is down."""

from __future__ import annotations

import subprocess
import time

import pytest
from conftest import INVENTORY, TOPOLOGY, inside, play

from checkout import localised as here
from podman import as_root
from topology import load as load_topology
from traffic.site_copy import SiteCopy

pytestmark = pytest.mark.part("site")

SHOP = here("10.231.10.100")
"""It is preferred on lb2."""
NODES = ["--limit", "load_balancers"]
"""Switches and hosts have no part in these."""


@pytest.fixture
def changed(first):
    """A copy of the site with a change of HAProxy that is yet to be made."""
    copy = SiteCopy(INVENTORY, "told_before")
    copy.change(lambda data: data["services"]["shop"].update(balance="leastconn"))
    return copy.folder


def held(node):
    return f"{SHOP}/" in inside(node, "ip", "-brief", "address", "show", "eth1")


@pytest.fixture
def doubled(first):
    """lb1 has the VIP that lb2 holds, set by a hand."""
    assert (held("lb1"), held("lb2")) == (False, True)
    inside("lb1", "ip", "address", "add", f"{SHOP}/32", "dev", "eth1")
    yield
    inside("lb1", "ip", "address", "delete", f"{SHOP}/32", "dev", "eth1")


def test_two_holders_stop_the_plan_and_are_named_by_verify_whatever_is_pending(changed, doubled):
    seen = play(*NODES, playbook="verify", inventory=changed)
    assert seen.code != 0
    assert "What is declared is not in service" in seen.out
    assert f"{SHOP}: 2 hosts hold it" in seen.out
    planned = play(*NODES, playbook="plan", inventory=changed)
    assert planned.code != 0
    assert f"{SHOP}: 2 hosts hold it" in planned.out
    assert "Nothing was changed" in planned.out


@pytest.fixture
def without_lb2(first):
    """lb2 has no power: nobody answers there, and no kernel holds its VIPs any more."""
    container = load_topology(TOPOLOGY).container("lb2")
    subprocess.run(as_root(["podman", "kill", container]), check=True, capture_output=True)
    yield
    subprocess.run(as_root(["podman", "start", container]), check=True, capture_output=True)
    end = time.monotonic() + 120
    while inside("lb2", "systemctl", "is-active", "ssh", check=False).strip() != "active":
        assert time.monotonic() < end, "lb2 has not come up again"
        time.sleep(1)
    mended = play()
    assert mended.code == 0, mended.out


@pytest.mark.all_only("what is said of a node that is down is of unit tests; the way on is the same change in place")
def test_a_node_that_is_down_names_the_way_on_and_that_way_goes(changed, without_lb2):
    stopped = play(*NODES, inventory=changed)
    assert stopped.code != 0
    assert "--limit 'lb1' -e stack_change_holder=true changes lb1 in place" in stopped.out
    assert "balance leastconn" not in inside("lb1", "cat", "/etc/haproxy/haproxy.cfg")
    done = play("--limit", "lb1", "-e", "stack_change_holder=true", inventory=changed)
    assert done.code == 0, done.out
    assert "balance leastconn" in inside("lb1", "cat", "/etc/haproxy/haproxy.cfg")
    assert held("lb1")
