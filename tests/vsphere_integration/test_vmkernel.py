# SPDX-License-Identifier: GPL-3.0-or-later
"""VMkernel interfaces are judged alike over the API, over SSH and through a vCenter, and nothing is written."""

from __future__ import annotations

import copy
import json

import pytest
import yaml

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.finding import RefusalError
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.device.errors import (
    VerificationError,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.run.verify import gather, verified

from .labs import DELIVERED, request
from .test_center_plays import MANAGED, play, site

__all__ = ["play"]

DECLARED = {
    "vmk0": {"address": "127.0.0.1/8", "mtu": 1500, "vlans": {"vSwitch0": 0}, "management": True},
    "vmk1": {"address": "10.0.30.11/24", "mtu": 9000, "vlans": {"vSwitch1": 30}},
}
VMOTION = {
    "port_group": "vmotion",
    "address": "10.0.30.11",
    "mask": "255.255.255.0",
    "mac": "00:50:56:00:00:02",
    "mtu": 9000,
}


def right() -> dict:
    """Return a host that is as declared, with a third interface of which nobody declares anything."""
    state = copy.deepcopy(DELIVERED)
    state["switches"]["vSwitch1"]["mtu"] = 9000
    state["vmks"] |= {"vmk1": dict(VMOTION), "vmk2": {**VMOTION, "port_group": "storage", "address": "192.0.2.1"}}
    return state


def wrong(part: str, name: str, **changed) -> dict:
    """Return a host of which one object differs; with nothing changed it is not there."""
    state = right()
    if changed:
        state[part][name] |= changed
    else:
        del state[part][name]
    return state


def with_two_nics(state: dict) -> dict:
    """Return the state for a host that has one NIC for each of its switches."""
    made = copy.deepcopy(state)
    made["groups"]["Management Network"].pop("policy")
    for number, switch in enumerate(made["switches"].values()):
        switch["uplinks"] = [f"vmnic{number}"]
        switch.pop("policy", None)
    return made


SET = "esxcli network ip interface"
KINDS = {
    "missing": (wrong("vmks", "vmk1"), "VMKERNEL_MISSING", "wrong", "vmk0, vmk2", f"{SET} add --interface-name=vmk1"),
    "address": (
        wrong("vmks", "vmk1", address="10.0.30.12"),
        "VMKERNEL_ADDRESS",
        "wrong",
        "vmk1 has 10.0.30.12/24, not 10.0.30.11/24",
        f"{SET} ipv4 set --interface-name=vmk1 --ipv4=10.0.30.11 --netmask=255.255.255.0 --type=static",
    ),
    "prefix": (
        wrong("vmks", "vmk1", mask="255.255.0.0"),
        "VMKERNEL_ADDRESS",
        "wrong",
        "vmk1 has 10.0.30.11/16, not 10.0.30.11/24",
        f"{SET} ipv4 set",
    ),
    "vlan": (
        wrong("groups", "vmotion", vlan=31),
        "VMKERNEL_VLAN",
        "wrong",
        "vmk1 is in vmotion, VLAN 31 on vSwitch1, not in VLAN 30 on vSwitch1",
        f"{SET} remove --interface-name=vmk1",
    ),
    "vswitch": (
        wrong("vmks", "vmk1", port_group="Management Network", mtu=1500),
        "VMKERNEL_VLAN",
        "wrong",
        "vmk1 is in Management Network on vSwitch0, not in VLAN 30 on vSwitch1",
        f"{SET} add --interface-name=vmk1 --portgroup-name=vmotion --mtu=9000",
    ),
    "smaller": (
        wrong("vmks", "vmk1", mtu=1500),
        "VMKERNEL_MTU",
        "hint",
        "vmk1 has MTU 1500, and its VLAN 9000",
        f"{SET} set --interface-name=vmk1 --mtu=9000",
    ),
    "larger": (
        wrong("vmks", "vmk0", mtu=1600),
        "VMKERNEL_MTU",
        "wrong",
        "vmk0 has MTU 1600, and its VLAN 1500",
        f"{SET} set --interface-name=vmk0 --mtu=1500",
    ),
    "vswitch mtu": (
        wrong("switches", "vSwitch1", mtu=8000),
        "VMKERNEL_VSWITCH_MTU",
        "wrong",
        "vmk1 has MTU 9000, and vSwitch1 8000",
        "esxcli network vswitch standard set --vswitch-name=vSwitch1 --mtu=9000",
    ),
    "management vlan": (
        wrong("groups", "Management Network", vlan=99),
        "VMKERNEL_VLAN",
        "refused",
        "vmk0 is in Management Network, VLAN 99 on vSwitch0, not in untagged frames (VLAN 0) on vSwitch0",
        "esxcli network vswitch standard portgroup set --portgroup-name='Management Network' --vlan-id=0",
    ),
}


def judged(lab, transport: str = "api", **given) -> list[tuple[str, str, str]]:
    """Return rule, level and message of each difference; nothing was sent to change anything."""
    plans = gather(lab.opener(transport), request(transport=transport, **given)).plans
    found = [each for made in plans.values() for each in made.vmkernel]
    return [(each.finding.rule, each.level, str(each.finding)) for each in found]


@pytest.mark.parametrize("transport", ["api", "ssh"])
@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_difference_is_told_with_what_was_found_and_the_command_that_mends_it(esx1, kind, transport):
    state, rule, level, words, command = KINDS[kind]
    esx1.control("reset", state=state)
    before = esx1.state()
    found = judged(esx1, transport, vmkernel=DECLARED)
    # An interface on another switch may break by its MTU there as well.
    (text,) = [text for one, severity, text in found if (one, severity) == (rule, level)]
    assert words in text and command in text
    assert {one for one, *_rest in found} <= {rule, "VMKERNEL_VSWITCH_MTU", "VMKERNEL_MTU"}
    assert esx1.state() == before


def test_through_a_vcenter_each_host_has_its_own_differences_under_its_name(vc1):
    hosts = {f"vc1-esx{number:03d}": kind for number, kind in enumerate(KINDS, 1)}
    for name, kind in hosts.items():
        vc1.simulator.control("reset", host=name, state=with_two_nics(KINDS[kind][0]))
    found = judged(vc1, hosts={name: {"vmkernel": DECLARED} for name in hosts})
    for name, kind in hosts.items():
        _state, rule, level, words, _command = KINDS[kind]
        assert any(
            (one, severity) == (rule, level) and text.startswith(f"hosts.{name}.vmkernel.") and words in text
            for one, severity, text in found
        ), (name, kind)
    vc1.simulator.control("reset", host="vc1-esx001", state=with_two_nics(right()))
    assert judged(vc1, hosts={"vc1-esx001": {"vmkernel": DECLARED}}) == []


@pytest.mark.parametrize("transport", ["api", "ssh"])
def test_what_is_as_declared_is_verified_by_name_and_nobody_asks_about_the_rest(esx1, transport):
    esx1.control("reset", state=right())
    assert judged(esx1, transport, vmkernel=DECLARED) == []
    seen = verified(esx1.opener(transport), request(transport=transport, vmkernel=DECLARED))
    assert any("read and judged, and not made or changed: vmk0, vmk1 as declared" in each.text for each in seen)


def test_a_verification_fails_by_what_does_not_work_and_not_by_a_smaller_mtu(esx1):
    for kind, (state, _rule, level, words, _command) in KINDS.items():
        esx1.control("reset", state=state)
        if level == "hint":
            texts = [each.text for each in verified(esx1.api, request(vmkernel=DECLARED))]
            assert any(text.endswith("not made or changed: vmk0 as declared") for text in texts)
            continue
        with pytest.raises(VerificationError) as error:
            verified(esx1.api, request(vmkernel=DECLARED))
        assert words in str(error.value), kind


def test_what_the_change_itself_mends_is_no_difference(esx1):
    esx1.control("reset", state=KINDS["vlan"][0])
    groups = {"vmotion": {"vlan": 30}}
    assert judged(esx1, vmkernel=DECLARED, port_groups=groups) == []
    esx1.control("reset", state=KINDS["management vlan"][0])
    with pytest.raises(RefusalError, match="VMKERNEL_VLAN"):
        esx1.apply(vmkernel=DECLARED, port_groups=groups)
    outcome = esx1.apply(vmkernel=DECLARED, port_groups={"Management Network": {"vlan": 0}}, consent=["management"])
    assert outcome.error is None and esx1.state()["groups"]["Management Network"]["vlan"] == 0


def declared_site() -> dict:
    """Return a site whose hosts have an interface for vMotion, and are managed on the same link."""
    made = site()
    made["vlans"]["mgmt"] = {"id": 99, "subnet": "192.0.2.0/24"}
    for number, name in enumerate(MANAGED, 1):
        made["links"][f"{name}-vmotion"]["vlans"] = {"tagged": ["vmotion", "mgmt"]}
        legs = {"vmotion": {"interface": "vmk1", "address": f"10.0.30.{number}"}}
        legs["mgmt"] = {"interface": "vmk0", "address": f"192.0.2.{number}"}
        made["devices"][name] |= {"management_vlan": "mgmt", "networks": legs}
    return made


def hosted(number: int, management: str, address: str) -> dict:
    """Return a host with the management in a port group of its own, on the switch of the link or on another one."""
    group = {"switch": management, "vlan": 99}
    vmk0 = {"port_group": "Kernel", "address": f"192.0.2.{number}", "mask": "255.255.255.0"}
    vmk1 = {**VMOTION, "address": address}
    return {
        "switches": {"vSwitch0": {"uplinks": ["vmnic0"]}, "vSwitch1": {"uplinks": ["vmnic1"], "mtu": 9000}},
        "groups": {"Kernel": group, "vmotion": {"switch": "vSwitch1", "vlan": 30}},
        "vmks": {"vmk0": {**vmk0, "mac": f"00:50:56:00:01:{number:02x}"}, "vmk1": vmk1},
    }


def test_a_plan_warns_of_an_address_and_a_run_stops_where_the_management_is_elsewhere(vc1, play, tmp_path):
    (tmp_path / "stack.yml").write_text(yaml.safe_dump(declared_site()))
    first, second = MANAGED
    vc1.simulator.control("reset", host=first, state=hosted(1, "vSwitch1", "10.0.30.99"))
    vc1.simulator.control("reset", host=second, state=hosted(2, "vSwitch0", "10.0.30.2"))
    before = [vc1.state(name) for name in MANAGED]
    done = play("site")
    said = " ".join((done.stdout + done.stderr).split())
    assert done.returncode == 2
    assert f"hosts.{second}.vmkernel.vmk0: vmk0 is in Kernel on vSwitch0, not in VLAN 99" in said
    assert f"hosts.{first}.vmkernel.vmk1: vmk1 has 10.0.30.99/24, not 10.0.30.1/24" in said
    assert "Stop before anything is changed where a device would refuse it" in said
    assert [vc1.state(name) for name in MANAGED] == before
    # What waits for a change is not verified, and what differs beside it stands in the report all the same.
    assert play("verify").returncode == 2
    told = " ".join(json.loads((tmp_path / "report" / "report.json").read_text())["hosts"]["vc1"]["warnings"])
    assert f"hosts.{first}.vmkernel.vmk1" in told and f"hosts.{second}.vmkernel.vmk0" in told
