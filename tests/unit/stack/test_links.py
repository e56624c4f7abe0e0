# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that one declared link gives both ends their own half, and that ranges and profiles write it shortly."""

from __future__ import annotations

import pytest

from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds import kind as kind_of
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds import kinds
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss import derivation as esxi_vss
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex import derivation as junos_ex
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.vcenter import derivation as vcenter
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.derive import half, inventory
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.halves import links

from . import link_builders as cabled
from . import stack_builders as builders


def variables(content, tmp_path, host):
    found = builders.loaded(content, tmp_path)
    assert not found.errors, [str(item) for item in found.errors]
    return half(found, host)


def test_a_site_with_links_has_neither_errors_nor_warnings(tmp_path):
    assert [str(item) for item in builders.loaded(cabled.site(), tmp_path).findings] == []


def test_a_static_link_is_a_bundle_without_lacp_here_and_ip_hash_there(tmp_path):
    ae1 = variables(cabled.site(), tmp_path, "ex1")["junos_lag_bundles"]["ae1"]
    assert ae1 == {
        "members": ["ge-0/0/1", "ge-1/0/1"],
        "lacp": "none",
        "description": "esx1 vSwitch0",
        "member_descriptions": {"ge-0/0/1": "esx1 vmnic0", "ge-1/0/1": "esx1 vmnic1"},
        "payload_mtu": 1500,
        "mode": "trunk",
        "untagged": "mgmt",
        "tagged": ["server"],
        "peer": "esxi_vss",
    }
    there = variables(cabled.site(), tmp_path, "esx1")
    assert there["esxi_teaming_vswitches"]["vSwitch0"]["teaming"]["load_balancing"] == "loadbalance_ip"
    assert there["esxi_teaming_vswitches"]["vSwitch0"]["bundle"] == {"mode": "static", "ports": 2}


def test_the_management_network_has_a_teaming_of_its_own_and_the_others_inherit(tmp_path):
    found = variables(cabled.site(), tmp_path, "esx1")
    teaming = found["esxi_teaming_vswitches"]["vSwitch0"]["teaming"]
    assert found["esxi_teaming_port_groups"] == {
        "Management Network": {"vswitch": "vSwitch0", "vlan": 0, "teaming": teaming},
        "mgmt": {"vswitch": "vSwitch0", "vlan": 0, "teaming": "inherit"},
        "server": {"vswitch": "vSwitch0", "vlan": 20, "teaming": "inherit"},
    }


def test_declared_port_groups_replace_the_ones_by_default(tmp_path):
    site = cabled.site()
    site["links"]["esx1-lan"]["ends"]["esx1"]["port_groups"] = {"Mgmt": "mgmt", "VM Network": "server"}
    found = variables(site, tmp_path, "esx1")["esxi_teaming_port_groups"]
    assert {name: (group["vlan"], group["teaming"] != "inherit") for name, group in found.items()} == {
        "Mgmt": (0, True),
        "VM Network": (20, False),
    }


def test_an_interface_of_an_esxi_host_gets_address_mtu_and_vlan_of_its_networks_by_vswitch(tmp_path):
    site = cabled.site()
    site["vlans"]["mgmt"]["subnet"] = "10.0.30.0/23"
    site["vlans"]["vmotion"] = {"id": 70, "mtu": 9000}
    legs = {"mgmt": {"interface": "vmk0", "address": "10.0.30.11"}, "server": {"interface": "vmk1"}}
    site["devices"]["esx1"]["networks"] = {**legs, "vmotion": {"interface": "vmk2"}}
    assert variables(site, tmp_path, "esx1")["esxi_teaming_vmkernel"] == {
        "vmk0": {"address": "10.0.30.11/23", "mtu": 1500, "vlans": {"vSwitch0": 0}, "management": True},
        "vmk1": {"mtu": 1500, "vlans": {"vSwitch0": 20}},
        # No link carries its VLAN, which a rule tells, and so nobody knows how it is tagged.
        "vmk2": {"mtu": 9000, "vlans": {}},
    }


def test_a_vcenter_carries_the_halves_of_its_hosts_and_they_carry_none(tmp_path):
    found = inventory(builders.loaded(cabled.site(), tmp_path))
    assert set(found["vc"]["esxi_teaming_hosts"]) == {"esx2", "esx3"}
    assert set(found["vc"]["esxi_teaming_hosts"]["esx2"]) == {"vswitches", "port_groups", "vmkernel"}
    assert [found["esx2"][f"esxi_teaming_{part}"] for part in ("vswitches", "port_groups", "vmkernel")] == [{}, {}, {}]


def test_an_access_link_with_a_greater_mtu_says_its_payload_and_its_slow_timer(tmp_path):
    ae5 = variables(cabled.site(), tmp_path, "ex1")["junos_lag_bundles"]["ae5"]
    assert (ae5["mode"], ae5["untagged"], ae5["payload_mtu"]) == ("access", "nfs", 9000)
    assert (ae5["lacp"], ae5["periodic"], ae5["minimum_links"]) == ("active", "slow", 1)
    assert "tagged" not in ae5
    assert ae5["members"] == ["ge-0/0/5", "ge-1/0/5"]


