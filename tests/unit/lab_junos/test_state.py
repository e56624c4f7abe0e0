# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that the operational state follows the configuration and the far ends, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from kinds.junos_ex import setform
from kinds.junos_ex.device import Device, Options
from kinds.junos_ex.farend import FarEnd
from kinds.junos_ex.state import Lacp, State

from .builders import BUNDLE, MODE

PORTS = ("ge-0/0/1", "ge-0/0/2")


@pytest.fixture(params=["nonels", "els"])
def device(make_device: Any, session: Any, request: pytest.FixtureRequest) -> Device:
    made: Device = make_device(request.param, None)
    change(made, session, BUNDLE.replace("MODE", MODE[request.param]))
    return made


def change(device: Device, session: Any, text: str) -> None:
    """Commit set commands."""
    setform.load(device.edit(session), text)
    device.commit(session, Options())


def cable(device: Device, **values: Any) -> None:
    """Cable both members to the same kind of far end."""
    for port in PORTS:
        device.far[port] = FarEnd(**values)


def first(device: Device) -> Lacp:
    return State(device).lacp("ae0")[0]


def test_without_cables_nothing_is_up(device: Device) -> None:
    state = State(device)
    assert not state.up("ae0") and not state.up("ge-0/0/1")
    assert (first(device).receive, first(device).mux) == ("Port disabled", "Detached")


def test_lacp_on_both_sides_brings_the_bundle_up(device: Device) -> None:
    cable(device, lacp="passive", periodic="slow")
    seen = first(device)
    assert State(device).up("ae0") and seen.forwards
    assert (seen.receive, seen.transmit) == ("Current", "Slow periodic")
    assert (seen.actor["timeout"], seen.partner["timeout"], seen.partner["activity"]) == ("Fast", "Slow", "Passive")
    assert {seen.actor[flag] for flag in ("distributing", "collecting", "synchronization")} == {"Yes"}


def test_a_far_end_that_does_not_speak_lacp_leaves_the_partner_defaulted(device: Device) -> None:
    cable(device, lacp="off")
    seen = first(device)
    assert not State(device).up("ae0")
    assert (seen.receive, seen.mux, seen.partner["defaulted"]) == ("Defaulted", "Detached", "Yes")


def test_two_passive_ends_never_come_up(device: Device, session: Any) -> None:
    change(device, session, "set interfaces ae0 aggregated-ether-options lacp passive")
    cable(device, lacp="passive")
    assert not State(device).up("ae0")
    cable(device, lacp="active")
    assert State(device).up("ae0")


def test_lacp_without_a_mode_is_passive(device: Device, session: Any) -> None:
    change(
        device,
        session,
        "delete interfaces ae0 aggregated-ether-options lacp active\nset interfaces ae0 aggregated-ether-options lacp",
    )
    assert State(device).lacp_mode("ae0") == "passive"


def test_a_static_bundle_is_up_with_any_cable_and_has_no_lacp(device: Device, session: Any) -> None:
    change(device, session, "delete interfaces ae0 aggregated-ether-options")
    cable(device, lacp="off")
    assert State(device).up("ae0") and State(device).lacp_mode("ae0") == ""


def test_one_dead_cable_leaves_the_other_member(device: Device) -> None:
    cable(device, lacp="active")
    device.far["ge-0/0/2"].cable = "dead"
    assert State(device).active_members("ae0") == ["ge-0/0/1"] and State(device).up("ae0")


def test_a_cable_in_another_bundles_port_does_not_join(device: Device) -> None:
    cable(device, lacp="active")
    device.far["ge-0/0/2"].key = 2
    one, other = State(device).lacp("ae0")
    assert one.forwards and not other.forwards
    assert (other.actor["synchronization"], other.mux) == ("No", "Detached")


def test_flags_of_the_partner_can_be_forced(device: Device) -> None:
    cable(device, lacp="active", flags={"synchronization": "No"})
    assert (first(device).partner["synchronization"], first(device).mux) == ("No", "Attached")


def test_too_few_members_keep_the_bundle_down(device: Device, session: Any) -> None:
    change(device, session, "set interfaces ae0 aggregated-ether-options minimum-links 2")
    cable(device, lacp="active")
    assert State(device).up("ae0")
    device.far["ge-0/0/2"].cable = "dead"
    assert not State(device).up("ae0")


def test_an_ae_beyond_device_count_never_appears(device: Device, session: Any) -> None:
    cable(device, lacp="active")
    change(device, session, "delete chassis aggregated-devices")
    assert not State(device).bundles and "ae0" not in State(device).names()
    assert State(device).bundle("ge-0/0/1") == ""


