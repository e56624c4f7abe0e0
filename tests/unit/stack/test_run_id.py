# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that a run has one id, where it is read, and that an id in which a template is left is refused."""

from __future__ import annotations

import re
import subprocess

import pytest
import yaml

from ansible_collections.netstack.datacenter.plugins.module_utils.service.transaction import RunIdError, Transaction

from .real_ansible import Place

PLAY = """
- hosts: all
  gather_facts: false
  tasks:
    - netstack.datacenter.stack_preflight:
    - ansible.builtin.debug:
        msg: "this is run <{{ ansible_facts.netstack_run }}>"
"""
COMMAND = ("ansible-playbook", "-i", "second.yml", "book.yml")
LEFT = "netstack_run_id: !unsafe '{{ ticket }}'\n"


@pytest.fixture
def place(tmp_path) -> Place:
    found = Place(tmp_path)
    (tmp_path / "second.yml").write_text("all: {hosts: {one: {}, two: {}}}\n")
    (tmp_path / "book.yml").write_text(PLAY)
    return found


def ids(done: subprocess.CompletedProcess[str]) -> list[str]:
    return re.findall(r"this is run <(.*)>", done.stdout)


@pytest.mark.parametrize("injected", ["true", "false"])
def test_all_hosts_have_one_id_whether_facts_are_variables_or_not_and_nothing_is_deprecated(place, injected):
    done = place.start(*COMMAND, ANSIBLE_INJECT_FACT_VARS=injected, ANSIBLE_DEPRECATION_WARNINGS="true")
    one, two = ids(done)
    assert one == two
    assert re.fullmatch(r"\d{8}T\d{6}Z-\d+", one)
    assert "DEPRECATION WARNING" not in done.stdout + done.stderr


def test_the_users_id_is_that_of_the_run_and_may_be_a_template(place):
    assert ids(place.run(*COMMAND, "-e", "netstack_run_id=r17")) == ["r17", "r17"]
    (place.folder / "group_vars").mkdir()
    (place.folder / "group_vars" / "all.yml").write_text("ticket: 4711\nnetstack_run_id: 'ticket-{{ ticket }}'\n")
    assert ids(place.run(*COMMAND)) == ["ticket-4711", "ticket-4711"]


def test_a_cached_fact_of_an_earlier_run_is_not_the_id_of_the_next(place):
    cache = {"ANSIBLE_CACHE_PLUGIN": "jsonfile", "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(place.folder / "facts")}
    first, second = (ids(place.start(*COMMAND, **cache))[0] for _ in range(2))
    assert list((place.folder / "facts").iterdir())
    assert first != second


def test_a_template_that_is_left_in_the_id_is_refused_by_preflight_and_by_each_action(place):
    (place.folder / "group_vars").mkdir()
    (place.folder / "group_vars" / "all.yml").write_text(LEFT)
    done = place.run(*COMMAND)
    assert done.returncode != 0
    assert "netstack_run_id still holds a template: {{ ticket }}" in done.stdout
    options = {"junos_lag": {}, "esxi_teaming": {}, "link_cutover": {"links": []}}
    tasks = [
        {f"netstack.datacenter.{action}": {"run_id": "{{ netstack_run_id }}", **more}, "ignore_errors": True}
        for action, more in options.items()
    ]
    book = [{"hosts": "one", "gather_facts": False, "tasks": tasks}]
    (place.folder / "book.yml").write_text(yaml.safe_dump(book))
    refused = 'FAILED! => {"changed": false, "msg": "run_id still holds a template: '
    assert place.run(*COMMAND).stdout.count(refused) == len(options)


def test_a_template_that_is_left_in_the_id_is_refused_by_what_keeps_backups():
    with pytest.raises(RunIdError, match="run_id still holds a template"):
        Transaction("haproxy", "{{ ticket }}")
