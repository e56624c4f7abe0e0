# SPDX-License-Identifier: GPL-3.0-or-later
"""Builders of the domain for the tests of esxi_teaming, and where its golden files are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.declared import declaration
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.declared.model import (
    GroupState,
    Half,
    HostState,
    Nic,
    Security,
    SwitchState,
    Teaming,
    Vmk,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.run import plan

GOLDEN = Path(__file__).parent / "golden"
OVERRIDE = Teaming("loadbalance_srcid", "link_status", True, True, ("vmnic0",), ())
"""What the port group `Management Network` of a fresh installation has of its own."""


def declared(vswitches=None, port_groups=None, state="merged") -> Half:
    findings = []
    half = declaration.read(vswitches, port_groups, state=state, findings=findings)
    assert not findings, "\n".join(map(str, findings))
    return half


def teaming(balancing="loadbalance_srcid", active=("vmnic0",), standby=()) -> Teaming:
    return Teaming(balancing, "link_status", True, True, tuple(active), tuple(standby))


def switch(name="vSwitch0", uplinks=("vmnic0", "vmnic1"), **changed) -> SwitchState:
    made = SwitchState(name, tuple(uplinks), 1500, teaming(active=uplinks), Security(False, True, True))
    return replace(made, **changed)


def host(*switches: SwitchState, groups=(), nics=4, down=()) -> HostState:
    """Return a host with so many NICs, all with link but those in `down`; vmk0 is in `Management Network`."""
    names = [f"vmnic{number}" for number in range(nics)]
    made = {group.name: group for group in groups}
    vmks = {"vmk0": Vmk("vmk0", "Management Network", "192.0.2.1")} if "Management Network" in made else {}
    return HostState(
        "esx1",
        {each.name: each for each in switches},
        made,
        {name: Nic(name, 0 if name in down else 1000) for name in names},
        vmks,
    )


def group(name="Management Network", own=None, on="vSwitch0", vlan=0) -> GroupState:
    return GroupState(name, on, vlan, own or Teaming())


def made(current: HostState, half: Half, state="merged", **options) -> plan.Plan:
    return plan.make(current, half, state, **options)


def rules(found) -> list[str]:
    return sorted({finding.rule for finding in found})
