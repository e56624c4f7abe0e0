# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves in which order, and in which batches, a play has the devices whose ends of links a role configures."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from .site_files import ROOT

GROUPS = {
    "junos_ex": ["ex1", "ex2", "ex3"],
    "vcenter": ["vc1", "vc2"],
    "esxi_vss": ["esx2", "esx1", "esx3"],
    "linux": ["lb1"],
    "external": ["srv1"],
}
ALL = [["esx2"], ["esx1"], ["esx3"], ["vc1", "vc2"], ["ex1", "ex2", "ex3"]]


def batches(folder: Path, order: str, *arguments: str) -> list[list[str]]:
    """Return the hosts of each batch of a play of changes, in their order."""
    ends = {"link_ends": {"children": dict.fromkeys(set(GROUPS) - {"external"})}}
    children = {name: {"hosts": dict.fromkeys(hosts)} for name, hosts in GROUPS.items()}
    (folder / "hosts.yml").write_text(yaml.safe_dump({"all": {"children": {**children, **ends}}}, sort_keys=False))
    query = f"('netstack.datacenter.stack_hosts', 'link_ends', order='{order}'"
    play = {
        "hosts": f"{{{{ lookup{query}) }}}}",
        "serial": f"{{{{ query{query}, batches=true) }}}}",
        "gather_facts": False,
        "tasks": [{"name": "Change", "ansible.builtin.debug": {"msg": "{{ ansible_play_batch | join(',') }}"}}],
    }
    (folder / "play.yml").write_text(yaml.safe_dump([play]))
    command = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", str(folder / "hosts.yml")]
    done = subprocess.run(
        [*command, str(folder / "play.yml"), *arguments],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".cache" / "collections"), "ANSIBLE_NOCOLOR": "1"},
    )
    assert "WARNING" not in done.stderr, done.stderr
    found = re.findall(r'"msg": "(.*)"', done.stdout)
    return [batch.split(",") for batch in dict.fromkeys(found)]


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        ("all", ALL),
        ("esx3,ex2,lb1,vc2,srv1,esx2", [["esx2"], ["esx3"], ["vc2"], ["ex2"]]),
        ("ex*", [["ex1", "ex2", "ex3"]]),
        ("!vcenter:!esx1", [["esx2"], ["esx3"], ["ex1", "ex2", "ex3"]]),
        ("lb1", []),
    ],
)
def test_hosts_on_which_something_runs_come_first_and_one_by_one_and_switches_last_and_at_once(
    tmp_path, limit, expected
):
    assert batches(tmp_path, "change", "--limit", limit) == expected


def test_a_rollback_goes_the_same_way_backwards(tmp_path):
    assert batches(tmp_path, "rollback") == ALL[::-1]
    assert batches(tmp_path, "rollback", "--limit", "esxi_vss:ex3") == [["ex3"], ["esx3"], ["esx1"], ["esx2"]]


@pytest.mark.parametrize(("limit", "refused"), [("all", "esx1, ex1"), ("ex1", "ex1"), ("lb1", "")])
def test_devices_that_the_plays_of_links_would_pass_over_are_refused_by_name(tmp_path, limit, refused):
    """As in an inventory that an earlier release stored; it must not end well with nothing done."""
    groups = {"switches": ["ex1"], "esxi_vss": ["esx1"], "load_balancers": ["lb1"]}
    children = {name: {"hosts": dict.fromkeys(hosts)} for name, hosts in groups.items()}
    (tmp_path / "hosts.yml").write_text(yaml.safe_dump({"all": {"children": children}}))
    hosts = "{{ lookup('netstack.datacenter.stack_hosts', 'link_ends', order='change') }}"
    (tmp_path / "play.yml").write_text(yaml.safe_dump([{"hosts": hosts, "gather_facts": False}]))
    done = subprocess.run(
        [str(Path(sys.executable).with_name("ansible-playbook")), "-i", "hosts.yml", "play.yml", "--limit", limit],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".cache" / "collections"), "ANSIBLE_NOCOLOR": "1"},
    )
    told = " ".join((done.stdout + done.stderr).split())
    assert (done.returncode != 0) == bool(refused), told
    assert not refused or f"{refused}: not in the group link_ends" in told
