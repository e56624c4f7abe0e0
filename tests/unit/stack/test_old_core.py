# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves with the real programs that an ansible-core which is too old is refused; Ansible itself only warns of it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from . import site_files
from . import stack_builders as builders
from .real_ansible import Place

OLD = "import ansible.release\nansible.release.__version__ = '2.16.14'\n"
SECOND = "all: {hosts: {other: {ansible_host: 192.0.2.9}}}\n"
REFUSAL = "ansible-core 2.16.14 is too old: netstack.datacenter needs 2.17.0 or newer"
HERE = {"ansible_host": "192.0.2.9"}
ACTIONS = sorted(file.stem for file in (site_files.ROOT / "plugins" / "action").glob("*.py"))
ROLES = sorted(each.name for each in (site_files.ROOT / "roles").iterdir() if each.is_dir())
ENTRIES = ["main", "plan", "rollback"]
"""What begins with the preflight, as the roles' contract says."""


def aged(folder: Path) -> Place:
    """Return a directory with the too old ansible-core, for `settings`."""
    (folder / "old").mkdir()
    (folder / "old" / "sitecustomize.py").write_text(OLD)
    return Place(folder)


def settings(place: Place) -> dict[str, str]:
    return {"PYTHONPATH": f"{place.folder / 'old'}:{site_files.ROOT / '.cache' / 'collections'}"}


def tasks() -> dict[str, dict[str, Any]]:
    """Return a task for each action, and one for each entry of each role, each for a host of its own."""
    entries = {f"{role}-{entry}": (f"netstack.datacenter.{role}", entry) for role in ROLES for entry in ENTRIES}
    return {
        **{name: {f"netstack.datacenter.{name}": {}} for name in ACTIONS},
        **{
            name: {"ansible.builtin.include_role": {"name": role, "tasks_from": entry}}
            for name, (role, entry) in entries.items()
        },
    }


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return aged(tmp_path_factory.mktemp("actions"))


@pytest.fixture(scope="module")
def said(old: Place) -> dict[str, str]:
    """Return all that one run said of each host's failure."""
    for name, task in tasks().items():
        (old.folder / f"{name}.yml").write_text(yaml.safe_dump([task]))
    (old.folder / "hosts.yml").write_text(yaml.safe_dump({"all": {"hosts": dict.fromkeys(tasks(), HERE)}}))
    included = {"ansible.builtin.include_tasks": "{{ inventory_hostname }}.yml"}
    play = {"hosts": "all", "gather_facts": False, "tasks": [included]}
    (old.folder / "play.yml").write_text(yaml.safe_dump([play]))
    done = old.start("ansible-playbook", "-i", "hosts.yml", "play.yml", **settings(old))
    return dict(re.findall(r"(?ms)^fatal: \[([\w-]+)\]: (.*?)(?=^\S+: \[|^(?:PLAY|TASK) )", done.stdout))


def test_the_inventory_refuses_every_host_of_the_site(tmp_path):
    place = aged(tmp_path).site(json.dumps(builders.site()))
    listed = place.start("ansible-inventory", "-i", "inventory", "--list", **settings(place))
    assert REFUSAL in listed.stdout
    assert "vip_instances" not in listed.stdout


@pytest.mark.parametrize("name", tasks())
def test_each_action_and_each_entry_of_a_role_refuses_its_host(said, name):
    assert REFUSAL in said[name]


def test_none_of_them_runs_anything_on_its_host(old, said):
    assert said and not old.mark.exists()
