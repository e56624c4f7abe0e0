# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that what befalls one host of a vCenter is that host's alone, and that each has its outcome by name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.finding import RefusalError
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss import driver
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.declared import options
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.device import errors
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.device.api import Api
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.run import outcomes, points
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.run.transaction import apply
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.run.verify import gather, verified

from .labs import changed, request

NAMES = [f"vc6-esx{number:03d}" for number in range(1, 7)]
ODD = NAMES[2]
OTHERS = [name for name in NAMES if name != ODD]
HALF = {"vswitches": {"vSwitch0": {"mtu": 9000}}}
HASH = {
    "vswitches": {"vSwitch0": {"teaming": {"load_balancing": "loadbalance_ip"}}},
    "port_groups": {"Management Network": {"teaming": "inherit"}},
}
ALL = dict.fromkeys(NAMES, HALF)


def mtus(lab) -> list[int]:
    return [lab.state(name)["switches"]["vSwitch0"]["mtu"] for name in NAMES]


def words(asked, done) -> dict[str, str]:
    return {name: each["outcome"] for name, each in outcomes.by_host(asked, done).items()}


def unanswered(lab):
    lab.control("fault", fault={"method": "UpdateVirtualSwitch", "skip": 2, "what": "drop"})
    return "The host has its old state."


def disconnected_on_the_way(lab):
    fault = {"method": "UpdateVirtualSwitch", "skip": 2, "what": "fault", "fault": "HostNotConnected"}
    lab.control("fault", fault=fault)
    return "The host is not connected to vCenter."


def refused(lab):
    fault = {"method": "UpdateVirtualSwitch", "skip": 2, "what": "fault", "fault": "HostConfigFault"}
    lab.control("fault", fault=fault)
    return "The host could not do it."


def not_responding(lab):
    lab.simulator.control("trouble", host=ODD, reach="silent")
    return f"vCenter says of {ODD}: notResponding."


def readable_alone(lab):
    lab.simulator.control("rights", host=ODD, user="root", role="reader")
    return "Host.Config.Network"


def seen_alone(lab):
    lab.simulator.control("rights", host=ODD, user="root", role="viewer")
    return "The user lacks the privilege System.Read on HostSystem:host-102."


def test_a_host_that_the_user_may_not_see_is_refused_by_name_before_any_change_and_can_be_left_out(vc6):
    """It is in no view, as one with a wrong name is in none."""
    vc6.simulator.control("rights", host=ODD, user="root", role="none")
    with pytest.raises(RefusalError, match=r"shows no such host.* give the user a right on the host; hosts_left_out: "):
        vc6.apply(hosts=ALL)
    assert mtus(vc6) == [1500] * len(NAMES)
    assert vc6.apply(hosts=ALL, hosts_left_out=[ODD]).done == OTHERS


@pytest.mark.parametrize(
    "befalls", [unanswered, disconnected_on_the_way, refused, not_responding, readable_alone, seen_alone]
)
def test_what_befalls_one_host_is_its_alone_and_every_host_has_its_outcome(vc6, befalls):
    reason = befalls(vc6)
    done = vc6.apply(hosts=ALL)
    assert mtus(vc6) == [1500 if name == ODD else 9000 for name in NAMES]
    assert words(request(hosts=ALL), done) == {**dict.fromkeys(NAMES, "changed"), ODD: "failed"}
    text = done.error.text()
    assert text.startswith(f"1 of 6 hosts failed.\n{ODD}: ")
    assert reason in text
    assert f"Changed: {', '.join(OTHERS)}." in text
    assert f"hosts_left_out: [{ODD}]" in text
    assert done.verified == [f"hosts.{name}.read back: the host has what was sent" for name in OTHERS]
    assert changed(vc6.apply(hosts=ALL, hosts_left_out=[ODD])) == []


def test_a_host_in_maintenance_mode_is_changed_as_any_other(vc6):
    vc6.simulator.control("maintenance", host=ODD, on=True)
    assert len(changed(vc6.apply(hosts=ALL))) == 6
    assert mtus(vc6) == [9000] * 6


