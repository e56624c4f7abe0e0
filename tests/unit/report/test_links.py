# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that a link of the report has both ends, just what was seen of them in this run, and why one has nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.seen import Seen
from ansible_collections.netstack.datacenter.plugins.plugin_utils.report import links, page, store
from unit.report.test_report import link, part, shown

ROOT = Path(__file__).parents[3]
VERIFIED = [
    Seen("the configuration is the declared one").plain(),
    Seen("ae1: up with ge-0/0/2", ("ae1",)).plain(),
    Seen("ae10: up with ge-0/0/20, ge-0/0/21", ("ae10",)).plain(),
]


def declared(name, **changed):
    found = link(name, **changed)
    return {key: value for key, value in found.items() if key not in ("verified", "failures", "unverified")}


def judged(own, seen=VERIFIED, failures=()):
    return links.judged([own], list(seen), list(failures), "ex1")[0]


def test_what_was_seen_goes_to_the_link_whose_object_it_is_and_what_is_of_the_device_to_all():
    ours = [declared("a", lag="ae1", ports=["ge-0/0/2"]), declared("b", lag="ae10", ports=["ge-0/0/20"])]
    wrong = Seen("missing: ae1 has no ge-0/0/20 in its text", ("ge-0/0/2",), good=False).plain()
    first, second = links.judged(ours, [*VERIFIED, wrong], ["Not as declared"], "ex1")
    assert (first["verified"], first["failures"]) == ([each["text"] for each in VERIFIED[:2]], [wrong["text"]])
    assert (second["verified"], second["failures"]) == ([VERIFIED[0]["text"], VERIFIED[2]["text"]], [])
    assert (first["end"]["state"], second["end"]["state"]) == ("failed", "verified")


def test_where_nothing_could_be_looked_at_the_failure_concerns_every_link():
    found = judged(declared("a", provisioned=True), [], ["the session is lost"])
    assert (found["failures"], found["end"]["state"]) == (["the session is lost"], "failed")


@pytest.mark.parametrize(("bundle", "words"), [("lacp", "its LACP flags"), ("static", "a static bundle shows nothing")])
def test_a_far_end_that_nobody_configures_is_told_with_what_is_seen_of_it(bundle, words):
    (told,) = judged(declared("a", bundle=bundle))["unverified"]
    assert told.startswith(f"the far end lb1 (linux) is not configured by this version; {words}")
    assert judged(declared("a", bundle=bundle, provisioned=True))["unverified"] == []


def test_a_plain_port_without_a_link_is_told_and_one_with_a_link_is_verified():
    plain = declared("a", bundle="none", lag=None, ports=["ge-0/0/1", "ge-0/0/10"], provisioned=True)
    up = Seen("ge-0/0/10: the link of this plain port is up", ("ge-0/0/10",)).plain()
    seen = judged(plain, [VERIFIED[0], up])
    assert seen["verified"] == [VERIFIED[0]["text"], up["text"]]
    assert seen["unverified"] == ["no link is seen on the plain port ge-0/0/1"]
    assert seen["end"]["state"] == "not verified"


def test_a_link_that_nobody_looked_at_is_not_called_verified():
    seen = judged(declared("a", provisioned=True), [])
    assert (seen["verified"], seen["unverified"]) == ([], [links.NOBODY_LOOKED])
    parts = {"ex1": part(links=[seen])}
    assert page.verdict(parts, links.joined(parts, "r1")) == "incomplete"


def ends(parts, run="r1"):
    return {name: end["state"] for name, end in links.joined(parts, run)["a"]["ends"].items()}


def test_a_linux_end_that_nobody_contacted_is_not_verified_whatever_the_switch_saw():
    ours = judged(declared("a", lag="ae1", ports=["ge-0/0/2"], provisioned=True))
    parts = {"ex1": part(links=[ours])}
    assert ends(parts) == {"ex1": "verified", "lb1": "not verified"}
    (why,) = links.joined(parts, "r1")["a"]["ends"]["lb1"]["why"]
    assert "nobody looked at it in this run" in why
    assert "role linux_bond" in why
    assert page.verdict(parts, links.joined(parts, "r1")) == "incomplete"


