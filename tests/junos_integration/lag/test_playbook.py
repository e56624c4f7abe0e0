# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves, with the real ansible-playbook, the module's states and the role."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from unit.junos.switches import Lab

from . import playbooks
from .playbooks import MODULE, VARIABLES, environment, task, variables


def command(lab: Lab, folder: Path, play: dict[str, object], *arguments: str) -> list[str]:
    hosts = {"ex1": variables(lab.target.port, lab.simulator.known_hosts)}
    return playbooks.command(hosts, folder, play, *arguments)


def run(lab: Lab, folder: Path, play: dict[str, object], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(lab, folder, play, *arguments),
        capture_output=True,
        text=True,
        env=environment(),
        timeout=120,
        check=False,
    )


def kept(folder: Path, **options: object) -> dict[str, object]:
    """Return a play that writes the module's result to a file."""
    tasks = [
        {"name": "Ask", MODULE: options, "register": "found"},
        {
            "name": "Keep",
            "ansible.builtin.copy": {
                "content": "{{ found | to_json }}",
                "dest": str(folder / "found.json"),
                "mode": "0600",
            },
            "check_mode": False,
            "diff": False,
        },
    ]
    return {"tasks": tasks}


def good(lab: Lab) -> None:
    lab.far_end("ge-0/0/1", "ge-0/0/2", lacp="active")


def recap(done: subprocess.CompletedProcess[str]) -> str:
    return done.stdout.strip().splitlines()[-1] if done.stdout.strip() else done.stderr


def test_a_run_changes_then_changes_nothing_and_its_check_mode_foretells_it(lab, tmp_path):
    good(lab)
    told = run(lab, tmp_path, task(**VARIABLES), "--check", "--diff")
    done = run(lab, tmp_path, task(**VARIABLES), "--diff")
    again = run(lab, tmp_path, task(**VARIABLES))
    assert "changed=1" in recap(told), told.stdout + told.stderr
    assert "changed=1" in recap(done), done.stdout
    assert "changed=0" in recap(again), again.stdout
    part = [line for line in done.stdout.splitlines() if line.startswith(("+", "-", "["))]
    assert part
    assert part == [line for line in told.stdout.splitlines() if line.startswith(("+", "-", "["))]


def test_a_plan_reads_only_and_tells_the_commands(lab, tmp_path):
    asked = {name: VARIABLES[name] for name in ("vlans", "bundles")}
    done = run(lab, tmp_path, kept(tmp_path, state="gathered", **asked))
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((tmp_path / "found.json").read_text())
    assert found["plan"]["changed"]
    assert found["plan"]["changes"] == ["VLAN server", "bundle ae0", "port ge-0/0/1", "port ge-0/0/2"]
    assert "set interfaces ge-0/0/1 ether-options 802.3ad ae0" in found["plan"]["commands"]
    assert not {"lock-configuration", "load-configuration", "commit-configuration"} & set(lab.asked())


