# SPDX-License-Identifier: GPL-3.0-or-later
"""Which cable the address pairs of a host and its storage servers take: what is foretold, what is not, and the note."""

from __future__ import annotations

import itertools
from ipaddress import ip_address

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ansible_collections.netstack.datacenter.plugins.module_utils.linux_bond.parse import parse
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack import hashing
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.derive import inventory

from . import stack_builders as builders

NOTE = "HASH_ONE_CABLE"
ESXI = {"kind": "esxi_vss"}
LINUX = {"kind": "linux", "provision_links": True}
UNSAID = {"kind": "linux"}
LAGS = {"esxi_vss": "vSwitch1", "esxi_vds": "dvUplinks", "linux": "bond0", "windows_lbfo": "team0"}
NICS = {"esxi_vss": "vmnic", "esxi_vds": "vmnic"}


def leg(first, *others):
    return {"address": first, "other_addresses": list(others)}


def site(host=ESXI, sources=("192.0.2.10",), filer=("192.0.2.20", "192.0.2.22"), *, cables=2, bundle="static", **end):
    """Return a site of a host and a filer on one switch, both in VLAN nfs."""
    kind = host["kind"]
    ports = [f"{NICS.get(kind, 'eth')}{n}" for n in range(cables)]
    ends = {
        "ex1": {"lag": "ae0", "ports": [f"ge-0/0/{n}" for n in range(cables)]},
        "host1": {"lag": LAGS[kind], "ports": ports, **end},
    }
    return {
        "plugin": builders.PLUGIN,
        "vlans": {"nfs": {"id": 40, "subnet": "192.0.2.0/24", "subnet6": "2001:db8::/64"}},
        "devices": {
            "ex1": {"kind": "junos_ex"},
            "host1": {**host, "networks": {"nfs": leg(*sources)}},
            "filer": {"kind": "ontap", "networks": {"nfs": leg(*filer)}},
        },
        "links": {"host1": {"bundle": bundle, "vlans": {"tagged": ["nfs"]}, "ends": ends}},
    }


def loaded(content, folder):
    found = builders.loaded(content, folder)
    assert [str(item) for item in found.errors] == []
    return found


def notes(content, folder):
    """Return the texts of the notes; there are no others."""
    found = loaded(content, folder).notes
    assert {item.rule for item in found} <= {NOTE}
    return [item.fault.text for item in found]


def pairs(content, folder, host="host1"):
    (link,) = inventory(loaded(content, folder))[host]["stack_links"]
    return link.get("address_pairs", [])


def cables(content, folder):
    """Return the cable of each pair, or why there is none."""
    return {(pair["source"], pair["destination"]): pair["why"] or pair["cable"] for pair in pairs(content, folder)}


def groups(content, folder):
    return [pair["group"] for pair in pairs(content, folder)]


def test_each_pair_is_told_with_its_place_among_the_ports_from_both_ends_alike(tmp_path):
    content = site(filer=("192.0.2.20", "192.0.2.21"))
    assert pairs(content, tmp_path) == [
        {
            **{"vlan": "nfs", "source": "192.0.2.10", "server": "filer", "destination": destination},
            **{"cable": cable, "group": "", "why": ""},
        }
        for destination, cable in (("192.0.2.20", 0), ("192.0.2.21", 1))
    ]
    assert pairs(content, tmp_path, "ex1") == pairs(content, tmp_path)


