# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves, against a simulated switch of each style, that a change is verified and confirmed, or taken back."""

from __future__ import annotations

import dataclasses

import pytest
from unit.junos.builders import declared
from unit.junos.switches import Lab

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.finding import RefusalError
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.device import errors
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.device.commits import Token
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.device.session import Session
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.device.target import Target
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.facts import survey
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.pending import settle
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.request import (
    Request,
    Verification,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.restore import restore, verified
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.transaction import apply
from junos.client import Simulator

QUICK = Verification(timeout=2, interval=0.2)
IMPATIENT = Verification(timeout=1, interval=0.2)  # of links that never work
MEMBERS = ["ge-0/0/1", "ge-0/0/2"]
WANTED = declared({"server": {"id": 10}}, {"ae0": {"members": MEMBERS, "lacp": "active", "untagged": "server"}})
STATIC = declared({"server": {"id": 10}}, {"ae0": {"members": MEMBERS, "lacp": "none", "untagged": "server"}})


def request(wanted=WANTED, **options) -> Request:
    return Request(wanted, verification=options.pop("verification", QUICK), **options)


def good(lab: Lab) -> None:
    lab.far_end(*MEMBERS, lacp="active")


def failure(lab: Lab, **options) -> str:
    with pytest.raises(errors.SwitchError) as caught:
        apply(lab.open, request(**options))
    return str(caught.value)


def test_a_change_is_verified_confirmed_and_read_back(lab):
    good(lab)
    outcome = apply(lab.open, request(run_id="r1", ticket="CHG1"))
    assert outcome.changed
    assert outcome.verified == [
        "a fresh NETCONF session opened",
        "ae0: up with ge-0/0/1, ge-0/0/2 (LACP flags of both ends)",
        "the committed configuration is the wanted one",
    ]
    status = lab.control("status")
    assert (status["pending"], status["locked_by"], status["dirty"]) == (None, None, False)
    assert status["commits"][0]["log"].startswith("netstack.datacenter run r1 ticket CHG1 ")
    assert status["rescue"] is not None


def test_a_second_run_changes_nothing_locks_nothing_and_commits_nothing(lab):
    good(lab)
    apply(lab.open, request())
    lab.simulator.control("clear_log")
    assert not apply(lab.open, request()).changed
    assert set(lab.asked()) <= {
        *("get-commit-information", "get-configuration", "get-ethernet-switching-table-information", "close-session"),
        "get-system-uptime-information",
    }


def test_check_mode_runs_a_real_commit_check_and_leaves_no_trace(lab):
    good(lab)
    before = lab.control("status")
    outcome = apply(lab.open, request(check_mode=True))
    assert outcome.changed
    assert "commit-configuration" in lab.asked()
    after = lab.control("status")
    kept = ("commits", "locked_by", "dirty", "pending", "rescue", "sessions")
    assert {key: after[key] for key in kept} == {key: before[key] for key in kept}


def test_check_mode_predicts_the_diff_and_the_state_of_the_run(lab):
    good(lab)
    told = apply(lab.open, request(check_mode=True))
    done = apply(lab.open, request())
    assert told.diff == done.diff
    assert "ae0" in told.diff
    assert told.plan.structures() == done.plan.structures()
    assert survey_of(lab).structures()[0] == done.plan.structures()[1]


def survey_of(lab: Lab):
    session = lab.open()
    try:
        return survey(session, request()).plan
    finally:
        session.close()


FAR_ENDS = {
    "static against LACP": (
        {port: {"lacp": "off"} for port in MEMBERS},
        r"ge-0/0/1: the far end \(partner\) sends no LACP",
    ),
    "one cable of two": (
        {"ge-0/0/1": {"lacp": "active"}, "ge-0/0/2": {"lacp": "active", "cable": "dead"}},
        r"ae0: ge-0/0/2: the link is down",
    ),
    "cables swapped": (
        {"ge-0/0/1": {"lacp": "active"}, "ge-0/0/2": {"lacp": "active", "key": 2}},
        r"ae0: ge-0/0/2: .*synchronization No",
    ),
    "frames that stopped": (
        {"ge-0/0/1": {"lacp": "active"}, "ge-0/0/2": {"lacp": "active", "flags": {"expired": "Yes"}}},
        r"ae0: ge-0/0/2: the far end \(partner\) has expired Yes",
    ),
}


@pytest.mark.parametrize("case", FAR_ENDS)
def test_a_wrong_far_end_is_named_with_its_flag_and_the_change_is_taken_back(lab, case):
    ends, words = FAR_ENDS[case]
    before = lab.lines()
    lab.control("far_end", ports=ends)
    with pytest.raises(errors.VerificationError, match=words) as caught:
        apply(lab.open, request(verification=IMPATIENT))
    assert str(caught.value).endswith("The switch has its former configuration.")
    assert lab.lines() == before
    assert lab.control("status")["pending"] is None


def test_two_passive_ends_are_told_what_they_are(lab):
    wanted = declared(None, {"ae0": {"members": MEMBERS, "lacp": "passive"}})
    lab.far_end(*MEMBERS, lacp="passive")
    assert "two passive ends never begin" in failure(lab, wanted=wanted, verification=IMPATIENT)


def test_what_lldp_sees_is_told_where_links_do_not_work(lab):
    lab.far_end(*MEMBERS, lacp="off", lldp=("esx1", "vmnic2"))
    assert "LLDP sees esx1 vmnic2 on ge-0/0/1." in failure(lab, verification=IMPATIENT)


def test_a_static_bundle_is_judged_by_links_and_membership(lab):
    lab.far_end(*MEMBERS, lacp="off")
    outcome = apply(lab.open, request(STATIC))
    assert outcome.verified[1] == "ae0: up with ge-0/0/1, ge-0/0/2 (static, so links and membership only)"


def test_a_reachability_command_that_fails_takes_the_change_back(lab):
    good(lab)
    before = lab.lines()
    asked = Verification(timeout=1, interval=0.2, command=("sh", "-c", "echo no route >&2; exit 1"))
    assert "The reachability command sh -c" in failure(lab, verification=asked)
    assert lab.lines() == before


PENDING_ASKED = {"get-commit-information", "get-system-uptime-information", "get-configuration", "close-session"}


@pytest.mark.parametrize("check_mode", [False, True])
def test_while_somebodys_confirmed_commit_is_pending_nothing_is_done(lab, check_mode):
    lab.control("commit", set="set system host-name other", user="anna", confirmed=10)
    message = failure(lab, check_mode=check_mode)
    assert "A confirmed commit of anna via cli" in message
    assert " s are left before the switch takes it back by itself." in message
    assert set(lab.asked()) <= {*PENDING_ASKED, "get-ethernet-switching-table-information", "get-interface-information"}
    assert lab.control("status")["pending"] > 500


def test_a_plan_tells_of_the_pending_commit_and_leaves_it_pending(lab):
    lab.control("commit", set="set system host-name other", user="anna", confirmed=10)
    session = lab.open()
    seen = survey(session, request())
    session.close()
    assert seen.pending is not None
    assert seen.pending.user == "anna"
    assert 500 < seen.left <= 600
    assert lab.control("status")["pending"] > 500


def test_a_second_run_after_a_killed_one_leaves_its_pending_commit_pending(lab):
    good(lab)
    apply(lab.open, request(hold=True))
    assert "awaits its confirmation" in failure(lab)
    assert lab.control("status")["pending"] > 0


def test_a_commit_that_is_pending_is_taken_back_by_the_switch_when_nobody_confirms_it(lab):
    good(lab)
    before = lab.lines()
    apply(lab.open, request(hold=True))
    lab.control("advance", seconds=301)
    assert lab.lines() == before


@pytest.mark.parametrize("confirm", [True, False])
def test_a_held_commit_is_settled_by_its_token_once(lab, confirm):
    good(lab)
    before = lab.lines()
    token = apply(lab.open, request(hold=True)).token
    assert settle(lab.open, token, confirm, check_mode=True)
    assert lab.control("status")["pending"] is not None
    assert settle(lab.open, token, confirm, check_mode=False)
    assert lab.control("status")["pending"] is None
    assert (lab.lines() == before) is not confirm
    assert not settle(lab.open, token, confirm, check_mode=False)


@pytest.mark.parametrize("confirm", [True, False])
def test_a_token_that_is_not_the_newest_commit_is_refused(lab, confirm):
    good(lab)
    token = apply(lab.open, request(hold=True)).token
    lab.control("commit", set="set system host-name other", user="anna")
    commits = len(lab.control("status")["commits"])
    with pytest.raises(errors.NotTheTokenError, match=r"of anna"):
        settle(lab.open, token, confirm, check_mode=False)
    assert len(lab.control("status")["commits"]) == commits


def test_a_token_of_another_second_is_refused(lab):
    good(lab)
    token = apply(lab.open, request(hold=True)).token
    with pytest.raises(errors.NotTheTokenError):
        settle(lab.open, Token(token.time + 1, token.comment), True, check_mode=False)


def test_a_lock_of_somebody_else_is_told_in_the_words_of_the_switch(lab):
    lab.control("trouble", locked_by="anna")
    message = failure(lab)
    assert "configuration database locked by: anna" in message
    assert "Uncommitted changes of others are never thrown away here." in message


def test_uncommitted_changes_of_somebody_else_are_not_thrown_away(lab):
    lab.control("commit", set="set system host-name other", user="anna", edit_only=True)
    assert "configuration database modified" in failure(lab)
    assert lab.control("status")["dirty"]


def test_foreign_configuration_on_a_touched_port_needs_consent(lab):
    lab.control("commit", set="set class-of-service interfaces ge-0/0/1 shaping-rate 1m", user="anna")
    with pytest.raises(RefusalError, match="class-of-service interfaces ge-0/0/1"):
        apply(lab.open, request())
    assert "lock-configuration" not in lab.asked()
    good(lab)
    assert apply(lab.open, request(consent=frozenset({"foreign"}))).changed


def test_the_port_through_which_the_controller_comes_needs_consent(lab):
    good(lab)
    with pytest.raises(RefusalError, match="MANAGEMENT"):
        apply(lab.open, request(management_ports=("ge-0/0/2",)))
    assert "lock-configuration" not in lab.asked()
    asked = request(management_ports=("ge-0/0/2",), consent=frozenset({"management"}))
    assert apply(lab.open, asked).changed


def test_the_way_in_is_found_by_the_address_that_was_connected_to(lab):
    lines = "delete interfaces ge-0/0/2 unit 0\nset interfaces ge-0/0/2 unit 0 family inet address 127.0.0.1/8"
    lab.control("commit", set=lines, user="anna")
    with pytest.raises(RefusalError, match=r"it holds 127\.0\.0\.1"):
        apply(lab.open, request(consent=frozenset({"foreign"})))


def test_a_rescue_configuration_that_there_is_is_kept(lab):
    good(lab)
    assert apply(lab.open, request()).rescue_saved
    assert not apply(lab.open, request(STATIC)).rescue_saved


def test_a_removed_bundle_leaves_the_switch_as_an_independent_reader_expects(lab):
    good(lab)
    apply(lab.open, request())
    gone = declared(None, ["ae0"], going=True)
    apply(lab.open, dataclasses.replace(request(gone), state="deleted"))
    assert [line for line in lab.lines() if "ae0" in line or " ge-0/0/1 " in line] == []


def test_verified_reads_only_and_tells_what_does_not_work(lab):
    good(lab)
    apply(lab.open, request())
    lab.simulator.control("clear_log")
    assert "ae0: up with" in str(verified(lab.open, request())[1])
    lab.far_end("ge-0/0/2", lacp="active", cable="dead")
    with pytest.raises(errors.VerificationError, match="ae0: ge-0/0/2: the link is down"):
        verified(lab.open, request())
    assert not {"lock-configuration", "load-configuration", "commit-configuration"} & set(lab.asked())


def test_verified_tells_which_plain_ports_have_a_link(lab):
    lab.far_end("ge-0/0/5", "ge-0/0/6")
    wanted = declared(None, None, {port: {"description": "x"} for port in ("ge-0/0/5", "ge-0/0/7")})
    apply(lab.open, request(wanted))
    assert list(map(str, verified(lab.open, request(wanted))[1:])) == ["ge-0/0/5: the link of this plain port is up"]


def test_a_run_is_rolled_back_as_a_whole_and_only_if_its_commits_are_the_newest(lab):
    good(lab)
    before = lab.lines()
    apply(lab.open, request(run_id="r7"))
    apply(lab.open, request(STATIC, run_id="r7"))
    assert restore(lab.open, request(run_id="r7")).changed
    assert lab.lines() == before
    assert not restore(lab.open, request(run_id="r7")).changed
    lab.control("commit", set="set system host-name other", user="anna")
    with pytest.raises(errors.NotTheTokenError, match=r"of anna"):
        restore(lab.open, request(run_id="r7"))


def test_a_rollback_of_a_run_that_did_not_change_the_switch_does_nothing(lab):
    good(lab)
    apply(lab.open, request(run_id="r7"))
    before = lab.lines()
    lab.simulator.control("clear_log")
    assert not restore(lab.open, request(run_id="r")).changed
    assert lab.lines() == before
    assert "lock-configuration" not in lab.asked()


def test_a_held_commit_of_the_run_is_rolled_back_too(lab):
    good(lab)
    before = lab.lines()
    apply(lab.open, request(run_id="r7", hold=True))
    assert restore(lab.open, request(run_id="r7")).changed
    assert lab.lines() == before
    assert lab.control("status")["pending"] is None


def test_a_virtual_chassis_is_committed_on_all_members(tmp_path):
    with Simulator({"vc": "ex4200-48t:2"}) as chassis:
        known = tmp_path / "known_hosts"
        known.write_text(f"[127.0.0.1]:{chassis.port('vc')} {chassis.host_key('vc')}\n")
        target = Target(
            "127.0.0.1", chassis.port("vc"), "lab", "lab123", ssh_config="/dev/null", known_hosts=(str(known),)
        )
        ports = ["ge-0/0/1", "ge-1/0/1"]
        chassis.control("far_end", switch="vc", ports={port: {"lacp": "active"} for port in ports})
        wanted = declared(None, {"ae0": {"members": ports, "lacp": "active"}})
        assert apply(lambda: Session(target), request(wanted)).changed
        sent = [entry["request"] for entry in chassis.control("log") if entry["rpc"] == "commit-configuration"]
    assert ["<synchronize/>" in text for text in sent] == [False, True, True]


def test_more_bundles_than_the_model_has_are_refused_by_asking_the_switch_for_its_model(simulator, nonels):
    ports = [f"ge-0/0/{number}" for number in range(48)]
    have = "".join(f"set interfaces {port} ether-options 802.3ad ae{n}\n" for n, port in enumerate(ports[:33]))
    nonels.control("reset", set=f"{have}set chassis aggregated-devices ethernet device-count 33\n")
    session = nonels.open()
    one = declared(None, {"ae33": {"members": [ports[40]], "lacp": "none"}})
    assert survey(session, request(one)).plan.findings == []
    assert "get-software-information" in nonels.asked()
    session.software = lambda: ("ex2200-48t", "12.3R12")
    found = survey(session, request(one)).plan.findings
    session.close()
    assert [(finding.rule, finding.what) for finding in found] == [("TOO_MANY_BUNDLES", "34 bundles")]
