# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that a VLAN's whole path is judged: a gap at any hop is named for each kind of need, and nothing else is."""

from __future__ import annotations

import functools
import itertools
from typing import Any

import pytest

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.load import Loaded
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.paths.site_paths import paths_of

from . import link_builders as cabled
from . import stack_builders as builders

TRUNKS = {"acc1-core1": ("acc1", "core1"), "core1-acc2": ("core1", "acc2")}
VLANS = {"front": 10, "server": 20, "mgmt": 30, "nfs": 40}
NEEDS = {
    "service": ("front", "lb1", "fw"),
    "pair": ("front", "lb1", "lb2"),
    "backend": ("server", "lb1", "web1"),
    "management": ("mgmt", "esx1", "esx2"),
    "management of a switch": ("mgmt", "esx1", "acc2"),
    "VMkernel to a host": ("nfs", "esx1", "esx2"),
    "VMkernel to a filer": ("nfs", "esx1", "filer"),
    "filer to its client": ("nfs", "filer", "app"),
}
"""What needs a VLAN, and two devices that need it; the one is put behind acc1, the other behind acc2."""
IN_BAND = {"management_vlan": "mgmt", "networks": {"mgmt": {"interface": "irb.30"}}}
CASES = [
    pytest.param(*need, hop, id=f"{name}, {hop}")
    for name, need in NEEDS.items()
    for hop in (*TRUNKS, *(f"{host}-lan" for host in need[1:] if host != "acc2"))
]


def network(number: int, **changes: Any) -> dict[str, Any]:
    return {"address": f"10.0.40.{number}", **changes}


def site(first: str = "", last: str = "", **at: str) -> dict[str, Any]:
    """Return a site on three switches in a row; all hang on the middle one but those that are put elsewhere."""
    content = builders.site()
    content["vlans"] |= {"mgmt": {"id": 30}, "nfs": {"id": 40, "subnet": "10.0.40.0/24", "mtu": 9000}}
    content["lb_pairs"]["edge"]["peers"] = {"ca_secret": "peers"}
    host = {"kind": "esxi_vss", "management_vlan": "mgmt"}
    content["devices"] |= {
        **{name: {"kind": "junos_ex"} for name in ("acc1", "core1")},
        "acc2": {"kind": "junos_ex", **(IN_BAND if last == "acc2" else {})},
        "esx1": {**host, "networks": {"mgmt": {}, "nfs": network(21)}},
        "esx2": {**host, "networks": {"mgmt": {}, "nfs": network(22)}},
        "filer": {"kind": "ontap", "networks": {"nfs": network(10)}},
        "app": {"kind": "linux", "networks": {"nfs": network(31, interface="eth0")}},
        "fw": {"kind": "external", "networks": {"front": {"address": "10.0.10.1"}}},
    }
    content["links"] = {
        name: cabled.link(
            "lacp", {"tagged": list(VLANS)}, {end: (f"ae{60 + place}", [f"xe-0/1/{place}"]) for end in ends}
        )
        for place, (name, ends) in enumerate(TRUNKS.items())
    }
    at = {first: "acc1", last: "acc2", **at}
    for number, (name, device) in enumerate(content["devices"].items()):
        if device["kind"] != "junos_ex":
            content["links"][f"{name}-lan"] = hung(name, device, at.get(name, "core1"), number)
    return content


def hung(name: str, device: dict[str, Any], switch: str, number: int) -> dict[str, Any]:
    """Return the link of a device, with every VLAN that it has a leg in."""
    own: Any = ("vSwitch0", ["vmnic0"]) if device["kind"] == "esxi_vss" else ["e0a" if name == "filer" else "eth0"]
    return cabled.link("none", {"tagged": list(device["networks"])}, {switch: [f"ge-0/0/{number}"], name: own})


def told(loaded: Loaded) -> list[str]:
    return [str(item).split(": ", 1)[1] for item in loaded.findings]


def unjudged(loaded: Loaded) -> list[str]:
    return [item.text for item in paths_of(loaded.site).unjudged]


