# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves what each host gets of a site: its own half, in the words of the roles that take it."""

from __future__ import annotations

import pytest
import yaml

from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.schema import CONFIGURATION
from ansible_collections.netstack.datacenter.plugins.module_utils.structure import check
from ansible_collections.netstack.datacenter.plugins.modules import service_probe
from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate.request import parse_request
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss import derivation as esxi_vss
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex import derivation as junos_ex
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.linux import derivation as linux_bond
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.vcenter import derivation as vcenter
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.derive import groups, half, inventory
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.digest import digest
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.halves import links
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.halves.linux import DERIVED
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.load import load
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.lookup import virtual_router_id

from . import goldens, site_files
from . import stack_builders as builders


def haproxy_of(found):
    """Return what the role haproxy hands on of a load balancer's variables: as in its module, an empty one is none."""
    return {key: found[f"haproxy_{key}"] or None for key in ("services", "peers", "stats", "metrics", "health")}


def variables(content, tmp_path, host="lb1"):
    found = builders.loaded(content, tmp_path)
    assert not found.errors, [str(item) for item in found.errors]
    return half(found, host)


def full_site():
    """Return a site that makes every variable and every key that can be derived."""
    site = builders.site()
    site["lb_pairs"]["edge"].update(
        stats={"user": "op", "password_secret": "page"}, metrics={}, authentication_secret="vrrp", advert_interval=0.5
    )
    site["certificates"]["shop"].update(source="pkcs12", file="shop.pfx", password_secret="pfx", names=["a.test"])
    del site["certificates"]["shop"]["secret"]
    site["services"]["shop"].update(
        redirect_http=True,
        maxconn=1000,
        raw={"frontend": ["option dontlog-normal"], "backend": ["option abortonclose"]},
        backend_tls={"ca_file": "/etc/ssl/ca.pem", "server_name": "web.test"},
        backend_port=8443,
        send_proxy="v2",
        health_check={"port": 8443, "host": "a.test"},
        backends=[{"host": "web1", "weight": 50, "maxconn": 10}, {"host": "10.0.20.99", "backup": True}],
        verify={"path": "/x", "expect_status": 204, "identify_header": "X-Served-By"},
    )
    site["services"]["old"] = builders.service(
        "10.0.10.7", profile="https_offload", tls={"at": "pound", "certificate": "shop"}, backend_port=80
    )
    site["services"]["sql"] = builders.tcp("10.0.10.6", ports=[3306, 3307], stickiness="source", balance="source")
    site["services"]["sql"]["extended_protection"] = True
    return site


@pytest.mark.parametrize("example", goldens.EXAMPLES)
def test_the_examples_give_the_golden_variables(example, golden):
    files = goldens.rendered(example)
    for file, text in files.items():
        first = goldens.like(file, files)
        golden(site_files.HERE / file, text, like=first and (site_files.HERE / first, files[first]))


@pytest.mark.parametrize("inventory_of", sorted(path.name for path in (site_files.ROOT / "inventories").iterdir()))
def test_the_inventories_of_the_collection_have_neither_errors_nor_warnings(inventory_of):
    loaded = goldens.example(inventory_of)
    assert [str(item) for item in loaded.findings] == []
    assert loaded.site.services


def test_every_derived_variable_is_listed_and_has_its_digest(tmp_path):
    found = variables(full_site(), tmp_path)
    shown = {"stack_derived", "stack_notes", "stack_raw_found", "stack_unjudged", "stack_waived", "stack_warnings"}
    derived = set(found) - shown
    assert derived == {*DERIVED, *linux_bond.DERIVED, *links.DERIVED} == set(found["stack_derived"])
    assert all(found["stack_derived"][name] == digest(found[name]) for name in derived)


def test_each_host_of_a_kind_has_every_variable_of_it_and_what_is_empty_is_the_default_of_the_role(tmp_path):
    defaults = {}
    for path in site_files.ROOT.glob("roles/*/defaults/main.yml"):
        defaults.update(yaml.safe_load(path.read_text()))
    of_kind = {
        "linux": {**DERIVED, **linux_bond.DERIVED},
        "junos_ex": junos_ex.DERIVED,
        "esxi_vss": esxi_vss.DERIVED,
        "vcenter": vcenter.DERIVED,
    }
    for kind, names in of_kind.items():
        site = {"plugin": builders.PLUGIN, "devices": {"one": {"kind": kind}}}
        found = variables(site, tmp_path, "one")
        assert set(found["stack_derived"]) == {*names, *links.DERIVED}
        assert {name: found[name] for name in names} == {
            name: defaults.get(name, {} if name == "stack_paths" else []) for name in names
        }


def test_the_documentation_of_the_plugin_lists_every_derived_variable():
    text = (site_files.ROOT / "plugins" / "inventory" / "stack.py").read_text()
    every = [*DERIVED, *junos_ex.DERIVED, *esxi_vss.DERIVED, *vcenter.DERIVED, *links.DERIVED]
    assert [name for name in every if f"C({name})" not in text] == []