def test_a_host_of_a_vcenter_and_one_with_a_distributed_switch_hash_alike(tmp_path):
    content = site({"kind": "esxi_vss", "vcenter": "vc"})
    content["devices"]["vc"] = {"kind": "vcenter"}
    assert pairs(content, tmp_path, "vc") == pairs(content, tmp_path, "ex1") == pairs(site(), tmp_path)
    assert pairs(site({"kind": "esxi_vds"}), tmp_path) == pairs(site(), tmp_path)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"host": {"kind": "esxi_vds"}, "bundle": "lacp"}, "the hash of this kind of host is not known here"),
        ({"host": {"kind": "windows_lbfo"}}, "the hash of this kind of host is not known here"),
        ({"host": UNSAID}, "nobody says how its bond hashes: xmit_hash_policy at its end of the link"),
        ({"host": LINUX, "xmit_hash_policy": "layer3+4"}, "its connections are spread by their ports"),
        ({"host": LINUX, "xmit_hash_policy": "encap3+4"}, "its connections are spread by their ports"),
        ({"host": LINUX, "xmit_hash_policy": "vlan+srcmac"}, "vlan+srcmac looks at no destination"),
        ({"sources": ("192.0.2.10",), "cables": 3, "filer": ("192.0.3.20",)}, "VMware's two descriptions"),
    ],
)
def test_what_is_not_foretold_says_why_and_gives_no_note(tmp_path, given, why):
    content = site(**given)
    content["vlans"]["nfs"]["subnet"] = "192.0.0.0/16"
    assert all(str(text).startswith(why) for text in cables(content, tmp_path).values())
    assert cables(content, tmp_path)
    assert notes(content, tmp_path) == []


def test_ipv6_of_an_esxi_host_is_not_foretold(tmp_path):
    content = site(sources=("192.0.2.10", "2001:db8::10"), filer=("192.0.2.20", "2001:db8::20"))
    assert cables(content, tmp_path) == {
        ("192.0.2.10", "192.0.2.20"): 0,
        ("2001:db8::10", "2001:db8::20"): "VMware describes IP hash for IPv4 only",
    }
    assert notes(content, tmp_path) == []


def test_a_vlan_that_comes_over_two_bundles_is_not_foretold(tmp_path):
    content = site()
    second = {
        "ex1": {"lag": "ae1", "ports": ["ge-0/0/8", "ge-0/0/9"]},
        "host1": {"lag": "vSwitch2", "ports": ["vmnic8", "vmnic9"], "port_groups": {"other": "nfs"}},
    }
    content["links"]["other"] = {"bundle": "static", "vlans": {"tagged": ["nfs"]}, "ends": second}
    found = inventory(loaded(content, tmp_path))["host1"]["stack_links"]
    assert {pair["why"] for link in found for pair in link["address_pairs"]} == {
        "nfs comes to host1 over host1 too",
        "nfs comes to host1 over other too",
    }
    assert notes(content, tmp_path) == []


@pytest.mark.parametrize(
    ("change", "value"), [("bundle", "none"), ("cables", 1), ("host", {"kind": "linux", "storage": True})]
)
def test_without_several_cables_that_a_client_hashes_over_there_is_nothing_to_tell(tmp_path, change, value):
    content = site(**{change: value})
    if change == "bundle":
        content["links"]["host1"]["ends"]["ex1"].pop("lag")
    assert pairs(content, tmp_path) == []
    assert notes(content, tmp_path) == []


def test_a_link_whose_ends_do_not_fit_has_that_fault_and_no_note(tmp_path):
    content = site(cables=3, filer=("192.0.2.23",))  # by the third uplink
    content["links"]["host1"]["ends"]["ex1"]["ports"].pop()
    assert {item.rule for item in builders.loaded(content, tmp_path).findings} == {"LINK_PORT_COUNTS"}


def test_a_storage_server_is_any_device_that_is_declared_one_and_no_filer_that_is_not(tmp_path):
    content = site()
    content["devices"]["filer"]["storage"] = False
    content["devices"]["nas"] = {"kind": "external", "storage": True, "networks": {"nfs": leg("192.0.2.31")}}
    assert cables(content, tmp_path) == {("192.0.2.10", "192.0.2.31"): 1}
    content["devices"]["nas"].pop("storage")
    assert cables(content, tmp_path) == {}


def test_the_note_names_cable_and_port_and_the_next_address_that_takes_another(tmp_path):
    (text,) = notes(site(), tmp_path)
    assert text == (
        "all 2 address pairs of host1 with filer take vmnic0 (to ge-0/0/0 of ex1), one of the 2 cables; give filer a "
        "further address in nfs that takes another, like 192.0.2.23, for some of its exports"
    )
    assert notes(site(filer=("192.0.2.20", "192.0.2.22", "192.0.2.23")), tmp_path) == []


