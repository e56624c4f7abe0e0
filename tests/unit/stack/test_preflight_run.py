# SPDX-License-Identifier: GPL-3.0-or-later
"""Real runs of the playbooks: each error once on the screen, secrets and tags judged before a device is contacted."""

from __future__ import annotations

import json
import os
import re
import subprocess
from typing import Any

import pytest
import yaml

from . import link_builders as cabled
from . import stack_builders as builders
from .real_ansible import Place

HOSTS = 40
WITHOUT_PYEZ = """
import sys

class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name == "jnpr.junos":
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Hidden())
"""
SECRETS = "netstack_secrets: {shop_pem: x}\n"
ONE_OF_EACH = pytest.mark.all_only("one tag that is of no part; which others are is data of unit tests")


def playbook(
    place: Place, name: str, site: dict[str, Any], *options: str, variables: str = SECRETS
) -> subprocess.CompletedProcess[str]:
    """Run one of the collection's playbooks on the site."""
    place.site(json.dumps(site))
    (place.inventory / "group_vars" / "load_balancers.yml").write_text(variables)
    return place.run("ansible-playbook", f"netstack.datacenter.{name}", "-i", "inventory", *options)


def wrong() -> dict[str, Any]:
    """Return a site of many hosts with three mistakes, one of them at each host of a range."""
    site = builders.site()
    site["devices"][f"app[1:{HOSTS}]"] = {"kind": "external", "management_vlan": "nowhere"}
    site["vlans"]["front"]["gateway"] = "10.0.99.1"
    site["services"]["shop"]["backends"].append("web9")
    return site


def rules(text: str) -> list[str]:
    return sorted(re.findall(r"\[([A-Z]+_[A-Z_]+)\]", text))


EACH_ONCE = ["BACKEND_UNKNOWN", "GATEWAY_OUTSIDE", "MANAGEMENT_VLAN_UNKNOWN"]


def test_each_error_of_a_large_site_is_told_once_and_last(place):
    result = playbook(place, "preflight", wrong())
    screen = result.stdout + result.stderr
    assert result.returncode != 0
    assert rules(screen) == EACH_ONCE
    assert len(screen) < 4000
    assert len(screen.split("PLAY RECAP")[1].strip().splitlines()) == 2
    assert "stack_unreadable" not in screen
    assert not place.mark.exists()


def test_a_role_on_many_hosts_fails_on_each_and_tells_each_error_once(place):
    result = place.site(json.dumps(wrong())).play("-i", "inventory")
    assert rules(result.stdout + result.stderr) == EACH_ONCE
    assert result.stdout.count("failed=1") == HOSTS + 4
    assert not place.mark.exists()


def test_of_two_sites_that_are_wrong_the_errors_of_both_are_told_once(place):
    other = builders.site()
    other["devices"] = {"alone": {"kind": "linux", "management_vlan": "nowhere"}}
    del other["lb_pairs"], other["services"], other["certificates"]
    (place.folder / "other").mkdir()
    (place.folder / "other" / "stack.yml").write_text(json.dumps(other))
    result = playbook(place, "preflight", wrong(), "-i", "other")
    assert rules(result.stdout + result.stderr) == [*EACH_ONCE, "MANAGEMENT_VLAN_UNKNOWN"]


def test_secrets_are_looked_for_with_their_names_before_anything_is_contacted(place):
    site = builders.site()
    site["lb_pairs"]["edge"]["stats"] = {"user": "operator", "password_secret": "page", "vlan": "server"}
    result = playbook(place, "site", site, variables="netstack_secrets: {shop_pem: x}\n")
    assert result.returncode != 0
    assert result.stdout.count("lb_pairs.edge.stats.password_secret: the secret 'page' is not in netstack_secrets") == 1
    assert not place.mark.exists()


@pytest.mark.parametrize(
    "variables",
    [
        pytest.param("netstack_secrets: '{{ vault_typo }}'\n", id="all"),
        pytest.param("netstack_secrets: {shop_pem: '{{ vault_typo }}'}\n", id="one"),
    ],
)
def test_an_undefined_variable_is_told_by_its_name(place, variables):
    result = playbook(place, "preflight", builders.site(), variables=variables)
    assert result.returncode != 0
    assert re.search(r"netstack_secrets of lb1, lb2 cannot be read: .*'vault_typo' is undefined", result.stdout)


def test_the_dictionary_of_a_role_counts_where_it_is_set(place):
    both = "netstack_secrets: {shop_pem: x}\ntls_certificate_secrets: {}\n"
    result = playbook(place, "preflight", builders.site(), variables=both)
    assert "the secret 'shop_pem' is not in tls_certificate_secrets of lb1, lb2" in result.stdout


def test_a_run_for_the_links_alone_asks_for_no_secret_of_a_load_balancer(place):
    result = playbook(place, "site", builders.site(), "--tags", "links", variables="{}\n")
    assert result.returncode == 0, result.stdout


