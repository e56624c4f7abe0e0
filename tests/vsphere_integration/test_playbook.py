# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves, with the real ansible-playbook, the module's states and the role, over the API and over SSH."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from .labs import STATIC

ROOT = Path(__file__).resolve().parents[2]
PLAYBOOK = Path(sys.executable).with_name("ansible-playbook")
MODULE = "netstack.datacenter.esxi_teaming"
ROLE = {"esxi_teaming_vswitches": STATIC["vswitches"]}


def inventory(lab, folder: Path, transport: str) -> Path:
    target = lab.shell_target if transport == "ssh" else lab.target
    host = {
        "ansible_connection": "local",
        "ansible_python_interpreter": sys.executable,
        "ansible_host": "{{ address }}",
        "address": "127.0.0.1",
        "ansible_port": target.port,
        "ansible_user": "root",
        "ansible_password": "lab123",
        "ansible_ssh_common_args": " ".join(target.ssh_arguments),
        "esxi_teaming_ca_file": lab.simulator.ca_file,
        "esxi_teaming_transport": transport,
        "esxi_teaming_restore_dir": str(folder / "restore"),
        "esxi_teaming_run_id": "r1",
        "authority": lab.simulator.ca_file,
    }
    file = folder / "hosts.yml"
    file.write_text(yaml.safe_dump({"all": {"hosts": {"esx1": host}}}))
    return file


def run(lab, folder: Path, tasks: list[dict], *arguments: str, transport: str = "api", **variables):
    book = folder / "play.yml"
    book.write_text(yaml.safe_dump([{"hosts": "all", "gather_facts": False, "vars": variables, "tasks": tasks}]))
    environment = {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".cache" / "collections"),
        "ANSIBLE_CALLBACK_RESULT_FORMAT": "json",
        "ANSIBLE_NOCOLOR": "1",
    }
    return subprocess.run(
        [str(PLAYBOOK), "-i", str(inventory(lab, folder, transport)), str(book), *arguments],
        capture_output=True,
        text=True,
        env=environment,
        timeout=120,
        check=False,
    )


def task(folder: Path, **options) -> list[dict]:
    """Return a task and one that writes its result to a file."""
    connection = {"transport": "{{ esxi_teaming_transport }}", "ca_file": "{{ authority }}"}
    keep = {"content": "{{ found | to_json }}", "dest": str(folder / "found.json"), "mode": "0600"}
    return [
        {"name": "Ask", MODULE: {**connection, **options}, "register": "found"},
        {"name": "Keep", "ansible.builtin.copy": keep, "check_mode": False, "diff": False},
    ]


def found(folder: Path) -> dict:
    return json.loads((folder / "found.json").read_text())


def role(entry: str = "main") -> list[dict]:
    return [
        {
            "name": "Role",
            "ansible.builtin.include_role": {"name": "netstack.datacenter.esxi_teaming", "tasks_from": entry},
        }
    ]


def recap(done) -> str:
    return done.stdout.strip().splitlines()[-1] if done.stdout.strip() else done.stderr


@pytest.mark.parametrize("transport", ["api", "ssh"])
def test_check_mode_foretells_the_run_and_a_second_one_changes_nothing(esx1, tmp_path, transport):
    results = []
    for arguments in (["--check", "--diff"], ["--diff"], []):
        done = run(esx1, tmp_path, task(tmp_path, **STATIC), *arguments, transport=transport)
        assert done.returncode == 0, done.stdout + done.stderr
        results.append((found(tmp_path), [line for line in done.stdout.splitlines() if line[:1] in "+-"]))
    (told, shown), (did, seen), (again, _none) = results
    assert told["changed"] and did["changed"] and not again["changed"]
    assert any("loadbalance_ip" in line for line in shown)
    assert shown == seen
    for key in ("before", "after", "commands", "diff", "restore_point"):
        assert told[key] == did[key], key
    assert again["before"] == did["after"] == again["after"]
    assert told["verified"] == [] and did["verified"]


def test_a_plan_reads_only_and_tells_the_commands_and_what_would_be_refused(esx1, tmp_path):
    asked = {"vswitches": {"vSwitch0": {"teaming": {"load_balancing": "loadbalance_ip"}}}}
    done = run(esx1, tmp_path, task(tmp_path, state="gathered", **asked))
    assert done.returncode == 0, done.stdout + done.stderr
    plan = found(tmp_path)["plan"]
    assert plan["changed"]
    assert plan["commands"][0].startswith("UpdateVirtualSwitch vSwitch0")
    assert "OVERRIDE_NOT_DECLARED" in " ".join(plan["findings"])
    assert not [call for call in esx1.calls() if call.startswith(("Update", "Add", "Remove"))]


def test_what_is_gathered_declares_the_host_as_it_is(esx1, tmp_path):
    run(esx1, tmp_path, task(tmp_path, state="gathered"))
    gathered = found(tmp_path)["gathered"]
    assert found(tmp_path)["computed"]["vmotion"]["teaming"]["active_uplinks"] == ["vmnic2", "vmnic3"]
    done = run(esx1, tmp_path, task(tmp_path, state="overridden", **gathered))
    assert done.returncode == 0, done.stdout + done.stderr
    assert found(tmp_path)["changed"] is False


