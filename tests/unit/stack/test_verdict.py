# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves on which variables the first task of every role refuses to go on."""

from __future__ import annotations

import pytest

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.digest import digest
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.verdict import declared_sites, judge

PLUGIN_LINE = "plugin: netstack.datacenter.stack\n"


def derived(**variables):
    return {**variables, "stack_derived": {name: digest(value) for name, value in variables.items()}}


def test_a_host_that_no_site_knows_is_left_alone():
    verdict = judge({"haproxy_services": {"mine": {}}, "ansible_inventory_sources": ["/etc/hosts"]})
    assert (verdict.errors, verdict.checked) == ([], [])


def test_derived_values_that_are_untouched_are_fine():
    verdict = judge(derived(vip_profile="standard", haproxy_services={"b": 1, "a": [True, None]}))
    assert verdict.errors == []
    assert verdict.checked == ["haproxy_services", "vip_profile"]


@pytest.mark.parametrize("value", ["tuned", None, {"a": 1}, {1, 2}, object()])
def test_a_derived_value_that_is_overridden_is_refused_by_name(value):
    verdict = judge({**derived(vip_profile="standard"), "vip_profile": value})
    assert len(verdict.errors) == 1
    assert verdict.errors[0].startswith("vip_profile: ")


def test_a_derived_value_that_is_gone_is_refused():
    variables = derived(vip_profile="standard")
    del variables["vip_profile"]
    assert len(judge(variables).errors) == 1


def test_the_order_of_keys_is_no_difference_and_that_of_lists_is():
    variables = derived(a={"x": 1, "y": [1, 2]})
    assert judge({**variables, "a": {"y": [1, 2], "x": 1}}).errors == []
    assert judge({**variables, "a": {"x": 1, "y": [2, 1]}}).errors != []


def test_the_errors_of_the_site_are_all_there_is_to_say():
    verdict = judge({"stack_errors": ["one", "two"], "stack_derived": {"gone": "x"}})
    assert verdict.errors == ["one", "two"]


def test_warnings_and_waivers_are_handed_on():
    verdict = judge({"stack_warnings": ["w"], "stack_notes": ["n"], "stack_waived": ["v"]})
    assert (verdict.errors, verdict.warnings, verdict.notes, verdict.waived) == ([], ["w"], ["n"], ["v"])


def test_a_stack_file_that_ansible_dropped_is_refused(tmp_path):
    dropped = tmp_path / "stack.yml"
    dropped.write_text(PLUGIN_LINE + "vlans: [\n")
    assert len(judge({"ansible_inventory_sources": [str(tmp_path)]}).errors) == 1
    read = {"ansible_inventory_sources": [str(tmp_path)], "stack_sources": [str(dropped)]}
    assert judge(read).errors == []


def test_only_files_with_our_plugin_line_count_as_a_site(tmp_path):
    (tmp_path / "host_vars").mkdir()
    (tmp_path / "a-stack.yml").write_text(PLUGIN_LINE)
    (tmp_path / "b-stack.yml").write_text("# plugin: netstack.datacenter.stack\nplugin: other\n")
    (tmp_path / "other.yml").write_text("all: {}\n")
    (tmp_path / "host_vars" / "stack.yml").write_text(PLUGIN_LINE)
    assert [path.name for path in declared_sites([str(tmp_path), "host1,"])] == ["a-stack.yml"]