def test_an_address_that_the_site_knows_is_taken_is_not_advised(tmp_path):
    content = site()
    content["devices"]["other"] = {"kind": "external", "networks": {"nfs": leg("192.0.2.40", "192.0.2.23")}}
    content["vlans"]["nfs"]["gateway"] = "192.0.2.25"
    assert "like 192.0.2.27" in notes(content, tmp_path)[0]


def test_where_the_subnet_is_full_no_address_is_advised(tmp_path):
    content = site(sources=("192.0.2.1",), filer=("192.0.2.2",))
    content["vlans"]["nfs"] = {"id": 40, "subnet": "192.0.2.0/30"}
    (text,) = notes(content, tmp_path)
    assert text.endswith("give filer a further address in nfs that takes another, for some of its exports")


def test_several_addresses_of_the_host_in_a_subnet_spread_nothing_for_it_sends_from_one_of_them(tmp_path):
    (text,) = notes(site(sources=("192.0.2.10", "192.0.2.11"), filer=("192.0.2.20",)), tmp_path)
    assert "take one of the 2 cables from each address, and a host sends from one of its addresses in a subnet" in text
    assert "like 192.0.2.21" in text


def two_vlans(source, server):
    content = site(filer=("192.0.2.20",))
    content["vlans"]["iscsi"] = {"id": 41, "subnet": "198.51.100.0/24"}
    content["devices"]["host1"]["networks"]["iscsi"] = {"address": source}
    content["devices"]["filer"]["networks"]["iscsi"] = {"address": server}
    content["links"]["host1"]["vlans"]["tagged"] = ["nfs", "iscsi"]
    return content


def test_two_vlans_are_two_ways_to_spread(tmp_path):
    assert notes(two_vlans("198.51.100.10", "198.51.100.21"), tmp_path) == []
    assert "take vmnic0" in notes(two_vlans("198.51.100.10", "198.51.100.20"), tmp_path)[0]


def test_a_linux_bond_is_foretold_but_for_the_mac_addresses(tmp_path):
    together = site(LINUX, bundle="lacp")
    assert groups(together, tmp_path) == ["filer 1", "filer 1"]
    assert cables(together, tmp_path) == {("192.0.2.10", "192.0.2.20"): None, ("192.0.2.10", "192.0.2.22"): None}
    (text,) = notes(together, tmp_path)
    assert text == (
        "all 2 address pairs of host1 with filer take one and the same of the 2 cables (layer2+3; which one, the MAC "
        "addresses decide); give filer a further address in nfs that takes another, like 192.0.2.23, for some of its "
        "exports, or say xmit_hash_policy: layer3+4 at this end"
    )
    spread = site(LINUX, filer=("192.0.2.20", "192.0.2.21"))
    assert groups(spread, tmp_path) == ["filer 1", "filer 2"]
    assert notes(spread, tmp_path) == []


def test_layer2_takes_one_cable_whatever_the_addresses_are(tmp_path):
    content = site(LINUX, filer=("192.0.2.20", "192.0.2.21"), xmit_hash_policy="layer2")
    (text,) = notes(content, tmp_path)
    assert "one and the same of the 2 cables, for layer2 looks at MAC addresses alone; say xmit_hash_policy" in text
    assert "further address" not in text


def test_a_policy_that_is_declared_counts_where_nobody_provisions_the_host(tmp_path):
    content = site(UNSAID, xmit_hash_policy="layer2+3")
    assert pairs(content, tmp_path) == pairs(site(LINUX), tmp_path)
    assert inventory(loaded(content, tmp_path))["host1"]["linux_bond_bonds"] == {}