def test_bad_input_is_refused_before_any_connection(esx1, tmp_path):
    wrong = {"vswitches": {"vSwitch1": {"bundle": {"mode": "lacp"}, "mtu": 1}}}
    done = run(esx1, tmp_path, task(tmp_path, **wrong))
    assert done.returncode == 2
    assert "Refused: 2 findings. No connection was opened." in done.stdout
    assert esx1.calls() == []


@pytest.mark.parametrize("transport", ["api", "ssh"])
def test_what_a_task_replaced_can_be_put_back_with_what_it_returned(esx1, tmp_path, transport):
    before = esx1.state()
    wanted = {"state": "replaced", "vswitches": {"vSwitch1": {"uplinks": ["vmnic3"], "mtu": 9000}}}
    run(esx1, tmp_path, task(tmp_path, **wanted), transport=transport)
    point = found(tmp_path)["restore_point"]
    assert esx1.state() != before
    done = run(esx1, tmp_path, task(tmp_path, state="restored", restore_point=point), transport=transport)
    assert done.returncode == 0, done.stdout + done.stderr
    after = esx1.state()
    for state in (before, after):
        state["switches"]["vSwitch1"]["uplinks"].sort()
    assert after == before


def test_an_object_that_went_comes_back_with_all_that_is_not_declared_here(esx1, tmp_path):
    before = esx1.state()
    wanted = {"state": "deleted", "vswitches": ["vSwitch1"], "port_groups": ["vmotion", "storage"]}
    done = run(esx1, tmp_path, task(tmp_path, **wanted))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "vSwitch1" not in esx1.state()["switches"]
    point = found(tmp_path)["restore_point"]
    done = run(esx1, tmp_path, task(tmp_path, state="restored", restore_point=point))
    assert done.returncode == 0, done.stdout + done.stderr
    assert esx1.state() == before


@pytest.mark.parametrize("transport", ["api", "ssh"])
def test_the_role_plans_changes_verifies_and_rolls_back(esx1, tmp_path, transport):
    before = esx1.state()
    planned = [*role("plan"), {"ansible.builtin.assert": {"that": "esxi_teaming_planned"}}]
    tasks = [*planned, *role(), *role("verify"), *role("rollback")]
    done = run(esx1, tmp_path, tasks, transport=transport, **ROLE)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "changed=2" in recap(done)
    assert esx1.state() == before
    kept = list((tmp_path / "restore" / "r1").iterdir())
    assert [(file.name, file.stat().st_mode & 0o777) for file in kept] == [("esx1.json", 0o600)]


def test_a_verification_tells_what_is_missing_and_which_uplink_has_no_link(esx1, tmp_path):
    esx1.control("link", nic="vmnic3", up=False)
    done = run(esx1, tmp_path, role("verify"), **ROLE)
    assert done.returncode == 2
    assert "missing: UpdateVirtualSwitch vSwitch1" in done.stdout
    assert "vmnic3 has no link" in done.stdout


def test_a_rollback_of_a_run_that_changed_nothing_does_not_contact_the_host(esx1, tmp_path):
    done = run(esx1, tmp_path, role("rollback"), **ROLE)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Nothing was replaced" in done.stdout + done.stderr
    assert esx1.calls() == []


def test_the_password_is_in_no_output_and_in_no_command_line(esx1, tmp_path):
    done = run(esx1, tmp_path, task(tmp_path, **STATIC), "-vvv", transport="ssh")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "lab123" not in done.stdout + done.stderr


def test_a_console_that_was_copied_is_read_and_rendered_against(esx1, tmp_path):
    commands = ["network vswitch standard list", "network vswitch standard portgroup list", "network nic list"]
    commands += ["network ip interface list", "network ip interface ipv4 get"]
    for policy in ("failover", "security"):
        commands += [f"network vswitch standard policy {policy} get -v {name}" for name in ("vSwitch0", "vSwitch1")]
        commands += [
            f'network vswitch standard portgroup policy {policy} get -p "{name}"'
            for name in ("Management Network", "vmotion", "storage")
        ]
    printed = [f"[root@esx1:~] esxcli {line}\n{esx1.control('console', command=f'esxcli {line}')}" for line in commands]
    copy = "".join(printed)
    run(esx1, tmp_path, task(tmp_path, state="gathered"))
    gathered = found(tmp_path)["gathered"]
    run(esx1, tmp_path, task(tmp_path, state="parsed", running_config=copy))
    assert found(tmp_path)["parsed"] == gathered
    done = run(esx1, tmp_path, task(tmp_path, state="rendered", running_config=copy, **STATIC), transport="ssh")
    assert done.returncode == 0, done.stdout + done.stderr
    line = "esxcli network vswitch standard policy failover set --vswitch-name=vSwitch1 --load-balancing=iphash"
    assert found(tmp_path)["rendered"] == line


def test_a_failure_carries_its_message_and_says_what_the_host_has(esx1, tmp_path):
    esx1.control("trouble", license="free")
    tasks = task(tmp_path, **STATIC)
    tasks[0]["register"] = "found"
    done = run(esx1, tmp_path, [{"name": "Try", "block": tasks[:1], "always": tasks[1:]}])
    assert done.returncode == 2
    result = found(tmp_path)
    assert result["failed"] and not result["changed"]
    assert "The host has its old state." in result["msg"]
    assert "Say transport: ssh" in result["msg"]
    assert result["restore_point"]["vswitches"]["vSwitch1"]["mtu"] == 1500
