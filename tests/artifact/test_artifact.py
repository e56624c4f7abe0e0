# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that the built collection holds what users need and nothing else, and works from an empty path."""

from __future__ import annotations

import json
import subprocess

NEVER = (
    "lab/",
    "tests/",
    "molecule/",
    "benchmarks/",
    "script/",
    "report/",
    "inventories/exchange_lab/",
    "inventories/lab/",
    ".",
)


def run(installed, *command, check=True):
    place, environment = installed
    return subprocess.run(command, check=check, capture_output=True, text=True, env=environment, cwd=place)


def farm(installed):
    return str(installed[0] / "ansible_collections/netstack/datacenter/inventories/iis_farm")


def test_the_artifact_holds_no_lab_no_tests_and_no_tools(shipped):
    assert [name for name in shipped if name.startswith(NEVER)] == []


def test_the_artifact_holds_roles_plugins_playbooks_examples_and_licence(shipped):
    wanted = {
        "LICENSE",
        "README.md",
        "CHANGELOG.rst",
        "SECURITY.md",
        "docs/security.md",
        "requirements.txt",
        "meta/runtime.yml",
        "plugins/inventory/stack.py",
        "playbooks/site.yml",
    }
    assert wanted - shipped == set()
    assert {"roles/haproxy", "roles/vip", "roles/tls_certificate", "inventories/iis_farm"} - shipped == set()


def test_every_plugin_is_documented_where_it_is_installed(installed):
    listed = json.loads(run(installed, "ansible-doc", "--list", "--json", "-t", "module", "netstack.datacenter").stdout)
    assert {"netstack.datacenter.haproxy", "netstack.datacenter.vip", "netstack.datacenter.tls_certificate"} <= set(
        listed
    )
    told = json.loads(run(installed, "ansible-doc", "--json", "-t", "module", *listed).stdout)
    assert {name for name, found in told.items() if found.get("doc", {}).get("description")} == set(listed)
    assert "vlans" in run(installed, "ansible-doc", "-t", "inventory", "netstack.datacenter.stack").stdout


def test_the_installed_inventory_plugin_derives_the_example(installed):
    shown = json.loads(run(installed, "ansible-inventory", "-i", farm(installed), "--list").stdout)
    assert shown["load_balancers"]["hosts"] == ["lb1", "lb2"] or "lb_turn_1" in shown
    assert shown["_meta"]["hostvars"]["lb1"]["haproxy_services"]


def test_an_installed_playbook_refuses_a_wrong_site(installed):
    place, _environment = installed
    (place / "stack.yml").write_text("plugin: netstack.datacenter.stack\nvlans: {front: {id: 5000}}\n")
    done = run(
        installed, "ansible-playbook", "netstack.datacenter.preflight", "-i", str(place / "stack.yml"), check=False
    )
    assert done.returncode != 0
    assert "stack.yml:2" in done.stdout
