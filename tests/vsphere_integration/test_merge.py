# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that a change reaches what is declared and nothing else, and that a second run changes nothing."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest

from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.run.transaction import apply

from .labs import DELIVERED, STATIC, changed, request


@pytest.mark.parametrize("transport", ["api", "ssh"])
def test_ip_hash_is_set_and_all_else_stays(esx1, transport):
    before = esx1.state()
    done = esx1.apply(transport, **STATIC)
    after = esx1.state()
    assert len(changed(done)) == 1
    assert after["switches"]["vSwitch1"]["policy"]["nicTeaming"]["policy"] == "loadbalance_ip"
    assert after["groups"]["vmotion"]["computed"]["nicTeaming"]["policy"] == "loadbalance_ip"
    for state in (before, after):
        state["switches"]["vSwitch1"]["policy"]["nicTeaming"].pop("policy")
        for name in ("vmotion", "storage"):
            state["groups"][name]["computed"]["nicTeaming"].pop("policy")
    assert after == before


@pytest.mark.parametrize("transport", ["api", "ssh"])
def test_a_second_run_changes_nothing(esx1, transport):
    esx1.apply(transport, **STATIC)
    esx1.clear()
    assert changed(esx1.apply(transport, **STATIC)) == []
    assert not [call for call in esx1.calls() if call.startswith("Update")]


EVERYTHING = {
    "vswitches": {
        "vSwitch1": {
            "uplinks": ["vmnic2", "vmnic3", "vmnic1"],
            "mtu": 9000,
            "teaming": {
                "load_balancing": "failover_explicit",
                "failure_detection": "beacon_probing",
                "notify_switches": False,
                "failback": False,
                "active_uplinks": ["vmnic3", "vmnic2"],
                "standby_uplinks": ["vmnic1"],
            },
            "security": {"promiscuous": True, "mac_changes": False, "forged_transmits": False},
        },
        "vSwitch0": {"uplinks": ["vmnic0"]},
    },
    "port_groups": {
        "storage": {
            "vlan": 41,
            "teaming": {"failback": True, "active_uplinks": ["vmnic1"], "standby_uplinks": ["vmnic3"]},
            "security": {"promiscuous": False},
        }
    },
}


@pytest.mark.parametrize("transport", ["api", "ssh"])
def test_every_field_reaches_its_place(esx1, transport):
    esx1.apply(transport, **EVERYTHING)
    state = esx1.state()
    switch, group = state["switches"]["vSwitch1"], state["groups"]["storage"]
    teaming = switch["policy"]["nicTeaming"]
    assert (switch["uplinks"], switch["mtu"]) == (["vmnic2", "vmnic3", "vmnic1"], 9000)
    assert teaming["policy"] == "failover_explicit"
    assert teaming["failureCriteria"]["checkBeacon"] is True
    assert teaming["notifySwitches"] is False
    assert teaming["rollingOrder"] is True
    assert teaming["nicOrder"] == {"activeNic": ["vmnic3", "vmnic2"], "standbyNic": ["vmnic1"]}
    assert switch["policy"]["security"] == {"allowPromiscuous": True, "macChanges": False, "forgedTransmits": False}
    assert (switch["beacon"], switch["discovery"]) == (1, ["cdp", "both"])
    assert state["switches"]["vSwitch0"]["uplinks"] == ["vmnic0"]
    own = {"activeNic": ["vmnic1"], "standbyNic": ["vmnic3"]}
    assert group["vlan"] == 41
    assert group["policy"]["nicTeaming"] == {"notifySwitches": False, "rollingOrder": False, "nicOrder": own}
    assert group["policy"]["security"] == {"allowPromiscuous": False}


@pytest.mark.parametrize("transport", ["api", "ssh"])
def test_what_is_new_is_made_and_what_goes_is_removed(esx1, transport):
    new = {
        "vswitches": {"vSwitch2": {"uplinks": ["vmnic1"], "mtu": 9000}, "vSwitch0": {"uplinks": ["vmnic0"]}},
        "port_groups": {"backup": {"vswitch": "vSwitch2", "vlan": 50, "teaming": {"notify_switches": False}}},
    }
    esx1.apply(transport, **new)
    state = esx1.state()
    assert state["switches"]["vSwitch2"]["policy"]["nicTeaming"]["nicOrder"]["activeNic"] == ["vmnic1"]
    assert state["groups"]["backup"]["vlan"] == 50
    assert state["groups"]["backup"]["policy"] == {"nicTeaming": {"notifySwitches": False}}
    esx1.apply(transport, state="deleted", vswitches=["vSwitch2"], port_groups=["backup"])
    assert "vSwitch2" not in esx1.state()["switches"]


@pytest.mark.parametrize("transport", ["api", "ssh"])
def test_an_override_is_dropped_and_comes_back_by_the_restore_point(esx1, transport):
    before, kept = esx1.state(), {}
    wanted = {"port_groups": {"storage": {"teaming": "inherit"}}}
    assert changed(esx1.apply(transport, kept.update, **wanted))
    assert esx1.state()["groups"]["storage"]["policy"] == {}
    assert changed(esx1.apply(transport, **wanted)) == []
    asked = replace(request(transport=transport), points=kept)
    assert changed(apply(esx1.opener(transport), asked))
    assert esx1.state() == before


