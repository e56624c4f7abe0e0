# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves what becomes of a change whose answer is lost: the outcome is told by host, and the next run converges.

Five kinds of lost answers, to a host directly and through a vCenter, with one host and with six, at the first host and
in the middle, before and after the host has acted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from runner.slices import whole_or_slice

from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.device.api import Api
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.run import outcomes

from .labs import DELIVERED, Lab, changed, request

NAMES = [f"vc6-esx{number:03d}" for number in range(1, 7)]
KINDS = {
    "never_arrived": {"when": "before", "what": "drop"},
    "reset_after_the_change": {"when": "after", "what": "drop"},
    "no_answer_in_time": {"when": "before", "what": "hold"},
    "no_answer_in_time_after_the_change": {"when": "after", "what": "hold"},
    "page_of_a_proxy": {"when": "before", "what": "page"},
    "page_of_a_proxy_after_the_change": {"when": "after", "what": "page"},
    "session_gone": {"when": "before", "what": "fault", "fault": "NotAuthenticated"},
    "host_unheard": {"when": "after", "what": "fault", "fault": "HostCommunication"},
}
STATE = {
    **DELIVERED,
    "switches": {"vSwitch0": {"uplinks": ["vmnic0"]}, "vSwitch1": {"uplinks": ["vmnic1"]}},
    "groups": {"Management Network": {"switch": "vSwitch0"}, "data": {"switch": "vSwitch1", "vlan": 4}},
}
OLD, NEW = (1500, {"data": 4}), (9000, {"data": 5, "new": 6})
HALF = {
    "vswitches": {"vSwitch1": {"mtu": 9000}},
    "port_groups": {"data": {"vlan": 5}, "new": {"vswitch": "vSwitch1", "vlan": 6}},
}
CALLS = ("UpdateVirtualSwitch", "UpdatePortGroup", "AddPortGroup", "UpdateNetworkConfig")
"""Those of the steps of HALF, and the one that makes them all where the management is on that switch."""


@dataclass(frozen=True)
class Case:
    """Which answer of which host is lost; `hosts` 0 is a host directly."""

    kind: str
    call: str
    hosts: int
    at: int

    def __str__(self) -> str:
        return f"{self.kind}-{self.call}-{self.hosts or 'direct'}-{self.at}"


EVERY = [
    Case(kind, call, hosts, at)
    for kind in KINDS
    for call in CALLS
    for hosts, places in ((0, [0]), (1, [0]), (6, [0, 2, 5]))
    for at in places
]
STEP = whole_or_slice(whole=1, piece=13, reason="every kind, call and place is among every thirteenth case")


def lab_of(case: Case, vc6: Lab, esx1: Lab) -> tuple[Lab, list[str]]:
    """Return the host or the vCenter with the names of its hosts; what is held is given up soon."""
    lab = replace(vc6 if case.hosts else esx1)
    if "in_time" in case.kind:
        hasty = replace(lab.target, call_timeout=4)
        lab.api = lambda: Api(hasty)
    names = NAMES[: case.hosts] or [""]
    groups = dict(STATE["groups"])
    if case.call == "UpdateNetworkConfig":
        groups["Management Network"] = {"switch": "vSwitch1"}
    for name in names:
        lab.simulator.control("reset", host=name or lab.name, state={**STATE, "groups": groups})
    return lab, names


def has(lab: Lab, host: str) -> bool:
    """Tell whether a host has all of it; it must have all of it or nothing."""
    found = lab.state(host)
    vlans = {name: each["vlan"] for name, each in found["groups"].items() if name != "Management Network"}
    state = found["switches"]["vSwitch1"]["mtu"], vlans
    assert state in (OLD, NEW)
    return state == NEW


@pytest.mark.parametrize("case", EVERY[::STEP], ids=str)
def test_a_lost_answer_is_its_hosts_alone_and_the_next_run_converges(vc6, esx1, case):
    lab, names = lab_of(case, vc6, esx1)
    asked = {"hosts": dict.fromkeys(names, HALF)} if case.hosts else HALF
    lab.control("fault", fault={"method": case.call, "skip": case.at, **KINDS[case.kind]})
    done = lab.apply(**asked)
    lab.control("release")
    vars(lab).pop("api", None)  # the runs that follow are in no haste
    assert lab.calls().count(case.call) > case.at
    struck = names[case.at]
    made = {name: has(lab, name) for name in names}
    assert done.done == [name for name in names if made[name]]
    assert all(made[name] for name in names if name != struck)
    assert (done.error is None) is made[struck]
    told = done.warnings[-1] if made[struck] else done.error.text()
    assert "The host has the new state." in told if made[struck] else "the host has its old state" in told.lower()
    if case.hosts:
        assert struck in told
        found = outcomes.by_host(request(**asked), done)
        assert {name: each["outcome"] == "changed" for name, each in found.items()} == made
    assert len(changed(lab.apply(**asked))) == (0 if made[struck] else 3)
    assert all(has(lab, name) for name in names)
    assert changed(lab.apply(**asked)) == []