@pytest.mark.parametrize(("vlan", "first", "last"), NEEDS.values(), ids=NEEDS)
def test_a_path_that_is_whole_has_no_finding_and_all_of_it_is_judged(tmp_path, vlan, first, last):
    loaded = builders.loaded(site(first, last), tmp_path)
    assert told(loaded) == []
    assert unjudged(loaded) == []
    assert {first, last} <= {*paths_of(loaded.site).members(vlan)}


@pytest.mark.parametrize(("vlan", "first", "last", "hop"), CASES)
def test_each_kind_of_need_hears_of_a_gap_at_each_hop_by_link_and_vlan(tmp_path, vlan, first, last, hop):
    content = site(first, last)
    content["links"][hop]["vlans"]["tagged"].remove(vlan)
    if not content["links"][hop]["vlans"]["tagged"]:
        content["links"][hop]["vlans"]["untagged"] = "other"
        content["vlans"]["other"] = {"id": 99}
    (finding,) = told(builders.loaded(content, tmp_path))
    assert hop in finding
    if hop in TRUNKS:
        assert finding.startswith(f"links.{hop}.vlans: it does not carry VLAN {vlan} ({VLANS[vlan]}), over which ")
        assert f"add {vlan} to links.{hop}.vlans.tagged" in finding
        assert first in finding or last in finding
    else:
        assert f"carries {vlan}, so" in finding


def test_a_switch_that_is_the_gateway_is_where_the_clients_come_from(tmp_path):
    content = site("lb1", lb2="acc1")
    del content["devices"]["fw"], content["links"]["fw-lan"]
    content["devices"]["acc2"]["networks"] = {"front": {"address": "10.0.10.1"}}
    loaded = builders.loaded(content, tmp_path)
    assert (told(loaded), unjudged(loaded)) == ([], [])
    (finding,) = told(builders.loaded(gap(content, "core1-acc2", vlan="front"), tmp_path))
    assert (
        "links.core1-acc2.vlans: it does not carry VLAN front (10), over which acc2 (gateway) must reach lb1 and lb2"
        in finding
    )


def test_where_an_external_device_leads_the_vlan_out_the_clients_come_from_there(tmp_path):
    content = site("lb1", lb2="acc1")
    content["devices"]["fw"]["networks"] = {}
    loaded = builders.loaded(content, tmp_path)
    assert (told(loaded), unjudged(loaded)) == ([], [])
    (finding,) = told(builders.loaded(gap(content, "acc1-core1", vlan="front"), tmp_path))
    assert "it does not carry VLAN front (10), over which fw (way out) behind core1 must reach lb1 and lb2" in finding


@pytest.mark.parametrize("hop", [*TRUNKS, "esx1-lan", "filer-lan"])
def test_a_hop_with_a_smaller_mtu_than_the_vlan_is_named(tmp_path, hop):
    content = site("esx1", "filer")
    content["links"][hop]["mtu"] = 1500
    (finding,) = told(builders.loaded(content, tmp_path))
    assert finding.startswith(f"links.{hop}.mtu: 1500 octets are fewer than the 9000 of VLAN nfs")


def gap(content: dict[str, Any], *hops: str, vlan: str = "server") -> dict[str, Any]:
    """Return the site with a VLAN taken from links."""
    for hop in hops:
        content["links"][hop]["vlans"]["tagged"].remove(vlan)
    return content


def trunk(first: str, last: str, *vlans: str) -> dict[str, Any]:
    return cabled.link("lacp", {"tagged": list(vlans)}, {end: ("ae70", ["xe-0/1/7"]) for end in (first, last)})


def test_one_gap_is_one_finding_however_many_hosts_it_cuts_off(tmp_path):
    content = site()
    content["devices"]["more[1:200]"] = {"kind": "external", "networks": {"server": {"address": "10.0.20.[21:220]"}}}
    ends = {"acc1": ["ge-9/0/[1:200]"], "more[1:200]": ["eth0"]}
    content["links"]["more[1:200]"] = cabled.link("none", {"untagged": "server"}, ends)
    content["services"]["shop"]["backends"] = ["more[1:200]"]
    (finding,) = told(builders.loaded(gap(content, "acc1-core1"), tmp_path))
    assert "more1, more10, more100 and 197 more (backend) behind acc1 must reach lb1 and lb2" in finding


