# SPDX-License-Identifier: GPL-3.0-or-later
"""One mistake is told once: the objects of a range share a line, and so the finding; no host is made up for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.derive import (
    UNREADABLE,
    inventory,
    refused_groups,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.load import load
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.verdict import dropped_sites

HEAD = "plugin: netstack.datacenter.stack\nvlans:\n  mgmt: {id: 10, subnet: 192.0.2.0/24}\n  lan: {id: 20}\n"
LINK = """
links:
  esx[1:3]:
    bundle: static
    vlans: {untagged: mgmt}
    ends:
      ex1: {lag: "ae[1:3]", ports: ["ge-0/0/[48:50]", "ge-0/0/[1:3]", "ge-0/9/[1:3]"]}
      esx[1:3]: {lag: vSwitch0, ports: [vmnic0, vmnic1, vmnic2]}
"""


def findings(folder: Path, text: str) -> list[str]:
    (folder / "stack.yml").write_text(HEAD + text)
    return [str(item) for item in load(folder / "stack.yml", folder).findings]


@pytest.mark.parametrize(
    ("last", "told"),
    [(2, "likewise esx2"), (3, "likewise esx2 and esx3"), (12, "likewise esx2 to esx12")],
)
def test_a_mistake_of_a_range_is_told_once_and_names_whom_it_concerns(tmp_path, last, told):
    device = f"devices:\n  esx[1:{last}]:\n    kind: esxi_vss\n    management_vlan: none\n"
    found = findings(tmp_path, device)
    errors = [text for text in found if "MANAGEMENT_VLAN_UNKNOWN" in text]
    assert len(errors) == 1
    assert "devices.esx1.management_vlan: " in errors[0]
    assert f"({told})" in errors[0]


def test_objects_that_only_stand_in_one_line_are_told_each(tmp_path):
    devices = "devices: {a: {kind: linux, management_vlan: no}, b: {kind: linux, management_vlan: no}}\n"
    assert len(findings(tmp_path, devices)) == 2


def test_two_mistakes_of_a_range_in_one_line_are_two(tmp_path):
    devices = """
devices:
  ex1: {kind: junos_ex, model: ex4200-48t}
  esx[1:3]: {kind: esxi_vss, management_vlan: mgmt}
"""
    found = [text for text in findings(tmp_path, devices + LINK) if "LINK_PORT_BEYOND_MODEL" in text]
    assert [("ge-0/0/48" in text, "ge-0/9/1" in text) for text in found] == [(True, False), (False, True)]
    assert all("(likewise esx2 and esx3)" in text for text in found)


def test_each_host_of_the_range_shows_a_warning_that_it_shares(tmp_path):
    (tmp_path / "stack.yml").write_text(
        HEAD + "devices:\n  ex[1:2]:\n    kind: junos_ex\n    model: ex-4200\n  esx1: {kind: linux}\n"
    )
    shown = {host: variables["stack_warnings"] for host, variables in inventory(load(tmp_path / "stack.yml")).items()}
    assert shown["ex1"] == shown["ex2"]
    assert len(shown["ex1"]) == 1
    assert shown["esx1"] == []


@pytest.mark.parametrize("kind", ["junos", "junos_ex"])
def test_no_group_of_a_refused_site_has_a_host_that_is_not_declared(tmp_path, kind):
    (tmp_path / "stack.yml").write_text(HEAD + f"devices: {{ex1: {{kind: {kind}}}, db1: {{kind: linux, no: key}}}}\n")
    loaded = load(tmp_path / "stack.yml", tmp_path)
    made = refused_groups(loaded)
    assert loaded.errors
    assert {host for members in made.values() for host in members} <= {"ex1", "db1"}
    assert made["switches"] == (["ex1"] if kind == "junos_ex" else ["db1"])
    assert made["vcenter"] == ["db1"]


def test_where_no_host_is_declared_one_stands_for_the_site(tmp_path):
    (tmp_path / "stack.yml").write_text(HEAD + "devices: {}\n")
    assert refused_groups(load(tmp_path / "stack.yml", tmp_path))["switches"] == [UNREADABLE]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("vlans:\n  mgmt: {id: 10\n  lan: {id: 20}\n", [":4: ", "did not find expected", "mend `lan: {id: 20}`"]),
        ("vlans: [\n", [":3: ", "mend ``"]),
        ("vlans: {}\n", [": it declares a site", "enable_plugins"]),
    ],
)
def test_a_stack_file_that_ansible_dropped_is_told_with_its_line(tmp_path, text, told):
    file = tmp_path / "stack.yml"
    file.write_text("plugin: netstack.datacenter.stack\n" + text)
    (found,) = dropped_sites({"ansible_inventory_sources": [str(file)]})
    assert found.startswith(f"{file}{told[0]}")
    assert [part for part in told if part not in found] == []
