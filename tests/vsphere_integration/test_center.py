# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that a vCenter's hosts are read and changed with one login, in calls that grow as the hosts do."""

from __future__ import annotations

from collections import Counter

import pytest

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.finding import RefusalError
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.device import api

from .labs import changed, request

NAMES = [f"vc1-esx{number:03d}" for number in range(1, 51)]
HALF = {"vswitches": {"vSwitch0": {"mtu": 9000}}}
READS = {"RetrieveServiceContent", "Login", "CreateContainerView", "RetrievePropertiesEx", "Logout"}


def calls(lab) -> Counter[str]:
    return Counter(lab.calls())


def test_fifty_hosts_cost_one_login_a_constant_number_of_reads_and_a_write_each(vc1):
    done = vc1.apply(hosts=dict.fromkeys(NAMES, HALF))
    assert len(changed(done)) == 50
    found = calls(vc1)
    assert found["Login"] == found["Logout"] == 1
    assert found["UpdateVirtualSwitch"] == 50
    assert sum(count for name, count in found.items() if name in READS) <= 7
    assert set(found) <= READS | {"UpdateVirtualSwitch", "?"}


def test_one_host_and_fifty_cost_the_same_when_nothing_is_to_do(vc1):
    vc1.apply(hosts=dict.fromkeys(NAMES, HALF))
    counts = []
    for names in (NAMES[:1], NAMES):
        vc1.clear()
        assert changed(vc1.apply(hosts=dict.fromkeys(names, HALF))) == []
        counts.append(calls(vc1))
    assert counts[0] == counts[1]
    assert set(counts[1]) <= READS | {"?"}


def test_check_mode_writes_nothing(vc1):
    vc1.apply(hosts=dict.fromkeys(NAMES, HALF), check_mode=True)
    assert calls(vc1)["UpdateVirtualSwitch"] == 0


def test_an_unknown_host_is_refused_with_those_near_to_it_before_any_change(vc1):
    with pytest.raises(RefusalError, match=r"NO_SUCH_HOST\]. Near to it: vc1-esx0") as refused:
        vc1.apply(hosts={"vc1-esx01": HALF, "vc1-esx002": HALF})
    assert "Nothing was changed." in str(refused.value)
    assert calls(vc1)["UpdateVirtualSwitch"] == 0


def test_the_first_label_of_a_name_will_do_and_a_finding_names_its_host(vc1):
    wrong = {"vswitches": {"vSwitch0": {"uplinks": ["vmnic7"]}}}
    with pytest.raises(RefusalError, match=r"hosts.vc1-esx001.example.com.vswitches.vSwitch0: there is no vmnic7"):
        vc1.apply(hosts={"vc1-esx001.example.com": wrong})


def test_a_vcenter_without_hosts_and_a_host_with_hosts_are_refused(vc1, esx1):
    with pytest.raises(RefusalError, match="HOSTS_MISSING"):
        vc1.apply(**HALF)
    with pytest.raises(RefusalError, match="NOT_A_VCENTER"):
        esx1.apply(hosts={"esx1": HALF})


def test_what_vcenter_takes_back_is_told_as_that(vc1):
    name = NAMES[0]
    vc1.simulator.control("far_end", host=name, bundles={"vmnic0": "", "vmnic1": ""})
    half = {
        "vswitches": {"vSwitch0": {"uplinks": ["vmnic0", "vmnic1"], "teaming": {"load_balancing": "loadbalance_ip"}}},
        "port_groups": {"Management Network": {"teaming": "inherit"}},
    }
    before = vc1.state(name)
    done = vc1.apply(hosts={name: half}, consent=["management"])
    assert "vCenter has taken it back" in done.error.text()
    assert "The host has its old state." in done.error.text()
    assert vc1.state(name) == before


def test_management_of_a_vcenters_host_is_guarded_too(vc1):
    half = {"port_groups": {"Management Network": {"vlan": 12}}}
    with pytest.raises(RefusalError, match=r"hosts.vc1-esx001.port_groups.Management Network: .*MANAGEMENT"):
        vc1.apply(hosts={NAMES[0]: half})


def test_a_request_for_hosts_keeps_their_names():
    assert request(hosts={"a": HALF, "b": HALF}).names == ["a", "b"]


def test_pages_are_followed(vc1, monkeypatch):
    monkeypatch.setattr(api, "_PAGE", 7)
    session = vc1.api()
    try:
        assert list(session.read(NAMES)) == NAMES
    finally:
        session.close()
    assert calls(vc1)["ContinueRetrievePropertiesEx"] == 14
