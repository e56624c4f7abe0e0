# SPDX-License-Identifier: GPL-3.0-or-later
"""Drives simulated hosts with the network modules of community.vmware, as a client that is not ours.

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


def play(endpoint: Endpoint, folder: Path, tasks: dict[str, Task], check: bool = False) -> dict[str, Any]:
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
    asked = [str(PLAYBOOK), "-i", "localhost,", str(book), *(["--check"] if check else [])]
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


NEW = {"vmware_vswitch": {**SWITCH, "teaming": {**HASHED, **ORDER}}}
OWN = {"vmware_portgroup": {"switch": "vSwitch1", "portgroup": "vMotion", "vlan_id": 30, "hosts": ["esx1"]}}
VMK: Task = {
    "vmware_vmkernel": {
        **{"esxi_hostname": "esx1", "vswitch_name": "vSwitch1", "portgroup_name": "vMotion", "mtu": 9000},
        **{"enable_vmotion": True, "network": {"type": "static", "ip_address": "198.51.100.7"}},
    }
}
VMK["vmware_vmkernel"]["network"]["subnet_mask"] = "255.255.255.0"


def moved(task: Task, **changed: Any) -> Task:
    """Give a task with other arguments."""
    ((module, arguments),) = task.items()
    return {module: {**arguments, **changed}}


def test_a_switch_its_port_group_and_an_interface_in_it_are_made_once_changed_and_removed(
    esxi: Esxi, tmp_path: Path
) -> None:
    slow = moved(VMK, mtu=1500, enable_vmotion=False)
    gone = moved(VMK, state="absent", device="vmk1")
    tasks = {"switch": NEW, "group": OWN, "new": VMK, "again": VMK, "slow": slow, "slow again": slow, "gone": gone}
    seen = play(esxi, tmp_path, {**tasks, "gone again": gone})
    assert [seen[name].get("changed") for name in seen] == [True, True, True, False, True, False, True, False], seen
    assert list(esxi.state()["vmks"]) == ["vmk0"]
    assert esxi.outcomes("AddVirtualNic") == esxi.outcomes("RemoveVirtualNic") == ["ok"]


def test_check_mode_tells_the_same_and_asks_for_no_change(esxi: Esxi, tmp_path: Path) -> None:
    made(esxi)
    tasks = {"switch": moved(NEW, switch="vSwitch2", nics=[], teaming={}), "same": moved(NEW, teaming={}, mtu=1500)}
    del tasks["switch"]["vmware_vswitch"]["teaming"]
    del tasks["same"]["vmware_vswitch"]["teaming"]
    tasks["same"]["vmware_vswitch"]["number_of_ports"] = 128
    before = esxi.state()["revision"]
    seen = play(esxi, tmp_path, {**tasks, "interface": VMK, "group": moved(OWN, vlan_id=31)}, check=True)
    assert [seen[name].get("changed") for name in seen] == [True, False, True, True], seen
    assert esxi.state()["revision"] == before


def test_the_information_modules_read_what_the_host_has(esxi: Esxi, tmp_path: Path) -> None:
    made(esxi)
    esxi.control("hint", nic="vmnic0", devId="switch", portId="1/0/1")
    names = ("vswitch", "portgroup", "vmkernel", "host_vmnic")
    seen = play(esxi, tmp_path, {name: {f"vmware_{name}_info": {"esxi_hostname": "esx1"}} for name in names})
    assert seen["vswitch"]["hosts_vswitch_info"]["esx1"]["vSwitch0"]["pnics"] == ["vmnic0"], seen
    groups = {each["portgroup"]: each["vlan_id"] for each in seen["portgroup"]["hosts_portgroup_info"]["esx1"]}
    assert groups == {"VM Network": 0, "Management Network": 0, "vMotion": 30}
    (vmk,) = seen["vmkernel"]["host_vmk_info"]["esx1"]
    assert (vmk["device"], vmk["ipv4_address"], vmk["enable_management"]) == ("vmk0", "192.0.2.1", True)
    nics = seen["host_vmnic"]["hosts_vmnics_info"]["esx1"]
    assert (nics["vswitch"], nics["available"]) == (
        {"vSwitch0": ["vmnic0"], "vSwitch1": ["vmnic2", "vmnic3"]},
        ["vmnic1"],
    )
    first = nics["vmnic_details"][0]
    assert (first["adapter"], first["cdp_info"]["portId"]) == (
        "Intel Corporation I350 Gigabit Network Connection",
        "1/0/1",
    )


def test_the_facts_of_a_host_are_gathered_from_it_and_through_a_vcenter(
    esxi: Esxi, center: Center, tmp_path: Path
) -> None:
    for endpoint, name in ((esxi, "esx1"), (center, center.first)):
        seen = play(endpoint, tmp_path, {"facts": {"vmware_host_facts": {"esxi_hostname": name}}})
        facts = seen["facts"]["ansible_facts"]
        assert facts["ansible_hostname"] == name and facts["ansible_vmk0"]["ipv4"]["netmask"] == "255.255.255.0", seen
        assert (facts["ansible_memtotal_mb"], facts["ansible_distribution_version"]) == (16384, "8.0.2")


def test_the_changing_modules_work_through_a_vcenter(center: Center, tmp_path: Path) -> None:
    switch = {"vmware_vswitch": {"switch": "vSwitch1", "nics": ["vmnic1"], "esxi_hostname": center.first}}
    group = moved(OWN, hosts=[center.first])
    vmk = moved(VMK, esxi_hostname=center.first)
    seen = play(center, tmp_path, {"s": switch, "s2": switch, "g": group, "g2": group, "v": vmk, "v2": vmk})
    assert [seen[name].get("changed") for name in seen] == [True, False] * 3, seen
    vmks = center.simulator.control("state", host=center.first)["vmks"]
    assert (vmks["vmk1"]["address"], vmks["vmk1"]["services"]) == ("198.51.100.7", ["vmotion"])


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
