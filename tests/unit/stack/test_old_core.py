# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves with the real programs that an ansible-core which is too old is refused; Ansible itself only warns of it."""

from __future__ import annotations

import json
import re

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


@pytest.fixture
def old(tmp_path) -> Place:
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "sitecustomize.py").write_text(OLD)
    return Place(tmp_path)


def settings(place: Place) -> dict[str, str]:
    return {"PYTHONPATH": f"{place.folder / 'old'}:{site_files.ROOT / '.cache' / 'collections'}"}


def test_the_inventory_refuses_every_host_of_the_site(old):
    listed = old.site(json.dumps(builders.site())).run(
        "ansible-inventory", "-i", "inventory", "--list", **settings(old)
    )
    assert REFUSAL in listed.stdout
    assert "vip_instances" not in listed.stdout


@pytest.mark.parametrize("action", ACTIONS)
def test_each_action_refuses_the_task(old, action):
    (old.folder / "second.yml").write_text(SECOND)
    done = old.run("ansible", "-i", "second.yml", "other", "-m", f"netstack.datacenter.{action}", **settings(old))
    assert done.returncode != 0
    assert REFUSAL in done.stdout
    assert not old.mark.exists()


@pytest.mark.parametrize("entry", ENTRIES)
def test_each_role_refuses_its_host_and_runs_nothing_there(old, entry):
    (old.folder / "roles.yml").write_text(yaml.safe_dump({"all": {"hosts": dict.fromkeys(ROLES, HERE)}}))
    role = {"name": "netstack.datacenter.{{ inventory_hostname }}", "tasks_from": entry}
    play = {"hosts": "all", "gather_facts": False, "tasks": [{"ansible.builtin.include_role": role}]}
    (old.folder / "play.yml").write_text(yaml.safe_dump([play]))
    done = old.run("ansible-playbook", "-i", "roles.yml", "play.yml", **settings(old))
    recap = dict(re.findall(r"(?m)^(\w+) +: .*(failed=\d)", done.stdout))
    assert recap == dict.fromkeys(ROLES, "failed=1")
    assert done.stdout.count(REFUSAL) >= len(ROLES)
    assert not old.mark.exists()
