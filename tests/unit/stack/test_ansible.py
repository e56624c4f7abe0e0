# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves with ansible-core itself that a refusal cannot be missed, and that a valid site is read without a word.

Exit status, screen and connections are those of real runs, one for each way into a play. Which hosts a play meets, from
which sources and under which limit, and whether the preflight refuses each, is asked of ansible-playbook's inventory.
"""

from __future__ import annotations

import json
import shutil
from typing import Any

import pytest

from ..golden_files import read
from . import site_files
from . import stack_builders as builders
from .real_ansible import PREFLIGHT, Place, refusals, refused

WRONG = site_files.HERE / "wrong" / "ten_faults.yml"
SECOND = "all: {hosts: {other: {ansible_host: 192.0.2.9}}}\n"
BROKEN = "plugin: netstack.datacenter.stack\nvlans: [\n"


def listed_in(text: str) -> dict[str, Any]:
    """Return the listed inventory; ansible-core marks each text of a plugin as one that is not templated."""

    def plain(item: dict[str, Any]) -> Any:
        return item["__ansible_unsafe"] if set(item) == {"__ansible_unsafe"} else item

    return json.loads(text, object_hook=plain)


@pytest.fixture
def wrong(place):
    (place.folder / "second.yml").write_text(SECOND)
    return place.site(WRONG.read_text())


@pytest.fixture
def right(place):
    return place.site(json.dumps(builders.site()))


def ten_messages() -> list[str]:
    text = WRONG.with_suffix(".txt").read_text()
    return text.replace("wrong/ten_faults.yml", "inventory/stack.yml").splitlines()


@pytest.mark.parametrize(
    ("options", "hosts"),
    [
        (["-i", "inventory"], "all"),
        (["-i", "inventory", "--limit", "lb1", "--check"], "lb_turn_1"),
        (["-i", "second.yml", "-i", "inventory", "--limit", "other"], "all"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else value,
)
def test_a_wrong_site_fails_the_run_opens_no_connection_and_shows_all_ten_messages(wrong, options, hosts):
    result = wrong.play(*options, hosts=hosts)
    assert refused(wrong, result), result.stdout + result.stderr
    assert [line for line in ten_messages() if line not in result.stdout + result.stderr] == []


@pytest.mark.parametrize(
    ("options", "hosts"),
    [
        (["-i", "inventory/stack.yml"], "all"),
        (["-i", "inventory", "--limit", "lb1"], "all"),
        (["-i", "inventory"], "load_balancers"),
        (["-i", "inventory"], "lb_pair_edge"),
        (["-i", "inventory"], "backends"),
        (["-i", "inventory", "-i", "second.yml"], "all"),
        (["-i", "inventory", "-i", "second.yml"], "other"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else value,
)
def test_every_host_that_a_play_meets_is_refused_with_the_ten_messages_of_a_wrong_site(wrong, options, hosts):
    messages = refusals(wrong.read(*options, hosts=hosts))
    assert [line for line in ten_messages() if line not in "\n".join(messages)] == []


@pytest.mark.parametrize("hosts", ["all", "load_balancers", "lb_turn_1", "lb_turn_2", "backends"])
def test_a_site_without_a_readable_host_leaves_one_to_every_play_that_is_refused(place, hosts):
    place.site("plugin: netstack.datacenter.stack\nsite: ../nowhere\n")
    assert "../nowhere" in "".join(refusals(place.read("-i", "inventory", hosts=hosts)))


def test_a_stack_file_that_is_no_yaml_fails_a_play_on_localhost_and_all(place):
    result = place.site(BROKEN).play("-i", "inventory", hosts="localhost:all")
    assert refused(place, result), result.stdout + result.stderr
    assert "Ansible could not read it" in result.stdout


def test_a_stack_file_that_is_no_yaml_refuses_the_hosts_of_another_inventory(place):
    (place.folder / "second.yml").write_text(SECOND)
    found = place.site(BROKEN).read("-i", "second.yml", "-i", "inventory", "--limit", "other")
    assert "Ansible could not read it" in "".join(refusals(found))
    assert list(found) == ["other"]


def test_a_stack_file_that_is_no_yaml_refuses_everything_where_the_plugin_is_enabled(place):
    enabled = ["netstack.datacenter.stack", "auto", "yaml"]
    found = place.site(BROKEN).read("-i", "inventory", INVENTORY_ENABLED=enabled)
    assert "[YAML_SYNTAX]" in "".join(refusals(found))


def test_a_stack_file_that_is_no_yaml_fails_a_limited_play_that_asks_for_its_hosts_by_our_lookup(place):
    hosts = "\"{{ lookup('netstack.datacenter.stack_hosts', 'all') }}\""
    result = place.site(BROKEN).play("-i", "inventory", "--limit", "lb1", hosts=hosts)
    assert result.returncode != 0
    assert "The declared site is refused" in result.stdout + result.stderr
    assert not place.mark.exists()


def test_our_lookup_gives_a_play_its_group_and_skips_without_a_warning_what_the_site_does_not_have(right):
    asked = [f"\"{{{{ lookup('netstack.datacenter.stack_hosts', '{name}') }}}}\"" for name in ("absent", "lb_turn_1")]
    result = right.plays("".join(PREFLIGHT.format(hosts=hosts) for hosts in asked), "-i", "inventory")
    assert result.returncode == 0
    assert result.stdout.count("no hosts matched") == 1
    assert "ok: [lb1]" in result.stdout
    assert "lb2" not in result.stdout
    assert "WARNING" not in result.stdout + result.stderr


@pytest.fixture
def example(place) -> Place:
    shutil.copytree(site_files.ROOT / "inventories" / "iis_farm", place.folder / "iis_farm")
    return place


def expected(name: str) -> dict[str, Any]:
    found = json.loads(read(site_files.HERE / "golden" / "iis_farm" / f"{name}.json"))
    return {key: value for key, value in found.items() if key != "stack_waived"}


EXAMPLE_HOSTS = ("lb1", "lb2", "ex1", "esx1", "filer")


def test_the_example_is_listed_without_a_word_as_its_golden_files_say(example):
    result = example.run("ansible-inventory", "-i", "iis_farm", "--list")
    assert (result.returncode, result.stderr) == (0, "")
    listed = listed_in(result.stdout)
    for host in EXAMPLE_HOSTS:
        found = listed["_meta"]["hostvars"][host]
        assert {name: found[name] for name in expected(host)} == expected(host)
    assert {name: listed[name]["hosts"] for name in expected("groups")} == expected("groups")


def test_the_example_is_the_same_when_its_file_alone_is_the_source(example):
    found = example.read("-i", "iis_farm/stack.yml")
    for host in EXAMPLE_HOSTS:
        assert {name: found[host]["variables"][name] for name in expected(host)} == expected(host)


def test_a_site_with_a_warning_passes_with_the_warning_shown_and_only_then_is_the_host_touched(place):
    site = builders.site()
    site["services"]["shop"]["backends"] = ["web1"]
    result = place.site(json.dumps(site)).play("-i", "inventory", "--limit", "lb1")
    assert "refused" not in result.stdout
    assert "BACKEND_SINGLE" in result.stdout + result.stderr
    assert place.mark.exists()


def test_an_override_in_host_vars_is_refused_by_name(right):
    (right.inventory / "host_vars").mkdir()
    (right.inventory / "host_vars" / "lb1.yml").write_text("vip_profile: '{{ \"tuned\" }}'\n")
    result = right.play("-i", "inventory", "--limit", "lb1")
    assert refused(right, result), result.stdout + result.stderr
    assert "vip_profile: its value is not the one derived" in result.stdout


def test_an_override_by_extra_vars_is_refused_by_name(right):
    found = right.read("-i", "inventory", "--limit", "lb1", "-e", '{"haproxy_services": {}}')
    (message,) = refusals(found)
    assert message.startswith("haproxy_services: its value is not the one derived")


def test_a_variable_of_group_vars_that_is_derived_loses_and_is_no_fault(right):
    (right.inventory / "group_vars" / "linux.yml").write_text("vip_profile: tuned\n")
    lb1 = right.read("-i", "inventory", "--limit", "lb1")["lb1"]
    assert lb1["variables"]["vip_profile"] == "standard"
    assert (lb1["preflight"]["errors"], lb1["preflight"].get("failed")) == ([], None)


def test_a_note_reaches_the_preflight_of_whom_it_concerns_and_is_no_warning(place):
    noted = site_files.HERE / "warned" / "hash_one_cable.yml"
    found = place.site(noted.read_text()).read("-i", "inventory")
    text = noted.with_suffix(".txt").read_text().replace("warned/hash_one_cable.yml", "inventory/stack.yml")
    told = {name: host["preflight"].get("notes") for name, host in found.items()}
    assert told == {name: text.splitlines() for name in ("ex1", "esx1", "filer")}
    assert not any("warnings" in host["preflight"] or "failed" in host["preflight"] for host in found.values())


SHOWN = """
- name: A play of the user's own
  hosts: all
  gather_facts: false
  tasks:
    - name: Show why
      ansible.builtin.debug:
        msg: "{{ stack_errors }}"
"""
HOSTILE = """plugin: netstack.datacenter.stack
vlans: {server: {id: '{{ lookup("pipe", "touch ran") }}', subnet: '{% set x = lookup("pipe", "touch ran") %}'}}
devices: {web1: {kind: external}}
"""


def test_a_refused_template_is_shown_by_a_task_of_the_users_own_and_not_executed(place):
    place.site(HOSTILE)
    result = place.plays(SHOWN, "-i", "inventory")
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.count("touch ran") == 2
    assert "is Jinja, and nothing in the site is templated" in result.stdout
    assert not (place.folder / "ran").exists()
