# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks with hosts that are managed through a vCenter: one inventory host carries the halves of them all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager

import pytest
import yaml

from kinds.junos_ex.client import Simulator as Switches

from .test_playbook import PLAYBOOK, ROOT

MANAGED = ["vc1-esx001", "vc1-esx002"]
VLANS = {"vmotion": {"id": 30, "subnet": "10.0.30.0/24", "mtu": 9000}}


SOMEBODYS = {"kind": "procurve"}
OURS = {"kind": "junos_ex", "model": "ex4300-48t"}
LAGS = {"procurve": ("trk", "A"), "junos_ex": ("ae", "ge-0/0/")}


def site(switch: dict = SOMEBODYS) -> dict:
    """Return two hosts of a vCenter, each with a bundle of one port to a switch."""
    lag, port = LAGS[switch["kind"]]
    links = {
        f"{name}-vmotion": {
            "bundle": "static",
            "vlans": {"tagged": ["vmotion"]},
            "ends": {
                "sw1": {"lag": f"{lag}{number}", "ports": [f"{port}{number}"]},
                name: {"lag": "vSwitch1", "ports": ["vmnic1"]},
            },
        }
        for number, name in enumerate(MANAGED, 1)
    }
    devices = {name: {"kind": "esxi_vss", "vcenter": "vc1"} for name in MANAGED}
    devices |= {"vc1": {"kind": "vcenter"}, "sw1": switch}
    return {"plugin": "netstack.datacenter.stack", "vlans": VLANS, "devices": devices, "links": links}


def connections(lab, folder) -> dict:
    local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    center = {
        **local,
        **{"ansible_host": "127.0.0.1", "ansible_port": lab.target.port},
        **{"ansible_user": "root", "ansible_password": "lab123"},
        **{"esxi_teaming_ca_file": lab.simulator.ca_file, "esxi_teaming_restore_dir": str(folder / "points")},
    }
    return {"all": {"hosts": {"vc1": center, **dict.fromkeys([*MANAGED, "sw1"], local)}}}


def login(switches: Switches, folder) -> dict:
    """Return the variables by which the switch of the site is reached."""
    known = folder / "known_hosts"
    known.write_text(f"[127.0.0.1]:{switches.port('sw1')} {switches.host_key('sw1')}\n")
    return {
        **{"ansible_connection": "local", "ansible_python_interpreter": sys.executable},
        **{"ansible_host": "127.0.0.1", "ansible_port": switches.port("sw1")},
        **{"ansible_user": "lab", "ansible_password": "lab123"},
        "ansible_ssh_common_args": f"-F /dev/null -o UserKnownHostsFile={known}",
    }