def test_a_disabled_port_is_down(device: Device, session: Any) -> None:
    cable(device, lacp="active")
    change(device, session, "set interfaces ge-0/0/2 disable")
    assert State(device).active_members("ae0") == ["ge-0/0/1"]


def test_an_interface_range_can_make_the_members(device: Device, session: Any) -> None:
    lines = [
        "delete interfaces ge-0/0/1",
        "delete interfaces ge-0/0/2",
        "set interfaces interface-range r member ge-0/0/[1-2]",
    ]
    change(device, session, "\n".join([*lines, "set interfaces interface-range r ether-options 802.3ad ae0"]))
    assert State(device).members("ae0") == list(PORTS)


def test_stations_are_learnt_at_the_bundle_in_the_vlans_it_carries(device: Device, session: Any) -> None:
    cable(device, lacp="active", macs=[("02:00:00:00:00:01", "v10"), ("02:00:00:00:00:02", "default")])
    assert [(vlan.name, port) for vlan, _, port in State(device).stations()] == [("v10", "ae0.0")] * 2
    change(device, session, "delete interfaces ae0 aggregated-ether-options")
    assert State(device).stations() == []


def test_a_candidate_changes_nothing_before_it_is_committed(device: Device, session: Any) -> None:
    cable(device, lacp="active")
    setform.load(device.edit(session), "delete interfaces ae0 aggregated-ether-options")
    assert State(device).lacp_mode("ae0") == "active"


def test_lldp_hears_neighbours_only_where_it_is_configured(device: Device, session: Any) -> None:
    cable(device, lacp="active", lldp=("server", "eth0"))
    assert [(port, bundle) for port, bundle, _ in State(device).neighbours()] == [(port, "ae0") for port in PORTS]
    change(device, session, "set protocols lldp interface ge-0/0/2 disable")
    assert [port for port, _, _ in State(device).neighbours()] == ["ge-0/0/1"]
    change(device, session, "delete protocols lldp")
    assert list(State(device).neighbours()) == []


def test_a_native_vlan_is_carried_without_members_only_by_the_older_style(make_device: Any, session: Any) -> None:
    older = make_device("nonels", None)
    family = "set interfaces ge-0/0/3 unit 0 family ethernet-switching "
    change(older, session, f"set vlans v10 vlan-id 10\n{family}port-mode trunk\n{family}native-vlan-id v10")
    assert "ge-0/0/3.0" in State(older).vlans()["v10"].interfaces


def test_the_ports_are_those_of_every_member_of_the_virtual_chassis(make_device: Any) -> None:
    device = make_device("els")
    device.fpcs = 2
    names = State(device).names()
    assert {"ge-0/0/47", "ge-1/0/47", "xe-1/2/3"} <= set(names) and "ge-2/0/0" not in names


GROUPED = """\
delete interfaces ge-0/0/1
delete interfaces ge-0/0/2
set chassis aggregated-devices ethernet device-count 1
set groups LAG interfaces <ae*> aggregated-ether-options lacp active
set groups LAG interfaces <ae*> aggregated-ether-options lacp periodic slow
set groups LAG interfaces <ae*> unit <*> family ethernet-switching MODE trunk
set groups LAG interfaces <ae*> unit <*> family ethernet-switching vlan members v10
set groups V10 vlans v10 vlan-id 10
set apply-groups [ LAG V10 ]
set interfaces interface-range uplinks member-range ge-0/0/1 to ge-0/0/2
set interfaces interface-range uplinks ether-options 802.3ad ae0
set interfaces ae0 unit 0
"""


@pytest.mark.parametrize("style", ["nonels", "els"])
def test_lacp_bundles_and_vlans_follow_what_groups_and_ranges_give(make_device: Any, session: Any, style: str) -> None:
    made = make_device(style, None)
    change(made, session, GROUPED.replace("MODE", MODE[style]))
    cable(made, lacp="passive", macs=[("02:00:00:00:00:01", "v10")])
    state = State(made)
    assert (state.members("ae0"), state.lacp_mode("ae0"), state.up("ae0")) == (list(PORTS), "active", True)
    assert first(made).actor["timeout"] == "Slow"
    assert (state.vlans()["v10"].tag, state.vlans()["v10"].interfaces) == ("10", ["ae0.0"])
    assert [(vlan.name, port) for vlan, _, port in state.stations()] == [("v10", "ae0.0")] * 2
    change(made, session, "set interfaces ae0 apply-groups-except LAG")
    assert State(made).lacp_mode("ae0") == "" and State(made).vlans()["v10"].interfaces == []