def test_two_servers_have_two_mac_addresses_so_a_bond_is_not_said_to_take_one_cable(tmp_path):
    content = site(LINUX)
    content["devices"]["nas"] = {"kind": "external", "storage": True, "networks": {"nfs": leg("192.0.2.24")}}
    assert groups(content, tmp_path) == ["filer 1", "filer 1", "nas 2"]
    assert notes(content, tmp_path) == []
    content["devices"]["host1"], content["links"]["host1"] = site()["devices"]["host1"], site()["links"]["host1"]
    assert "address pairs of host1 with filer and nas take vmnic0" in notes(content, tmp_path)[0]


def test_a_filer_with_two_bundles_in_the_vlan_has_two_mac_addresses(tmp_path):
    content = site(LINUX)
    for n, lag in enumerate(("a0a", "a0b")):
        ends = {"ex1": {"lag": f"ae{n + 5}", "ports": [f"ge-0/1/{n}"]}, "filer": {"lag": lag, "ports": [f"e0{lag[2]}"]}}
        content["links"][f"filer-{lag}"] = {
            "bundle": "lacp",
            "periodic": "slow",
            "vlans": {"tagged": ["nfs"]},
            "ends": ends,
        }
    why = "filer has a MAC address of its own at each of filer-a0a and filer-a0b"
    assert set(cables(content, tmp_path).values()) == {why}
    assert notes(content, tmp_path) == []


def test_a_provisioned_bond_has_the_policy_and_all_addresses(tmp_path):
    content = site(LINUX, sources=("192.0.2.10", "192.0.2.11", "2001:db8::b"), xmit_hash_policy="layer3+4")
    found = inventory(loaded(content, tmp_path))["host1"]["linux_bond_bonds"]
    assert found["bond0"]["vlans"]["bond0.40"]["addresses"] == ["192.0.2.10/24", "192.0.2.11/24", "2001:db8::b/64"]
    assert parse(found)[0].xmit_hash_policy == "layer3+4"


def test_a_range_of_other_addresses_is_written_out(tmp_path):
    content = site(filer=("192.0.2.20", "192.0.2.[22:26:2]"))
    assert [pair["destination"] for pair in pairs(content, tmp_path)] == [f"192.0.2.{n}" for n in (20, 22, 24, 26)]


def test_who_is_concerned_has_the_note_and_nobody_else(tmp_path):
    content = site()
    content["devices"]["ex2"] = {"kind": "junos_ex"}
    hosts = inventory(loaded(content, tmp_path))
    assert {name for name, variables in hosts.items() if variables["stack_notes"]} == {"host1", "filer", "ex1"}
    assert not any(variables["stack_warnings"] for variables in hosts.values())


OCTETS = st.integers(2, 254)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    octets=st.lists(OCTETS, min_size=2, max_size=5, unique=True), sources=st.integers(1, 3), cables=st.integers(2, 4)
)
@example(octets=[10, 20, 22], sources=1, cables=2)
@example(octets=[10, 12, 20], sources=2, cables=2)
@pytest.mark.parametrize("host", [ESXI, LINUX], ids=["esxi", "linux"])
def test_there_is_a_note_just_where_all_take_one_cable_and_its_address_takes_another(
    tmp_path, host, octets, sources, cables
):
    own, filer = octets[: min(sources, len(octets) - 1)], octets[min(sources, len(octets) - 1) :]
    addresses = [[f"192.0.2.{each}" for each in some] for some in (own, filer)]
    found = notes(site(host, *addresses, cables=cables), tmp_path)
    every = range(256) if host is LINUX else [0]

    def spreads(targets):
        return any(
            len({taken(host, each, target, macs, cables) for target in targets}) > 1
            for each in addresses[0]
            for macs in every
        )

    assert bool(found) == (not spreads(addresses[1]))
    for text in found:
        advised = text.partition(", like ")[2].partition(",")[0]
        for source, macs, target in itertools.product(addresses[0], every, addresses[1]):
            assert taken(host, source, advised, macs, cables) != taken(host, source, target, macs, cables)


def taken(host, source, destination, macs, cables):
    source, destination = ip_address(source), ip_address(destination)
    if host is LINUX:
        return hashing.bond_hash(source, destination, macs) % cables
    return (int(source) ^ int(destination)) % cables
