# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves what a service whose TLS ends at Pound gives both programs: one client's address, and one health."""

from __future__ import annotations

import socket

import pytest

from ansible_collections.netstack.datacenter.plugins.module_utils.pound.schema import CONFIGURATION
from ansible_collections.netstack.datacenter.plugins.module_utils.structure import check
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.derive import half

from . import stack_builders as builders


def variables(tmp_path, vrrp="standard", **changes):
    site = builders.site()
    for pair in site["lb_pairs"].values():
        pair["profile"] = vrrp
    site["services"]["shop"].update(
        {"profile": "https_offload", "backend_port": 80, "tls": {"at": "pound", "certificate": "shop"}, **changes}
    )
    found = builders.loaded(site, tmp_path)
    assert not found.errors, [str(item) for item in found.errors]
    return half(found, "lb1")


def pound(found):
    return next(iter(found["pound_listeners"].values()))


def haproxy(found):
    fragment = found["haproxy_services"]["shop"]
    return fragment["frontends"]["shop"], fragment["backends"]["shop.servers"]


def test_pound_hands_on_to_where_haproxy_listens_and_nobody_else_reaches_it(tmp_path):
    found = variables(tmp_path)
    backend, (front, _back) = pound(found)["services"][0]["backends"][0], haproxy(found)
    assert [(item["address"], item["port"]) for item in front["binds"]] == [(backend["address"], backend["port"])]
    assert backend["address"].startswith("127.")
    assert front["http_request"][0] == "deny unless { src 127.0.0.0/8 }"


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({"stickiness": "source"}, "req.hdr_ip(x-forwarded-for,-1)"),
        ({"stickiness": "none", "balance": "source"}, "hdr(X-Forwarded-For)"),
    ],
)
def test_what_goes_by_the_clients_address_goes_by_what_pound_says_of_it(tmp_path, changes, shown):
    _front, back = haproxy(variables(tmp_path, **changes))
    assert shown in (back.get("stick", {}).get("on"), back["balance"])
    assert "src" not in (back.get("stick", {}).get("on"), back["balance"])


def test_a_cookie_is_marked_as_one_for_tls_only(tmp_path):
    assert haproxy(variables(tmp_path, stickiness="cookie"))[1]["cookie"]["secure"] is True


def test_pound_waits_longer_than_haproxy_may_and_not_long_for_idle_clients(tmp_path):
    found = pound(variables(tmp_path, timeouts={"server": "1h", "client": "1h", "connect": "1500ms", "tunnel": "2h"}))
    backend = found["services"][0]["backends"][0]
    assert (backend["timeout"], backend["websocket_timeout"]) == ("3632s", "7200s")
    assert found["client_timeout"] == "20s"


def test_a_node_whose_pound_does_not_serve_is_ill(tmp_path):
    found = variables(tmp_path)
    assert found["haproxy_health"]["raw"][-1] == "monitor fail unless pound-serves"
    watched = found["haproxy_services"]["pound.health"]["backends"]["pound.health"]["servers"]
    assert [(server["address"], server["port"]) for server in watched] == [("127.0.0.1", 846)]


def test_only_root_can_answer_for_a_pound_that_is_down(tmp_path):
    watched = variables(tmp_path)["haproxy_services"]["pound.health"]["backends"]["pound.health"]["servers"][0]
    answers = check(CONFIGURATION, {}, "pound")[0]["health"]
    assert watched["port"] == answers["port"] < socket.IPPORT_RESERVED


def test_a_pair_without_such_a_service_takes_its_pound_away(tmp_path):
    found = half(builders.loaded(builders.site(), tmp_path), "lb1")
    assert found["pound_state"] == "absent"
    assert found["pound_listeners"] == {}
    assert "raw" not in found["haproxy_health"]


def test_a_client_asks_by_https(tmp_path):
    assert {probe["scheme"] for probe in variables(tmp_path)["stack_services"] if probe["name"] == "shop"} == {"https"}


@pytest.mark.parametrize(("vrrp", "interval"), [("standard", "1s"), ("tuned", "300ms")])
def test_pound_is_watched_as_often_as_haproxy(tmp_path, vrrp, interval):
    watched = variables(tmp_path, vrrp)["haproxy_services"]["pound.health"]["backends"]["pound.health"]
    assert watched["health_check"]["interval"] == interval
