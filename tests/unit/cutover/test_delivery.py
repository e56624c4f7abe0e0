# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that the engine's rules say of every state what the flows say that go through it."""

from __future__ import annotations

from itertools import product

import pytest

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.end import HostSeen, SwitchSeen
from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.link_state import (
    HostForm,
    LinkState,
    PortForm,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.cutover import delivery
from ansible_collections.netstack.datacenter.plugins.plugin_utils.cutover.where import situation

from .builders import PAIRS, declared, path, start
from .pair import PLAIN, PORT_ID, STATIC

SETS = (frozenset(), frozenset({0}), frozenset({1}), frozenset({0, 1}))
STATES = [
    LinkState(groups, new, ports, disabled)
    for groups, new, ports, disabled in product(SETS[1:], (False, True), SETS, SETS)
]


def put(world, link, state) -> None:
    """Bring both ends to a state, whatever is lost on the way."""
    world.uplinks, world.form = link.nics_of(state.used), link.host_form(state)
    world.forms = {port: link.port_form(state, group) for group in link.groups for port in link.ports[group]}
    world.disabled = set(link.ports_of(state.disabled))


@pytest.mark.parametrize("name", PAIRS)
def test_the_rules_agree_with_the_flows_at_every_state(name):
    world = start(name)
    link, _steps = path(world)
    for state in STATES:
        put(world, link, state)
        lost = not all(map(world.comes_back, range(16)))
        reason = delivery.wrong(link, state)
        # A port-ID team over a plain port and a bundle of one works until somebody adds to the bundle: not relied on.
        careful = "inside and outside" in reason and not link.host_form(state).hashing
        assert careful or bool(reason) == lost, (state, reason)


def test_a_host_that_uses_none_of_the_cables_loses_nothing():
    world = start("plain to static")
    link, _steps = path(world)
    assert delivery.wrong(link, LinkState(frozenset())) == ""


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (PortForm(tagged=frozenset({10})), STATIC, "does not take the VLAN"),
        (PLAIN, PortForm("ae0", untagged=30), ""),
    ],
)
def test_the_vlan_of_the_management_is_judged(old, new, reason):
    forms = dict.fromkeys(("ge-0/0/0", "ge-1/0/0"), old)
    link, state = situation(declared(port=new), SwitchSeen(forms), HostSeen(("vmnic2",), PORT_ID, False))
    assert reason in delivery.wrong(link, state)
    assert delivery.wrong(link, link.goal) == ""


def test_a_third_vlan_is_neither_where_the_management_was_nor_where_it_shall_be():
    forms = {"ge-0/0/0": PLAIN, "ge-1/0/0": PLAIN}
    both = declared(port=PortForm("ae0", untagged=30, tagged=frozenset({10})), host=HostForm(True, 10))
    link, state = situation(both, SwitchSeen(forms), HostSeen(("vmnic2", "vmnic3"), PORT_ID, False))
    astray = LinkState(frozenset({0}), False, frozenset({0, 1}), frozenset({1}))
    assert delivery.wrong(link, state) == ""
    assert "another VLAN" in delivery.wrong(link, astray)
