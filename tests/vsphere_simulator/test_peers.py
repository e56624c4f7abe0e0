# SPDX-License-Identifier: GPL-3.0-or-later
"""Drives simulated hosts with community.vmware's vmware_vswitch and vmware_portgroup, as a client that is not ours.

They are large, so they live in an environment of their own: script/peers makes it and runs these tests. Elsewhere they
are not collected (see conftest.py), so that none of them is ever skipped. Three tests show what these modules are known
to do to fields that nobody asked them to touch.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from .builders import Center, Endpoint, Esxi

PLAYBOOK = Path(sys.executable).with_name("ansible-playbook")
Task = dict[str, Any]


def play(endpoint: Endpoint, folder: Path, tasks: dict[str, Task]) -> dict[str, Any]:
    """Run tasks of community.vmware against a host or vCenter; give each task's result by its name."""
    access = {
        "hostname": endpoint.simulator.address(endpoint.name),
        "port": endpoint.port,
        "username": "root",
        "password": "lab123",
    }
    listed = []
    for name, task in tasks.items():
        ((module, arguments),) = task.items()
        listed.append({"name": name, f"community.vmware.{module}": {**access, **arguments}})
    book = folder / "play.json"
    play_of = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": listed}
    play_of["vars"] = {"ansible_python_interpreter": sys.executable}
    book.write_text(json.dumps([play_of]), encoding="utf-8")
    environment = {
        **os.environ,
        "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json",
        "ANSIBLE_HOME": str(folder / "home"),
        "SSL_CERT_FILE": endpoint.simulator.ca_file,
    }
    asked = [str(PLAYBOOK), "-i", "localhost,", str(book)]
    ran = subprocess.run(asked, capture_output=True, text=True, timeout=300, env=environment, cwd=folder)
    assert "{" in ran.stdout, ran.stdout + ran.stderr
    shown = json.loads(ran.stdout[ran.stdout.index("{") :])
    return {task["task"]["name"]: task["hosts"]["localhost"] for task in shown["plays"][0]["tasks"]}


SWITCH = {"switch": "vSwitch1", "nics": ["vmnic2", "vmnic3"], "mtu": 9000, "number_of_ports": 64}
GROUP = {"switch": "vSwitch1", "portgroup": "vMotion", "vlan_id": 30, "esxi_hostname": "esx1"}
HASHED = {"load_balancing": "loadbalance_ip", "notify_switches": True, "failback": True}
ORDER = {"active_adapters": ["vmnic2", "vmnic3"], "standby_adapters": []}


def test_a_switch_and_a_port_group_are_made_once_and_removed(esxi: Esxi, tmp_path: Path) -> None:
    switch = {"vmware_vswitch": SWITCH}
    group = {"vmware_portgroup": {**GROUP, "hosts": ["esx1"]}}
    del group["vmware_portgroup"]["esxi_hostname"]
    gone = {"vmware_vswitch": {"switch": "vSwitch1", "state": "absent"}}
    seen = play(esxi, tmp_path, {"switch": switch, "again": switch, "group": group, "group again": group, "gone": gone})
    assert [seen[name].get("changed") for name in seen] == [True, False, True, False, True], seen
    assert list(esxi.state()["switches"]) == ["vSwitch0"]


def test_teaming_is_set_on_a_switch_and_found_unchanged_the_second_time(esxi: Esxi, tmp_path: Path) -> None:
    switch = {"vmware_vswitch": {**SWITCH, "teaming": {**HASHED, **ORDER}}}
    seen = play(esxi, tmp_path, {"switch": switch, "again": switch})
    assert (seen["switch"].get("changed"), seen["again"].get("changed")) == (True, False), seen
    shown = esxi.state()["switches"]["vSwitch1"]
    assert (shown["mtu"], shown["ports"], shown["policy"]["nicTeaming"]["policy"]) == (9000, 64, "loadbalance_ip")


def test_the_information_module_reads_what_the_host_has(esxi: Esxi, tmp_path: Path) -> None:
    seen = play(esxi, tmp_path, {"info": {"vmware_vswitch_info": {"esxi_hostname": "esx1"}}})
    facts = seen["info"]["hosts_vswitch_info"]["esx1"]
    assert facts["vSwitch0"]["pnics"] == ["vmnic0"], seen


def test_a_wrong_password_is_told(esxi: Esxi, tmp_path: Path) -> None:
    seen = play(esxi, tmp_path, {"wrong": {"vmware_vswitch": {**SWITCH, "password": "wrong"}}})
    assert "incorrect user name or password" in seen["wrong"]["msg"] or "Unable to log on" in seen["wrong"]["msg"], seen


def made(esxi: Esxi) -> None:
    """Make vSwitch1 with two uplinks and a port group in VLAN 30."""
    for command in (
        "add -v vSwitch1",
        "uplink add -v vSwitch1 -u vmnic2",
        "uplink add -v vSwitch1 -u vmnic3",
        "portgroup add -p vMotion -v vSwitch1",
        "portgroup set -p vMotion -v 30",
    ):
        esxi.run(f"network vswitch standard {command}")


def test_its_port_group_module_loses_the_vlan_that_a_task_does_not_name(esxi: Esxi, tmp_path: Path) -> None:
    made(esxi)
    group = {"switch": "vSwitch1", "portgroup": "vMotion", "hosts": ["esx1"], "teaming": {**HASHED, **ORDER}}
    seen = play(esxi, tmp_path, {"teaming": {"vmware_portgroup": group}})
    assert seen["teaming"].get("changed") is True, seen
    assert esxi.state()["groups"]["vMotion"]["vlan"] == 0


def test_its_switch_module_asks_for_no_uplinks_where_a_task_names_none(esxi: Esxi, tmp_path: Path) -> None:
    made(esxi)
    switch = {"switch": "vSwitch1", "teaming": {**HASHED, **ORDER}}
    seen = play(esxi, tmp_path, {"teaming": {"vmware_vswitch": switch}})
    assert not seen["teaming"].get("changed"), seen
    assert esxi.outcomes("UpdateVirtualSwitch") == ["InvalidArgument"]
    assert esxi.state()["switches"]["vSwitch1"]["uplinks"] == ["vmnic2", "vmnic3"]


def test_its_port_group_module_leaves_a_new_group_without_active_nics(esxi: Esxi, tmp_path: Path) -> None:
    made(esxi)
    group = {
        "switch": "vSwitch1",
        "portgroup": "new",
        "hosts": ["esx1"],
        "teaming": {"load_balancing": "loadbalance_ip"},
    }
    seen = play(esxi, tmp_path, {"new": {"vmware_portgroup": group}})
    assert seen["new"].get("changed") is True, seen
    assert esxi.state()["groups"]["new"]["computed"]["nicTeaming"]["nicOrder"] == {"activeNic": [], "standbyNic": []}


def test_one_host_of_a_vcenter_is_changed_by_its_name(center: Center, tmp_path: Path) -> None:
    group = {"switch": "vSwitch0", "portgroup": "vMotion", "vlan_id": 30, "hosts": [center.first]}
    seen = play(center, tmp_path, {"group": {"vmware_portgroup": group}})
    assert seen["group"].get("changed") is True, seen
    assert center.simulator.control("state", host=center.first)["groups"]["vMotion"]["vlan"] == 30
    assert "vMotion" not in center.simulator.control("state", host="vc1-esx002")["groups"]
