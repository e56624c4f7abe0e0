# SPDX-License-Identifier: GPL-3.0-or-later
"""A port that the switch does not have is refused before a commit, by what the switch itself says."""

from __future__ import annotations

import dataclasses

import pytest
from unit.junos.builders import declared

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.finding import RefusalError
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.facts import survey
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.request import (
    Request,
    Verification,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.transaction import apply

QUICK = Verification(timeout=2, interval=0.2)
LOCKED = {"lock-configuration", "load-configuration", "commit-configuration"}
ASKED = "get-interface-information"


def request(*members: str, plain: str = "", verification: Verification = QUICK, **options) -> Request:
    bundle = {"members": list(members), "lacp": "none", "untagged": "server", **options}
    ports = {plain: {"mode": "access", "untagged": "server"}} if plain else {}
    wanted = declared({"server": {"id": 10}}, {"ae0": bundle} if members else {}, ports)
    return Request(wanted, verification=verification)


def planned(lab, asked: Request):
    session = lab.open()
    try:
        return survey(session, asked).plan
    finally:
        session.close()


def test_a_member_that_is_not_there_is_refused_and_nothing_is_locked(lab):
    with pytest.raises(RefusalError) as caught:
        apply(lab.open, request("ge-0/0/1", "ge-0/0/99", "ge-7/0/1"))
    assert [finding.rule for finding in caught.value.findings] == ["NO_SUCH_PORT"] * 2
    assert "the switch has no ge-0/0/99" in caught.value.text()
    assert not LOCKED & set(lab.asked())


def test_a_plan_tells_it_too(lab):
    assert [finding.rule for finding in planned(lab, request("ge-0/0/1", "ge-0/0/99")).findings] == ["NO_SUCH_PORT"]


def test_a_plain_port_that_is_not_there_is_a_note_for_it_may_come(lab):
    plan = planned(lab, request(plain="xe-0/1/3"))
    assert plan.findings == []
    assert any("xe-0/1/3" in note for note in plan.notes)


@pytest.mark.parametrize(
    "asked",
    [
        request("ge-0/0/1", "ge-0/0/99", verification=dataclasses.replace(QUICK, links=False)),
        request("ge-0/0/1", "ge-0/0/99", disabled_members=["ge-0/0/99"]),
    ],
    ids=["not verified", "disabled"],
)
def test_a_member_that_nobody_would_verify_is_not_refused(lab, asked):
    assert planned(lab, asked).findings == []


def test_a_switch_that_has_what_is_declared_is_not_asked(nonels):
    nonels.far_end("ge-0/0/1", lacp="off")
    apply(nonels.open, request("ge-0/0/1"))
    before = nonels.asked().count(ASKED)
    assert not planned(nonels, request("ge-0/0/1")).changed
    assert nonels.asked().count(ASKED) == before