def test_which_paths_were_not_judged_is_a_note_of_the_plan_told_once(place):
    result = playbook(place, "plan", builders.site(), "--tags", "links", variables="{}\n")
    assert result.returncode == 0, result.stdout
    text = result.stdout + result.stderr
    assert text.count("No link is declared, so no path of a VLAN is judged") == 1
    assert text.index("stack_run.unjudged") < text.index("No link is declared")  # as what a task shows, no warning


def test_a_library_that_is_not_installed_refuses_a_run_that_needs_it(place):
    (place.folder / "sitecustomize.py").write_text(WITHOUT_PYEZ)
    path = os.pathsep.join([str(place.folder), os.environ.get("PYTHONPATH", "")])
    place.site(json.dumps(cabled.site()))
    command = ("ansible-playbook", "netstack.datacenter.preflight", "-i", "inventory", "--limit", "ex1")
    result = place.start(*command, PYTHONPATH=path)
    assert result.returncode != 0
    assert "PyEZ is not installed where Ansible runs, and this run reaches ex1 by it" in result.stdout


def listed(result: subprocess.CompletedProcess[str]) -> set[str]:
    """Return the tasks that a run would have, as ansible-playbook lists them."""
    return set(re.findall(r"^      (?:[\w.]+ : )?(.*?)\tTAGS: ", result.stdout, re.MULTILINE))


@pytest.mark.parametrize(
    ("tag", "planned", "left_out"),
    [
        ("links", "Plan this device", "Plan the load balancers"),
        ("load_balancers", "Plan the load balancers", "Plan this device"),
        ("report", "Verify this device and its links, and write its part of the report", "Plan this device"),
    ],
)
def test_a_tag_runs_its_part_behind_the_preflight(place, tag, planned, left_out):
    site = cabled.site()
    site["certificates"]["shop"] = {"source": "self_signed", "names": ["shop.test"]}
    result = playbook(place, "site", site, "--tags", tag, "--list-tasks")
    seen = listed(result)
    assert {"Check what each host has of it", planned} <= seen, result.stdout + result.stderr
    assert left_out not in seen


@pytest.mark.parametrize(
    "options", [["--tags", "haproxy"], pytest.param(["--skip-tags", "preflight,load_balancer"], marks=ONE_OF_EACH)]
)
def test_a_tag_of_no_part_refuses_the_run(place, options):
    result = playbook(place, "site", builders.site(), *options)
    assert result.returncode != 0
    assert "its tags are plan, links, load_balancers, verify, report" in result.stdout
    assert not place.mark.exists()


def test_skipping_the_preflight_does_not_skip_the_refusal(place):
    result = playbook(place, "site", builders.site(), "--skip-tags", "preflight", variables="{}\n")
    assert result.returncode != 0
    assert "the secret 'shop_pem' is not in netstack_secrets" in result.stdout
    assert not place.mark.exists()


def test_a_tag_of_plays_around_ours_runs_them_and_is_told_and_nothing_else_is_asked_for(place):
    place.site(json.dumps(builders.site()))
    own = {"hosts": "web1", "gather_facts": False, "tags": ["mine"], "tasks": [{"debug": {"msg": "it was run"}}]}
    book = place.folder / "book.yml"
    book.write_text(yaml.safe_dump([{"import_playbook": "netstack.datacenter.site"}, own]))
    result = place.run("ansible-playbook", "book.yml", "-i", "inventory", "--tags", "mine")
    assert result.returncode == 0, result.stdout
    assert "it was run" in result.stdout
    assert "--tags mine: no part of this playbook" in " ".join((result.stdout + result.stderr).split())


def test_certificates_beside_the_stack_file_are_told(place):
    (place.inventory / "shop.pfx").write_bytes(b"\x30\x82")
    result = playbook(place, "preflight", builders.site())
    told = " ".join((result.stdout + result.stderr).split())
    assert "takes each file of an inventory directory for an inventory" in told


ROLE = """
- name: A play of the user's own
  hosts: "{{ lookup('netstack.datacenter.stack_hosts', 'linux') }}"
  gather_facts: false
  tasks:
    - name: What each role begins with
      ansible.builtin.include_role:
        name: netstack.datacenter.haproxy
        tasks_from: preflight
"""


@pytest.mark.parametrize(
    ("variables", "hidden"),
    [
        ("haproxy_stats: {user: op, password_secret: page, address: 10.0.0.1, port: 7000}", ["proxy", "lb1", "lb2"]),
        ("haproxy_services: {own: {frontends: {}}}", ["proxy"]),
        ("haproxy_stats: {}", []),
        ("haproxy_backup_keep: {number: 1, days: 1}", []),
        ("pound_state: absent", []),
    ],
)
def test_a_variable_of_group_vars_that_a_site_hides_and_says_nothing_of_is_refused_in_its_role(
    place, variables, hidden
):
    site = builders.site()
    site["devices"]["proxy"] = {"kind": "linux"}
    place.site(json.dumps(site))
    (place.inventory / "group_vars" / "linux.yml").write_text(f"{variables}\n")
    done = place.plays(ROLE, "-i", "inventory")
    assert sorted(re.findall(r"fatal: \[(\w+)\]", done.stdout)) == sorted(hidden), done.stdout
    assert done.stdout.count("group_vars or another inventory source sets it") == len(hidden)