def test_where_both_links_lack_it_both_are_named_with_those_behind_each(tmp_path):
    first, last = told(builders.loaded(gap(site("web1", "web2"), *TRUNKS), tmp_path))
    assert "web1 (backend) behind acc1 must reach lb1 and lb2" in first
    assert "web2 (backend) behind acc2 must reach lb1 and lb2" in last


def test_who_is_two_switches_away_is_behind_each_link_that_lacks_it(tmp_path):
    first, last = told(builders.loaded(gap(site("web1", lb1="acc2", lb2="acc2", web2="acc2"), *TRUNKS), tmp_path))
    assert "web1 (backend) behind acc1 must reach lb1, lb2 and web2" in first
    assert "web1 (backend) behind core1 must reach lb1, lb2 and web2" in last


def test_of_several_ways_one_is_enough_and_the_shortest_is_named_where_none_is(tmp_path):
    content = gap(site("web1"), "acc1-core1")
    content["links"]["ring"] = trunk("acc1", "acc2", *VLANS)
    assert told(builders.loaded(content, tmp_path)) == []
    (finding,) = told(builders.loaded(gap(content, "ring"), tmp_path))
    assert finding.startswith("links.acc1-core1.vlans: ")


def test_a_native_vlan_and_an_access_link_carry_it(tmp_path):
    content = gap(site("web1"), "acc1-core1", "web1-lan")
    for name in ("acc1-core1", "web1-lan"):
        content["links"][name]["vlans"]["untagged"] = "server"
    assert told(builders.loaded(content, tmp_path)) == []


def test_the_vlans_of_a_profile_count(tmp_path):
    content = site("web1")
    content["link_profiles"] = {"up": {"vlans": content["links"]["acc1-core1"].pop("vlans")}}
    content["links"]["acc1-core1"]["profile"] = "up"
    assert told(builders.loaded(content, tmp_path)) == []
    content["link_profiles"]["up"]["vlans"]["tagged"].remove("server")
    (finding,) = told(builders.loaded(content, tmp_path))
    assert finding.startswith("links.acc1-core1.vlans: it does not carry VLAN server (20)")
    assert "add server to links.acc1-core1.vlans.tagged or to those of its profile up" in finding


def test_a_procurve_is_a_switch_of_the_path(tmp_path):
    content = site("web1")
    content["devices"]["acc1"] = {"kind": "procurve"}
    content["links"]["acc1-core1"]["ends"]["acc1"]["lag"] = "Trk1"
    assert told(builders.loaded(content, tmp_path)) == []
    assert len(told(builders.loaded(gap(content, "acc1-core1"), tmp_path))) == 1


@pytest.mark.parametrize("leg", [{}, {"mgmt": {"interface": "me0"}}, {"mgmt": {"address": "10.0.30.5"}}])
def test_switches_managed_beside_their_links_need_no_trunk_for_it_and_that_is_said_once(tmp_path, leg):
    content = site("esx1", "acc2")
    content["vlans"]["mgmt"]["subnet"] = "10.0.30.0/24"
    content["devices"]["acc2"]["networks"] = leg
    loaded = builders.loaded(gap(content, "core1-acc2", vlan="mgmt"), tmp_path)
    assert told(loaded) == []
    assert unjudged(loaded) == [
        "VLAN mgmt (30): managed out of band (me0, vme), not over the declared links, seem acc2 (management)"
    ]
    content["links"]["lights-out"] = cabled.link("none", {"untagged": "mgmt"}, {"acc2": ["ge-0/0/44"], "web2": ["ilo"]})
    found = told(builders.loaded(content, tmp_path))
    in_band = ["links.core1-acc2.vlans"] if "interface" not in leg.get("mgmt", {}) else []
    assert [text.split(":")[0] for text in found] == in_band