@pytest.fixture
def play(vc1, tmp_path):
    """Return a function that runs a playbook for the site."""
    (tmp_path / "stack.yml").write_text(yaml.safe_dump(site()))
    (tmp_path / "connections.yml").write_text(yaml.safe_dump(connections(vc1, tmp_path)))

    def run(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        inventories = ["-i", str(tmp_path / "stack.yml"), "-i", str(tmp_path / "connections.yml")]
        report = ["-e", f"stack_report_folder={tmp_path / 'report'}"]
        collections = str(ROOT / ".cache" / "collections")
        environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": collections, "ANSIBLE_NOCOLOR": "1"}
        return subprocess.run(
            [str(PLAYBOOK), *inventories, str(ROOT / "playbooks" / f"{name}.yml"), *report, *arguments],
            capture_output=True,
            text=True,
            env={**environment, "HOME": str(tmp_path)},
            check=False,
        )

    return run


def failed_alone(done: subprocess.CompletedProcess[str], host: str, reason: str) -> None:
    """Expect a run that has failed for one host, and that says how to go on without it."""
    assert done.returncode == 2, done.stdout + done.stderr
    told = done.stdout + done.stderr
    print(told)
    assert f"{host}: " in told
    assert reason in told
    assert f"hosts_left_out: [{host}]" in told


def mtus(vc1) -> list[int | None]:
    return [vc1.state(name)["switches"].get("vSwitch1", {}).get("mtu") for name in MANAGED]


def changed(done: subprocess.CompletedProcess[str]) -> list[str]:
    """Return the hosts that the recap tells as changed."""
    assert done.returncode == 0, done.stdout + done.stderr
    return [line.split()[0] for line in done.stdout.splitlines() if "changed=" in line and "changed=0" not in line]


def test_the_playbooks_plan_change_verify_and_take_back_through_the_vcenter(vc1, play, tmp_path):
    before = {name: vc1.state(name) for name in MANAGED}
    play("plan")
    assert {name: vc1.state(name) for name in MANAGED} == before
    done = play("site", "-e", "netstack_run_id=r1")
    assert changed(done) == ["vc1"]
    for name in MANAGED:
        switch = vc1.state(name)["switches"]["vSwitch1"]
        assert (switch["uplinks"], switch["mtu"]) == (["vmnic1"], 9000)
        assert vc1.state(name)["groups"]["vmotion"]["computed"]["nicTeaming"]["policy"] == "loadbalance_ip"
    report = json.loads((tmp_path / "report" / "report.json").read_text())["hosts"]
    assert all(any(each["host"] == name and each["good"] for each in report["vc1"]["seen"]) for name in MANAGED)
    assert changed(play("site")) == []
    assert changed(play("verify")) == []
    assert changed(play("rollback", "-e", "stack_rollback_to=r1")) == ["vc1"]
    assert {name: vc1.state(name) for name in MANAGED} == before


def test_no_run_asks_the_hosts_themselves(vc1, play):
    """They have no address here, so a play that asked one would fail; and one login is enough for a task."""
    assert changed(play("site")) == ["vc1"]
    logins = [entry for entry in vc1.log() if entry["method"] == "Login"]
    assert 0 < len(logins) <= 4


def test_what_a_vcenter_would_put_back_of_one_end_alone_is_refused_but_on_demand(vc1, play, tmp_path):
    before = {name: vc1.state(name) for name in MANAGED}
    assert changed(play("site", "-e", "netstack_run_id=r1")) == ["vc1"]
    after = {name: vc1.state(name) for name in MANAGED}
    # From now on the other end is one that a run could change, and that is not in this one.
    (tmp_path / "stack.yml").write_text(yaml.safe_dump(site(OURS)))
    back = ("rollback", "-e", "stack_rollback_to=r1", "--limit", "vc1")
    refused = play(*back)
    assert refused.returncode == 2
    for name in MANAGED:
        assert f"{name}-vmotion changes at vc1, and its other end sw1 is not in this run" in refused.stdout
    assert {name: vc1.state(name) for name in MANAGED} == after
    nothing = play("rollback", "-e", "stack_rollback_to=another", "--limit", "vc1")
    assert changed(nothing) == []
    assert changed(play(*back, "-e", "stack_rollback_alone=true")) == ["vc1"]
    assert {name: vc1.state(name) for name in MANAGED} == before


AWAY = "vCenter says of vc1-esx001: notResponding."
LEFT_OUT = ("-e", '{"esxi_teaming_hosts_left_out": ["vc1-esx001"]}')


def away(vc1) -> None:
    vc1.simulator.control("trouble", host=MANAGED[0], reach="silent")


def test_a_host_that_is_away_fails_the_run_in_the_end_and_the_other_is_changed_verified_and_reported(
    vc1, play, tmp_path
):
    away(vc1)
    failed_alone(play("site", "-e", "netstack_run_id=r1"), MANAGED[0], AWAY)
    assert mtus(vc1) == [None, 9000]
    report = json.loads((tmp_path / "report" / "report.json").read_text())["hosts"]["vc1"]
    good = {name: [each["good"] for each in report["seen"] if each["host"] == name] for name in MANAGED}
    assert good[MANAGED[0]] == [False]
    assert good[MANAGED[1]] and all(good[MANAGED[1]])
    assert any(AWAY in str(each) for each in report["failures"])


@pytest.mark.all_only("the run itself is played each time; plan, check mode and the way on read the same outcomes")
def test_a_plan_and_check_mode_tell_the_host_that_is_away_and_left_out_it_keeps_nobody(vc1, play):
    away(vc1)
    failed_alone(play("plan"), MANAGED[0], AWAY)
    failed_alone(play("site", "--check"), MANAGED[0], AWAY)
    assert mtus(vc1) == [None, None]
    assert changed(play("site", *LEFT_OUT)) == ["vc1"]
    assert mtus(vc1) == [None, 9000]
    failed_alone(play("verify"), MANAGED[0], AWAY)
    assert changed(play("verify", *LEFT_OUT)) == []


@contextmanager
def ours(lab, folder):
    """Put a switch of ours at the other end of the hosts' links, and yield it."""
    with Switches({"sw1": OURS["model"]}) as switches:
        inventory = connections(lab, folder)
        inventory["all"]["hosts"]["sw1"] = login(switches, folder)
        (folder / "connections.yml").write_text(yaml.safe_dump(inventory))
        (folder / "stack.yml").write_text(yaml.safe_dump(site(OURS)))
        switches.control("far_end", switch="sw1", ports={"ge-0/0/1": {}, "ge-0/0/2": {}})
        yield switches


@pytest.mark.all_only("stack_limit's judgement has unit tests; this shows that it is asked where no host is contacted")
def test_with_all_hosts_left_out_the_switch_at_their_links_stays_as_it_is(vc1, play, tmp_path):
    with ours(vc1, tmp_path) as switches:
        before = switches.control("configuration", switch="sw1")
        done = play("site", "-e", json.dumps({"esxi_teaming_hosts_left_out": MANAGED}))
        assert mtus(vc1) == [None, None]
        assert switches.control("configuration", switch="sw1") == before, done.stdout


@pytest.mark.all_only("a rollback is three runs; what it does at each host is of test_center_hosts")
def test_a_rollback_puts_the_others_back_and_the_host_that_is_away_later(vc1, play):
    before = {name: vc1.state(name) for name in MANAGED}
    assert changed(play("site", "-e", "netstack_run_id=r1")) == ["vc1"]
    away(vc1)
    failed_alone(play("rollback", "-e", "stack_rollback_to=r1"), MANAGED[0], AWAY)
    assert mtus(vc1) == [9000, None]
    vc1.simulator.control("trouble", host=MANAGED[0], reach="up")
    assert changed(play("rollback", "-e", "stack_rollback_to=r1")) == ["vc1"]
    assert {name: vc1.state(name) for name in MANAGED} == before


@pytest.mark.all_only("the same end of a run as with a host that is away")
def test_a_host_that_fails_in_its_change_keeps_nobody_else_from_it(vc1, play):
    vc1.control("fault", fault={"method": "AddPortGroup", "what": "fault", "fault": "HostConfigFault"})
    failed_alone(play("site"), MANAGED[0], "The host could not do it.")
    assert mtus(vc1) == [None, 9000]
    assert changed(play("site")) == ["vc1"]
    assert mtus(vc1) == [9000, 9000]


def test_the_switch_of_a_host_that_failed_in_its_change_waits_for_the_next_run(vc1, play, tmp_path):
    with ours(vc1, tmp_path) as switches:
        before = switches.control("configuration", switch="sw1")
        vc1.control("fault", fault={"method": "AddPortGroup", "what": "fault", "fault": "HostConfigFault"})
        done = play("site")
        assert done.returncode == 2, done.stdout
        assert "vc1-esx001 does not change in this run (AddPortGroup vmotion failed." in done.stdout
        assert "sw1 was not changed." in done.stdout
        assert mtus(vc1) == [None, 9000]
        assert switches.control("configuration", switch="sw1") == before
        assert changed(play("site")) == ["sw1", "vc1"]
        assert mtus(vc1) == [9000, 9000]