def test_all_hosts_that_cannot_be_read_are_named_at_once_and_left_out_they_are_not_read(vc6):
    vc6.simulator.control("trouble", host=NAMES[0], reach="dropped")
    seen_alone(vc6)
    done = vc6.apply(hosts=ALL, check_mode=True)
    assert sorted(done.failed) == [NAMES[0], ODD]
    text = done.error.text()
    assert text.startswith("2 of 6 hosts failed.")
    assert f"Would change: {', '.join([NAMES[1], *NAMES[3:]])}." in text
    assert mtus(vc6) == [1500] * 6
    left = {"hosts": ALL, "hosts_left_out": [NAMES[0], ODD]}
    done = vc6.apply(**left)
    assert len(changed(done)) == 4
    assert words(request(**left), done)[ODD] == "left out"


def test_a_plan_and_a_verification_tell_of_one_host_and_do_the_others(vc6):
    reason = seen_alone(vc6)
    seen = gather(vc6.api, request(hosts=ALL))
    assert list(seen.plans) == OTHERS
    assert reason in seen.away[ODD].text()
    vc6.apply(hosts=ALL, verify={"links": False})
    with pytest.raises(errors.VerificationError, match=r"lacks the privilege System\.Read") as wrong:
        verified(vc6.api, request(hosts=ALL))
    judged = {each.host: each.good for each in wrong.value.seen}
    assert judged == {**dict.fromkeys(NAMES, True), ODD: False}


def test_a_plan_warns_of_who_is_left_out_and_who_cannot_be_read_beside_what_differs(vc6):
    reason = seen_alone(vc6)
    small = {**HALF, "vmkernel": {"vmk0": {"mtu": 9000}}}
    asked = request(hosts=dict.fromkeys(NAMES, small), hosts_left_out=[f"{NAMES[0].upper()}.example.com", "esx9"])
    told = driver.gathered(gather(vc6.api, asked), asked, [], "vc6")["warnings"]
    assert told[0] == f"{NAMES[0]} is left as it is (hosts_left_out)."
    assert told[1] == "hosts_left_out has esx9, which is none of `hosts` here."
    assert told[2].startswith(f"{ODD}: ") and reason in told[2]
    assert f"hosts_left_out: [{ODD}]" in told[3]
    assert ["VMKERNEL_MTU" in each for each in told[4:]] == [True] * 4


def test_a_host_is_left_out_by_any_name_that_means_it_in_its_change_and_in_a_rollback(vc6):
    asked = request(hosts=ALL, hosts_left_out=[ODD.upper(), "esx9"])
    assert (asked.left_out, asked.strangers) == ((ODD,), ("esx9",))
    assert words(asked, vc6.run(asked)) == {**dict.fromkeys(NAMES, "changed"), ODD: "left out"}
    assert mtus(vc6) == [1500 if name == ODD else 9000 for name in NAMES]
    back = request(state="restored", run_id="r1", restore_dir="/", hosts_left_out=[NAMES[0].upper(), ODD])
    old = {"vswitches": {"vSwitch0": {"mtu": 1500}}, "port_groups": {}}
    back = options.restoring(back, dict.fromkeys(OTHERS, old))
    assert (back.left_out, back.strangers) == ((NAMES[0],), ())
    assert list(back.points) == OTHERS[1:]


def test_where_none_can_be_read_it_is_unreachable_or_denied(vc6):
    for name in NAMES:
        vc6.simulator.control("trouble", host=name, reach="silent")
    with pytest.raises(errors.UnreachableError, match="No host could be read"):
        gather(vc6.api, request(hosts=ALL))
    seen_alone(vc6)
    with pytest.raises(errors.SomeHostsError, match="No host could be read"):
        vc6.apply(hosts=ALL)


