# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves what the two ends make of a step: for the switch statements, for the host one vSwitch, for both a way back."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace
from xml.etree.ElementTree import fromstring

import pytest

from ansible_collections.netstack.datacenter.plugins.plugin_utils.connection.model import Connection
from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.end import Traits
from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.finding import RefusalError
from ansible_collections.netstack.datacenter.plugins.plugin_utils.cutover import convert, pairs
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss import end as esxi
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.declared import declaration
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.declared.model import Half
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.end import HostConfiguration
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex import end as junos
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex import end_notes as notes
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex import end_plan
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.config.emit import config_set, to_xml
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.config.port_view import Wire, wires
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.config.statements import (
    entry,
    leaf,
    path,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.device.commits import Commit
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.end_plan import SwitchConfiguration
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.reverse import (
    statements_from,
    statements_of,
    undo_of,
)
from unit.junos.builders import STYLES, shown, switch

A, B = "ge-0/0/0", "ge-0/0/1"
COMMON = {"mode": "trunk", "untagged": "server", "tagged": ["vmotion"], "payload_mtu": 9000}
VLANS = {"server": {"id": 10}, "vmotion": {"id": 20}}
BUNDLE = {"members": [A, B], "lacp": "none", "minimum_links": 2, "member_descriptions": {A: "esx1 0", B: "esx1 1"}}
STATIC = SwitchConfiguration("esx1-lan", (A, B), "ae0", VLANS, {**BUNDLE, **COMMON}, state="replaced")
PLAIN = SwitchConfiguration("esx1-lan", (A, B), "", VLANS, declared_ports={A: COMMON, B: COMMON}, state="replaced")


def bundled(style: str):
    return STATIC.maker((A, B), ())(shown(switch("", style)), style).written


@pytest.mark.parametrize("style", STYLES)
def test_a_bundle_of_one_group_may_be_up_although_two_links_are_declared(style):
    plan = STATIC.maker((B,), ())(shown(switch("", style)), style)
    assert not plan.findings
    assert f"set interfaces {B} ether-options 802.3ad ae0" in plan.commands
    assert "set interfaces ae0 aggregated-ether-options minimum-links 1" in plan.commands
    assert not any(A in line for line in plan.commands)


@pytest.mark.parametrize("style", STYLES)
def test_the_group_that_joins_is_disabled_until_it_is_enabled(style):
    one = STATIC.maker((B,), ())(shown(switch("", style)), style).written
    joins = STATIC.maker((A, B), (A,))(shown(one), style)
    assert f"set interfaces {A} disable" in joins.commands
    assert joins.disabled == {"ae0": frozenset({A})}
    enabled = STATIC.maker((A, B), ())(shown(joins.written), style)
    assert enabled.commands == [
        f"delete interfaces {A} disable",
        "set interfaces ae0 aggregated-ether-options minimum-links 2",
    ]
    assert enabled.written.statements.keys() == bundled(style).statements.keys()
    assert not STATIC.maker((A, B), ())(shown(enabled.written), style).changed


@pytest.mark.parametrize("style", STYLES)
def test_the_first_group_of_a_bundle_may_be_disabled_and_nobody_waits_for_the_bundle(style):
    alone = STATIC.maker((B,), (B,))(shown(switch("", style)), style)
    assert not alone.findings
    assert f"set interfaces {B} disable" in alone.commands
    assert f"set interfaces {B} ether-options 802.3ad ae0" in alone.commands
    assert alone.expected == []
    enabled = STATIC.maker((B,), ())(shown(alone.written), style)
    assert [bundle.name for bundle in enabled.expected] == ["ae0"]
    assert "set interfaces ae0 aggregated-ether-options minimum-links 1" in config_set(enabled.written)


@pytest.mark.parametrize("style", STYLES)
def test_a_bundle_that_loses_a_group_is_not_held_down_by_its_minimum_links(style):
    disabled = PLAIN.maker((), (A,))(shown(bundled(style)), style)
    assert disabled.commands == [
        "delete interfaces ae0 aggregated-ether-options",
        f"set interfaces {A} disable",
    ]
    out = PLAIN.maker((A,), ())(shown(disabled.written), style)
    assert not out.findings
    assert f"delete interfaces {A} ether-options" in "\n".join(out.commands)
    assert f"delete interfaces {A} disable" in out.commands


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(("ports", "disabled"), [((B,), ()), ((A, B), (A,)), ((A, B), ())])
def test_each_step_is_taken_back_to_the_statement(style, ports, disabled):
    before = switch(f"set interfaces {A} unit 0 family ethernet-switching MODE access", style)
    done = STATIC.maker(ports, disabled)(shown(before), style)
    back = undo_of(statements_of(done))(shown(done.written), style)
    assert sorted(config_set(back.written)) == sorted(config_set(before))
    assert not undo_of(statements_of(done))(shown(back.written), style).changed


RANGED = f"""set interfaces interface-range desks member-range {A} to ge-0/0/9
set interfaces interface-range desks unit 0 family ethernet-switching MODE access
set interfaces interface-range desks ether-options no-auto-negotiation
set interfaces ae0 mtu 1514
"""


@pytest.mark.parametrize("style", STYLES)
def test_ports_go_back_into_their_range_and_a_leaf_that_was_inactive_is_so_again(style):
    before = switch(RANGED, style)
    before.inactive.add(path("interfaces", entry("interface", "ae0"), leaf("mtu", 1514)))
    done = STATIC.maker((A, B), ())(shown(before), style)
    assert "set interfaces interface-range desks member-range ge-0/0/2 to ge-0/0/9" in done.commands
    assert f"set interfaces {B} ether-options no-auto-negotiation" in done.commands
    assert "activate interfaces ae0 mtu" in done.commands
    kept = statements_from(json.loads(json.dumps(statements_of(done).plain())))
    back = undo_of(kept)(shown(done.written), style)
    assert sorted(config_set(back.written)) == sorted(config_set(before))
    assert back.after == shown(before).inherited
    assert back.commands[-1] == "deactivate interfaces ae0 mtu"
    assert not back.exact
    assert not undo_of(kept)(shown(back.written), style).changed


@pytest.mark.parametrize("style", STYLES)
def test_a_spanning_tree_that_knew_no_port_is_still_there_when_its_first_one_goes(style):
    """Set before everything that is deleted below it in the same load, it would go with the last of it."""
    before = switch("set protocols rstp", style)
    peered = replace(STATIC, declared_bundle={**STATIC.declared_bundle, "peer": "esxi_vss"})
    done = peered.maker((A, B), ())(shown(before), style)
    assert any(line.startswith("set protocols rstp interface ae0") for line in done.commands)
    kept = statements_from(json.loads(json.dumps(statements_of(done).plain())))
    assert kept == statements_of(done)
    seen = done.written.copy()  # as the switch shows it: what has entries is not shown empty too
    del seen.statements[path("protocols", "rstp")]
    back = undo_of(kept)(shown(seen), style)
    assert "set protocols rstp" in config_set(back.written)
    assert [len(element) for element in fromstring(to_xml(back.operations)).iter("rstp")] == [1, 0]
    assert not undo_of(kept)(shown(back.written), style).changed


def test_what_somebody_changed_since_stays_as_it_is():
    before = switch("set interfaces ae0 mtu 1514")
    done = STATIC.maker((B,), ())(shown(before), "nonels")
    now = switch("set interfaces ae0 mtu 5000\nset interfaces ge-0/0/9 disable")
    back = undo_of(statements_of(done))(shown(now), "nonels")
    assert "set interfaces ae0 mtu 5000" in config_set(back.written)
    assert "set interfaces ge-0/0/9 disable" in config_set(back.written)


@pytest.mark.parametrize("style", STYLES)
def test_a_port_is_read_as_its_far_end_sees_it(style):
    joins = STATIC.maker((A, B), (A,))(shown(switch("", style)), style)
    assert wires(joins.after, (A, B), style) == {
        A: Wire("ae0", False, 10, frozenset({20}), True),
        B: Wire("ae0", False, 10, frozenset({20}), False),
    }
    access = switch(f"set vlans server vlan-id 10\nset interfaces {A} unit 0 family ethernet-switching MODE access")
    assert wires(access, (A, B), "nonels") == {A: Wire(untagged=0), B: Wire()}


def test_without_els_a_native_vlan_that_is_listed_too_leaves_with_a_tag():
    family = f"set interfaces {A} unit 0 family ethernet-switching"
    lines = f"set vlans server vlan-id 10\n{family} port-mode trunk\n{family} native-vlan-id server"
    assert wires(switch(lines), (A,), "nonels")[A].untagged == 10
    assert wires(switch(f"{lines}\n{family} vlan members server"), (A,), "nonels")[A] == Wire(tagged=frozenset({10}))


def commits(*comments: str) -> list[Commit]:
    return [Commit(0, "", "lab", "netconf", f"netstack.datacenter run r1 {text}") for text in comments]


def test_a_port_that_a_conversion_disabled_is_told_from_one_that_somebody_did():
    off, on = notes.note("l1", {A}, set()), notes.note("l1", set(), {A})
    assert notes.disabled_by(commits(f"{off} 17 confirmed", f"{off} 17"), "l1", A)
    assert not notes.disabled_by(commits(f"{off} 17 confirmed"), "l1", "ge-0/0/00")
    assert not notes.disabled_by(commits(f"{off} 17 confirmed"), "l2", A)
    assert not notes.disabled_by(commits(f"{on} 18 confirmed", f"{off} 17 confirmed"), "l1", A)
    assert not notes.disabled_by(commits(f"{off} 17 taken back", f"{off} 17"), "l1", A)
    assert notes.disabled_by(commits(f"{on} 18 taken back", f"{on} 18", f"{off} 17 confirmed"), "l1", A)
    assert not notes.disabled_by(commits("mine"), "l1", A)


@pytest.mark.parametrize(
    ("newer", "own"),
    [
        ([], False),
        ([Commit(300, "", "root", "other", "")], True),
        ([Commit(40, "", "root", "other", "")], True),
        ([Commit(310, "", "root", "cli", "")], True),
        ([Commit(120, "", "fred", "cli", "by hand")], False),
        ([Commit(9, "", "lab", "netconf", "ENABLES 18 confirmed")], False),
        ([Commit(400, "", "fred", "cli", "later"), Commit(300, "", "root", "other", "")], True),
    ],
    ids=[
        "in effect",
        "timer",
        "session killed",
        "timer of another client",
        "confirmed by another",
        "confirmed",
        "timer and another",
    ],
)
def test_a_port_that_was_enabled_by_a_commit_that_ran_out_is_still_of_the_conversion(newer, own):
    """The timer was 5 minutes; whoever commits before its end confirms it, so that who disabled the port since did."""
    off, on = notes.note("l1", {A}, set()), notes.note("l1", set(), {A})
    mark = "netstack.datacenter run r1 "
    enabled = Commit(0, "", "lab", "netconf", f"{mark}{on} 18", minutes=5)
    found = [replace(each, comment=each.comment.replace("ENABLES", mark + on)) for each in newer]
    assert notes.disabled_by([*found, enabled, *commits(f"{off} 17 confirmed", f"{off} 17")], "l1", A) is own


def test_a_port_that_was_disabled_by_a_commit_that_ran_out_was_disabled_by_somebody_since():
    off = Commit(0, "", "lab", "netconf", f"netstack.datacenter {notes.note('l1', {A}, set())} 17", minutes=5)
    assert notes.disabled_by([off], "l1", A)
    assert not notes.disabled_by([Commit(300, "", "root", "other", ""), off], "l1", A)


def test_a_commit_is_known_to_be_of_a_link():
    (commit,) = commits(f"{notes.note('l1', {A}, set())} 17")
    assert notes.is_of(commit, "l1")
    assert not notes.is_of(commit, "l")
    assert not notes.is_of(replace(commit, comment="cut-over"), "l1")


def host_configuration() -> HostConfiguration:
    teaming = {"load_balancing": "loadbalance_ip", "active_uplinks": ["vmnic0", "vmnic1"], "standby_uplinks": []}
    vswitch = {"uplinks": ["vmnic0", "vmnic1"], "teaming": teaming, "bundle": {"mode": "static", "ports": 2}}
    findings: list = []
    group = {"vswitch": "vSwitch0", "teaming": teaming}
    declared = declaration.read({"vSwitch0": vswitch}, {"Management Network": group}, findings=findings)
    assert not findings
    return HostConfiguration("vSwitch0", ("vmnic0", "vmnic1"), declared)


def test_the_hosts_configuration_over_one_group_has_only_that_group_everywhere():
    declared = host_configuration().over(("vmnic1",))
    (made,), (group,) = declared.vswitches, declared.port_groups
    assert (made.uplinks, made.teaming.active_uplinks, made.bundle.ports) == (("vmnic1",), ("vmnic1",), 1)
    assert group.teaming.active_uplinks == ("vmnic1",)


def test_a_host_that_only_moves_keeps_all_but_its_uplinks():
    declared = host_configuration().moved(("vmnic1",))
    assert declared == Half((replace(host_configuration().moved(()).vswitches[0], uplinks=("vmnic1",)),))


def link(**changed) -> dict:
    found = {"link": "l1", "bundle": "static", "lag": "vSwitch0", "ports": ["vmnic0"], "peer": "ex1"}
    return {**found, "peer_kind": "junos_ex", "peer_lag": "ae0", "peer_ports": [A], **changed}


def test_links_that_cannot_be_converted_here_are_left_alone_with_the_reason():
    found, left = pairs.chosen(
        [
            link(),
            link(link="l2", lag="vSwitch1", peer_kind="external", peer="sw"),
            link(link="l3", lag="vSwitch2", bundle="lacp"),
            link(link="l4", lag="vSwitch3", bundle="none"),
            link(link="l5", lag="vSwitch3", bundle="none"),
            link(link="l6", lag="vSwitch4", peer_kind="esxi_vss", peer="esx2"),
        ],
        esxi.TRAITS,
        {"esxi_vss": esxi, "junos_ex": junos},
    )
    assert [each["link"] for each in found] == ["l1"]
    assert left == [
        "l2: its far end sw is not configured by this collection.",
        "l3: a standard vSwitch has no bundle lacp.",
        "l4: its vSwitch vSwitch3 is that of l5 too.",
        "l5: its vSwitch vSwitch3 is that of l4 too.",
        "l6: its far end esx2 is not configured by this collection.",
    ]


def test_which_links_can_be_converted_follows_from_what_both_ends_say():
    host = Traits("host", "team", "team", ("lacp", "static"))
    switch = SimpleNamespace(TRAITS=Traits("switch", "stack", "stack", ("lacp",)))
    links = [link(link=name, lag=name, bundle=name, peer_kind="toy") for name in ("lacp", "static", "none")]
    found, left = pairs.chosen(links, host, {"toy": switch})
    assert [each["link"] for each in found] == ["lacp"]
    assert left == ["static: a stack has no bundle static.", "none: a team has no bundle none."]


@pytest.mark.parametrize("bundle", ["static", "none"])
def test_a_switch_that_declares_no_such_end_is_refused(bundle):
    with pytest.raises(RefusalError, match="END_MISSING"):
        end_plan.declared_configuration(
            link(bundle=bundle, vlans={"untagged": "server", "tagged": []}), lambda *_names: None
        )


SWITCH = pairs.Device(junos, Connection("ex1", "192.0.2.2"), lambda _name: None)


def options(minutes: int = 5, **verify) -> dict:
    return {
        **{"strategy": "auto", "consent": [], "transport": "api", "timeouts": {}, "confirm_minutes": minutes},
        **{"verify": verify, "ca_file": None, "validate_certs": True, "teaming_state": "merged"},
        **{"vswitches": None, "port_groups": None},
    }


def bare(given: dict, **changed) -> convert.Pair:
    """Return the pair of a link that is taken back."""
    host = pairs.Device(esxi, Connection("esx1", "192.0.2.1"), lambda _name: None)
    none = {"vlans": {"untagged": None, "tagged": []}}
    return pairs.Builder(host, given, check_mode=False).pair(link(**none, **changed), SWITCH, declared=False)


def waits(minutes: int = 5, **verify) -> float:
    return bare(options(minutes, **verify)).link_down


def test_the_time_for_a_nic_to_lose_its_link_fits_into_the_timer_of_the_commit():
    assert (waits(), waits(link_down_seconds=20)) == (15, 20)
    assert waits(minutes=1, link_down_seconds=15, timeout=15) == 15
    with pytest.raises(RefusalError, match=r"16 s and .* do not fit into confirm_minutes 1 .TIMER_TOO_SHORT"):
        waits(minutes=1, link_down_seconds=16, timeout=15)
    with pytest.raises(RefusalError, match=r"0 is out of range .OUT_OF_RANGE"):
        waits(link_down_seconds=0)


def test_a_pair_waits_as_long_as_the_task_says_and_hears_of_the_waiver():
    made = bare(options(link_down_seconds=30), waive={"LINK_DOWN": "a blade"})
    assert (made.link_down, made.waived, made.host.patience) == (30, "a blade", 10)
    plain = bare(options())
    assert (plain.link_down, plain.waived, plain.host.patience) == (15, "", 5)


def test_a_conversion_reaches_the_host_with_the_named_certificate_alone(monkeypatch):
    reached: list = []
    monkeypatch.setattr(esxi, "Api", reached.append)
    bare({**options(), "tls_fingerprint": "00" * 32}).host.opener()
    assert [target.fingerprint for target in reached] == [":".join(["00"] * 32)]


def test_each_end_is_made_by_the_kind_of_its_own_device():
    """The engine's part knows no kind: it hands the same data to whichever module it is given."""
    given = []
    toy = SimpleNamespace(end_of=lambda data: given.append(data) or data.connection)
    devices = [pairs.Device(toy, name, {"name": name}.get) for name in ("host", "switch")]
    made = pairs.Builder(devices[0], options(link_down_seconds=7), True).pair(link(), devices[1])
    assert (made.switch, made.host) == ("switch", "host")
    assert [(data.variable("name"), data.link_down, data.check_mode, data.declared) for data in given] == [
        ("switch", 7, True, True),
        ("host", 7, True, True),
    ]