def test_an_end_that_an_earlier_run_saw_is_not_verified_in_this_one():
    near = shown("a", peer="esx1", peer_kind="esxi_vss", provisioned=True)
    far = shown("a", host="esx1", peer="ex1", provisioned=True)
    both = {"ex1": part(links=[near]), "esx1": part(links=[far], run="r0")}
    assert ends(both) == {"ex1": "verified", "esx1": "not verified"}
    both["esx1"]["run"] = "r1"
    assert ends(both) == {"ex1": "verified", "esx1": "verified"}
    assert page.verdict(both, links.joined(both, "r1")) == "verified"


def test_the_host_of_a_vcenter_is_verified_by_what_the_vcenter_showed_of_it():
    hosts = [declared("a", host=name, peer="ex1", lag="vSwitch0", ports=["vmnic0"], provisioned=True) for name in "12"]
    hosts = [{**each, "link": name} for each, name in zip(hosts, "ab", strict=True)]
    seen = [Seen("hosts.1.vSwitch0: link", ("vSwitch0",), host="1").plain()]
    seen.append(Seen("hosts.2.vSwitch0: no link", ("vmnic0",), False, "2").plain())
    told = {each["link"]: each["end"] for each in links.judged(hosts, seen, ["x"], "vc1")}
    assert told["a"] == {"host": "1", "state": "verified", "by": "vc1", "why": []}
    assert told["b"] == {"host": "2", "state": "failed", "by": "vc1", "why": []}


def test_the_machines_file_has_the_state_of_each_end_and_who_looked(tmp_path):
    near = shown("a", peer="esx1", peer_kind="esxi_vss", provisioned=True)
    store.write(tmp_path, "ex1", part(links=[near]))
    found = json.loads((tmp_path / "report.json").read_text())
    assert found["run"] == "r1"
    assert found["links"]["a"]["ends"] == {
        "ex1": {"state": "verified", "by": "ex1", "why": []},
        "esx1": {"state": "not verified", "by": "", "why": ["nobody looked at it in this run"]},
    }


def test_a_link_between_two_switches_is_drawn_once_with_what_both_see():
    far = {"peer": "ex2", "peer_lag": "ae5", "peer_ports": ["xe-0/1/0", "xe-0/1/1"]}
    mirrored = {"host": "ex2", "peer": "ex1", "lag": "ae5", "peer_lag": "ae0", "peer_ports": ["ge-0/0/0", "ge-0/0/1"]}
    parts = {
        "ex1": part(links=[shown("core", **far, verified=["ae0: up"])]),
        "ex2": part(links=[shown("core", **mirrored, ports=far["peer_ports"], failures=["ae5: down"])]),
    }
    text = page.render(parts, "r1")
    assert text.count("<td>core<br>") == 1
    assert "ge-0/0/1 &#9472;&#9472; xe-0/1/1" in text
    assert "ex1: ae0: up" in text
    assert "ex2: ae5: down" in text


def test_what_a_link_carries_is_told_in_words():
    vlans = {"untagged": "server", "tagged": ["nfs", "iscsi"]}
    assert links.tags(link("a", vlans=vlans, mtu=9000)) == "untagged server; tagged nfs, iscsi; MTU 9000"


@pytest.mark.parametrize("file", ["playbooks/site.yml", "plugins/plugin_utils/report/links.py"])
def test_nothing_is_searched_in_texts(file):
    """Plans and verifications are data: whoever searches their texts again guesses."""
    text = (ROOT / file).read_text()
    tools = ("import re", "re.", "search", "regex", "match(", "startswith", "endswith", " in text", "find(", "is match")
    assert [tool for tool in tools if tool in text] == []
