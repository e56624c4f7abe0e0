# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that each link of the report has both ends, just the texts that concern it, and what could not be verified."""

from __future__ import annotations

import pytest

from ansible_collections.netstack.datacenter.plugins.plugin_utils.report import links, page
from unit.report.test_report import link, part

VERIFIED = ["the configuration is the declared one", "ae1: up with ge-0/0/2", "ae10: up with ge-0/0/20, ge-0/0/21"]


def declared(name, **changed):
    found = link(name, **changed)
    return {key: value for key, value in found.items() if key not in ("verified", "failures", "unverified")}


def test_a_text_goes_to_the_link_whose_bundle_or_port_it_names_and_a_general_one_to_all():
    ours = [declared("a", lag="ae1", ports=["ge-0/0/2"]), declared("b", lag="ae10", ports=["ge-0/0/20", "ge-0/0/21"])]
    failures = ["missing: set interfaces ge-0/0/2 disable", "the session is lost"]
    first, second = links.judged(ours, VERIFIED, failures)
    assert (first["verified"], first["failures"]) == (VERIFIED[:2], failures)
    assert (second["verified"], second["failures"]) == ([VERIFIED[0], VERIFIED[2]], failures[1:])


@pytest.mark.parametrize(("bundle", "words"), [("lacp", "its LACP flags"), ("static", "a static bundle shows nothing")])
def test_a_far_end_that_nobody_configures_is_told_with_what_is_seen_of_it(bundle, words):
    (told,) = links.judged([declared("a", bundle=bundle)], VERIFIED, [])[0]["unverified"]
    assert told.startswith(f"the far end lb1 (linux) is not configured by this version; {words}")
    assert links.judged([declared("a", bundle=bundle, provisioned=True)], VERIFIED, [])[0]["unverified"] == []


def test_a_plain_port_without_a_link_is_told_and_one_with_a_link_is_verified():
    plain = declared("a", bundle="none", lag=None, ports=["ge-0/0/1", "ge-0/0/10"], provisioned=True)
    up = "ge-0/0/10: the link of this plain port is up"
    seen = links.judged([plain], [VERIFIED[0], up], [])[0]
    assert seen["verified"] == [VERIFIED[0], up]
    assert seen["unverified"] == ["no link is seen on the plain port ge-0/0/1"]


def test_a_link_that_nobody_looked_at_is_not_called_verified():
    (seen,) = links.judged([declared("a", provisioned=True)], [], [])
    assert (seen["verified"], seen["unverified"]) == ([], [links.NOT_IN_SERVICE])
    assert page.verdict({"ex1": part(links=[seen])}) == "incomplete"


def test_a_link_between_two_switches_is_drawn_once_with_what_both_see():
    ends = {"peer": "ex2", "peer_lag": "ae5", "peer_ports": ["xe-0/1/0", "xe-0/1/1"]}
    mirrored = {"peer": "ex1", "peer_lag": "ae0", "lag": "ae5", "peer_ports": ["ge-0/0/0", "ge-0/0/1"]}
    parts = {
        "ex1": part(links=[link("core", **ends, verified=["ae0: up"])]),
        "ex2": part(links=[link("core", **mirrored, ports=ends["peer_ports"], failures=["ae5: down"])]),
    }
    text = page.render(parts)
    assert text.count("<td>core<br>") == 1
    assert "ge-0/0/1 &#9472;&#9472; xe-0/1/1" in text
    assert "ex1: ae0: up" in text
    assert "ex2: ae5: down" in text


def test_what_a_link_carries_is_told_in_words():
    vlans = {"untagged": "server", "tagged": ["nfs", "iscsi"]}
    assert links.tags(link("a", vlans=vlans, mtu=9000)) == "untagged server; tagged nfs, iscsi; MTU 9000"
