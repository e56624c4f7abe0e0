# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves what is rendered for the hosts of the blog posts, and what is read of a console's copy."""

from __future__ import annotations

import pytest

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.finding import RefusalError
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.config import console
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.device import esxcli
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.run import offline
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.run.request import Request

from .builders import GOLDEN, OVERRIDE, declared, group, host, made, switch

HASH = {"load_balancing": "loadbalance_ip", "failure_detection": "link_status"}
STATIC = {"vSwitch0": {"uplinks": ["vmnic0", "vmnic1"], "teaming": HASH, "bundle": {"mode": "static", "ports": 2}}}
GROUPS = {"Management Network": {"vlan": 0, "teaming": "inherit"}}


def fresh():
    """Return a host as it is installed: Management Network has a teaming of its own."""
    return host(switch(uplinks=("vmnic0",)), groups=[group(own=OVERRIDE), group("VM Network")])


def test_a_static_bundle_under_the_management_as_command_lines(golden):
    result = made(fresh(), declared(STATIC, GROUPS))
    golden(GOLDEN / "esx_static.esxcli.txt", "".join(f"{line}\n" for line in esxcli.lines(result.steps)))


def test_a_static_bundle_under_the_management_as_calls(golden):
    result = made(fresh(), declared(STATIC, GROUPS))
    golden(GOLDEN / "esx_static.calls.txt", "".join(f"{step}\n" for step in result.steps))


def test_the_way_back_from_the_console_names_the_port_group_that_the_blog_post_forgot(golden):
    result = made(fresh(), declared(STATIC, GROUPS))
    lines = esxcli.recovery(result)
    golden(GOLDEN / "esx_static.recovery.txt", "".join(f"{line}\n" for line in lines))
    assert any("--portgroup-name='Management Network'" in line and "--load-balancing=portid" in line for line in lines)


def test_rendered_needs_no_host(golden):
    half = declared({"vSwitch1": {"uplinks": ["vmnic2"], "mtu": 9000}}, {"nfs": {"vswitch": "vSwitch1", "vlan": 20}})
    ((_plan, lines),) = offline.render(Request({"": half}), None, ssh=True).values()
    golden(GOLDEN / "rendered_new.esxcli.txt", "".join(f"{line}\n" for line in lines))


def test_a_name_with_a_quote_is_quoted_for_the_shell():
    half = declared(None, {"d'e; reboot": {"vswitch": "vSwitch0"}})
    (step,) = made(host(switch()), half).steps
    assert "--portgroup-name='d'\"'\"'e; reboot'" in esxcli.lines([step])[0]


def test_a_port_group_that_moves_cannot_be_moved_by_esxcli():
    current = host(switch(), switch("vSwitch1", ("vmnic2",)), groups=[group("a")])
    result = made(current, declared(None, {"a": {"vswitch": "vSwitch1"}}))
    assert [finding.rule for finding in esxcli.impossible(result.steps)] == ["MOVE_OVER_SSH"]


def test_a_text_without_commands_and_one_that_is_not_whole_are_refused():
    with pytest.raises(RefusalError, match="no line with esxcli"):
        offline.parsed("hello")
    with pytest.raises(RefusalError, match="network vswitch standard list is missing"):
        offline.parsed("~ # esxcli network nic list\nName\n----\n")


def test_the_three_forms_of_text_and_json_are_read_alike():
    record = [{"name": "vSwitch0", "mtu": "1500", "uplinks": "vmnic0, vmnic1"}]
    blocks = "vSwitch0\n   Name: vSwitch0\n   MTU: 1500\n   Uplinks: vmnic0, vmnic1\n"
    table = "Name       MTU  Uplinks\n--------  ----  --------------\nvSwitch0  1500  vmnic0, vmnic1\n"
    data = '[{"Name": "vSwitch0", "M T U": "1500", "Uplinks": "vmnic0, vmnic1"}]'
    assert console.records(blocks) == console.records(table) == console.records(data) == record
    assert console.records("   Failback: true\n   Notify Switches: false\n") == [
        {"failback": "true", "notifyswitches": "false"}
    ]
