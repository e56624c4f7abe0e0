# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves at simulated switches that what takes effect is judged and kept, whoever wrote it: object, range or group."""

from __future__ import annotations

from dataclasses import replace

import pytest
from unit.junos.builders import declared

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.finding import RefusalError
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.device import errors
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.device.session import Session
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.facts import survey
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.request import (
    Request,
    Verification,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.restore import verified
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.transaction import apply

CONFIG = """set system host-name SWITCH
set vlans v10 vlan-id 10
set vlans v20 vlan-id 20
set chassis aggregated-devices ethernet device-count 4
"""
LACP = """set groups LAG interfaces <ae*> aggregated-ether-options lacp active
set groups LAG interfaces <ae*> mtu 9014
set apply-groups LAG
set interfaces ge-0/0/1 ether-options 802.3ad ae1
set interfaces ae1 unit 0 family ethernet-switching MODE access
set interfaces ae1 unit 0 family ethernet-switching vlan members v10
"""
DESKS = """set interfaces interface-range desks member-range ge-0/0/0 to ge-0/0/9
set interfaces interface-range desks unit 0 family ethernet-switching MODE access
set interfaces interface-range desks unit 0 family ethernet-switching vlan members v10
set interfaces interface-range desks ether-options no-auto-negotiation
set protocols rstp interface desks edge
"""
QUICK = Verification(timeout=5, interval=0.2)
ACCESS = {"mode": "access", "untagged": "v10"}


def started(lab, text: str) -> None:
    mode = "port-mode" if lab.style == "nonels" else "interface-mode"
    lab.control("reset", set=CONFIG + text.replace("MODE", mode))
    lab.far_end(*(f"ge-0/0/{number}" for number in range(1, 4)), lacp="active")
    lab.simulator.control("clear_log")


def effect(lab) -> set[str]:
    return set(lab.control("configuration", inherit=True).splitlines())


def request(state: str = "merged", **wanted) -> Request:
    return Request(declared(**wanted), state, rescue="never", verification=QUICK)


def untouched(lab, before: list[str]) -> bool:
    lab.wait_until_left()
    status = lab.control("status")
    clean = (status["locked_by"], status["dirty"], status["pending"]) == (None, False, None)
    return clean and lab.lines() == before and "commit-configuration" not in lab.asked()


def test_what_a_group_gives_is_gathered_and_verified_as_what_the_object_says(lab):
    started(lab, LACP)
    asked = request(bundles={"ae1": {"members": ["ge-0/0/1"], "lacp": "active", "payload_mtu": 9000, **ACCESS}})
    session = lab.open()
    found = survey(session, asked).plan.structures()[0]["bundles"]["ae1"]
    session.close()
    assert (found["lacp"], found["payload_mtu"]) == ("active", 9000)
    assert "ae1: up with ge-0/0/1 (LACP flags of both ends)" in [str(each.text) for each in verified(lab.open, asked)]
    assert not apply(lab.open, asked).changed


@pytest.mark.parametrize("check_mode", [False, True])
def test_what_a_group_would_give_a_new_object_is_refused_with_its_name_and_the_candidate_thrown_away(lab, check_mode):
    started(lab, LACP)
    before = lab.lines()
    asked = request(bundles={"ae2": {"members": ["ge-0/0/2"], "lacp": "active", **ACCESS}})
    with pytest.raises(RefusalError, match="ae2: interfaces ae2 mtu 9014 would be inherited from group LAG") as caught:
        apply(lab.open, replace(asked, check_mode=check_mode))
    assert [each.rule for each in caught.value.findings] == ["GROUP_INHERITED"]
    assert untouched(lab, before)
    assert lab.asked().count("load-configuration") == 2, "the load and the rollback"


def test_a_leaf_that_goes_and_uncovers_that_of_a_group_is_refused(lab):
    started(lab, f"{LACP}set interfaces ae1 mtu 2014\n")
    before = lab.lines()
    with pytest.raises(RefusalError, match="ae1: interfaces ae1 mtu 9014 would be inherited from group LAG"):
        apply(lab.open, request("replaced", bundles={"ae1": {"members": ["ge-0/0/1"], "lacp": "active", **ACCESS}}))
    assert untouched(lab, before)


def test_a_leaf_of_the_object_hides_that_of_a_group(lab):
    started(lab, LACP)
    outcome = apply(
        lab.open, request(bundles={"ae1": {"members": ["ge-0/0/1"], "lacp": "active", "payload_mtu": 2000}})
    )
    assert outcome.plan.commands == ["set interfaces ae1 mtu 2014"]
    assert "set interfaces ae1 mtu 2014" in effect(lab)
    assert "set groups LAG interfaces <ae*> mtu 9014" in lab.lines()


def test_a_bundle_that_goes_is_gone_although_a_wildcard_gave_it_something(lab):
    started(lab, LACP)
    apply(lab.open, request("deleted", bundles=["ae1"], going=True))
    assert not any(line.startswith("set interfaces ae1") for line in effect(lab))


def test_a_port_that_leaves_its_range_takes_all_else_along_and_the_others_keep_what_they_have(lab):
    started(lab, DESKS)
    before = effect(lab)
    wanted = {"mode": "access", "untagged": "v20"}
    outcome = apply(lab.open, request(ports={"ge-0/0/4": wanted}))
    assert "set interfaces interface-range desks member-range ge-0/0/5 to ge-0/0/9" in outcome.plan.commands
    family = "set interfaces ge-0/0/4 unit 0 family ethernet-switching vlan members"
    after = effect(lab)
    named = {line for line in after - before if line.startswith("set protocols rstp interface ge-0/0/4")}
    assert len(named) == 1
    assert (before - after, after - before - named) == ({f"{family} v10"}, {f"{family} v20"})
    assert not apply(lab.open, request(ports={"ge-0/0/4": wanted})).changed


def test_the_way_in_is_found_where_a_range_carries_it(lab):
    started(lab, DESKS)
    asked = request(bundles={"ae0": {"members": ["ge-0/0/3"], "lacp": "active", "tagged": ["v20"]}})
    with pytest.raises(RefusalError) as caught:
        apply(lab.open, replace(asked, management_vlan="v10"))
    assert [(each.where, each.rule) for each in caught.value.findings] == [("ge-0/0/3", "MANAGEMENT")]


def test_a_port_of_a_member_that_is_away_leaves_the_range_that_names_it(lab):
    started(lab, DESKS.replace("to ge-0/0/9", "to ge-1/0/3"))
    bundle = {"members": ["ge-1/0/3"], "lacp": "active", "tagged": ["v20"]}
    asked = replace(request(bundles={"ae0": bundle}), verification=Verification(links=False))
    apply(lab.open, asked)
    assert [line for line in lab.lines() if "member-range" in line] == [
        "set interfaces interface-range desks member-range ge-0/0/0 to ge-1/0/2"
    ]
    assert not apply(lab.open, asked).changed


def test_a_port_of_a_member_that_is_away_stays_in_its_range_where_that_is_possible(lab):
    started(lab, DESKS.replace("to ge-0/0/9", "to ge-1/0/3"))
    outcome = apply(lab.open, request(ports={"ge-1/0/2": {"description": "later"}}))
    assert outcome.plan.commands == ["set interfaces ge-1/0/2 description later"]


def test_a_port_of_a_member_that_is_away_takes_no_other_port_out_of_the_range(lab):
    """What is written of one port of the member does not tell which ports the member has."""
    started(lab, DESKS.replace("to ge-0/0/9", "to ge-2/0/3") + "set interfaces ge-1/0/2 description later\n")
    apply(lab.open, request(ports={"ge-1/0/2": {"mode": "access", "untagged": "v20"}}))
    assert [line for line in lab.lines() if "member-range" in line] == [
        "set interfaces interface-range desks member-range ge-0/0/0 to ge-1/0/1",
        "set interfaces interface-range desks member-range ge-1/0/3 to ge-2/0/3",
    ]


def test_what_the_switch_shows_of_a_candidate_and_nobody_wants_is_refused(lab):
    """The switch takes a part within one FPC as it is written, and a range over FPCs for the ports that it has."""
    started(lab, DESKS.replace("to ge-0/0/9", "to ge-1/0/3"))
    before = lab.lines()
    with pytest.raises(RefusalError, match=r"range desks: .* would have interfaces ge-1/0/3 ether") as caught:
        apply(lab.open, request(ports={"ge-1/0/2": {"mode": "access", "untagged": "v20"}}))
    assert {each.rule for each in caught.value.findings} == {"INHERITED"}
    assert untouched(lab, before)


def test_an_inactive_leaf_that_gets_a_value_is_activated_in_the_same_commit(lab):
    started(lab, f"{LACP}set interfaces ae1 description old\ndeactivate interfaces ae1 description\n")
    apply(lab.open, request(bundles={"ae1": {"members": ["ge-0/0/1"], "lacp": "active", "description": "new"}}))
    assert [line for line in lab.lines() if "ae1 description" in line] == ["set interfaces ae1 description new"]


def test_a_switch_without_ranges_and_groups_is_asked_once(lab):
    started(lab, "")
    survey(session := lab.open(), request(ports={"ge-0/0/4": ACCESS}))
    session.close()
    assert lab.asked().count("get-configuration") == 1
    started(lab, DESKS)
    survey(session := lab.open(), request(ports={"ge-0/0/4": ACCESS}))
    session.close()
    assert lab.asked().count("get-configuration") == 2


def test_a_change_beside_ranges_reads_what_it_needs_once_more_and_nothing_twice(lab):
    """The survey reads both views; under the lock the difference is asked for, and twice what takes effect."""
    started(lab, DESKS)
    apply(lab.open, request(ports={"ge-0/0/4": {**ACCESS, "untagged": "v20"}}))
    assert lab.asked().count("get-configuration") == 5


@pytest.mark.parametrize("lines", ["", DESKS])
def test_what_the_switch_has_lost_since_the_commit_is_told_when_it_is_read_back(lab, monkeypatch, lines):
    started(lab, lines)
    stock = Session.effect
    gone = '<interface><name>ge-0/0/14</name><description delete="delete"/></interface>'

    def loses(session, written, database):
        if database == "committed":
            session.load(f"<configuration><interfaces>{gone}</interfaces></configuration>")
            session.commit("lost")
        return stock(session, written, database)

    monkeypatch.setattr(Session, "effect", loses)
    with pytest.raises(errors.ConfirmedError, match="did not keep all of it:\nset interfaces ge-0/0/14 description"):
        apply(lab.open, request(ports={"ge-0/0/14": {**ACCESS, "description": "copier"}}))


@pytest.mark.parametrize(
    ("desks", "port", "told"),
    [
        # Of a card that is away the switch shows no port of a member-range over cards, and all of one within it.
        ("member-range ge-0/0/0 to ge-3/0/47", "ge-3/0/5", "ge-3/0/6 to ge-3/0/47"),
        ("member-range ge-0/0/20 to ge-0/0/29", "ge-0/0/24", "ge-0/0/25 to ge-0/0/29"),
    ],
)
def test_a_range_whose_list_of_ports_the_switch_reads_otherwise_is_refused_once_by_its_name(lab, desks, port, told):
    asleep = "set {0} member-range ge-0/0/25 to ge-0/0/26\ndeactivate {0} member-range ge-0/0/25\n"
    lines = DESKS.replace("member-range ge-0/0/0 to ge-0/0/9", desks) + f"set interfaces {port} description x\n"
    started(lab, lines + ("" if "3/0" in port else asleep.format("interfaces interface-range desks")))
    before = lab.lines()
    with pytest.raises(RefusalError) as caught:
        apply(lab.open, request(ports={port: {"mode": "access", "untagged": "v20"}}))
    assert [(each.where, each.rule) for each in caught.value.findings] == [("interface-range desks", "INHERITED")]
    assert caught.value.findings[0].what.endswith(f"; it concerns {told}")
    assert untouched(lab, before)
