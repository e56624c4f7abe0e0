# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that the state of bundles is judged member by member, and that each message names the end and the flag."""

from __future__ import annotations

import pytest

etree = pytest.importorskip("lxml.etree", reason="lxml is not installed")

from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run import verify
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.plan import ExpectedBundle

BUNDLE = ExpectedBundle("ae0", ("ge-0/0/1", "ge-0/0/2"), lacp=True, minimum_links=2)
ROW = {
    **{"lacp-expired": "No", "lacp-defaulted": "No", "lacp-distributing": "Yes", "lacp-collecting": "Yes"},
    **{"lacp-synchronization": "Yes", "lacp-aggregation": "Yes", "lacp-timeout": "Slow", "lacp-activity": "Active"},
}


def links(**changed) -> verify.Links:
    up = {"ae0": ("up", "up"), "ge-0/0/1": ("up", "up"), "ge-0/0/2": ("up", "up")}
    found = verify.Links(up, {"ge-0/0/1": "ae0", "ge-0/0/2": "ae0"})
    found.up.update(changed.get("up", {}))
    found.bundle.update(changed.get("bundle", {}))
    return found


def flags(port: str = "", role: str = "", **changed):
    rows = {
        name: {"Actor": dict(ROW), "Partner": dict(ROW), "Protocol": {"lacp-mux-state": "Collecting distributing"}}
        for name in BUNDLE.members
    }
    if port:
        rows[port][role].update({key.replace("_", "-"): value for key, value in changed.items()})
    return rows


def judged(state=None, rows=None) -> list[str]:
    return [str(each) for each in verify.judge([BUNDLE], state or links(), rows if rows is not None else flags())]


def test_a_bundle_that_works_has_no_findings():
    assert judged() == []


@pytest.mark.parametrize(("role", "end"), [("Actor", "this switch (actor)"), ("Partner", "the far end (partner)")])
@pytest.mark.parametrize("flag", ["synchronization", "collecting", "distributing"])
def test_each_flag_of_each_end_is_named(role, end, flag):
    found = judged(rows=flags("ge-0/0/2", role, **{f"lacp_{flag}": "No"}))
    assert len(found) == 1
    assert found[0].startswith(f"ae0: ge-0/0/2: {end} has {flag} No")


def test_a_far_end_that_is_silent_is_told_first_and_alone():
    rows = flags("ge-0/0/2", "Partner", lacp_defaulted="Yes", lacp_synchronization="No")
    assert judged(rows=rows) == [
        "ae0: ge-0/0/2: the far end (partner) sends no LACP frames (defaulted Yes): it is static, does not speak LACP, "
        "or the cable goes to another port."
    ]


def test_a_bundle_that_the_switch_does_not_have_points_at_device_count():
    state = links()
    del state.up["ae0"]
    assert judged(state)[-1] == "ae0: the switch has no such interface (chassis device-count too low?)."


def test_members_below_the_minimum_and_strangers_are_named():
    state = links(up={"ge-0/0/2": ("down", "down")}, bundle={"ge-0/0/7": "ae0"})
    assert judged(state) == [
        "ae0: ge-0/0/2: the link is disabled and down.",
        "ae0: ge-0/0/7: it is in the bundle and should not be.",
        "ae0: 1 of at least 2 member links are up.",
    ]


def test_a_port_in_another_bundle_is_not_taken_for_a_member():
    assert "ae0: ge-0/0/2: it is not in the bundle (it is in ae1)." in judged(links(bundle={"ge-0/0/2": "ae1"}))


def test_a_static_bundle_needs_no_flags():
    static = ExpectedBundle("ae0", BUNDLE.members, lacp=False)
    assert verify.judge([static], links(), {}) == []


def test_a_mux_that_does_not_pass_traffic_is_named():
    rows = flags("ge-0/0/1", "Protocol", lacp_mux_state="Waiting")
    assert judged(rows=rows) == ["ae0: ge-0/0/1: this switch (actor) has mux state Waiting."]


def test_values_wrapped_in_newlines_are_read():
    reply = etree.fromstring(
        "<interface-information><physical-interface><name>\nge-0/0/1\n</name><admin-status>\nup\n</admin-status>"
        "<oper-status>\nup\n</oper-status><logical-interface><name>\nge-0/0/1.0\n</name><address-family>"
        "<address-family-name>\naenet\n</address-family-name><ae-bundle-name>\nae0.0\n</ae-bundle-name>"
        "</address-family></logical-interface></physical-interface></interface-information>"
    )
    found = verify.links(reply)
    assert found.up == {"ge-0/0/1": ("up", "up")}
    assert found.bundle == {"ge-0/0/1": "ae0"}
