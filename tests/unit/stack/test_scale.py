# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that checking and deriving cost what the links are, not hosts x links: twice the site, twice the calls."""

from __future__ import annotations

import gc
from typing import Any

import pytest
from ansible.inventory.data import InventoryData
from ansible.parsing.dataloader import DataLoader

from ansible_collections.netstack.datacenter.plugins.inventory import stack
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.derive import groups, inventory
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.finding import Fault

from . import link_builders as cabled
from . import stack_builders as builders

HOSTS_OF_A_SWITCH = 20


def rack(content: dict[str, Any], number: int) -> None:
    """Add a switch with its ESXi hosts, half of them through a vCenter; each has two links, written as ranges."""
    switch, vcenter, last = f"ex{number}", f"vc{number}", HOSTS_OF_A_SWITCH - 1
    esx = f"r{number}esx[0:{last}]"
    content["devices"] |= {
        switch: {"kind": "junos_ex", "model": "ex4300"},
        vcenter: {"kind": "vcenter"},
        esx: {
            "kind": "esxi_vss",
            "management_vlan": "mgmt",
            "networks": {"mgmt": {}, "nfs": {}},
            **({"vcenter": vcenter} if number % 2 else {}),
        },
    }
    for name, vlans, ae, port, nics in (
        ("lan", {"untagged": "mgmt", "tagged": ["server"]}, 0, 0, ["vmnic0", "vmnic1"]),
        ("nfs", {"untagged": "nfs"}, HOSTS_OF_A_SWITCH, 1, ["vmnic2", "vmnic3"]),
    ):
        near = {"lag": f"ae[{ae}:{ae + last}]", "ports": [f"ge-{port}/0/[0:{last}]", f"ge-{port + 2}/0/[0:{last}]"]}
        ends = {switch: near, esx: {"lag": f"vSwitch{port}", "ports": nics}}
        content["links"][f"r{number}esx[0:{last}]-{name}"] = {"bundle": "static", "vlans": vlans, "ends": ends}


def site(racks: int) -> dict[str, Any]:
    content = builders.site()
    content["vlans"] |= {"mgmt": {"id": 30}, "nfs": {"id": 40, "mtu": 9000}}
    content["links"] = {}
    content["devices"]["core"] = {"kind": "junos_ex"}
    for number in range(racks):
        rack(content, number)
        ends = {"core": (f"ae{number}", [f"xe-0/0/{number}"]), f"ex{number}": ("ae59", ["xe-0/2/0"])}
        content["links"][f"up{number}"] = cabled.link("lacp", {"tagged": ["mgmt", "server", "nfs"]}, ends)
    return content


def calls(racks: int, folder: Any) -> int:
    """Return how many functions of Python are called for reading, checking and deriving the site."""
    content = site(racks)
    done: list[Any] = []

    def derive() -> None:
        loaded = builders.loaded(content, folder)
        done.extend((loaded, inventory(loaded), groups(loaded.site)))

    count = cabled.calls(derive)
    loaded, variables, made = done
    assert [str(item) for item in loaded.findings] == []
    assert len(variables) == racks * (HOSTS_OF_A_SWITCH + 2) + 5
    assert len(made["cell_ex0"]) == HOSTS_OF_A_SWITCH + 1
    return count


@pytest.mark.parametrize("racks", [4])
def test_twice_the_racks_cost_twice_the_calls(tmp_path, racks):
    empty, once, twice = (calls(number, tmp_path) for number in (1, 1 + racks, 1 + 2 * racks))
    assert (twice - empty) <= 2.05 * (once - empty)


def test_a_finding_is_looked_at_once_and_not_by_each_host(tmp_path, monkeypatch):
    content = site(2)
    for name, device in content["devices"].items():
        if name.startswith("ex"):
            device["model"] = "none that is known"
    loaded = builders.loaded(content, tmp_path)
    assert len(loaded.warnings) >= 2
    looked, objects = [], Fault.objects
    monkeypatch.setattr(Fault, "objects", lambda fault: looked.append(fault) or objects(fault))
    found = inventory(loaded)
    assert len(looked) == len(loaded.findings) + len(loaded.waived)
    assert sum(bool(host["stack_warnings"]) for host in found.values()) >= 2


def test_the_garbage_collector_pauses_only_while_a_site_is_read(tmp_path, monkeypatch):
    seen = []
    builders.loaded(site(1), tmp_path)
    monkeypatch.setattr(stack, "inventory", lambda *given: seen.append(gc.isenabled()) or inventory(*given))
    stack.InventoryModule().parse(InventoryData(), DataLoader(), str(tmp_path / "stack.yml"))
    assert seen == [False]
    assert gc.isenabled()