def test_the_role_haproxy_takes_everything_that_is_derived_for_it(tmp_path):
    found = variables(full_site(), tmp_path)
    _clean, faults = check(CONFIGURATION, haproxy_of(found), "haproxy")
    assert faults == []


def test_the_role_tls_certificate_takes_everything_that_is_derived_for_it(tmp_path):
    for name, declared in variables(full_site(), tmp_path)["tls_certificate_certificates"].items():
        assert parse_request(name, declared).source == declared["source"]


def test_the_probe_takes_everything_that_is_derived_for_it(tmp_path):
    spec = yaml.safe_load(service_probe.DOCUMENTATION)["options"]["services"]["suboptions"]
    for entry in variables(full_site(), tmp_path)["stack_services"]:
        assert set(entry) <= set(spec)
        assert {key for key, option in spec.items() if option.get("required")} <= set(entry)


def test_each_port_that_is_handed_on_to_itself_has_a_backend_and_all_share_one_table(tmp_path):
    backends = variables(full_site(), tmp_path)["haproxy_services"]["sql"]["backends"]
    assert [server["port"] for server in backends["sql.3307.servers"]["servers"]] == [3307, 3307]
    assert backends["sql.3306.servers"]["stick"]["peers"] == "edge"
    assert backends["sql.3307.servers"]["stick"] == {"on": "src", "table": "sql.3306.servers"}


def test_every_bind_is_transparent_so_that_the_node_without_the_vip_starts(tmp_path):
    for service in variables(full_site(), tmp_path)["haproxy_services"].values():
        for frontend in service.get("frontends", {}).values():
            binds = [bind for bind in frontend["binds"] if not bind["address"].startswith("127.")]  # not behind Pound
            assert all(bind["transparent"] for bind in binds)


def test_the_profile_iis_gives_what_its_farm_needs(tmp_path):
    found = variables(builders.site(), tmp_path)["haproxy_services"]["shop"]
    assert found["frontends"]["shop"]["binds"][0]["tls"]["alpn"] == ["h2", "http/1.1"]
    assert found["frontends"]["shop"]["forwarded_proto"]
    assert found["backends"]["shop.servers"]["cookie"] == {"name": "SERVERID", "secure": True, "httponly": True}
    assert found["backends"]["shop.servers"]["health_check"]["type"] == "http"


def test_a_service_overrides_its_profile_key_by_key(tmp_path):
    site = builders.site()
    site["profiles"] = {"farm": {"profile": "iis", "timeouts": {"server": "10m"}, "balance": "leastconn"}}
    site["services"]["shop"].update(profile="farm", timeouts={"client": "5m"})
    found = variables(site, tmp_path)["haproxy_services"]["shop"]
    assert found["frontends"]["shop"]["timeouts"]["client"] == "5m"
    assert found["backends"]["shop.servers"]["timeouts"]["server"] == "10m"
    assert found["backends"]["shop.servers"]["balance"] == "leastconn"


def test_another_type_of_check_leaves_what_the_profile_says_of_the_first_behind(tmp_path):
    site = builders.site()
    site["services"]["shop"]["health_check"] = {"type": "tls"}
    check_of = variables(site, tmp_path)["haproxy_services"]["shop"]["backends"]["shop.servers"]["health_check"]
    assert check_of == {"type": "tls", "interval": "2s", "rise": 2, "fall": 3}


def test_an_odd_vip_prefers_the_first_node_and_an_even_one_the_second_and_each_announces_all(tmp_path):
    site = builders.site()
    site["services"]["second"] = builders.service("10.0.10.6")
    first, second = (variables(site, tmp_path, host)["vip_instances"] for host in ("lb1", "lb2"))
    assert set(first) == set(second) == {"edge-lb1-ipv4", "edge-lb2-ipv4"}
    assert first["edge-lb1-ipv4"]["addresses"] == ["10.0.10.5/24"]
    assert first["edge-lb2-ipv4"]["addresses"] == ["10.0.10.6/24"]
    assert [item["edge-lb1-ipv4"]["priority"] for item in (first, second)] == [150, 100]
    assert [item["edge-lb2-ipv4"]["priority"] for item in (first, second)] == [100, 150]
    ids = [first[name]["virtual_router_id"] for name in ("edge-lb1-ipv4", "edge-lb2-ipv4")]
    assert ids[1] == ids[0] + 1


def test_a_vip_that_prefers_a_node_is_there(tmp_path):
    site = builders.site()
    site["services"]["shop"]["prefers"] = "lb2"
    assert set(variables(site, tmp_path)["vip_instances"]) == {"edge-lb2-ipv4"}


def test_both_families_of_a_service_stay_together(tmp_path):
    site = builders.site()
    site["vlans"]["front"]["subnet6"] = "fd00:10::/64"
    for number, host in enumerate(("lb1", "lb2"), start=2):
        site["devices"][host]["networks"]["front"]["address6"] = f"fd00:10::{number}"
    site["services"]["shop"]["vip6"] = "fd00:10::5"
    found = variables(site, tmp_path)["vip_instances"]
    assert found["edge-lb1-ipv6"]["addresses"] == ["fd00:10::5/64"]
    assert found["edge-lb1-ipv6"]["unicast_peers"] == ["fd00:10::3"]


