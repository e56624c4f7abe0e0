# SPDX-License-Identifier: GPL-3.0-or-later
"""A play over any subset of hosts does the right thing with that subset alone (AWX slices, `--limit`).

So no task reads another host's variables or the list of hosts, runs once for all, or runs elsewhere than on its own
host, on the controller, or on the host that the user names by `stack_verify_from`. What judges the run itself, in each
slice for the hosts of this slice, runs once, and so does what tells of that; nothing that a device gets follows.
"""

from __future__ import annotations

import re
from pathlib import Path

import jinja2
import jinja2.meta
import pytest
import yaml

TOP = Path(__file__).parents[2]
FILES = sorted([*TOP.glob("roles/**/*.yml"), *TOP.glob("playbooks/**/*.yml")])
FOREIGN = re.compile(r"\b(hostvars|groups|ansible_play_hosts\w*|ansible_play_batch|play_hosts)\b")
OF_THE_RUN = {"netstack.datacenter.stack_preflight", "netstack.datacenter.stack_answered"}
ALLOWED = {
    # whether a switch of the host's links answered earlier in this run; one that is in another slice is asked itself
    "playbooks/tasks/convert_device.yml": ["names hostvars", "names hostvars"],
}
CONTROLLER = "{{ stack_verify_from | default('localhost') }}"
BEHIND_FIREWALL = "{{ inventory_hostname if vip_firewall | default(false) | bool else 'localhost' }}"


def nodes(value):
    """Yield every mapping of a parsed YAML file."""
    if isinstance(value, dict):
        yield value
        for item in value.values():
            yield from nodes(item)
    elif isinstance(value, list):
        for item in value:
            yield from nodes(item)


def texts(value):
    """Yield every scalar of a parsed YAML file as text; comments are gone already."""
    if isinstance(value, dict):
        for item in value.values():
            yield from texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)
    else:
        yield str(value)


def without_prose(value):
    """Return a role's meta without what is written for people, where `port groups` is no variable."""
    if isinstance(value, dict):
        kept = {key: item for key, item in value.items() if key not in ("description", "short_description")}
        return {key: without_prose(item) for key, item in kept.items()}
    return [without_prose(item) for item in value] if isinstance(value, list) else value


def goes_elsewhere(task):
    """Tell whether a task is delegated to another host than itself, the controller, or the documented variable's."""
    target = str(task.get("delegate_to", "localhost"))
    if target in ("localhost", CONTROLLER):
        return False
    names = jinja2.meta.find_undeclared_variables(jinja2.Environment(autoescape=True).parse(target))
    loop = {task.get("loop_control", {}).get("loop_var", "item")}
    elsewhere = {name for name in names - loop if name != "inventory_hostname" and not name.endswith("_verify_from")}
    return bool(elsewhere) or not names


def is_of_the_run(task):
    """Tell whether a task judges the run itself, or only shows what that found."""
    shown = task.get("ansible.builtin.debug", {}).get("var", "")
    return bool(OF_THE_RUN & set(task)) or shown.startswith("stack_run.")


def violations(parsed):
    """Return what in a parsed YAML file breaks the rule."""
    found = [f"names {match}" for text in texts(parsed) for match in FOREIGN.findall(text)]
    found += ["runs once" for node in nodes(parsed) if node.get("run_once") and not is_of_the_run(node)]
    return found + [f"runs on {node['delegate_to']}" for node in nodes(parsed) if goes_elsewhere(node)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(TOP)))
def test_knows_its_own_host_only(path):
    parsed = yaml.safe_load(path.read_text())
    found = violations(without_prose(parsed) if path.parent.name == "meta" else parsed)
    assert found == ALLOWED.get(str(path.relative_to(TOP)), [])


def test_a_roles_own_variable_for_the_probing_host_begins_at_the_controller_or_the_host_itself():
    defaults = [yaml.safe_load(path.read_text()) or {} for path in TOP.glob("roles/*/defaults/main.yml")]
    values = {name: value for found in defaults for name, value in found.items() if name.endswith("_verify_from")}
    assert {
        name: value for name, value in values.items() if value not in (CONTROLLER, "localhost", BEHIND_FIREWALL)
    } == {}


@pytest.mark.parametrize(
    "task",
    [
        {"when": "hostvars['lb2'].ready"},
        {"vars": {"peers": "{{ groups['lb'] | difference([inventory_hostname]) }}"}},
        {"block": [{"run_once": True}]},
        {"netstack.datacenter.vip": {}, "run_once": True},
        {"delegate_to": "lb2"},
        {"delegate_to": "{{ peer }}"},
        {"delegate_to": "{{ item }}", "loop_control": {"loop_var": "other"}},
        {"loop": "{{ ansible_play_hosts_all }}"},
    ],
)
def test_the_rule_finds_what_breaks_it(task):
    assert violations([{"tasks": [task]}])


@pytest.mark.parametrize(
    "task",
    [
        {"delegate_to": "localhost"},
        {"delegate_to": CONTROLLER},
        {
            "delegate_to": "{{ inventory_hostname if haproxy_item == '*' else haproxy_verify_from }}",
            "loop_control": {"loop_var": "haproxy_item"},
        },
        {"name": "Install the packages", "when": "stack_groups_of_ports is defined"},
    ],
)
def test_the_rule_lets_pass_what_keeps_to_it(task):
    assert violations([{"tasks": [task]}]) == []
