# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that check mode of several links of one switch foretells what each finds after those before it."""

from __future__ import annotations

from types import SimpleNamespace

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.end import HostSeen
from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.link_state import HostForm
from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.neutral import ChangeKind
from ansible_collections.netstack.datacenter.plugins.plugin_utils.cutover.convert import Pair, convert
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.declared.model import Declared
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.end import JunosEnd
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.end_plan import SwitchConfiguration
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.request import Request
from unit.junos.switches import nonels, simulator

from .builders import Watching, start

__all__ = ["nonels", "simulator"]


class Host:
    """A host whose vSwitches carry guests only, and which is told nothing that matters here."""

    name, goal = "esx1", HostForm(True)

    def __init__(self, nic: str) -> None:
        self.names = (nic,)

    def look(self) -> HostSeen:
        return HostSeen(self.names, HostForm(False), False, management=False)

    def change(self, *_step):
        return SimpleNamespace(commands=[])


def pair(lab, bundle: str, port: str, nic: str, device_count: int = 0) -> Pair:
    declared = {"members": [port], "lacp": "none", "mode": "trunk", "tagged": ["lan"]}
    own = SwitchConfiguration(bundle, (port,), bundle, {"lan": {"id": 10}}, declared, state="replaced")
    end = JunosEnd("ex1", lab.open, own, Request(Declared(), check_mode=True), device_count=device_count)
    return Pair(bundle, end, Host(nic))


def foretold(lab, wanted: list[tuple[str, int]], device_count: int = 0):
    """Return the report of check mode for bundles of a port each."""
    lines = "\n".join(f"set interfaces ge-0/0/{number} unit 0 family ethernet-switching" for _name, number in wanted)
    lab.control("reset", set=lines)
    lab.far_end(*(f"ge-0/0/{number}" for _name, number in wanted))
    pairs = [pair(lab, name, f"ge-0/0/{number}", f"vmnic{number}", device_count) for name, number in wanted]
    report = convert(pairs, Watching(start("plain to static")), check=True)
    assert report.failure == ""
    return report


def counts(report) -> list[str]:
    return [line.rsplit(" ", 1)[1] for line in report.commands if "device-count" in line]


def test_each_number_of_aggregated_interfaces_and_each_vlan_is_foretold_once(nonels):
    report = foretold(nonels, [("ae3", 0), ("ae0", 1), ("ae4", 2), ("ae1", 3)])
    assert counts(report) == ["4", "5"]
    assert report.commands.count("ex1: set vlans lan vlan-id 10") == 1
    told = [each.after for each in report.switches["ex1"] if each.kind is ChangeKind.DEVICE_COUNT]
    assert told == [4, 5]


def test_the_declared_number_of_aggregated_interfaces_is_foretold_once_and_a_higher_bundle_beats_it(nonels):
    report = foretold(nonels, [("ae3", 0), ("ae0", 1), ("ae8", 2)], device_count=7)
    assert counts(report) == ["7", "9"]
    told = [each.after for each in report.switches["ex1"] if each.kind is ChangeKind.DEVICE_COUNT]
    assert told == [7, 9]