def test_a_change_that_vcenter_takes_back_is_tried_at_no_other_host(vc6):
    for name in NAMES[1:]:
        vc6.simulator.control("far_end", host=name, bundles={"vmnic0": "", "vmnic1": ""})
        state = {**vc6.state(name), "switches": {"vSwitch0": {"uplinks": ["vmnic0", "vmnic1"]}}}
        vc6.simulator.control("reset", host=name, state={**state, "groups": plain(state)})
        vc6.simulator.control("far_end", host=name, bundles={"vmnic0": "", "vmnic1": ""})
    done = vc6.apply(hosts=dict.fromkeys(NAMES, HASH), consent=["management"])
    found = words(request(hosts=ALL), done)
    assert [found[name] for name in NAMES] == ["changed", "failed", *["not begun"] * 4]
    assert f"Not begun: {', '.join(NAMES[2:])}." in done.error.text()


def plain(state) -> dict:
    groups = state["groups"].items()
    return {name: {"switch": each["switch"], "vlan": each["vlan"], "policy": each["policy"]} for name, each in groups}


def test_a_host_that_stays_lost_after_its_change_ends_the_run_and_its_recovery_stands_below_its_name(vc6):
    vc6.control("fault", fault={"method": "UpdateVirtualSwitch", "skip": 1, "when": "after", "what": "drop"})
    vc6.control("fault", fault={"method": "Login", "skip": 1, "count": 0, "what": "drop"})
    done = vc6.apply(hosts=ALL, timeouts={"back": 1})
    found = words(request(hosts=ALL), done)
    assert [found[name] for name in NAMES] == ["changed", "failed", *["not begun"] * 4]
    text = done.error.text()
    assert f"{NAMES[1]}: UpdateVirtualSwitch vSwitch0 failed." in text
    assert f"Changed: {NAMES[0]}." in text
    assert f"Not read back:\n{NAMES[0]}: " in text
    assert done.recovery == [
        f"# at the console of {NAMES[1]}",
        "esxcli network vswitch standard set --vswitch-name=vSwitch0 --mtu=1500",
    ]


def test_a_rollback_brings_the_hosts_back_that_can_be_read_and_the_others_later(vc6, tmp_path):
    def keep(made):
        points.keep(str(tmp_path), "r1", "vc6", made)

    before = {name: vc6.state(name) for name in NAMES}
    refused(vc6)
    vc6.apply(hosts=ALL, keeper=keep)
    vc6.control("clear_faults")
    away = NAMES[0]
    vc6.simulator.control("trouble", host=away, reach="silent")
    back = request(state="restored", run_id="r1", restore_dir=str(tmp_path))
    back = replace(back, points=points.kept(str(tmp_path), "r1", "vc6"))
    done = vc6.run(back)
    assert words(back, done) == {**dict.fromkeys(NAMES, "changed"), away: "failed", ODD: "unchanged"}
    assert mtus(vc6) == [9000, *[1500] * 5]
    vc6.simulator.control("trouble", host=away, reach="up")
    assert len(changed(vc6.run(back))) == 1
    assert {name: vc6.state(name) for name in NAMES} == before


@pytest.mark.parametrize(("method", "match"), [("Fetch", "networkInfo"), ("UpdateNetworkConfig", "")])
def test_a_host_that_is_cut_off_once_its_new_switch_is_made_is_looked_at_and_has_its_old_state(vc6, method, match):
    """A new switch is made by a request of its own, so that one that is disconnected then has been changed."""
    for name in NAMES[:2]:
        state = {**vc6.state(name), "switches": {"vSwitch0": {"uplinks": ["vmnic0", "vmnic1"]}}}
        vc6.simulator.control("reset", host=name, state={**state, "groups": plain(state)})
    before = vc6.state(NAMES[0])
    fault = {"method": method, "match": match, "what": "fault", "fault": "HostNotConnected"}
    vc6.control("fault", fault=fault)
    taken = {"vswitches": {"vSwitch0": {"uplinks": ["vmnic0"]}, "vSwitch1": {"uplinks": ["vmnic1"]}}}
    done = vc6.apply(hosts=dict.fromkeys(NAMES[:2], taken), consent=["management"])
    assert "What had been changed was put back: the host has its old state." in done.failed[NAMES[0]].text()
    assert vc6.state(NAMES[0]) == before
    assert done.done == [NAMES[1]]