def test_a_plan_tells_whose_commit_is_pending_and_leaves_it_so(nonels, tmp_path):
    nonels.control("commit", set="set system domain-name lab.test", user="anna", confirmed=10)
    done = run(nonels, tmp_path, kept(tmp_path, state="gathered"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "A confirmed commit of anna" in json.loads((tmp_path / "found.json").read_text())["pending"]
    assert nonels.control("status")["pending"] is not None


def test_rendered_and_parsed_need_no_switch(nonels, tmp_path):
    asked = {name: VARIABLES[name] for name in ("vlans", "bundles")}
    done = run(nonels, tmp_path, kept(tmp_path, state="rendered", style="els", **asked))
    assert done.returncode == 0, done.stdout + done.stderr
    rendered = json.loads((tmp_path / "found.json").read_text())["rendered"]
    run(nonels, tmp_path, kept(tmp_path, state="parsed", running_config=rendered))
    parsed = json.loads((tmp_path / "found.json").read_text())
    assert parsed["style"] == "els"
    assert parsed["parsed"]["bundles"]["ae0"]["members"] == ["ge-0/0/1", "ge-0/0/2"]
    assert nonels.asked() == []


def test_bad_input_fails_the_task_without_a_connection(nonels, tmp_path):
    done = run(nonels, tmp_path, task(bundles={"ae0": {"members": ["ge-0/0/1"]}}))
    assert done.returncode == 2
    assert "[LACP_MISSING]" in done.stdout
    assert "No connection was opened." in done.stdout
    assert nonels.asked() == []


def test_the_role_plans_changes_verifies_and_rolls_back(lab, tmp_path):
    good(lab)
    before = lab.lines()
    names = {f"junos_lag_{name}": value for name, value in VARIABLES.items()}
    entries = ["plan", "main", "plan", "verify", "rollback"]
    tasks = [
        {"name": name, "ansible.builtin.include_role": {"name": "netstack.datacenter.junos_lag", "tasks_from": name}}
        for name in entries
    ]
    tasks.insert(3, {"name": "Nothing planned", "ansible.builtin.assert": {"that": ["not junos_lag_planned"]}})
    tasks.insert(1, {"name": "Planned", "ansible.builtin.assert": {"that": ["junos_lag_planned"]}})
    done = run(lab, tmp_path, {"vars": {**names, "netstack_run_id": "r9"}, "tasks": tasks})
    assert done.returncode == 0, done.stdout + done.stderr
    assert "changed=2" in recap(done)
    assert lab.lines() == before


def test_a_held_change_is_confirmed_by_the_role_with_the_token_that_it_set(lab, tmp_path):
    good(lab)
    names = {f"junos_lag_{name}": value for name, value in VARIABLES.items()}
    tasks = [
        {"name": name, "ansible.builtin.include_role": {"name": "netstack.datacenter.junos_lag", "tasks_from": name}}
        for name in ("main", "confirm")
    ]
    done = run(lab, tmp_path, {"vars": {**names, "junos_lag_hold": True}, "tasks": tasks})
    assert done.returncode == 0, done.stdout + done.stderr
    assert lab.control("status")["pending"] is None
    assert any("ae0" in line for line in lab.lines())


def delegated(lab: Lab, folder: Path, play: dict[str, object], to: str) -> subprocess.CompletedProcess[str]:
    """Run a play on a host that is no switch, its task delegated."""
    switch = variables(lab.target.port, lab.simulator.known_hosts)
    hosts = {"ex1": switch, "lb1": {"ansible_host": "192.0.2.1", "address": "192.0.2.1", "ansible_user": "nobody"}}
    (job,) = play["tasks"]
    asked = playbooks.command(hosts, folder, {"tasks": [{**job, "delegate_to": to}]}, "--limit", "lb1")
    return subprocess.run(asked, capture_output=True, text=True, env=environment(), timeout=120, check=False)


def test_a_task_that_is_delegated_to_a_switch_goes_there_by_its_variables(lab, tmp_path):
    good(lab)
    done = delegated(lab, tmp_path, task(**VARIABLES), "ex1")
    assert "changed=1" in recap(done), done.stdout + done.stderr
    assert any("ae0" in line for line in lab.lines())


def test_a_task_that_is_delegated_to_the_controller_stays_with_its_switch(nonels, tmp_path):
    good(nonels)
    play = task(**VARIABLES)
    play["tasks"] = [{**play["tasks"][0], "delegate_to": "localhost"}]
    done = run(nonels, tmp_path, play)
    assert "changed=1" in recap(done), done.stdout + done.stderr


def test_password_and_user_of_the_command_line_are_taken_where_the_inventory_has_none(nonels, tmp_path):
    good(nonels)
    host = variables(nonels.target.port, nonels.simulator.known_hosts)
    del host["ansible_password"], host["ansible_user"]
    (tmp_path / "password").write_text("lab123\n")
    asked = playbooks.command({"ex1": host}, tmp_path, task(**VARIABLES), "--user", "lab")
    asked += ["--connection-password-file", str(tmp_path / "password")]
    done = subprocess.run(asked, capture_output=True, text=True, env=environment(), timeout=120, check=False)
    assert "changed=1" in recap(done), done.stdout + done.stderr


def test_neither_a_failure_nor_its_details_show_the_password(nonels, tmp_path):
    host = {**variables(nonels.target.port, nonels.simulator.known_hosts), "ansible_password": "s3cr3t-word"}
    asked = playbooks.command({"ex1": host}, tmp_path, task(**VARIABLES), "-vvvv")
    done = subprocess.run(asked, capture_output=True, text=True, env=environment(), timeout=120, check=False)
    assert done.returncode == 2
    assert "refuses the login of lab" in done.stdout
    assert "s3cr3t-word" not in done.stdout + done.stderr
