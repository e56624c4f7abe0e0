# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves with the real programs that an ansible-core which is too old is refused; Ansible itself only warns of it."""

from __future__ import annotations

import json

import pytest

from . import site_files
from . import stack_builders as builders
from .real_ansible import Place

OLD = "import ansible.release\nansible.release.__version__ = '2.16.14'\n"
SECOND = "all: {hosts: {other: {ansible_host: 192.0.2.9}}}\n"
REFUSAL = "ansible-core 2.16.14 is too old: netstack.datacenter needs 2.17.0 or newer"


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


@pytest.mark.parametrize("action", ["stack_preflight", "junos_lag", "esxi_teaming", "link_cutover"])
def test_each_action_refuses_the_task(old, action):
    (old.folder / "second.yml").write_text(SECOND)
    done = old.run("ansible", "-i", "second.yml", "other", "-m", f"netstack.datacenter.{action}", **settings(old))
    assert done.returncode != 0
    assert REFUSAL in done.stdout
    assert not old.mark.exists()
