# SPDX-License-Identifier: GPL-3.0-or-later
"""What the console of a simulated host shows, as a copy of it would be pasted."""

from __future__ import annotations

import shlex

from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.config import printed
from kinds.esxi_vss import factory, shell
from kinds.esxi_vss.host import Host

STATE = {
    "switches": {
        "vSwitch0": {
            "uplinks": ["vmnic0", "vmnic1"],
            "policy": {"nicTeaming": {"nicOrder": {"activeNic": ["vmnic0"], "standbyNic": ["vmnic1"]}}},
        },
        "vSwitch1": {"uplinks": ["vmnic2", "vmnic3"], "mtu": 9000},
    },
    "groups": {
        "Management Network": {"switch": "vSwitch0", "policy": {"nicTeaming": {"policy": "loadbalance_srcid"}}},
        "VM Network": {"switch": "vSwitch0", "vlan": 20},
        "iSCSI 1": {"switch": "vSwitch1", "vlan": 4001, "policy": {"security": {"allowPromiscuous": True}}},
    },
    "vmks": {
        "vmk0": {
            **{"port_group": "Management Network", "address": "192.0.2.1"},
            **{"mask": "255.255.255.0", "mac": "00:50:56:00:00:01"},
        },
        "vmk1": {
            **{"port_group": "iSCSI 1", "address": "192.0.2.130"},
            **{"mask": "255.255.255.128", "mac": "00:50:56:00:00:02"},
        },
    },
}
PROMPT = "[root@esx1:~] "


def host() -> Host:
    """Give a host with two virtual switches."""
    made = factory.make("esx1", 1, 4)
    factory.reset(made, STATE)
    return made


def said(found: Host, command: str) -> str:
    """Give a command with its prompt, and what it prints."""
    done = shell.run(found, command)
    assert not done.status, done
    return f"{PROMPT}{command}\n{done.text}"


def esxcli(found: Host, form: str = "") -> str:
    """Give the copy of all commands that are read."""
    lists = {command: shell.run(found, f"esxcli {command}").text for command in printed.LISTS}
    quoted = [_quoted(each) for each in printed.details(lists)]
    return "".join(said(found, f"esxcli {form}{each}") for each in [*printed.LISTS, *quoted])


def of_release_4(found: Host, *commands: str) -> str:
    """Give the copy of commands of an ESX(i) 4."""
    return "".join(said(found, each).replace(PROMPT, "~ # ") for each in commands)


def _quoted(command: str) -> str:
    head, equals, value = command.partition("=")
    return f"{head}={shlex.quote(value)}" if equals else command
