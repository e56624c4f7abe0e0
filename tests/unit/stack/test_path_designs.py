# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that networks as people build them are not refused, and that their needs, not their VLANs, decide that."""

from __future__ import annotations

import functools
from typing import Any

import pytest

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.paths.site_paths import paths_of

from . import link_builders as cabled
from . import stack_builders as builders

SUBNETS = {"mgmt": 30, "iscsi": 40, "vmotion": 50}


def site(*switches: str) -> dict[str, Any]:
    """Return the small site with switches that hang on a core, by links with nothing but management."""
    content = builders.site()
    content["lb_pairs"]["edge"] |= {"virtual_router_id": 11, "peers": {"ca_secret": "peers"}}
    content["vlans"] |= {name: {"id": id_, "subnet": f"10.0.{id_}.0/24"} for name, id_ in SUBNETS.items()}
    content["devices"] |= {name: {"kind": "junos_ex"} for name in ("core", *switches)}
    content["links"] = {
        f"core-{name}": cabled.link(
            "lacp", {"tagged": ["mgmt"]}, {"core": (f"ae{place}", [f"xe-0/1/{place}"]), name: ("ae0", ["xe-0/1/0"])}
        )
        for place, name in enumerate(switches)
    }
    return content


def hang(content: dict[str, Any], host: str, switch: str, vlan: str, end: Any = "eth0") -> None:
    """Cable one port of a device to the next port of a switch."""
    number = len(content["links"])
    ends = {switch: [f"ge-0/0/{number}"], host: end if isinstance(end, tuple) else [end]}
    content["links"][f"{host}-{switch}"] = cabled.link("none", {"untagged": vlan}, ends)


def member(content: dict[str, Any], name: str, kind: str, vlan: str, **more: Any) -> None:
    """Declare a device with an address in a VLAN."""
    leg = {"address": f"10.0.{SUBNETS[vlan]}.{len(content['devices']) + 1}"}
    content["devices"][name] = {"kind": kind, "networks": {vlan: leg}, **more}


def told(content: dict[str, Any], folder: Any) -> list[str]:
    """Return what is said of paths, by severity and place."""
    found = builders.loaded(content, folder).findings
    return [f"{item.severity} {str(item).split(': ')[1]}" for item in found if "VLAN_PATH" in str(item)]


def fabrics() -> dict[str, Any]:
    """Return one VLAN for storage on two fabrics that do not meet: a filer on both, an archive and a tape on one."""
    content = site("san1", "san2")
    member(content, "filer", "ontap", "iscsi")
    for name, switches in {"filer": ("san1", "san2"), "tape": ("san1",), "archive": ("san2",)}.items():
        if name != "filer":
            member(content, name, "external", "iscsi")
        for number, switch in enumerate(switches):
            hang(content, name, switch, "iscsi", f"e0{'ab'[number]}")
    return content


def test_two_storage_fabrics_need_each_other_only_for_who_is_on_one_alone(tmp_path):
    content = fabrics()
    assert told(content, tmp_path) == []
    del content["links"]["filer-san2"]
    assert told(content, tmp_path) == ["error links.core-san1.vlans", "error links.core-san2.vlans"]


def test_a_team_over_two_fabrics_meets_what_is_on_both(tmp_path):
    content = fabrics()
    member(content, "esx1", "esxi_vss", "iscsi")
    for nic, switch in (("vmnic2", "san1"), ("vmnic3", "san2")):
        hang(content, "esx1", switch, "iscsi", ("vSwitch1", [nic]))
    assert told(content, tmp_path) == []
    del content["links"]["filer-san2"], content["links"]["archive-san2"]
    assert told(content, tmp_path) == ["error links.core-san1.vlans", "error links.core-san2.vlans"]


def test_fabrics_that_nothing_joins_are_not_called_unjudged_where_all_is_on_them(tmp_path):
    content = fabrics()
    del content["links"]["core-san2"]
    loaded = builders.loaded(content, tmp_path)
    assert not [item.text for item in paths_of(loaded.site).unjudged if "iscsi" in item.text]


@pytest.mark.parametrize(
    ("vcenters", "found"),
    [(("", ""), ["warning"]), (("vc1", "vc1"), ["warning"]), (("vc1", "vc2"), [])],
    ids=["unknown", "one vCenter", "two vCenters"],
)
def test_racks_with_a_vlan_for_vmotion_each_are_warned_where_one_vcenter_may_move_between_them(
    tmp_path, vcenters, found
):
    content = site("rack")
    for vcenter in sorted({*vcenters} - {""}):
        content["devices"][vcenter] = {"kind": "vcenter"}
    for host, switch, vcenter in (("esx1", "core", vcenters[0]), ("esx2", "rack", vcenters[1])):
        member(content, host, "esxi_vss", "vmotion", **({"vcenter": vcenter} if vcenter else {}))
        hang(content, host, switch, "vmotion", ("vSwitch1", ["vmnic2"]))
    assert told(content, tmp_path) == [f"{severity} links.core-rack.vlans" for severity in found]
    if found:
        content["vlans"]["vmotion"]["waive"] = {"VLAN_PATH_OF_PEERS": "each rack for itself"}
        assert told(content, tmp_path) == []


