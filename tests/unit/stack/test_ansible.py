# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves with real runs of Ansible that a refusal cannot be missed, and that a valid site is read without a word."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ..golden_files import read
from . import goldens
from . import stack_builders as builders

BIN = Path(sys.executable).parent
WRONG = goldens.HERE / "wrong" / "ten_faults.yml"
PLAY = """
- name: A play
  hosts: {hosts}
  gather_facts: false
  tasks:
    - name: Preflight
      netstack.datacenter.stack_preflight:
    - name: Touch the host
      ansible.builtin.raw: "true"
"""
SECOND = "all: {hosts: {other: {ansible_host: 192.0.2.9}}}\n"
BROKEN = "plugin: netstack.datacenter.stack\nvlans: [\n"


class Place:
    """A directory with an inventory, whose ssh leaves a mark when it is called."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.inventory = folder / "inventory"
        (self.inventory / "group_vars").mkdir(parents=True)
        self.mark = folder / "connected"
        ssh = folder / "ssh"
        ssh.write_text(f"#!/bin/sh\ntouch {self.mark}\nexit 255\n")
        ssh.chmod(ssh.stat().st_mode | stat.S_IEXEC)
        (self.inventory / "group_vars" / "all.yml").write_text(f"ansible_ssh_executable: {ssh}\n")

    def site(self, text: str) -> Place:
        (self.inventory / "stack.yml").write_text(text)
        return self

    def run(self, *command: str, **settings: str) -> subprocess.CompletedProcess[str]:
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("ANSIBLE_")},
            "ANSIBLE_COLLECTIONS_PATH": str(goldens.ROOT / ".cache" / "collections"),
            "ANSIBLE_HOME": str(self.folder / "home"),
            "ANSIBLE_NOCOLOR": "1",
            **settings,
        }
        program = str(BIN / command[0])
        return subprocess.run(
            [program, *command[1:]], cwd=self.folder, env=environment, capture_output=True, text=True, check=False
        )

    def play(self, *options: str, hosts: str = "all", **settings: str) -> subprocess.CompletedProcess[str]:
        book = self.folder / "book.yml"
        book.write_text(PLAY.format(hosts=hosts))
        return self.run("ansible-playbook", str(book), *options, **settings)


def listed_in(result: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """Return the listed inventory; ansible-core marks each text of a plugin as one that is not templated."""

    def plain(item: dict[str, Any]) -> Any:
        return item["__ansible_unsafe"] if set(item) == {"__ansible_unsafe"} else item

    return json.loads(result.stdout, object_hook=plain)


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


def refused(place: Place, result: subprocess.CompletedProcess[str]) -> bool:
    return result.returncode != 0 and not place.mark.exists() and "The declared site is refused" in result.stdout


@pytest.mark.parametrize(
    ("options", "hosts"),
    [
        (["-i", "inventory/stack.yml"], "all"),
        (["-i", "inventory"], "all"),
        (["-i", "inventory", "--check"], "all"),
        (["-i", "inventory", "--limit", "lb1"], "all"),
        (["-i", "inventory"], "load_balancers"),
        (["-i", "inventory", "--limit", "lb1"], "lb_turn_1"),
        (["-i", "inventory"], "lb_pair_edge"),
        (["-i", "inventory"], "backends"),
        (["-i", "inventory", "-i", "second.yml"], "all"),
        (["-i", "second.yml", "-i", "inventory", "--limit", "other"], "all"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else value,
)
def test_a_wrong_site_fails_the_run_and_opens_no_connection(place, options, hosts):
    (place.folder / "second.yml").write_text(SECOND)
    result = place.site(WRONG.read_text()).play(*options, hosts=hosts)
    assert refused(place, result), result.stdout + result.stderr


def test_all_ten_messages_are_shown(place):
    result = place.site(WRONG.read_text()).play("-i", "inventory", "--limit", "lb1")
    expected = WRONG.with_suffix(".txt").read_text().replace("wrong/ten_faults.yml", "inventory/stack.yml")
    assert [line for line in expected.splitlines() if line not in result.stdout + result.stderr] == []


@pytest.mark.parametrize("hosts", ["all", "load_balancers", "lb_turn_1", "lb_turn_2", "backends"])
def test_a_site_without_a_readable_host_fails_the_run(place, hosts):
    result = place.site("plugin: netstack.datacenter.stack\nsite: ../nowhere\n").play("-i", "inventory", hosts=hosts)
    assert refused(place, result), result.stdout + result.stderr


def test_a_stack_file_that_is_no_yaml_fails_a_play_on_localhost_and_all(place):
    result = place.site(BROKEN).play("-i", "inventory", hosts="localhost:all")
    assert refused(place, result), result.stdout + result.stderr
    assert "Ansible could not read it" in result.stdout


def test_a_stack_file_that_is_no_yaml_fails_the_hosts_of_another_inventory(place):
    (place.folder / "second.yml").write_text(SECOND)
    result = place.site(BROKEN).play("-i", "second.yml", "-i", "inventory", "--limit", "other")
    assert refused(place, result), result.stdout + result.stderr


def test_a_stack_file_that_is_no_yaml_fails_everything_where_the_plugin_is_enabled(place):
    plugins = {"ANSIBLE_INVENTORY_ENABLED": "netstack.datacenter.stack,auto,yaml"}
    result = place.site(BROKEN).play("-i", "inventory", **plugins)
    assert refused(place, result), result.stdout + result.stderr
    assert "[YAML_SYNTAX]" in result.stdout


@pytest.mark.parametrize("options", [[], ["--limit", "lb1"]], ids=["all", "limited"])
def test_a_stack_file_that_is_no_yaml_fails_a_play_that_asks_for_its_hosts_by_our_lookup(place, options):
    hosts = "\"{{ lookup('netstack.datacenter.stack_hosts', 'all') }}\""
    result = place.site(BROKEN).play("-i", "inventory", *options, hosts=hosts)
    assert result.returncode != 0
    assert "The declared site is refused" in result.stdout + result.stderr
    assert not place.mark.exists()


def test_the_lookup_of_a_plays_hosts_changes_nothing_else(place):
    hosts = "\"{{ lookup('netstack.datacenter.stack_hosts', 'lb_turn_1') }}\""
    result = place.site(json.dumps(builders.site())).play("-i", "inventory", hosts=hosts)
    assert "lb1 " in result.stdout
    assert "lb2 " not in result.stdout


def test_a_play_on_a_group_that_the_site_does_not_have_is_skipped_without_a_warning(place):
    hosts = "\"{{ lookup('netstack.datacenter.stack_hosts', 'no_such_group') }}\""
    result = place.site(json.dumps(builders.site())).play("-i", "inventory", hosts=hosts)
    assert result.returncode == 0
    assert "no hosts matched" in result.stdout
    assert "WARNING" not in result.stdout + result.stderr


@pytest.mark.parametrize("source", ["inventory", "inventory/stack.yml"])
def test_a_valid_site_is_read_without_a_warning(place, source):
    result = place.site(json.dumps(builders.site())).run("ansible-inventory", "-i", source, "--list")
    assert result.returncode == 0
    assert result.stderr == ""
    listed = listed_in(result)
    assert listed["load_balancers"]["hosts"] == ["lb1", "lb2"]
    assert listed["_meta"]["hostvars"]["lb1"]["vip_profile"] == "standard"


@pytest.mark.parametrize("source", ["iis_farm", "iis_farm/stack.yml"])
def test_the_example_is_listed_as_its_golden_files_say(place, source):
    shutil.copytree(goldens.ROOT / "inventories" / "iis_farm", place.folder / "iis_farm")
    result = place.run("ansible-inventory", "-i", source, "--list")
    assert result.stderr == ""
    listed = listed_in(result)
    for host in ("lb1", "lb2", "ex1", "esx1", "filer"):
        golden = json.loads(read(goldens.HERE / "golden" / "iis_farm" / f"{host}.json"))
        found = listed["_meta"]["hostvars"][host]
        assert {name: found[name] for name in golden if name != "stack_waived"} == {
            name: value for name, value in golden.items() if name != "stack_waived"
        }
    groups = json.loads((goldens.HERE / "golden" / "iis_farm" / "groups.json").read_text())
    assert {name: listed[name]["hosts"] for name in groups} == groups


def test_a_valid_site_passes_and_only_then_is_the_host_touched(place):
    result = place.site(json.dumps(builders.site())).play("-i", "inventory", "--limit", "lb1")
    assert "refused" not in result.stdout
    assert place.mark.exists()


def test_an_override_in_host_vars_is_refused_by_name(place):
    (place.inventory / "host_vars").mkdir()
    (place.inventory / "host_vars" / "lb1.yml").write_text("vip_profile: '{{ \"tuned\" }}'\n")
    result = place.site(json.dumps(builders.site())).play("-i", "inventory", "--limit", "lb1")
    assert refused(place, result), result.stdout + result.stderr
    assert "vip_profile: its value is not the one derived" in result.stdout


def test_an_override_by_extra_vars_is_refused_by_name(place):
    result = place.site(json.dumps(builders.site())).play(
        "-i", "inventory", "--limit", "lb1", "-e", '{"haproxy_services": {}}'
    )
    assert refused(place, result), result.stdout + result.stderr
    assert "haproxy_services: its value is not the one derived" in result.stdout


def test_a_variable_of_group_vars_that_is_derived_loses_and_is_no_fault(place):
    (place.inventory / "group_vars" / "linux.yml").write_text("vip_profile: tuned\n")
    result = place.site(json.dumps(builders.site())).play("-i", "inventory", "--limit", "lb1")
    assert "refused" not in result.stdout
    assert place.mark.exists()


def test_a_warning_is_shown_and_refuses_nothing(place):
    site = builders.site()
    site["services"]["shop"]["backends"] = ["web1"]
    result = place.site(json.dumps(site)).play("-i", "inventory", "--limit", "lb1")
    assert "BACKEND_SINGLE" in result.stdout + result.stderr
    assert place.mark.exists()
