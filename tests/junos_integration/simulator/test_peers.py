# SPDX-License-Identifier: GPL-3.0-or-later
"""Drives the simulated switches with NAPALM's junos driver and with junipernetworks.junos.

They are large, so they live in an environment of their own: script/peers makes it and runs these tests. Elsewhere they
are not collected (see conftest.py), so that none of them is ever skipped.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .builders import Switch

PLAYBOOK = Path(sys.executable).with_name("ansible-playbook")


@pytest.fixture
def driver(switch: Switch) -> Iterator[Any]:
    napalm = importlib.import_module("napalm")
    options = {"port": switch.port, "config_lock": False}
    made = napalm.get_network_driver("junos")("127.0.0.1", "lab", "lab123", optional_args=options)
    made.open()
    yield made
    made.close()


def test_napalm_reads_facts_interfaces_and_neighbours(driver: Any, switch: Switch) -> None:
    switch.control("commit", set=switch.bundle)
    switch.control("far_end", ports={"ge-0/0/1": {"lacp": "active", "lldp": ["server", "eth0"]}})
    facts = driver.get_facts()
    assert (facts["vendor"], facts["hostname"]) == ("Juniper", switch.name)
    assert {"ge-0/0/1", "ae0"} <= set(facts["interface_list"])
    interfaces = driver.get_interfaces()
    assert interfaces["ge-0/0/1"]["is_up"] is True and interfaces["ge-0/0/3"]["is_up"] is False
    assert interfaces["ae0"]["is_up"] is True
    (neighbours,) = driver.get_lldp_neighbors().values()
    assert neighbours == [{"hostname": "server", "port": "eth0"}]


def test_napalm_reads_vlans_and_stations(driver: Any, switch: Switch) -> None:
    switch.control("commit", set=switch.bundle)
    switch.control("far_end", ports={"ge-0/0/1": {"lacp": "active", "macs": [["02:00:00:00:00:01", "v10"]]}})
    assert driver.get_vlans()["10"] == {"name": "v10", "interfaces": ["ae0.0"]}
    assert [(each["mac"], each["vlan"]) for each in driver.get_mac_address_table()] == [("02:00:00:00:00:01", 10)]


def test_napalm_merges_compares_and_commits(driver: Any, switch: Switch) -> None:
    driver.load_merge_candidate(config="vlans { x1 { vlan-id 9; } }")
    assert "vlan-id 9;" in driver.compare_config()
    driver.commit_config(message="by napalm")
    assert switch.control("status")["commits"][0]["log"] == "by napalm"
    assert "set vlans x1 vlan-id 9" in driver.get_config(format="set")["running"] or "x1" in switch.committed()
    driver.rollback()
    assert "x1" not in switch.committed()


def test_napalm_replaces_the_whole_configuration_and_discards_it(driver: Any, switch: Switch) -> None:
    driver.load_replace_candidate(config="system { host-name new; }")
    assert "-  interfaces {" in driver.compare_config()
    driver.discard_config()
    assert driver.compare_config() == "" and switch.control("status")["locked_by"] is None


def test_napalms_confirmed_commit_is_pending_then_confirmed_or_undone(driver: Any, switch: Switch) -> None:
    for confirm in (True, False):
        driver.load_merge_candidate(config=f"vlans {{ x{confirm} {{ vlan-id {10 + confirm}; }} }}")
        driver.commit_config(revert_in=120)
        assert driver.has_pending_commit() is True
        if confirm:
            driver.confirm_commit()
            assert driver.has_pending_commit() is False
        switch.control("advance", seconds=121)
    assert "xTrue" in switch.committed() and "xFalse" not in switch.committed()


def test_napalm_raises_what_the_switch_refuses(driver: Any) -> None:
    from napalm.base.exceptions import MergeConfigException

    with pytest.raises(MergeConfigException, match="syntax error"):
        driver.load_merge_candidate(config="interfaces { ae0 { colour red; } }")


def play(switch: Switch, folder: Path, tasks: list[dict[str, Any]], *more: str) -> dict[str, Any]:
    """Run tasks of junipernetworks.junos against the switch; give each task's result by its name."""
    variables = {
        "ansible_host": "127.0.0.1",
        "ansible_port": switch.port,
        "ansible_user": "lab",
        "ansible_password": "lab123",
        "ansible_network_os": "junipernetworks.junos.junos",
        "ansible_connection": "ansible.netcommon.netconf",
        "ansible_host_key_checking": False,
        "ansible_python_interpreter": sys.executable,
    }
    inventory = folder / "inventory.json"
    inventory.write_text(json.dumps({"all": {"hosts": {"sw": variables}}}), encoding="utf-8")
    book = folder / "play.json"
    book.write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": tasks}]), encoding="utf-8")
    environment = {
        **os.environ,
        "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json",
        "ANSIBLE_HOME": str(folder / "home"),
    }
    asked = [str(PLAYBOOK), "-i", str(inventory), str(book), *more]
    ran = subprocess.run(asked, capture_output=True, text=True, timeout=300, env=environment, cwd=folder)
    assert ran.stdout.lstrip().startswith("{"), ran.stdout + ran.stderr
    shown = json.loads(ran.stdout)
    return {task["task"]["name"]: task["hosts"]["sw"] for task in shown["plays"][0]["tasks"]}