def test_what_a_port_group_keeps_is_set_again_after_it_has_inherited_all(esx1):
    state = copy.deepcopy(DELIVERED)
    own = {"policy": "loadbalance_srcmac", "notifySwitches": False, "nicOrder": {"activeNic": ["vmnic3"]}}
    state["groups"]["storage"]["policy"] = {"nicTeaming": own, "security": {"macChanges": False}}
    esx1.control("reset", state=state)
    asked = {"vswitch": "vSwitch1", "vlan": 40, "teaming": {"notify_switches": False}}
    done = esx1.apply("ssh", state="replaced", port_groups={"storage": asked})
    assert done.error is None, done.error
    assert [line.split(" set ")[1] for line in done.commands] == [
        "--portgroup-name=storage --use-vswitch",
        "--portgroup-name=storage --notify-switches=false",
        "--portgroup-name=storage --use-vswitch",
    ]
    assert esx1.state()["groups"]["storage"]["policy"] == {"nicTeaming": {"notifySwitches": False}}


def test_an_esxcli_without_json_is_read_as_text(esx1):
    esx1.control("fault", fault={"method": "esxcli", "match": "formatter", "what": "fault", "fault": "NotSupported"})
    shell = esx1.shell()
    try:
        assert shell._json is False
        as_text = shell.read(None)[""]
    finally:
        shell.close()
    api = esx1.api()
    try:
        as_api = api.read(None)[""]
    finally:
        api.close()
    assert (as_text.switches, as_text.groups) == (as_api.switches, as_api.groups)
    assert (as_text.nics, as_text.vmks, as_text.computed) == (as_api.nics, as_api.vmks, as_api.computed)


@pytest.mark.parametrize("transport", ["api", "ssh"])
def test_an_order_whose_uplinks_all_go_is_inherited_and_never_left_empty(esx1, transport):
    state = copy.deepcopy(DELIVERED)
    own = {"notifySwitches": False, "nicOrder": {"activeNic": ["vmnic3"]}}
    state["groups"]["storage"]["policy"] = {"nicTeaming": own}
    esx1.control("reset", state=state)
    done = esx1.apply(transport, vswitches={"vSwitch1": {"uplinks": ["vmnic2"]}})
    assert done.error is None, done.error
    group = esx1.state()["groups"]["storage"]
    assert group["computed"]["nicTeaming"]["nicOrder"]["activeNic"] == ["vmnic2"]
    assert group["policy"]["nicTeaming"]["notifySwitches"] is False


def test_a_switch_that_names_no_mtu_is_sent_none(esx1):
    esx1.control("reset")
    assert changed(esx1.apply(vswitches={"vSwitch0": {"teaming": {"notify_switches": False}}}))
    (sent,) = [each["request"] for each in esx1.log() if each["method"] == "UpdateVirtualSwitch"]
    assert "notifySwitches" in sent
    assert "<mtu>" not in sent


def test_the_host_of_the_blog_post_becomes_the_same_over_both_ways(esx1, esx2):
    wanted = {
        "vswitches": {
            "vSwitch0": {
                "uplinks": ["vmnic0", "vmnic1"],
                "teaming": {"load_balancing": "loadbalance_ip", "failure_detection": "link_status"},
                "bundle": {"mode": "static", "ports": 2},
            }
        },
        "port_groups": {"Management Network": {"vlan": 0, "teaming": "inherit"}},
        "consent": ["management"],
    }
    found = []
    for lab, transport in ((esx1, "api"), (esx2, "ssh")):
        lab.control("reset")
        assert changed(lab.apply(transport, **wanted))
        assert changed(lab.apply(transport, **wanted)) == []
        state = lab.state()
        found.append({name: group["computed"]["nicTeaming"] for name, group in state["groups"].items()})
    assert found[0] == found[1]
    assert {each["policy"] for each in found[0].values()} == {"loadbalance_ip"}
    assert found[0]["Management Network"]["nicOrder"]["activeNic"] == ["vmnic0", "vmnic1"]


@pytest.mark.parametrize("transport", ["api", "ssh"])
def test_an_uplink_that_comes_and_is_not_declared_active_stays_unused(esx1, transport):
    esx1.apply(transport, vswitches={"vSwitch0": {"uplinks": ["vmnic0"]}, "vSwitch1": {"uplinks": ["vmnic2"]}})
    wanted = {"uplinks": ["vmnic2", "vmnic1"], "teaming": {"active_uplinks": ["vmnic2"]}}
    done = esx1.apply(transport, vswitches={"vSwitch1": wanted})
    assert done.error is None, done.error
    assert esx1.state()["switches"]["vSwitch1"]["policy"]["nicTeaming"]["nicOrder"]["activeNic"] == ["vmnic2"]
