# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that each cause of bad input has its own message, that all come at once, and before any connection."""

from __future__ import annotations

import pytest

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.finding import RefusalError
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.declared import options

from .builders import GOLDEN

DEFAULTS = {
    **{"state": "merged", "plan_for": "merged", "transport": "api", "consent": [], "management_interface": None},
    **{"verify": {}, "restore_point": None, "restore_dir": None, "run_id": "", "timeouts": {}},
}
PAIR = ["vmnic2", "vmnic3"]


def switch(teaming=None, **changed):
    found = {"uplinks": PAIR, **changed}
    if teaming is not None:
        found["teaming"] = teaming
    return {"vswitches": {"vSwitch1": found}}


def hashed(teaming=None, **changed):
    return switch({"load_balancing": "loadbalance_ip", **(teaming or {})}, **changed)


def group(**changed):
    return {"port_groups": {"vmotion": {"vswitch": "vSwitch1", **changed}}}


def interface(**given):
    return {"vmkernel": {"vmk1": given}}


CASES: dict[str, dict[str, object]] = {
    "an unknown key, with what was meant": switch(uplink=["vmnic2"]),
    "an unknown key of the teaming": switch({"policy": "loadbalance_ip"}),
    "switches that are no mapping": {"vswitches": [{"name": "vSwitch1"}]},
    "a switch that is no mapping": {"vswitches": {"vSwitch1": "vmnic2"}},
    "a switch with a name that is too long": {"vswitches": {"v" * 33: {}}},
    "a switch with a newline in its name": {"vswitches": {"vSwitch1\n": {}}},
    "uplinks that are a text": switch(uplinks="vmnic2"),
    "an uplink that is a number": switch(uplinks=[2]),
    "an uplink twice": switch(uplinks=["vmnic2", "vmnic2"]),
    "an uplink on two switches": {"vswitches": {name: {"uplinks": ["vmnic2"]} for name in ("vSwitch1", "vSwitch2")}},
    "an MTU that no standard switch takes": switch(mtu=9216),
    "an MTU that is no number": switch(mtu="jumbo"),
    "an unknown load balancing": switch({"load_balancing": "iphash"}),
    "a load balancing of distributed switches": switch({"load_balancing": "loadbalance_loadbased"}),
    "a failback that is no boolean": switch({"failback": "maybe"}),
    "no active uplink": switch({"active_uplinks": []}),
    "an uplink active and standby": switch({"active_uplinks": PAIR, "standby_uplinks": ["vmnic3"]}),
    "an active uplink that is none": switch({"active_uplinks": ["vmnic0"]}),
    "IP hash with a standby uplink": hashed({"active_uplinks": ["vmnic2"], "standby_uplinks": ["vmnic3"]}),
    "IP hash with an unused uplink": hashed({"active_uplinks": ["vmnic2"]}),
    "IP hash with beacon probing": hashed({"failure_detection": "beacon_probing"}),
    "IP hash towards plain ports": hashed(bundle={"mode": "none"}),
    "another policy towards a static bundle": switch(
        {"load_balancing": "loadbalance_srcid"}, bundle={"mode": "static", "ports": 2}
    ),
    "uplinks unequal to the ports of the bundle": hashed(bundle={"mode": "static", "ports": 4}),
    "LACP on a standard switch": hashed(bundle={"mode": "lacp", "ports": 2}),
    "two bundles on one switch": hashed(bundle=[{"mode": "static"}, {"mode": "static"}]),
    "a bundle without its mode": hashed(bundle={"ports": 2}),
    "a port group that differs from its switch": {
        **hashed(),
        **group(teaming={"load_balancing": "loadbalance_srcid"}),
    },
    "a port group with a standby uplink under IP hash": {
        **hashed(),
        **group(teaming={"active_uplinks": ["vmnic2"], "standby_uplinks": ["vmnic3"]}),
    },
    "a port group with beacon probing under IP hash": {
        **hashed(),
        **group(teaming={"failure_detection": "beacon_probing"}),
    },
    "a VLAN out of range": group(vlan=4096),
    "a security that is no boolean": group(security={"promiscuous": "reject"}),
    "a teaming that is another word": group(teaming="inherited"),
    "an interface with an unknown key": interface(vlan=30),
    "an interface whose address is none": interface(address="10.0.30.256/24"),
    "an interface with an MTU that is no number": interface(mtu="jumbo"),
    "an interface whose VLANs are no mapping": interface(vlans=[30]),
    "an interface with a VLAN that no port group of it has": interface(vlans={"vSwitch1": 4095}),
    "replaced without uplinks": {"state": "replaced", "vswitches": {"vSwitch1": {"mtu": 9000}}},
    "a port group replaced without its switch": {"state": "replaced", "port_groups": {"vmotion": {"vlan": 30}}},
    "overridden with nothing": {"state": "overridden"},
    "deleted with nothing": {"state": "deleted"},
    "overridden with an interface alone": {"state": "overridden", **interface(mtu=9000)},
    "hosts and switches of its own": {**switch(), "hosts": {"esx1": {"vswitches": {}}}},
    "a host with an unknown key": {"hosts": {"esx1": {"vswitch": {}}}},
    "a host's switch with a fault": {"hosts": {"esx1": hashed(bundle={"mode": "static", "ports": 3})}},
    "SSH to a vCenter": {"transport": "ssh", "hosts": {"esx1": switch()}},
    "restored without a restore point": {"state": "restored"},
}


def refusal(**given) -> str:
    with pytest.raises(RefusalError) as caught:
        options.request_of({**DEFAULTS, **given}, check_mode=False)
    return str(caught.value)


def test_each_cause_has_its_message(golden):
    text = "".join(f"# {cause}\n{refusal(**given)}\n\n" for cause, given in CASES.items())
    golden(GOLDEN / "bad_input.txt", text)


def test_every_rule_about_ip_hash_names_its_source():
    about = [refusal(**given) for cause, given in CASES.items() if "IP hash" in cause or "bundle" in cause.split()[-1:]]
    assert len(about) >= 6
    assert all("KB 10" in text for text in about)


def test_all_findings_come_at_once():
    text = refusal(
        vswitches={"vSwitch1": {"mtu": 1, "uplinks": "vmnic0", "bundle": {"mode": "lacp"}}},
        port_groups={"a": {"vlan": -1}},
    )
    assert text.startswith("Refused: 4 findings. No connection was opened.")


def test_what_is_null_is_not_declared():
    request = options.request_of({**DEFAULTS, **switch({"active_uplinks": None}, mtu=None, bundle=None)}, False)
    assert request.halves[""].vswitches[0].teaming.active_uplinks is None


def test_texts_that_jinja_makes_of_numbers_and_booleans_are_taken():
    request = options.request_of({**DEFAULTS, **switch({"failback": "False"}, mtu="9000")}, False)
    found = request.halves[""].vswitches[0]
    assert (found.mtu, found.teaming.failback) == (9000, False)


def test_a_port_group_may_differ_in_notify_alone_under_ip_hash_as_microsoft_nlb_needs():
    given = {**DEFAULTS, **hashed(), **group(teaming={"notify_switches": False})}
    assert options.request_of(given, False).halves[""].port_groups[0].teaming.notify_switches is False
