# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves, with the real ansible-playbook, the module's states and the role, and that killing it harms no switch."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from unit.junos.switches import Lab

ROOT = Path(__file__).resolve().parents[3]
PLAYBOOK = Path(sys.executable).with_name("ansible-playbook")
VARIABLES = {
    "vlans": {"server": {"id": 10}},
    "bundles": {"ae0": {"members": ["ge-0/0/1", "ge-0/0/2"], "lacp": "active", "untagged": "server"}},
    "verify": {"timeout": 5, "interval": 0.2},
}
MODULE = "netstack.datacenter.junos_lag"


def inventory(lab: Lab, folder: Path) -> Path:
    host = {
        "ansible_connection": "local",
        "ansible_python_interpreter": sys.executable,
        "ansible_host": "{{ address }}",
        "address": "127.0.0.1",
        "ansible_port": lab.target.port,
        "ansible_user": "lab",
        "ansible_password": "lab123",
        "ansible_ssh_common_args": f"-F /dev/null -o UserKnownHostsFile={lab.simulator.known_hosts}",
    }
    file = folder / "hosts.yml"
    file.write_text(yaml.safe_dump({"all": {"hosts": {"ex1": host}}}))
    return file


def command(lab: Lab, folder: Path, play: dict[str, object], *arguments: str) -> list[str]:
    book = folder / "play.yml"
    book.write_text(yaml.safe_dump([{"hosts": "all", "gather_facts": False, **play}]))
    return [str(PLAYBOOK), "-i", str(inventory(lab, folder)), str(book), *arguments]


def environment() -> dict[str, str]:
    return {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".cache" / "collections"),
        "ANSIBLE_CALLBACK_RESULT_FORMAT": "json",
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_NOCOLOR": "1",
    }


def run(lab: Lab, folder: Path, play: dict[str, object], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(lab, folder, play, *arguments),
        capture_output=True,
        text=True,
        env=environment(),
        timeout=120,
        check=False,
    )


def task(state: str = "merged", **options: object) -> dict[str, object]:
    return {"tasks": [{"name": "Change", MODULE: {"state": state, **options}}]}


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
    entries = ["plan", "main", "verify", "rollback"]
    tasks = [
        {"name": name, "ansible.builtin.include_role": {"name": "netstack.datacenter.junos_lag", "tasks_from": name}}
        for name in entries
    ]
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


@pytest.mark.parametrize("place", ["before", "after_send", "after_reply"])
@pytest.mark.parametrize("rpc", ["load-configuration", "check", "confirmed", "confirming"])
def test_a_killed_playbook_leaves_the_old_or_the_new_state(lab, tmp_path, rpc, place):
    """Everything is killed while the switch holds one request; judged when its timer has run out."""
    good(lab)
    old = lab.lines()
    position = ("check", "confirmed", "confirming").index(rpc) if rpc != "load-configuration" else 0
    name = rpc if rpc == "load-configuration" else "commit-configuration"
    lab.control("fault", fault={"rpc": name, "when": place, "what": "hold", "skip": position})
    _killed(lab, tmp_path, lambda: lab.asked().count(name) > position)
    found, status = lab.lines(), lab.control("status")
    assert found == old or any("ae0" in line for line in found)
    if rpc != "confirming":  # one that was sent may be obeyed yet
        assert found == old
    assert (status["locked_by"], status["dirty"], status["pending"]) == (None, False, None)


def _killed(lab: Lab, folder: Path, held: Callable[[], bool]) -> None:
    """Run the playbook, kill it when the switch holds the request, and let the switch's timer run out."""
    with subprocess.Popen(
        command(lab, folder, task(**VARIABLES)),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment(),
        start_new_session=True,
    ) as process:
        deadline = time.monotonic() + 30
        while not held() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.2)
        _kill(process.pid)
    lab.control("clear_faults")
    lab.wait_until_left()
    lab.control("advance", seconds=301)


@pytest.mark.skipif(not os.environ.get("JUNOS_KILL_EVERY"), reason="takes minutes; set JUNOS_KILL_EVERY=1")
@pytest.mark.parametrize("place", ["before", "after_send", "after_reply"])
def test_killed_at_any_request_the_switch_has_the_old_or_the_new_state(lab, tmp_path, place):
    good(lab)
    old = lab.lines()
    run(lab, tmp_path, task(**VARIABLES))
    asked, new = lab.asked(), lab.lines()
    for position, rpc in enumerate(asked):
        lab.control("reset")
        lab.simulator.control("clear_log")
        good(lab)
        lab.control("fault", fault={"rpc": "*", "when": place, "what": "hold", "skip": position})
        _killed(lab, tmp_path, lambda wanted=position: len(lab.asked()) > wanted)
        found, status = lab.lines(), lab.control("status")
        assert found in (old, new), f"{place} {position} {rpc}"
        assert (status["locked_by"], status["dirty"], status["pending"]) == (None, False, None), f"{place} {rpc}"


def _kill(leader: int) -> None:
    """Kill the process group, and the workers, which Ansible puts into sessions of their own."""
    parents = {}
    for file in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents[int(file.parent.name)] = int(file.read_text().rsplit(")", 1)[1].split()[1])
    doomed = {leader}
    while more := {pid for pid, parent in parents.items() if parent in doomed} - doomed:
        doomed |= more
    os.killpg(leader, signal.SIGKILL)
    for pid in doomed - {leader}:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