def test_a_link_without_a_bundle_is_plain_ports(tmp_path):
    found = variables(cabled.site(), tmp_path, "ex1")
    assert found["junos_lag_ports"] == {
        "ge-0/0/8": {
            "description": "web1 eth0",
            "payload_mtu": 1500,
            "mode": "access",
            "untagged": "server",
            "peer": "external",
        }
    }


def test_trunk_makes_a_trunk_of_a_native_vlan_alone(tmp_path):
    site = cabled.site()
    site["link_profiles"]["esx"]["vlans"] = {"untagged": "mgmt"}
    site["links"]["esx1-lan"]["trunk"] = True
    for name in ("esx2", "esx3"):
        site["devices"].setdefault(name, site["devices"]["esx1"])
    del site["devices"]["esx[2:3]"], site["links"]["esx[2:3]-lan"]
    ae1 = variables(site, tmp_path, "ex1")["junos_lag_bundles"]["ae1"]
    assert (ae1["mode"], ae1["untagged"]) == ("trunk", "mgmt")
    assert "tagged" not in ae1


def test_the_switch_knows_the_vlans_of_its_links_and_its_model(tmp_path):
    found = variables(cabled.site(), tmp_path, "ex1")
    assert found["junos_lag_vlans"] == {
        "front": {"id": 10},
        "mgmt": {"id": 30},
        "nfs": {"id": 40},
        "server": {"id": 20},
    }
    assert (found["junos_lag_model"], found["junos_lag_release"]) == ("ex4200-48t", "12.3R12")
    assert variables(cabled.site(), tmp_path, "ex2")["junos_lag_model"] == ""


def test_both_ends_see_the_same_link_mirrored(tmp_path):
    found = inventory(builders.loaded(cabled.site(), tmp_path))
    seen = {(item["host"], item["link"]): item for host in found for item in found[host].get("stack_links", [])}
    assert len(seen) == 2 * 9
    for (host, name), item in seen.items():
        other = seen[(item["peer"], name)]
        assert other["peer"] == host
        assert (other["peer_lag"], other["peer_ports"]) == (item["lag"], item["ports"])
        assert [other[key] for key in ("bundle", "vlans", "mtu")] == [item[key] for key in ("bundle", "vlans", "mtu")]
        assert item["provisioned"] == (kind_of(item["peer_kind"]).provisions == "always")


def test_a_vcenter_has_the_links_of_its_hosts_and_the_other_ends_name_it(tmp_path):
    found = inventory(builders.loaded(cabled.site(), tmp_path))
    (vcenter,) = (host for host in found if "esxi_teaming_hosts" in found[host])
    managed = set(found[vcenter]["esxi_teaming_hosts"])
    links = found[vcenter]["stack_links"]
    assert {item["host"] for item in links} == managed
    assert links == [item for host in sorted(managed) for item in found[host]["stack_links"]]
    via = {item["peer_via"] for host in found for item in found[host].get("stack_links", []) if item["peer"] in managed}
    assert via == {vcenter}
    others = [item for host in found for item in found[host].get("stack_links", []) if item["peer"] not in managed]
    assert {item["peer_via"] for item in others} == {None}


def test_a_range_walks_along_in_the_ends_and_ports_of_a_link(tmp_path):
    bundles = variables(cabled.site(), tmp_path, "ex2")["junos_lag_bundles"]
    assert bundles["ae3"]["members"] == ["ge-0/0/3", "ge-1/0/3"]
    assert bundles["ae3"]["description"] == "esx3 vSwitch0"


def test_a_fault_inside_a_range_is_shown_at_the_line_of_its_end(tmp_path):
    (tmp_path / "stack.yml").write_text(
        "plugin: netstack.datacenter.stack\n"
        "vlans: {server: {id: 2}}\n"
        "devices: {ex1: {kind: junos_ex}, 'web[1:2]': {kind: external}}\n"
        "links:\n"
        "  'web[1:2]':\n"
        "    bundle: none\n"
        "    vlans: {untagged: server}\n"
        "    ends:\n"
        "      ex1: {ports: ['ge-0/0/[1:2]']}\n"
        "      'web[2:3]': {ports: [eth0]}\n"
    )
    found = builders.load(tmp_path / "stack.yml", tmp_path)
    assert [(item.rule, item.place.line) for item in found.errors] == [("LINK_END_UNKNOWN", 10)]


def test_a_link_overrides_its_profile_key_by_key(tmp_path):
    site = cabled.site()
    site["link_profiles"]["fast"] = {"profile": "slow", "periodic": "fast"}
    site["links"]["filer"].update(profile="fast", mtu=9100)
    ae5 = variables(site, tmp_path, "ex1")["junos_lag_bundles"]["ae5"]
    assert (ae5["lacp"], ae5["periodic"], ae5["payload_mtu"]) == ("active", "fast", 9100)


@pytest.mark.parametrize("host", ["ex1", "esx1", "vc", "filer", "lb1"])
def test_every_derived_variable_of_an_end_is_listed(tmp_path, host):
    listed = {*junos_ex.DERIVED, *esxi_vss.DERIVED, *vcenter.DERIVED, *links.DERIVED}
    found = variables(cabled.site(), tmp_path, host)["stack_derived"]
    assert {name for name in found if name.startswith(("junos", "esxi", "stack_links"))} <= listed
    assert found


def test_every_kind_has_a_word_for_each_bundle():
    assert {each.name: set(each.pairing) for each in kinds() if set(each.pairing) != {"lacp", "static", "none"}} == {}
