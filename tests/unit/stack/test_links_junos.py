# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that the switch's half of every valid site is what junos_lag takes: in both styles, and settled by one run."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.kind import Impossible
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds import kind as kind_of
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.config import views
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.config.statements import Config
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.declared import declaration
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.platform import bundle_index, is_port
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run import plan
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.derive import half, inventory

from . import goldens
from . import link_builders as cabled
from . import stack_builders as builders

QUICK = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
KINDS = ("esxi_vss", "esxi_vds", "ontap", "ontap_7mode", "linux", "windows_lbfo", "windows_set", "procurve", "external")
FAR_PORT = {"esxi_vss": "vmnic{}", "esxi_vds": "vmnic{}", "ontap": "e{}a", "ontap_7mode": "e{}a"}
VLANS = {
    **{name: {"id": 100 + index} for index, name in enumerate(("server", "mgmt", "db.1", "a-b_c"))},
    "nfs": {"id": 200, "mtu": 9000},
}


@st.composite
def cabled_sites(draw: Any) -> dict[str, Any]:
    """Make sites of one switch with one to six links, of any bundle, kind and VLANs, that break no rule."""
    site: dict[str, Any] = {"plugin": builders.PLUGIN, "vlans": VLANS, "devices": {}, "links": {}}
    site["devices"]["ex1"] = {"kind": "junos_ex", "model": draw(st.sampled_from(["ex4300", "ex2200", "none known"]))}
    for number in range(draw(st.integers(1, 6))):
        kind, bundle = draw(st.sampled_from(KINDS)), draw(st.sampled_from(["lacp", "static", "none"]))
        if isinstance(kind_of(kind).pairing[bundle], Impossible):
            bundle = "none"
        site["devices"][f"host{number}"] = {"kind": kind}
        site["links"][f"link{number}"] = made(draw, number, kind, bundle)
    return site


def made(draw: Any, number: int, kind: str, bundle: str) -> dict[str, Any]:
    names, count = kind_of(kind).names, draw(st.integers(1, 4))
    near: dict[str, Any] = {"ports": [f"ge-{index}/0/{number}" for index in range(count)]}
    far: dict[str, Any] = {"ports": [FAR_PORT.get(kind, "eth{}").format(index) for index in range(count)]}
    if bundle != "none":
        near["lag"] = f"ae{number * 20}"
    if bundle in names.needs_lag:
        far["lag"] = names.lag_example
    vlans = draw(st.lists(st.sampled_from(sorted(VLANS)), min_size=1, max_size=4, unique=True))
    untagged = draw(st.booleans())
    link = cabled.link(bundle, {"untagged": vlans[0], "tagged": vlans[1:]} if untagged else {"tagged": vlans}, {})
    link["ends"] = {"ex1": near, f"host{number}": far}
    if untagged and len(vlans) == 1:
        link["trunk"] = draw(st.booleans())
    if bundle == "lacp":
        link["periodic"] = draw(st.sampled_from(["slow", "fast"]))
    if bundle != "none" and draw(st.booleans()):
        link["minimum_links"] = count
    return link


@pytest.mark.parametrize("style", goldens.STYLES)
@QUICK
@given(site=cabled_sites())
def test_junos_lag_takes_whatever_a_valid_site_derives_and_a_second_run_changes_nothing(tmp_path, style, site):
    loaded = builders.loaded(site, tmp_path)
    assert [str(item) for item in loaded.errors] == []
    variables = half(loaded, "ex1")
    assert goldens.switch_commands(variables, style)
    declared, _findings = declaration.read(*(variables[f"junos_lag_{name}"] for name in ("vlans", "bundles", "ports")))
    first = plan.make(views.offline(Config()), declared, "replaced", style, stp="rstp")
    assert not plan.make(views.offline(first.written), declared, "replaced", style, stp="rstp").changed


@pytest.mark.parametrize("style", goldens.STYLES)
@pytest.mark.parametrize("host", ["ex1", "ex2"])
def test_junos_lag_takes_both_switches_of_a_site(tmp_path, host, style):
    variables = inventory(builders.loaded(cabled.site(), tmp_path))[host]
    commands = goldens.switch_commands(variables, style)
    assert "set interfaces ge-0/0/0 ether-options 802.3ad ae0" in commands


@pytest.mark.parametrize("example", ["iis_farm", "els_site", "lab"])
def test_the_mode_is_said_of_every_bundle_and_port_so_that_none_is_taken_from_the_vlans(example):
    found = [
        {**variables.get("junos_lag_bundles", {}), **variables.get("junos_lag_ports", {})}
        for variables in inventory(goldens.example(example)).values()
    ]
    modes = [entry["mode"] for entries in found for entry in entries.values()]
    assert modes
    assert set(modes) <= {"access", "trunk"}


def test_the_management_trunk_of_the_farm_is_the_blog_posts_own():
    variables = inventory(goldens.example("iis_farm"))["ex1"]
    commands = goldens.switch_commands(variables, "nonels")
    family = "set interfaces ae0 unit 0 family ethernet-switching"
    assert [line for line in commands if line.startswith(family)] == [
        f"{family} port-mode trunk",
        f"{family} native-vlan-id server_vlan1",
    ]
    assert not any("interfaces ae0 aggregated-ether-options lacp" in line for line in commands)
    assert "set interfaces ae4 mtu 9014" in commands
    assert "set interfaces ae4 aggregated-ether-options lacp periodic slow" in commands


@pytest.mark.parametrize("number", [0, 9, 10, 99, 100, 119, 127, 128, 479, 10000, "", "01"])
def test_the_site_and_junos_lag_take_the_same_names_of_bundles(number):
    name = f"ae{number}"
    assert (kind_of("junos_ex").names.lag.fullmatch(name) is not None) == (bundle_index(name) is not None)


@pytest.mark.parametrize("name", ["ge-0/0/0", "xe-1/2/3", "xe-0/0/48:0", "xe-0/0/48:", "ge-0/0/0.0", "ae0", "g1"])
def test_the_site_and_junos_lag_take_the_same_names_of_ports(name):
    assert (kind_of("junos_ex").names.port.fullmatch(name) is not None) == is_port(name)
