# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that a cell holds all that one job needs, and that a play on a cell or on switches meets a refusal."""

from __future__ import annotations

import json

import pytest

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.cells import Cabling, cells
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.derive import (
    groups,
    refused_groups,
)

from . import link_builders as cabled
from . import stack_builders as builders
from .real_ansible import refusals

KINDS = {
    **{"ex1": "junos_ex", "ex-2.a": "junos_ex", "hp": "procurve", "router": "external", "vc": "vcenter"},
    **{"esx1": "esxi_vss", "esx2": "esxi_vss", "lb1": "linux", "lb2": "linux", "web": "external"},
}


def found(links=(), **more):
    return cells(Cabling(kinds=KINDS, links=list(links), **more))


def test_a_switch_and_all_that_is_cabled_to_it_are_one_cell():
    assert found([("ex1", "esx1"), ("esx2", "ex1")]) == {"cell_ex1": {"ex1", "esx1", "esx2"}}


def test_a_link_between_switches_joins_no_cells_and_a_switch_with_no_other_link_has_its_own():
    assert found([("ex1", "esx1"), ("ex1", "hp")]) == {"cell_ex1": {"ex1", "esx1"}, "cell_hp": {"hp"}}


def test_a_host_on_two_switches_joins_them_and_the_first_switch_by_name_gives_the_name():
    made = found([("ex1", "esx1"), ("ex-2.a", "esx1")])
    assert made == {"cell_ex_2_a": {"ex1", "ex-2.a", "esx1"}}


def test_the_nodes_of_a_pair_and_the_hosts_of_a_vcenter_stay_together():
    links = [("ex1", "lb1"), ("hp", "lb2"), ("ex-2.a", "esx1"), ("ex1", "esx2")]
    made = found(links, pairs={"edge": ["lb1", "lb2"]}, managed={"esx1": "vc", "esx2": "vc"})
    assert made == {"cell_ex_2_a": {"ex1", "ex-2.a", "hp", "lb1", "lb2", "esx1", "esx2", "vc"}}


def test_a_pair_without_links_has_a_cell_of_its_own_name():
    assert found(pairs={"edge": ["lb1", "lb2"]}) == {"cell_edge": {"lb1", "lb2"}}


def test_an_external_device_is_in_each_cell_that_it_is_cabled_to_and_joins_none():
    made = found([("ex1", "router"), ("hp", "router"), ("ex1", "web")])
    assert made == {"cell_ex1": {"ex1", "router", "web"}, "cell_hp": {"hp", "router"}}


def test_hosts_of_an_external_switch_are_named_after_it():
    assert found([("router", "esx1"), ("esx2", "router")]) == {"cell_router": {"router", "esx1", "esx2"}}


def test_a_vcenter_whose_hosts_have_no_links_has_no_cell():
    assert found(managed={"esx1": "vc"}) == {}


def test_the_groups_of_a_site_with_links(tmp_path):
    made = groups(builders.loaded(cabled.site(), tmp_path).site)
    assert made["switches"] == made["junos_ex"] == ["ex1", "ex2"]
    assert {name: members for name, members in made.items() if name.startswith("cell_")} == {
        "cell_ex1": ["esx1", "esx2", "esx3", "ex1", "ex2", "filer", "lb1", "lb2", "vc", "web1", "web2"]
    }


def test_a_refused_site_claims_every_group_that_it_would_have(tmp_path):
    site = cabled.site()
    made = groups(builders.loaded(site, tmp_path).site)
    site["links"]["filer"]["bundle"] = "lcap"
    claimed = refused_groups(builders.loaded(site, tmp_path))
    assert {name: members for name, members in made.items() if not set(members) <= set(claimed[name])} == {}


def test_a_refused_site_without_switches_has_one_host_for_plays_on_them(tmp_path):
    site = builders.site()
    site["vlans"]["front"]["id"] = 0
    claimed = refused_groups(builders.loaded(site, tmp_path))
    assert claimed["switches"] == claimed["junos_ex"] == claimed["esxi_vss"] == ["lb1"]


@pytest.mark.parametrize(
    ("hosts", "options"),
    [("switches", []), ("junos_ex", []), ("esxi_vss", []), ("cell_ex1", []), ("cell_ex1", ["--limit", "web1"])],
    ids=str,
)
def test_every_host_of_a_play_on_switches_or_a_cell_of_a_refused_site_is_refused(place, hosts, options):
    site = cabled.site()
    site["links"]["esx1-lan"]["bundle"] = "lacp"
    found = place.site(json.dumps(site)).read("-i", "inventory", *options, hosts=hosts)
    assert "links.esx1-lan" in "".join(refusals(found))
