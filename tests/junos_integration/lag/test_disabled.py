# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves, against a simulated switch of each style, that a disabled member is dark and not waited for."""

from __future__ import annotations

from unit.junos.builders import declared
from unit.junos.switches import Lab

from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run import verify
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.request import (
    Request,
    Verification,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.transaction import apply

MEMBERS = ["ge-0/0/1", "ge-0/0/2"]


def request(disabled: list[str], lacp: str = "none") -> Request:
    bundle = {"members": MEMBERS, "lacp": lacp, "untagged": "server", "disabled_members": disabled}
    wanted = declared({"server": {"id": 10}}, {"ae0": bundle})
    return Request(wanted, verification=Verification(timeout=5, interval=0.1))


def links(lab: Lab) -> verify.Links:
    session = lab.open()
    try:
        return verify.links(session.read("get_interface_information", terse=True))
    finally:
        session.close()


def test_a_disabled_member_is_dark_and_its_bundle_is_up(lab):
    lab.far_end(*MEMBERS, lacp="active")
    outcome = apply(lab.open, request(["ge-0/0/1"], "active"))
    assert "ae0: up with ge-0/0/2 (LACP flags of both ends); ge-0/0/1 disabled" in outcome.verified
    found = links(lab).up
    assert (found["ge-0/0/1"], found["ge-0/0/2"], found["ae0"]) == (("down", "down"), ("up", "up"), ("up", "up"))


def test_taking_it_from_the_list_lights_it_again_and_then_nothing_is_left_to_do(lab):
    lab.far_end(*MEMBERS)
    apply(lab.open, request(["ge-0/0/1"]))
    assert apply(lab.open, request([])).plan.commands == ["delete interfaces ge-0/0/1 disable"]
    assert links(lab).up["ge-0/0/1"] == ("up", "up")
    assert not apply(lab.open, request([])).changed
