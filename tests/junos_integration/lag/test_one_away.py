# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves with real runs that a switch that does not answer keeps no other from its plan, and nothing is changed."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path

import yaml

from .playbooks import PLAYBOOK, environment, variables

QUICK = {"junos_lag_verify": {"timeout": 5, "interval": 0.2}, "junos_lag_rescue": "never"}
LOCKED = {"lock-configuration", "load-configuration", "commit-configuration"}


def closed() -> int:
    """Return a port at which nobody listens."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def site(lab, folder: Path, between: bool, answers: str = "ex1", **login: object) -> Path:
    """Write a site of a switch that answers and one that does not, each with a link of a server, or one of both."""
    port = {"bundle": "none", "vlans": {"untagged": "server"}}
    links = {
        f"srv{number}": {**port, "ends": {f"ex{number}": {"ports": ["ge-0/0/5"]}, f"srv{number}": {"ports": ["eth0"]}}}
        for number in (1, 2)
    }
    if between:
        links["up"] = {**port, "ends": {"ex1": {"ports": ["ge-0/0/7"]}, "ex2": {"ports": ["ge-0/0/7"]}}}
    devices = {
        **{f"ex{number}": {"kind": "junos_ex"} for number in (1, 2)},
        **{f"srv{number}": {"kind": "external"} for number in (1, 2)},
    }
    content = {
        "plugin": "netstack.datacenter.stack",
        "vlans": {"server": {"id": 30}},
        "devices": devices,
        "links": links,
    }
    folder.mkdir()
    (folder / "stack.yml").write_text(yaml.safe_dump(content))
    (folder / "host_vars").mkdir()
    known = {host: lab.target.port if host == answers else closed() for host in ("ex1", "ex2")}
    for host, number in known.items():
        text = yaml.safe_dump({**variables(number, lab.simulator.known_hosts), **QUICK, **login})
        (folder / "host_vars" / f"{host}.yml").write_text(text)
    return folder


def play(name: str, inventory: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [str(PLAYBOOK), f"netstack.datacenter.{name}", "-i", str(inventory), *options]
    report = ["-e", f"stack_report_folder={inventory.parent / 'report'}"]
    return subprocess.run([*command, *report], capture_output=True, text=True, env=environment(), check=False)


def test_the_run_stops_before_a_change_names_the_limit_that_goes_on_and_that_one_does(nonels, tmp_path):
    inventory = site(nonels, tmp_path / "inventory", between=False)
    stopped = play("site", inventory)
    assert stopped.returncode != 0
    assert "fatal: [ex2]: UNREACHABLE!" in stopped.stdout
    assert "1 of 4 devices could not be planned, and nothing was changed." in stopped.stdout
    assert "--limit 'all:!ex2' goes on; it changes ex1." in stopped.stdout
    assert not LOCKED & set(nonels.asked())
    done = play("site", inventory, "--limit", "all:!ex2")
    assert done.returncode == 0, done.stdout
    assert any("ge-0/0/5" in line for line in nonels.lines())


def test_where_the_other_end_of_a_change_is_away_no_limit_is_named(nonels, tmp_path):
    stopped = play("plan", site(nonels, tmp_path / "inventory", between=True))
    assert stopped.returncode != 0
    assert "Nothing of this run can be changed without them" in stopped.stdout
    assert "port ge-0/0/5" in stopped.stdout


def test_a_switch_that_is_away_is_a_failure_of_the_report_and_the_other_is_verified(nonels, tmp_path):
    inventory = site(nonels, tmp_path / "inventory", between=False)
    assert play("site", inventory, "--limit", "ex1").returncode == 0
    done = play("verify", inventory)
    assert done.returncode != 0
    text = (tmp_path / "report" / "index.html").read_text()
    away = yaml.safe_load((inventory / "host_vars" / "ex2.yml").read_text())
    assert f"127.0.0.1 port {away['ansible_port']}" in text
    assert "the configuration is the declared one" in text


def test_a_switch_that_refuses_the_login_is_told_as_such_beside_one_that_is_away_and_no_run_goes_on_without_it(
    nonels, tmp_path
):
    inventory = site(nonels, tmp_path / "inventory", False, answers="ex2", ansible_password="wrong")
    stopped = play("site", inventory)
    assert stopped.returncode != 0
    assert "fatal: [ex1]: UNREACHABLE!" in stopped.stdout
    assert "fatal: [ex2]: FAILED!" in stopped.stdout
    assert "answers, and refuses the login of lab." in stopped.stdout
    assert "ex2 answers, and refuses the login, so it is not away: mend ansible_user" in stopped.stdout
    assert "goes on; it changes" not in stopped.stdout
    assert play("verify", inventory).returncode != 0
    assert "answers, and refuses the login of lab" in (tmp_path / "report" / "index.html").read_text()
    assert not LOCKED & set(nonels.asked())
