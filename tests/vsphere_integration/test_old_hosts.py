# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that the way back of an ESX(i) 4 is in its own words, and that these words put it back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.device import errors
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.run.transaction import apply

from .labs import DELIVERED, STATIC, Lab, request
from .test_new_switch import BARE

OLD = "4.1.0"
MANAGED = {
    "vswitches": {"vSwitch0": {"teaming": {"load_balancing": "loadbalance_ip"}}},
    "port_groups": {"Management Network": {"teaming": "inherit"}},
}
TAKEN = {"vswitches": {"vSwitch0": {"uplinks": ["vmnic0"]}, "vSwitch1": {"uplinks": ["vmnic1", "vmnic2", "vmnic3"]}}}
"""A NIC of the management's switch goes to another one."""
WIDE = {
    "vswitches": {
        "vSwitch1": {
            "mtu": 9000,
            "uplinks": ["vmnic2"],
            "teaming": {"load_balancing": "loadbalance_ip", "failback": False},
        }
    },
    "port_groups": {
        "vmotion": {"vlan": 31},
        "storage": {"teaming": {"notify_switches": True}, "security": {"promiscuous": True}},
    },
}


@pytest.fixture(params=[OLD, "8.0.2"])
def host(request, esx1) -> tuple[Lab, bool]:
    """Give a host of each release, and whether it is the old one."""
    esx1.control("version", version=request.param)
    return esx1, request.param == OLD


def lost(lab: Lab, **declared):
    """Change a host that is lost by it for good, and return what is told then."""
    first = [lab.api()]

    def opener():
        if first:
            return first.pop()
        raise errors.UnreachableError("It is away.")

    for method in ("UpdateNetworkConfig", "UpdatePortGroup"):
        lab.control("fault", fault={"method": method, "when": "after", "what": "drop", "match": "Port"})
    done = apply(opener, replace(request(consent=["management"], **declared), back=0))
    assert isinstance(done.error, errors.UnknownError)
    return done


def test_a_host_of_release_4_is_read_and_changed_over_its_own_api(host):
    lab, old = host
    assert lab.api().read(None)[""].version == (OLD if old else "8.0.2")
    assert lab.apply(**STATIC).error is None
    assert lab.state()["switches"]["vSwitch1"]["policy"]["nicTeaming"]["policy"] == "loadbalance_ip"


def test_a_management_that_is_lost_comes_back_by_the_lines_of_the_message(host):
    """By vim-cmd with the virtual switch and the port group, where the host is too old for esxcli; each line is run."""
    lab, old = host
    before = lab.api().read(None)[""]
    done = lost(lab, **MANAGED)
    assert all(line in done.message for line in done.recovery)
    assert any("vim-cmd" in line for line in done.recovery) == old
    assert any("esxcli" in line for line in done.recovery) != old
    for line in done.recovery:
        lab.control("console", command=line)
    after = lab.api().read(None)[""]
    assert after.switches == before.switches
    assert after.computed == before.computed


@pytest.mark.parametrize("release", [OLD, "8.0.2"])
@pytest.mark.parametrize("state", [DELIVERED, BARE], ids=["another", "a_new_one"])
def test_a_nic_that_went_to_another_switch_comes_back_by_the_lines_of_the_message(esx1, release, state):
    """Its owner can take it once the other one has given it up; a switch that is new stays, without that NIC."""
    lab = esx1
    lab.control("reset", state=state)
    lab.control("version", version=release)
    before = lab.api().read(None)[""]
    for line in lost(lab, **TAKEN).recovery:
        lab.control("console", command=line)
    after = lab.api().read(None)[""]
    assert {name: after.switches[name] for name in before.switches} == before.switches
    assert after.computed == before.computed


def test_the_two_names_of_a_port_group_and_the_former_policy_stand_in_the_line(esx1):
    esx1.control("version", version=OLD)
    assert lost(esx1, **MANAGED).recovery == [
        "vim-cmd hostsvc/net/vswitch_setpolicy --nicteaming-policy=loadbalance_srcid vSwitch0",
        "vim-cmd hostsvc/net/portgroup_set --nicteaming-policy=loadbalance_srcid vSwitch0 'Management Network'",
        "vim-cmd hostsvc/net/portgroup_set --nicorderpolicy-active=vmnic0 vSwitch0 'Management Network'",
    ]


def test_what_no_command_of_release_4_puts_back_is_said_and_the_rest_comes_back(esx1):
    esx1.control("version", version=OLD)
    before = esx1.api().read(None)[""]
    lines = lost(esx1, **WIDE).recovery
    by_hand = [line for line in lines if line.startswith("#")]
    assert by_hand == [
        "# vSwitch1, by the vSphere Client: failback true",
        "# storage, by the vSphere Client: notify_switches false, promiscuous false",
    ]
    for line in lines:
        if line not in by_hand:
            esx1.control("console", command=line)
    after = esx1.api().read(None)[""]
    restored = after.switches["vSwitch1"]
    assert (restored.mtu, restored.uplinks) == (1500, before.switches["vSwitch1"].uplinks)
    assert restored.teaming.load_balancing == "loadbalance_srcid"
    assert after.groups["vmotion"].vlan == 30
    assert after.computed["vmotion"][0].active_uplinks == before.computed["vmotion"][0].active_uplinks


def test_over_ssh_a_host_of_release_4_is_told_as_one_without_these_commands(esx1):
    esx1.control("version", version=OLD)
    with pytest.raises(errors.RefusedError, match=r"ESX\(i\) 4 is without it") as caught:
        esx1.shell()
    assert "Use transport: api." in str(caught.value)
    assert set(esx1.calls()) == {"esxcli"} and len(esx1.calls()) == 2


def test_behind_a_vcenter_each_host_has_its_own_release(vc1):
    vc1.simulator.control("version", host="vc1-esx002", version=OLD)
    found = vc1.api().read(["vc1-esx001", "vc1-esx002"])
    assert [found[name].version for name in sorted(found)] == ["8.0.2", OLD]