def test_two_names_of_one_host_are_refused(vc6):
    hosts = {NAMES[0]: HALF, f"{NAMES[0]}.example.com": {"vswitches": {"vSwitch0": {"mtu": 1600}}}}
    with pytest.raises(RefusalError, match=f"it is {NAMES[0]}, and so is {NAMES[0]}.example.com .SAME_HOST"):
        vc6.apply(hosts=hosts)
    assert mtus(vc6) == [1500] * 6


def test_the_answer_that_reads_them_back_is_asked_for_again_when_it_is_lost(vc6):
    vc6.control("fault", fault={"method": "RetrievePropertiesEx", "skip": 2, "what": "drop"})
    done = vc6.apply(hosts=ALL)
    assert len(changed(done)) == 6
    assert len(done.verified) == 6


def test_a_host_that_is_gone_from_the_vcenter_after_it_was_listed_is_its_own_failure(vc6):
    session = vc6.api()
    try:
        session.read(NAMES[:1])
        session._hosts[ODD] = type(session._hosts[ODD])("host-999", session.login.stub)
        assert list(session.read(NAMES)) == OTHERS
        assert "no longer in the vCenter" in session.away[ODD].text()
    finally:
        session.close()


def test_a_host_that_is_gone_when_an_answer_of_another_was_lost_keeps_no_other_from_its_change(vc6):
    """The session that follows a lost answer lists the hosts anew."""
    vc6.control("fault", fault={"method": "UpdateVirtualSwitch", "skip": 1, "what": "drop"})
    opened = []

    def opener():
        opened.append(vc6.api())
        if len(opened) > 1:
            opened[-1].read(NAMES[:1])
            del opened[-1]._hosts[ODD]
        return opened[-1]

    done = apply(opener, request(hosts=ALL))
    assert done.done == [NAMES[0], *NAMES[3:]]
    assert sorted(done.failed) == NAMES[1:3]
    assert "is no longer in the vCenter" in done.error.text()


@pytest.mark.parametrize("selected", [["vmk1"], ["vmk0", "vmk1"]])
def test_each_host_says_itself_which_interfaces_carry_its_management(vc6, selected):
    for name in NAMES[:2]:
        state = vc6.state(name)
        vmk = dict(state["vmks"]["vmk0"])
        interfaces = {
            "vmk0": {**vmk, "services": ["management"] if "vmk0" in selected else []},
            "vmk1": {**vmk, "port_group": "VM Network", "address": "198.51.100.9", "services": ["management"]},
        }
        vc6.simulator.control("reset", host=name, state={**state, "groups": plain(state), "vmks": interfaces})
    moved = {name: {"port_groups": {"VM Network": {"vlan": 9}}} for name in NAMES[:2]}
    with pytest.raises(RefusalError, match=r"MANAGEMENT\]. vmk1 on it carries") as refusal:
        vc6.apply(hosts=moved)
    assert [each.where for each in refusal.value.findings] == [
        f"hosts.{name}.port_groups.VM Network" for name in NAMES[:2]
    ]
    other = {NAMES[0]: {"port_groups": {"Management Network": {"vlan": 9}}}}
    if "vmk0" in selected:
        with pytest.raises(RefusalError, match=r"MANAGEMENT\]. vmk0 on it carries"):
            vc6.apply(hosts=other)
    else:
        assert changed(vc6.apply(hosts=other))


def test_where_the_host_does_not_tell_vmk0_is_guarded_and_that_is_said(vc6, monkeypatch):
    monkeypatch.setattr(Api, "SERVICES", "config.noSuchProperty")
    with pytest.raises(RefusalError, match="MANAGEMENT"):
        vc6.apply(hosts={ODD: {"port_groups": {"Management Network": {"vlan": 9}}}})
    done = vc6.apply(hosts={ODD: HALF})
    assert changed(done)
    assert f"hosts.{ODD}.vmk0 is taken for the management interface: the host does not tell which." in done.warnings
