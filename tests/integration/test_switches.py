# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves what site.yml, verify.yml and rollback.yml do on switches and on the ESXi hosts behind them: predicted, proven
on both ends, taken back.

Each test begins with both switches and both hosts as the lab is started with them; the load balancers are as the tests
before left them.
"""

from __future__ import annotations

import json

import pytest
from conftest import INVENTORY, ROOT, control, deliver, inside, play

from traffic.site_copy import SiteCopy

pytestmark = pytest.mark.part("switches")

SWITCHES = ("ex1", "ex2")
HOSTS = ("esx1", "esx2")
ONLY = ("--limit", "ex1,ex2,esx1,esx2")
TOUCHING = {"lock-configuration", "load-configuration", "commit-configuration"}


@pytest.fixture
def delivered(started):
    """All of them as the lab is started with them; the switches' configurations."""
    deliver()
    yield {name: configuration(name) for name in SWITCHES}
    deliver()


def configuration(name):
    return control("configuration", switch=name)


def ordered(text):
    """Return a configuration's lines in an order of ours: a statement that comes back stands at the end."""
    return sorted(text.splitlines())


def asked(name):
    """Return the RPCs that a switch got since the log was cleared."""
    return {entry["rpc"] for entry in control("log", switch=name)}


def commits(name):
    """Return the comments of the commits that were made since the switch was delivered and set up."""
    return [commit["log"] for commit in control("status", switch=name)["commits"]][:-2]


def teaming(name):
    """Return the networking of a host."""
    found = control("state", "vsphere", host=name)
    return {key: found[key] for key in ("switches", "groups")}


def lost_flows():
    """Return how many flows of each host's management are lost."""
    return {host: seen["vmk0"]["lost"] for host, seen in control("deliveries", "fabric").items()}


def settled(name):
    status = control("status", switch=name)
    return (status["locked_by"], status["dirty"], status["pending"]) == (None, False, None)


def break_far_end(**values):
    """Let the far end of ex1's bundle to lb1 be another than the site declares."""
    control("far_end", switch="ex1", ports=dict.fromkeys(("ge-0/0/0", "ge-0/0/1"), values))


def assert_configured_at_both_ends(before):
    """See that the hosts' links have what is declared, at both ends, and that the report shows it."""
    assert lost_flows() == dict.fromkeys(HOSTS, 0)
    parts = json.loads((ROOT / "report" / "report.json").read_text())["hosts"]
    for host, switch, native in zip(HOSTS, SWITCHES, ("native-vlan-id", "native-vlan-id 30"), strict=True):
        assert teaming(host) != before[host]
        assert teaming(host)["groups"]["Management Network"]["computed"]["nicTeaming"]["policy"] == "loadbalance_ip"
        assert "ether-options 802.3ad ae2" in configuration(switch)
        assert native in configuration(switch)
        for end, peer in ((host, switch), (switch, host)):
            (link,) = (link for link in parts[end]["links"] if link["peer"] == peer)
            assert link["provisioned"] is True
            assert link["verified"]
            assert (link["failures"], link["unverified"]) == ([], [])


def test_check_mode_predicts_the_run_which_configures_both_ends_and_a_second_run_touches_nothing(delivered):
    before = {name: teaming(name) for name in HOSTS}
    predicted = play(*ONLY, "--check", "--diff")
    assert predicted.code == 0, predicted.out
    assert {name: configuration(name) for name in SWITCHES} == delivered
    assert all(settled(name) and not commits(name) for name in SWITCHES)
    first = play(*ONLY)
    assert first.code == 0, first.out
    assert {host for host, _task, _item in first.changes} == {*SWITCHES, *HOSTS}
    assert first.changes == predicted.changes
    assert_configured_at_both_ends(before)
    control("clear_log")
    for some in (ONLY, ("--limit", "ex1")):  # a switch may be alone in a run that has nothing to do there
        again = play(*some)
        assert (again.code, again.recap("changed"), again.changes) == (0, 0, set())
    assert not TOUCHING & (asked("ex1") | asked("ex2"))
    assert all(settled(name) for name in SWITCHES)


def test_a_far_end_without_lacp_stops_the_run_before_the_load_balancers_and_is_named(delivered):
    site = SiteCopy(INVENTORY, "switches_test")
    site.change(lambda data: data["services"]["shop"].update(balance="static-rr"))
    before = [inside(node, "sh", "-c", "cat /etc/haproxy/haproxy.cfg", check=False) for node in ("lb1", "lb2")]
    break_far_end(lacp="off")
    done = play(inventory=site.folder)
    assert done.code != 0
    assert "ae0: ge-0/0/0: the far end (partner) sends no LACP frames (defaulted Yes" in done.out
    assert "The switch has its former configuration." in done.out
    assert "802.3ad ae0" not in configuration("ex1")
    assert settled("ex1")
    assert lost_flows() == dict.fromkeys(HOSTS, 0)
    assert not {host for host, _task, _item in done.changes} & {"lb1", "lb2"}
    assert before == [inside(node, "sh", "-c", "cat /etc/haproxy/haproxy.cfg", check=False) for node in ("lb1", "lb2")]


