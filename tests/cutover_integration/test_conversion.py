# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves, with the real ansible-playbook, that a management link is converted at both ends without being cut off."""

from __future__ import annotations

import copy
import stat

from .conftest import EITHER_STYLE
from .labs import DELIVERED, DEVICE_COUNT, STANDBY, Watched, recap


def foretold(pair):
    """Return the steps that check mode foretells; it leaves no trace."""
    before, log = pair.both(), pair.switches.control("log", switch=pair.style)
    told = pair.run("static", "--check", "--diff")
    assert "changed=1" in recap(told), told.stdout + told.stderr
    asked = {entry["rpc"] for entry in pair.switches.control("log", switch=pair.style)[len(log) :]}
    assert not asked & {"lock-configuration", "load-configuration", "commit-configuration"}
    assert pair.both() == before
    assert not (pair.folder / "journal").exists()
    found = pair.found()
    told = "\n".join(found["commands"])
    assert "set interfaces ge-0/0/1 ether-options 802.3ad ae0" in told
    assert f"device-count {DEVICE_COUNT}" in told
    return found["steps"]


def convert(pair, bundle):
    """Convert the link: nothing is lost meanwhile, and no port stays disabled; return the steps."""
    with Watched(pair) as watched:
        done = pair.run(bundle)
    assert "changed=1" in recap(done), done.stdout + done.stderr
    assert (watched.lost, watched.asked > 0) == ([], True)
    assert not any(line.endswith(" disable") for line in pair.switch_lines())
    return pair.found()["steps"]


def assert_nothing_is_left_to_do(pair, bundle):
    before = pair.both()
    again = pair.run(bundle)
    assert "changed=0" in recap(again), again.stdout + again.stderr
    assert pair.both() == before


@EITHER_STYLE
def test_a_management_link_is_converted_as_foretold_and_back_and_second_runs_change_nothing(pair):
    steps = foretold(pair)
    assert len(steps) == 7
    assert convert(pair, "static") == steps
    assert "set interfaces ge-0/0/1 ether-options 802.3ad ae0" in pair.switch_lines()
    assert f"set chassis aggregated-devices ethernet device-count {DEVICE_COUNT}" in pair.switch_lines()
    assert_nothing_is_left_to_do(pair, "static")
    assert len(convert(pair, "none")) == 7
    assert not any("802.3ad" in line for line in pair.switch_lines())
    assert_nothing_is_left_to_do(pair, "none")


def test_a_standby_nic_of_the_managements_own_teaming_spares_a_step(nonels):
    state = copy.deepcopy(DELIVERED)
    state["groups"]["Management Network"]["policy"]["nicTeaming"] = STANDBY
    nonels.hosts.control("reset", host=nonels.host, state=state)
    with Watched(nonels) as watched:
        done = nonels.run()
    assert "changed=1" in recap(done), done.stdout + done.stderr
    assert len(nonels.found()["steps"]) == 6
    assert watched.lost == []


def test_no_secret_is_in_the_output_or_in_the_journal_that_only_its_user_reads(nonels):
    done = nonels.run("static", "-vvvv")
    journal = nonels.folder / "journal" / f"cutover-{nonels.host}.log"
    assert stat.S_IMODE(journal.stat().st_mode) == 0o600
    assert "lab123" not in done.stdout + done.stderr + journal.read_text()
    assert nonels.found()["journal"] == str(journal)


def refused(pair, number):
    """Convert while the switch refuses one of its commits or confirmations, and expect all to be taken back."""
    before = pair.both()
    fault = {"rpc": "commit-configuration", "match": "confirmed", "what": "error", "message": "SIM TEXT: no"}
    pair.switches.control("fault", switch=pair.style, fault={**fault, "skip": number})
    with Watched(pair) as watched:
        done = pair.run()
    assert done.returncode == 2, done.stdout
    assert "SIM TEXT: no" in done.stdout
    assert pair.both() == before
    assert watched.lost == []
    assert pair.switches.control("status", switch=pair.style)["pending"] is None


@EITHER_STYLE
def test_a_switch_that_refuses_its_last_commit_takes_both_ends_back(pair):
    refused(pair, 6)


def test_a_switch_that_refuses_a_confirmation_takes_both_ends_back(nonels):
    refused(nonels, 3)


def test_with_consent_the_host_is_changed_although_it_is_away_until_the_switch_follows(nonels):
    refused = nonels.run(strategy="host_first")
    assert "would cut the host's management off" in refused.stdout
    with Watched(nonels) as watched:
        done = nonels.run(strategy="host_first", consent=["management"])
    assert "changed=1" in recap(done), done.stdout + done.stderr
    assert len(watched.lost) > 1, "the watch and the fabric both see it"
    assert any(text.startswith("absent for ") for text in watched.lost)
    assert len(nonels.found()["steps"]) == 6
    assert nonels.lost_flows() == 0


def test_over_ssh_the_conversion_is_the_same(nonels):
    with Watched(nonels) as watched:
        done = nonels.run(transport="ssh")
    assert "changed=1" in recap(done), done.stdout + done.stderr
    assert len(nonels.found()["steps"]) == 7
    assert watched.lost == []
