# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves what the profiles of Exchange come to: one server per client, or one health per directory."""

from __future__ import annotations

import pytest

from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy import render
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.checks import check_at
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.rules import protocols
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.service import Service

from . import goldens
from . import stack_builders as builders


def parts(example):
    """Return the fragments of HAProxy's configuration on the first node of an example, by service."""
    return goldens.inventory(goldens.example(example))["lb1"]["haproxy_services"]


def asked(port, **health):
    """Return the check at a port of a service whose ports are asked in their own protocols."""
    content = {**builders.tcp("10.0.10.5"), "health_check": {"type": "by_port", **health}}
    return check_at(Service.model_validate(content), port)


def test_all_protocols_of_exchange_2010_share_one_table():
    backends = parts("exchange2010")["exchange"]["backends"]
    holders = [name for name, content in backends.items() if "type" in content["stick"]]
    assert holders == ["exchange.25.servers"]
    assert {content["stick"]["table"] for name, content in backends.items() if name not in holders} == set(holders)
    assert len(backends) == 9


def test_servers_stand_in_one_order_in_every_backend_for_a_table_holds_their_numbers():
    orders = {
        tuple(item["name"] for item in each["servers"])
        for each in parts("exchange2010")["exchange"]["backends"].values()
    }
    assert orders == {("cas1", "cas2")}


def test_exchange_2010_redirects_plain_http_and_passes_tls_through():
    frontends = parts("exchange2010")["exchange"]["frontends"]
    assert frontends["exchange.redirect"]["binds"][0]["port"] == 80
    assert frontends["exchange.443"]["mode"] == "tcp"
    assert "tls" not in frontends["exchange.443"]["binds"][0]


@pytest.mark.parametrize(
    ("port", "kind", "tls"),
    [
        *[(25, "smtp", None), (143, "imap", None), (993, "imap", True), (110, "pop3", None), (995, "pop3", True)],
        *[(443, "tls", None), (135, "tcp", None), (60000, "tcp", None)],
    ],
)
def test_each_port_is_asked_in_its_own_protocol(port, kind, tls):
    check = asked(port)
    assert (check["type"], check.get("tls")) == (kind, tls)


def test_where_a_page_is_named_the_port_of_https_is_asked_for_it_and_no_other_port_is():
    assert asked(443, uri="/owa/")["uri"] == "/owa/"
    assert asked(443, uri="/owa/")["tls"]
    assert "uri" not in asked(25, uri="/owa/")


def test_each_virtual_directory_has_servers_and_a_page_of_its_own():
    backends = parts("exchange2016")["exchange_web"]["backends"]
    pages = {name: content["health_check"]["uri"] for name, content in backends.items()}
    assert pages["exchange_web.ews.servers"] == "/ews/healthcheck.htm"
    assert pages["exchange_web.servers"] == "/owa/healthcheck.htm"
    assert len(backends) == 9


def test_a_longer_path_is_asked_for_first_and_a_path_is_no_mere_beginning_of_a_word(tmp_path):
    site = builders.site()
    site["services"]["shop"]["virtual_directories"] = {
        "a": {"path": "/owa", "health_uri": "/a"},
        "b": {"path": "/owa/calendar", "health_uri": "/b"},
    }
    loaded = builders.loaded(site, tmp_path)
    front = goldens.inventory(loaded)["lb1"]["haproxy_services"]["shop"]["frontends"]["shop"]
    assert [rule["backend"] for rule in front["use_backends"]] == ["shop.b.servers", "shop.a.servers"]
    assert front["use_backends"][1]["condition"] == "{ path -i /owa } || { path_beg -i /owa/ }"


def test_exchange_2016_is_bridged_and_its_certificate_verified():
    servers = parts("exchange2016")["exchange_web"]["backends"]["exchange_web.owa.servers"]["servers"]
    assert {server["tls"]["verify"] for server in servers} == {"required"}
    assert {server["port"] for server in servers} == {443}


def test_the_rule_on_idle_sessions_knows_the_default_of_the_role():
    assert {render._TIMEOUTS["client"], render._TIMEOUTS["server"]} == {protocols._DEFAULT_TIMEOUT}


def test_a_service_that_sticks_with_another_one_has_its_clients_where_that_has_them(tmp_path):
    site = builders.site()
    site["services"] = {
        "mail": builders.tcp(
            "10.0.10.5", ports=[25, 143], stickiness="source", timeouts={"client": "1h", "server": "1h"}
        ),
        "web": builders.service("10.0.10.6", stickiness="source", sticks_with="mail"),
    }
    found = goldens.inventory(builders.loaded(site, tmp_path))["lb1"]["haproxy_services"]
    assert found["web"]["backends"]["web.servers"]["stick"] == {"on": "src", "table": "mail.25.servers"}
    assert found["mail"]["backends"]["mail.25.servers"]["stick"]["type"] == "ip"
