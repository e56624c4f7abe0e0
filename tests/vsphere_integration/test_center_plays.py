# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks with hosts that are managed through a vCenter: one inventory host carries the halves of them all."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
import yaml

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
    assert changed(play(*back, "-e", "stack_rollback_alone=true")) == ["vc1"]
    assert {name: vc1.state(name) for name in MANAGED} == before