@pytest.mark.parametrize("gateway", [False, True])
def test_management_that_is_split_is_an_error_where_its_gateway_is_declared(tmp_path, gateway):
    content = site("rack")
    content["vlans"]["vmotion"]["gateway"] = "10.0.50.1"
    for host, switch in (("esx1", "core"), ("esx2", "rack")):
        member(content, host, "esxi_vss", "vmotion", management_vlan="vmotion")
        hang(content, host, switch, "vmotion", ("vSwitch0", ["vmnic0"]))
    if gateway:
        content["devices"]["fw"] = {"kind": "external", "networks": {"vmotion": {"address": "10.0.50.1"}}}
        hang(content, "fw", "core", "vmotion")
    assert told(content, tmp_path) == [f"{'error' if gateway else 'warning'} links.core-rack.vlans"]


def test_what_runs_in_a_virtual_machine_uses_the_cables_below_it(tmp_path):
    content = site("rack")
    content["devices"]["esx1"] = {"kind": "esxi_vss"}
    content["devices"]["docker"] = {"kind": "linux", "on": "esx1"}
    for name in ("web1", "web2"):
        content["devices"][name]["on"] = "docker"
    hang(content, "esx1", "rack", "server", ("vSwitch0", ["vmnic0"]))
    for name in ("lb1", "lb2"):
        hang(content, name, "core", "server", "eth1")
    assert told(content, tmp_path) == ["error links.core-rack.vlans"]
    content["links"]["core-rack"]["vlans"]["tagged"].append("server")
    assert told(content, tmp_path) == []


def test_a_guest_that_tags_by_itself_is_warned_of_and_its_path_judged(tmp_path):
    content = site("rack")
    content["devices"]["esx1"] = {"kind": "esxi_vss"}
    for name in ("web1", "web2"):
        content["devices"][name]["on"] = "esx1"
    hang(content, "esx1", "rack", "server", ("vSwitch0", ["vmnic0"]))
    content["links"]["esx1-rack"]["vlans"]["tagged"] = ["mgmt"]
    content["links"]["esx1-rack"]["ends"]["esx1"]["port_groups"] = {"Mgmt": "mgmt"}
    for name in ("lb1", "lb2"):
        hang(content, name, "core", "server", "eth1")
    assert told(content, tmp_path) == ["error links.core-rack.vlans"]
    found = [item for item in builders.loaded(content, tmp_path).findings if "PORT_GROUP_MISSING" in str(item)]
    assert [item.severity for item in found] == ["warning", "warning"]


def test_a_switch_with_an_address_at_me0_is_no_client_of_a_filer(tmp_path):
    content = fabrics()
    content["devices"]["core"]["networks"] = {"iscsi": {"interface": "me0", "address": "10.0.40.250"}}
    assert told(content, tmp_path) == []
    content["devices"]["core"]["networks"]["iscsi"]["interface"] = "irb.40"
    assert told(content, tmp_path) == ["error links.core-san1.vlans"]


def racks(count: int, together: bool = False) -> dict[str, Any]:
    """Return pairs with their backends in one VLAN, each pair in a rack of its own."""
    content = site(*(f"rack{number}" for number in range(count)))
    shop = content["services"].pop("shop")
    content["lb_pairs"], content["vlans"]["server"]["subnet"] = {}, "10.0.16.0/20"
    content["vlans"]["front"]["subnet"] = "10.1.0.0/16"
    content["vlans"]["front"]["gateway"] = "10.1.255.1"
    for number in range(count):
        nodes, rack = [f"lb{number}-{node}" for node in (1, 2)], f"rack{number}"
        backend = f"web{0 if together else number}-1"
        for place, name in enumerate([*nodes, f"web{number}-1"]):
            address = f"10.0.{16 + number // 60}.{4 * (number % 60) + place + 1}"
            content["devices"][name] = (
                builders.web(address) if place > 1 else builders.node(f"10.1.{number}.{place + 1}", address)
            )
            hang(content, name, rack, "server", "eth1")
        ca = {"ca_secret": f"ca{number}"}
        content["lb_pairs"][f"pair{number}"] = {"hosts": nodes, "vip_vlan": "front", "peers": ca}
        content["services"][f"shop{number}"] = shop | {
            **{"lb": f"pair{number}", "vip": f"10.1.{number}.5"},
            **{"backends": [backend], "waive": {"BACKEND_SINGLE": "enough"}},
        }
    return content


def test_pairs_need_their_own_backends_only(tmp_path):
    assert told(racks(2), tmp_path) == []
    assert told(racks(2, together=True), tmp_path) == ["error links.core-rack0.vlans", "error links.core-rack1.vlans"]


@pytest.mark.parametrize("together", [False, True])
def test_many_racks_cost_what_they_are(tmp_path, together):
    counts = []
    for count in (20, 40):
        loaded = builders.loaded(racks(count, together), tmp_path)
        vars(loaded.site).pop("_paths")
        counts.append(cabled.calls(functools.partial(paths_of, loaded.site)))
        assert len(paths_of(loaded.site).gaps) == (count if together else 0)
    assert counts[1] <= 2.3 * counts[0]