def test_junipernetworks_junos_changes_the_configuration_once(switch: Switch, tmp_path: Path) -> None:
    change = {"junipernetworks.junos.junos_config": {"lines": ["set vlans x1 vlan-id 9"], "comment": "by ansible"}}
    seen = play(switch, tmp_path, [{"name": "first", **change}, {"name": "again", **change}], "--diff")
    assert (seen["first"]["changed"], seen["again"]["changed"]) == (True, False), seen
    assert "vlan-id 9;" in seen["first"]["diff"]["prepared"]
    assert "set vlans x1 vlan-id 9" in switch.committed()


def test_junipernetworks_junos_reads_facts_and_makes_vlans(switch: Switch, tmp_path: Path) -> None:
    tasks = [
        {"name": "facts", "junipernetworks.junos.junos_facts": {"gather_subset": ["default"]}},
        {
            "name": "vlans",
            "junipernetworks.junos.junos_vlans": {"config": [{"name": "x1", "vlan_id": 9}], "state": "merged"},
        },
    ]
    seen = play(switch, tmp_path, tasks)
    assert seen["facts"]["ansible_facts"]["ansible_net_hostname"] == switch.name, seen
    assert seen["vlans"]["changed"] is True, seen
    assert "set vlans x1 vlan-id 9" in switch.committed()


def test_junipernetworks_junos_sees_a_bundle_that_a_range_and_a_group_make(switch: Switch, tmp_path: Path) -> None:
    lines = (
        "set chassis aggregated-devices ethernet device-count 1",
        "set groups LAG interfaces <ae*> aggregated-ether-options lacp active",
        "set apply-groups LAG",
        "set interfaces interface-range uplinks member-range ge-0/0/1 to ge-0/0/2",
        "set interfaces interface-range uplinks ether-options 802.3ad ae0",
        "set interfaces ae0 description by-hand",
    )
    switch.control("reset", set="\n".join(lines))
    gather = {"junipernetworks.junos.junos_lag_interfaces": {"state": "gathered"}}
    (seen,) = play(switch, tmp_path, [{"name": "gather", **gather}])["gather"]["gathered"]
    assert (seen["name"], seen["mode"]) == ("ae0", "active")
    assert [each["member"] for each in seen["members"]] == ["ge-0/0/1", "ge-0/0/2"]
    asked = [entry for entry in switch.control("log") if "inherit=" in str(entry["request"])]
    assert asked, "it has read with inheritance"


def test_junipernetworks_junos_is_told_what_commit_check_refuses(switch: Switch, tmp_path: Path) -> None:
    lines = ["set interfaces ge-0/0/1 ether-options 802.3ad ae0", "set interfaces ge-0/0/1 mtu 9000"]
    seen = play(switch, tmp_path, [{"name": "bad", "junipernetworks.junos.junos_config": {"lines": lines}}])
    assert seen["bad"]["failed"] is True and "Setting mtu on ae child device is not allowed" in str(seen["bad"]), seen
    assert "802.3ad" not in switch.committed()