@pytest.mark.parametrize("owner", [("links", "acc1-core1"), ("vlans", "server")])
def test_a_gap_is_waived_at_the_link_or_at_the_vlan(tmp_path, owner):
    content = gap(site("web1"), "acc1-core1")
    content[owner[0]][owner[1]]["waive"] = {"VLAN_PATH": "by another cable"}
    loaded = builders.loaded(content, tmp_path)
    assert told(loaded) == []
    assert [str(item) for item in loaded.waived] == [f"{'.'.join(owner)}: VLAN_PATH waived: by another cable"]


@pytest.mark.parametrize("place", ["core1", "acc1"])
def test_a_virtual_machine_uses_the_links_and_the_port_groups_of_its_hypervisor(tmp_path, place):
    content = site(lb1="-", esx1=place)
    del content["links"]["lb1-lan"]
    content["devices"]["lb1"]["on"] = "esx1"
    content["links"]["esx1-lan"]["vlans"]["tagged"] += ["front", "server"]
    assert told(builders.loaded(content, tmp_path)) == []
    content["links"]["esx1-lan"]["ends"]["esx1"]["port_groups"] = {"Net": "server", "Mgmt": "mgmt", "Files": "nfs"}
    (finding,) = told(builders.loaded(content, tmp_path))
    assert finding.startswith(
        "links.esx1-lan.ends.esx1.port_groups: vSwitch0 of esx1 has no port group in VLAN front (10), which lb1"
    )
    del content["links"]["esx1-lan"]["ends"]["esx1"]["port_groups"]
    cut = told(builders.loaded(gap(content, "acc1-core1"), tmp_path))
    assert ["lb1 (pair) behind acc1" in finding for finding in cut] == ([True] if place == "acc1" else [])


def test_all_switches_of_a_team_are_needed_and_one_of_two_plain_interfaces(tmp_path):
    content = gap(site(), "core1-acc2", vlan="nfs")
    content["links"]["esx1-more"] = cabled.link(
        "none", {"tagged": ["mgmt", "nfs"]}, {"acc2": ["ge-0/0/40"], "esx1": ("vSwitch0", ["vmnic1"])}
    )
    (finding,) = told(builders.loaded(content, tmp_path))
    assert finding.startswith("links.core1-acc2.vlans: it does not carry VLAN nfs (40), over which esx1 (VMkernel)")
    content = gap(site(), "core1-acc2", vlan="nfs")
    content["links"]["filer-more"] = cabled.link("none", {"untagged": "nfs"}, {"acc2": ["ge-0/0/40"], "filer": ["e0b"]})
    assert told(builders.loaded(content, tmp_path)) == []


def test_what_an_external_device_may_join_is_not_judged_and_said_once(tmp_path):
    content = gap(site("web1", web2="acc1"), "acc1-core1")
    content["devices"]["isp"] = {"kind": "external"}
    content["links"]["isp-core1"] = cabled.link("none", {"tagged": ["server"]}, {"core1": ["ge-0/0/45"], "isp": ["1"]})
    content["links"]["isp-acc1"] = cabled.link("none", {"tagged": ["mgmt"]}, {"acc1": ["ge-0/0/45"], "isp": ["2"]})
    assert len(told(builders.loaded(content, tmp_path))) == 1
    content["links"]["isp-acc1"]["vlans"]["tagged"].append("server")
    loaded = builders.loaded(content, tmp_path)
    assert told(loaded) == []
    why = "VLAN server (20): the external isp may lie between the others and web1 and web2 (backend)"
    assert unjudged(loaded) == [why]


def test_what_hangs_on_no_declared_switch_or_on_one_that_nothing_joins_is_not_judged(tmp_path):
    content = site("web1")
    del content["links"]["acc1-core1"], content["links"]["web2-lan"]
    loaded = builders.loaded(content, tmp_path)
    assert told(loaded) == []
    assert unjudged(loaded) == [
        "VLAN server (20): no declared link leads from a declared switch to web2 (backend)",
        "VLAN server (20): no declared links join the switches of the others with those of web1 (backend)",
    ]