def test_a_vip_that_a_router_sends_to_the_pair_is_a_host_route(tmp_path):
    site = builders.site()
    site["services"]["shop"].update(vip="192.0.2.5", waive={"VIP_OUTSIDE_SUBNET": "the router sends it to us"})
    assert variables(site, tmp_path)["vip_instances"]["edge-lb1-ipv4"]["addresses"] == ["192.0.2.5/32"]


def test_peers_and_health_use_the_vlan_with_the_backends(tmp_path):
    found = variables(full_site(), tmp_path)
    assert found["haproxy_peers"]["edge"]["hosts"] == {"lb1": "10.0.20.2", "lb2": "10.0.20.3"}
    assert found["haproxy_health"]["addresses"] == ["127.0.0.1", "10.0.20.2"]
    assert found["vip_peer_health"] == [{"address": "10.0.20.3", "port": 8405}]


def test_no_peers_where_no_table_is_kept(tmp_path):
    assert variables(builders.site(), tmp_path)["haproxy_peers"] == {}


def test_a_certificate_waits_for_the_role_that_puts_it_there(tmp_path):
    assert variables(builders.site(), tmp_path)["haproxy_awaited_files"] == ["/etc/haproxy/certs/shop.pem"]


def test_a_host_without_a_role_has_nothing_but_empty_lists(tmp_path):
    found = variables(builders.site(), tmp_path, "web1")
    assert set(found.pop("stack_derived")) == set(links.DERIVED)
    shown = ("stack_notes", "stack_raw_found", "stack_unjudged", "stack_waived", "stack_warnings")
    assert found == {"stack_links": [], "stack_role": "", "stack_order": 0, **{name: [] for name in shown}}


def test_nothing_about_connections_and_no_jinja_is_set(tmp_path):
    for found in inventory(builders.loaded(full_site(), tmp_path)).values():
        assert not [name for name in found if name.startswith("ansible_")]
        assert "{{" not in str(found)


def test_groups_are_by_kind_by_pair_by_turn_and_by_cell(tmp_path):
    assert groups(builders.loaded(builders.site(), tmp_path).site) == {
        "backends": ["web1", "web2"],
        "cell_edge": ["lb1", "lb2"],
        "external": ["web1", "web2"],
        "lb_pair_edge": ["lb1", "lb2"],
        "lb_turn_1": ["lb1"],
        "lb_turn_2": ["lb2"],
        "link_ends": ["lb1", "lb2"],
        "linux": ["lb1", "lb2"],
        "load_balancers": ["lb1", "lb2"],
    }


def test_a_warning_is_shown_at_the_hosts_that_it_concerns(tmp_path):
    site = builders.site()
    site["services"]["shop"]["backends"] = ["web1"]
    found = inventory(builders.loaded(site, tmp_path))
    assert "BACKEND_SINGLE" in found["lb1"]["stack_warnings"][0]
    assert found["web1"]["stack_warnings"] == []


def test_the_virtual_router_id_comes_from_the_pairs_name_and_leaves_room_for_the_second(tmp_path):
    pair = builders.loaded(builders.site(), tmp_path).site.lb_pairs["edge"]
    ids = {virtual_router_id(f"pair{number}", pair) for number in range(500)}
    assert min(ids) >= 1
    assert max(ids) <= 253
    assert all(number % 2 for number in ids)
    assert virtual_router_id("edge", pair) == virtual_router_id("edge", pair)


def test_a_site_in_files_is_the_same_site(tmp_path):
    whole = builders.site()
    inline = inventory(builders.loaded(whole, tmp_path))
    folder = tmp_path / "sites" / "berlin"
    folder.mkdir(parents=True)
    (tmp_path / "inventory").mkdir()
    for section in ("vlans", "devices", "lb_pairs", "certificates", "services"):
        (folder / f"{section}.yml").write_text(f"{section}: {whole[section]}\n")
    stack = tmp_path / "inventory" / "stack.yml"
    stack.write_text("plugin: netstack.datacenter.stack\nsite: ../sites/berlin\n")
    assert inventory(load(stack, tmp_path)) == inline


def test_a_verified_backend_must_bear_its_server_name_also_where_no_sni_is_sent(tmp_path):
    content = full_site()
    servers = variables(content, tmp_path)["haproxy_services"]["shop"]["backends"]["shop.servers"]["servers"]
    assert servers[0]["tls"] == {
        "verify": "required",
        "ca_file": "/etc/ssl/ca.pem",
        "sni": "str(web.test)",
        "verify_host": "web.test",
    }


def test_an_unverified_backend_is_only_told_the_name(tmp_path):
    content = full_site()
    content["services"]["shop"]["backend_tls"] = {"verify": "none", "server_name": "web.test"}
    servers = variables(content, tmp_path)["haproxy_services"]["shop"]["backends"]["shop.servers"]["servers"]
    assert servers[0]["tls"] == {"verify": "none", "sni": "str(web.test)"}