PENDING = [
    pytest.param("plan", (), marks=pytest.mark.all_only("plan.yml stops at a pending commit as site.yml does")),
    ("site", ("--check",)),
    ("site", ()),
]


@pytest.mark.parametrize(("playbook", "arguments"), PENDING)
def test_a_pending_commit_of_another_operator_stops_the_run_and_stays_pending(delivered, playbook, arguments):
    control("commit", switch="ex1", set="set system domain-name lab.test", user="anna", confirmed=10)
    done = play(*ONLY, *arguments, playbook=playbook)
    assert done.code != 0
    assert "A confirmed commit of anna via cli" in done.out
    assert control("status", switch="ex1")["pending"] is not None
    assert configuration("ex2") == delivered["ex2"]
    assert done.changes == set()


def test_a_finding_of_one_switch_stops_the_run_before_any_is_changed(delivered):
    control("commit", switch="ex2", set="set class-of-service interfaces ge-0/0/0 scheduler-map voice")
    now = configuration("ex2")
    done = play(*ONLY)
    assert done.code != 0
    assert "FOREIGN" in done.out
    assert (configuration("ex1"), configuration("ex2")) == (delivered["ex1"], now)


def test_a_limited_run_changes_its_switch_alone_and_is_rolled_back_by_its_id(delivered):
    assert play(*ONLY, "-e", "netstack_run_id=ticket-4710").code == 0
    before = {name: configuration(name) for name in SWITCHES}
    site = SiteCopy(INVENTORY, "switches_test")
    site.change(lambda data: data["links"]["esx1-lan"].update(description="to the hall"))
    control("clear_log")
    done = play("--limit", "ex1", "-e", "netstack_run_id=ticket-4712", inventory=site.folder)
    assert done.code == 0, done.out
    assert configuration("ex1") != before["ex1"]
    assert asked("ex2") == set()
    unnamed = play(*ONLY, playbook="rollback")
    assert unnamed.code != 0
    assert "oldest first: ticket-4710, ticket-4712." in unnamed.out
    back = play(*ONLY, "-e", "stack_rollback_to=ticket-4712", playbook="rollback")
    assert back.code == 0, back.out
    assert {host for host, _task, _item in back.changes} == {"ex1"}
    assert {name: ordered(configuration(name)) for name in SWITCHES} == {
        name: ordered(text) for name, text in before.items()
    }


def test_a_run_that_converted_links_is_taken_back_at_both_ends_and_only_once(delivered):
    before = {name: teaming(name) for name in HOSTS}
    assert play(*ONLY, "-e", "netstack_run_id=ticket-4713").code == 0
    assert {name: teaming(name) for name in HOSTS} != before
    back = play(*ONLY, "-e", "stack_rollback_to=ticket-4713", playbook="rollback")
    assert back.code == 0, back.out
    assert {host for host, _task, _item in back.changes} == {*SWITCHES, *HOSTS}
    assert {name: ordered(configuration(name)) for name in SWITCHES} == {
        name: ordered(text) for name, text in delivered.items()
    }
    assert {name: teaming(name) for name in HOSTS} == before
    assert lost_flows() == dict.fromkeys(HOSTS, 0)
    again = play(*ONLY, "-e", "stack_rollback_to=ticket-4713", playbook="rollback")
    assert (again.code, again.changes) == (0, set()), again.out
    assert play(*ONLY).code == 0


def test_verify_names_the_link_that_broke_later_and_the_host_whose_end_somebody_changed(delivered):
    assert play(*ONLY).code == 0
    break_far_end(lacp="active", cable="dead")
    command = "esxcli network vswitch standard policy failover set -v vSwitch0 -l portid"
    control("console", "vsphere", host="esx2", command=command)
    done = play(*ONLY, playbook="verify")
    assert done.code != 0
    assert "ae0: ge-0/0/0: the link is down" in done.out
    parts = json.loads((ROOT / "report" / "report.json").read_text())["hosts"]
    assert [link["peer"] for link in parts["ex1"]["links"] if link["failures"]] == ["lb1"]
    assert [host for host in HOSTS if parts[host]["failures"]] == ["esx2"]


def test_a_switch_is_not_changed_without_the_host_at_the_other_end_of_its_link(delivered):
    done = play("--limit", "ex1")
    assert done.code != 0
    assert "esx1-lan changes at ex1, and its other end esx1 is not in this run" in done.out
    assert {name: configuration(name) for name in SWITCHES} == delivered