def test_backends_behind_a_router_and_unknown_clients_are_not_judged(tmp_path):
    content = site()
    content["devices"]["web2"]["networks"] = {"mgmt": {"address": "10.0.30.9"}}
    content["vlans"]["mgmt"]["subnet"] = "10.0.30.0/24"
    content["links"]["web2-lan"]["vlans"] = {"untagged": "mgmt"}
    content["services"]["shop"] |= {
        "backends": ["web1", "web2", "10.0.20.77"],
        "waive": {"BACKEND_OUT_OF_REACH": "routed"},
    }
    del content["devices"]["fw"], content["links"]["fw-lan"]
    loaded = builders.loaded(content, tmp_path)
    assert told(loaded) == []
    assert unjudged(loaded) == [
        "VLAN front (10): no declared device stands for the clients of lb1 and lb2 (service)",
        "Pair edge: backends web2 are in no VLAN of its nodes, so a router lies between",
        "Pair edge: backends 10.0.20.77 are addresses of no declared device",
    ]


def test_two_parts_that_nothing_joins_are_judged_each_by_itself(tmp_path):
    content = gap(site("esx1"), "acc1-core1", vlan="nfs")
    for name, switch in (("filer9", "acc9"), ("app9", "acc8")):
        content["devices"][switch] = {"kind": "junos_ex"}
        kind = "ontap" if name == "filer9" else "linux"
        number = 51 if name == "filer9" else 52
        content["devices"][name] = {"kind": kind, "networks": {"nfs": network(number)}}
        content["links"][f"{name}-lan"] = cabled.link(
            "none", {"untagged": "nfs"}, {switch: ["ge-0/0/1"], name: ["e0a"]}
        )
    content["links"]["acc8-acc9"] = trunk("acc8", "acc9", "mgmt")
    assert [text.split(":")[0] for text in told(builders.loaded(content, tmp_path))] == [
        "links.acc1-core1.vlans",
        "links.acc8-acc9.vlans",
    ]


def chain(length: int) -> dict[str, Any]:
    """Return a row of switches, each with a backend, of which no link carries the backends' VLAN."""
    content = site()
    content["services"]["shop"]["backends"] = [f"web{number}" for number in range(100, 100 + length)]
    for number in range(length):
        switch, above, web = f"row{number}", f"row{number - 1}" if number else "core1", f"web{100 + number}"
        content["devices"] |= {switch: {"kind": "junos_ex"}, web: {"kind": "external"}}
        content["devices"][web]["networks"] = {"server": {"address": f"10.0.{20 + number // 200}.{30 + number % 200}"}}
        content["links"][f"up{number}"] = cabled.link(
            "lacp", {"tagged": ["mgmt"]}, {above: (f"ae{90}", ["xe-0/2/0"]), switch: ("ae91", ["xe-0/2/1"])}
        )
        content["links"][f"{web}-lan"] = cabled.link("none", {"untagged": "server"}, {switch: ["ge-0/0/1"], web: ["e"]})
    content["vlans"]["server"]["subnet"] = "10.0.16.0/20"
    return content


def test_a_row_of_switches_costs_what_it_is_long(tmp_path, monkeypatch):
    counts = []
    for length in (80, 160):
        loaded = builders.loaded(chain(length), tmp_path)
        vars(loaded.site).pop("_paths")
        counts.append(cabled.calls(functools.partial(paths_of, loaded.site)))
        assert len(paths_of(loaded.site).gaps) == length
    assert counts[1] <= 2.1 * counts[0]


@pytest.mark.parametrize(("first", "last"), [*itertools.combinations(("lb1", "web1", "esx1", "filer"), 2)])
def test_what_is_put_where_is_no_fault(tmp_path, first, last):
    assert told(builders.loaded(site(first, last), tmp_path)) == []
