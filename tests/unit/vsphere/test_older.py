# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that the console of an ESX(i) 4 is read, what it does not tell is said, and nothing of it is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("pyVmomi", reason="pyVmomi is not installed")

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.finding import RefusalError
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.config import (
    older,
    shape,
    vimobjects,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.config.console import (
    Line,
    LineError,
    Output,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.run import offline
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.run.request import Request

from . import consoles
from .builders import declared
from .test_console import STATE, UNSEEN, mutilated, outcome

INFO = consoles.of_release_4(consoles.host(), older.INFO)
LISTS = consoles.of_release_4(consoles.host(), *older.LISTS)
DISTRIBUTED = """DVS Name         Num Ports   Used Ports  Configured Ports  MTU     Uplinks
dvSwitch         256         3           256               1500    vmnic4

  DVPort ID           In Use      Client
  0                   1           vmnic4
  12                  1           web1.eth0
  13                  0

"""
POSTED = Path(__file__).with_name("esx_4_1.console.txt").read_text()
"""As in public posts: columns that overflow, a NIC without link, IPv6, a port of a distributed switch."""
BOTH = POSTED.replace("~ # esxcfg-vswitch -l\n", f"~ # esxcfg-vswitch -l\n{DISTRIBUTED}")


def test_what_vim_cmd_prints_is_the_whole_host():
    found = offline.parse(INFO)
    assert (found.switches, found.groups, found.computed) == (STATE.switches, STATE.groups, STATE.computed)
    assert found.nics == STATE.nics and found.vmks == STATE.vmks


def test_what_esxcfg_prints_is_the_host_without_its_policies_and_that_is_said():
    known = shape.structured(STATE)
    expected = {kind: {name: without(each) for name, each in known[kind].items()} for kind in known}
    assert offline.parsed(LISTS) == {
        "parsed": expected,
        "warnings": [offline.UNTOLD.format("vswitches and port_groups")],
    }
    with pytest.raises(RefusalError, match="POLICY_UNKNOWN"):
        offline.render(Request({"": declared({"vSwitch0": {"mtu": 9000}})}), LISTS, ssh=True)
    assert offline.parse(LISTS + INFO) == STATE


def test_vim_cmd_adds_the_policies_of_the_switches_to_what_esxcfg_prints():
    both = consoles.of_release_4(consoles.host(), *older.LISTS, older.SWITCH)
    each = consoles.of_release_4(consoles.host(), *older.LISTS, f"{older.SWITCH} vSwitch1", f"{older.SWITCH} vSwitch0")
    one = consoles.of_release_4(consoles.host(), *older.LISTS, f"{older.SWITCH} vSwitch1")
    expected = shape.structured(STATE)["vswitches"]
    assert offline.parsed(both)["parsed"]["vswitches"] == offline.parsed(each)["parsed"]["vswitches"] == expected
    assert offline.parsed(both)["warnings"] == [offline.UNTOLD.format("port_groups")]
    assert offline.parsed(one) == offline.parsed(LISTS)
    with pytest.raises(RefusalError, match="has another vSwitch1"):
        offline.parsed(one.replace("9000    vmnic2,vmnic3", "1500    vmnic2,vmnic3"))


def without(each):
    return {key: value for key, value in each.items() if key not in ("teaming", "security")}


@pytest.mark.parametrize("text", [POSTED, BOTH])
def test_a_copy_as_people_post_it_is_read(text):
    assert offline.parsed(text)["parsed"] == {
        "vswitches": {
            "vSwitch0": {"uplinks": ["vmnic0", "vmnic1"], "mtu": 1500},
            "vSwitch1": {"uplinks": [], "mtu": 9000},
        },
        "port_groups": {
            "Lab 20": {"vswitch": "vSwitch0", "vlan": 0},
            "Standard Switch - Trunk of all": {"vswitch": "vSwitch0", "vlan": 4095},
            "Management Network": {"vswitch": "vSwitch0", "vlan": 20},
            "Inside": {"vswitch": "vSwitch1", "vlan": 0},
        },
    }


def test_a_distributed_switch_swallows_no_standard_one():
    head = POSTED[POSTED.index("Switch Name") : POSTED.index("vSwitch0")]
    with pytest.raises(RefusalError, match=r"line \d+.*no port of a distributed switch"):
        offline.parsed(BOTH.replace(head, "", 1))


PARTS = {"info": INFO, "lists": LISTS}


@pytest.mark.parametrize("name", PARTS)
def test_a_copy_that_lost_something_is_never_read_as_another_state(name):
    """Of esxcfg it is the parsed state that counts, as nothing else is made of it.

    A port group of virtual machines stands in one line of it, which leaves no trace where it is gone altogether.
    """
    text = PARTS[name]
    lines = text.splitlines()
    wrong = []
    for what, at, copy in mutilated(text):
        found = outcome(copy) if name == "info" else told(copy)
        if found and not UNSEEN.fullmatch(lines[at]) and (what, lines[at].split()[0]) != ("gone", "VM"):
            wrong.append(f"{what}, line {at + 1}: {lines[at]!r}: {found}")
    assert wrong == []


CLEAN = offline.parsed(LISTS)


def told(copy):
    try:
        return "" if offline.parsed(copy) == CLEAN else "another state"
    except RefusalError as error:
        return "" if "ine " in str(error) or "is missing" in str(error) else str(error)


def test_nothing_of_vim_cmd_is_nested_beyond_all_bounds():
    deep = "\n".join([f"~ # {older.INFO}", *["a = (vim.A) {"] * 5000])
    with pytest.raises(RefusalError, match="nested beyond all bounds"):
        offline.parse(deep)


def test_a_field_without_its_line_is_not_an_unset_one():
    line = next(line for line in INFO.splitlines(keepends=True) if "vlanId = 4001" in line)
    with pytest.raises(RefusalError, match="it has no vlanId"):
        offline.parse(INFO.replace(line, ""))


def test_a_field_that_came_after_release_4_is_unset_in_it():
    output = Output(Line(1, "vim-cmd"), [Line(2, "(vim.host.VirtualNic.Specification) {"), Line(3, "}")])
    (found,) = vimobjects.read(output)
    assert found.netStackInstanceKey is None
    with pytest.raises(LineError, match="it has no mtu"):
        print(found.mtu)
