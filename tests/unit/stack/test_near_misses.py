# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves where the rules on services and pairs end: what is one word away from a trap breaks just what it breaks."""

from __future__ import annotations

import pytest

from . import stack_builders as builders

HOUR = {"client": "1h", "server": "1h"}
CA = "/etc/ssl/ca.pem"
PAGE = {"type": "http", "uri": "/readyz"}
AT_HAPROXY = {"at": "haproxy", "certificate": "shop"}
VERIFIED = {"ca_file": CA, "server_name": "mail.shop.test"}


def web(**changes):
    return builders.service("10.0.10.6", **changes)


def tcp(*ports, **changes):
    return builders.tcp("10.0.10.6", ports=list(ports), **changes)


def limits(*each):
    """Return backends with these limits; None has none."""
    return [{"host": f"web{number}", "maxconn": limit} for number, limit in enumerate(each, 1)]


def at_ports(*each):
    """Return backends with these ports; None has none of its own."""
    return [{"host": f"web{number}", "port": port} for number, port in enumerate(each, 1)]


SERVICES = {
    "more connections than the servers take, which HTTP queues": (web(maxconn=50, backends=limits(10, 10)), set()),
    "as many as they take": (tcp(3306, maxconn=20, backends=limits(10, 10)), set()),
    "one server without a limit": (tcp(3306, maxconn=50, backends=limits(10, None)), set()),
    "limits of servers only": (tcp(3306, backends=limits(10, 10)), set()),
    "a spare server takes none": (
        tcp(3306, maxconn=20, backends=[*limits(10, 5), {"host": "10.0.20.13", "maxconn": 10, "backup": True}]),
        {"BACKEND_MAXCONN_SMALL"},
    ),
    "uneven time-outs of HTTP": (web(timeouts={"client": "3m", "server": "4m"}), set()),
    "one time-out of TCP": (tcp(3306, timeouts={"client": "3m"}), set()),
    "the other one": (tcp(3306, timeouts={"server": "3m"}), set()),
    "kept HTTP connections in mode tcp": (tcp(3306, timeouts={"http_keep_alive": "5s"}), {"OPTION_NEEDS_HTTP"}),
    "a check as long as the interval": (
        tcp(3306, timeouts={"check": "2s"}, health_check={"type": "tcp", "interval": "2s"}),
        set(),
    ),
    "noticed after a minute": (tcp(3306, health_check={"type": "tcp", "interval": "20s", "fall": 3}), set()),
    "an open port, asked as is usual there, for HTTP": (
        web(health_check={"type": "by_port"}, profile="https_offload", backend_port=80),
        {"HEALTH_TCP_FOR_HTTP", "PEERS_PLAIN"},
    ),
    "few addresses, and nobody sticks": (tcp(3306, clients_behind_nat=True), set()),
    "few addresses, balanced by them": (
        tcp(3306, clients_behind_nat=True, balance="source"),
        {"STICKY_SOURCE_BEHIND_NAT"},
    ),
    "a redirect to a port other than 443": (
        web(ports=[8443], redirect_http=True, tls=AT_HAPROXY),
        {"REDIRECT_WITHOUT_TLS"},
    ),
    "a redirect to 443 without TLS": (
        web(redirect_http=True, tls={"at": "none"}),
        {"REDIRECT_WITHOUT_TLS", "HTTP_MODE_ON_TLS_PORT"},
    ),
    "HTTP/1.1 by ALPN in mode tcp": (
        tcp(8443, tls={**AT_HAPROXY, "alpn": ["http/1.1"]}, backend_port=80),
        set(),
    ),
    "bridged without a port": (
        web(profile=None, tls=AT_HAPROXY, backend_tls=VERIFIED, health_check={"type": "http"}),
        set(),
    ),
    "bridged in mode tcp": (tcp(443, tls=AT_HAPROXY, backend_port=443, backend_tls=VERIFIED), set()),
    "TLS to the servers only": (tcp(389, backend_port=636, backend_tls=VERIFIED), set()),
    "no TLS, which the servers speak": (web(tls={"at": "none"}, backend_tls=VERIFIED), {"HTTP_MODE_ON_TLS_PORT"}),
    "offloaded in mode tcp to a port of TLS": (tcp(636, tls=AT_HAPROXY, backend_port=636), {"BACKEND_PLAIN_TO_TLS"}),
    "a page over passed-through TLS": (tcp(6443, health_check={**PAGE, "tls": True}), set()),
    "a page in plain text where others speak TLS": (tcp(6443, health_check={**PAGE, "tls": False}), set()),
    "a page in plain text of another port": (tcp(5432, health_check={**PAGE, "port": 8008}), {"HEALTH_PORT_FOREIGN"}),
    "a page in plain text where it is usual": (tcp(8080, health_check=PAGE), set()),
    "a page of a port that tells nothing": (tcp(16443, health_check=PAGE), {"HEALTH_TLS_UNSAID"}),
    "a page of it, and what is spoken is said": (tcp(16443, health_check={**PAGE, "tls": False}), set()),
    "a page of servers that are spoken to over TLS": (tcp(6443, backend_tls=VERIFIED, health_check=PAGE), set()),
    "a verified check": (tcp(6443, health_check={**PAGE, "tls": True, "host": "api.test", "ca_file": CA}), set()),
    "a verified check without a name": (
        tcp(6443, health_check={**PAGE, "tls": True, "ca_file": CA}),
        {"HEALTH_CA_UNUSED"},
    ),
    "mail over TLS": (tcp(465, health_check={"type": "smtp", "tls": True}, timeouts=HOUR), set()),
    "TLS of a protocol that begins without": (
        tcp(3306, health_check={"type": "mysql", "tls": True}),
        {"HEALTH_KEY_FOREIGN"},
    ),
    "RPC balanced by the address, from the first static port on": (
        tcp(135, 1024, 60001, balance="source", timeouts=HOUR),
        set(),
    ),
    "RPC with one server": (tcp(135, 1024, 60001, backends=["web1"], timeouts=HOUR), {"BACKEND_SINGLE"}),
    "Extended Protection passed through": (tcp(443, extended_protection=True, servers_require_tls=True), set()),
    "another certificate without Extended Protection": (
        web(tls={"certificate": "named"}, backend_tls={**VERIFIED, "server_name": "other.test"}, backend_port=443),
        set(),
    ),
    "another certificate with it": (
        web(
            tls={"certificate": "named"},
            backend_tls={**VERIFIED, "server_name": "other.test"},
            backend_port=443,
            extended_protection=True,
        ),
        {"EXTENDED_PROTECTION_NAME"},
    ),
    "a wildcard that covers the servers' name": (
        web(tls={"certificate": "named"}, backend_tls=VERIFIED, backend_port=443, extended_protection=True),
        set(),
    ),
    "a certificate without declared names": (
        web(tls={"certificate": "shop"}, backend_tls=VERIFIED, backend_port=443, extended_protection=True),
        set(),
    ),
    "servers without a declared name": (
        web(tls={"certificate": "named"}, backend_tls={"verify": "none"}, backend_port=443, extended_protection=True),
        {"BACKEND_TLS_UNVERIFIED"},
    ),
    "Extended Protection says it all": (
        web(extended_protection=True, servers_require_tls=True),
        {"EXTENDED_PROTECTION_OFFLOAD"},
    ),
    "a cookie's name without stickiness": (tcp(3306, cookie_name="SRV"), {"COOKIE_NAME_UNUSED"}),
    "a cookie's name that ends as one of applications": (web(cookie_name="LB_JSESSIONID"), set()),
    "a cookie of applications, whatever the case": (web(cookie_name="PHPsessid"), {"COOKIE_NAME_OF_APPLICATION"}),
    "a port for each of several that TLS is offloaded to": (
        web(profile=None, tls=AT_HAPROXY, health_check={"type": "http"}, backends=at_ports(8080, 8081)),
        set(),
    ),
    "a port for one of them": (
        web(profile=None, tls=AT_HAPROXY, health_check={"type": "http"}, backends=at_ports(8080, None)),
        {"BACKEND_PORT_MISSING", "HEALTH_PLAIN_TO_TLS"},
    ),
    "a port of TLS for one of them": (
        web(backends=at_ports(None, 8443)),
        {"BACKEND_PLAIN_TO_TLS", "HEALTH_PLAIN_TO_TLS"},
    ),
    "two ports of one host, each with a name": (
        web(backends=[{"host": "web1", "port": 8080}, {"host": "web1", "port": 8081, "name": "second"}]),
        set(),
    ),
    "two names for one port of one host": (
        web(backends=["web1", {"host": "10.0.20.11", "port": 80, "name": "second"}]),
        {"BACKEND_TWICE"},
    ),
    "one port of a server is asked and another one serves": (
        web(backends=at_ports(None, 8080), health_check={"port": 80}),
        {"HEALTH_PORT_FOREIGN"},
    ),
    "several ports that go on to one of each server": (tcp(3306, 3307, backends=at_ports(3306, 3307)), set()),
    "several ports, and one server with one": (
        tcp(3306, 3307, backends=at_ports(3306, None)),
        {"BACKEND_PORT_FOR_SOME"},
    ),
    "ports that are asked in different ways, where the way is said": (
        tcp(389, backends=at_ports(389, 1636), health_check={"type": "ldap", "tls": True}, timeouts=HOUR),
        {"HEALTH_PROTOCOL_PORT"},
    ),
    "a name, where the certificate declares none": (web(tls={"certificate": "shop"}, server_names=["a.test"]), set()),
}


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_near_a_trap_breaks_just_what_it_breaks(name, tmp_path):
    content, expected = SERVICES[name]
    site = builders.site()
    site["certificates"]["named"] = {"source": "secret", "secret": "named_pem", "names": ["*.shop.test"]}
    site["services"]["named"] = builders.service("10.0.10.7", tls={"certificate": "named"})  # a certificate is used
    site["services"]["near"] = content
    assert {item.rule for item in builders.loaded(site, tmp_path).findings} == expected


def second_pair(site):
    site["devices"].update(lb3=builders.node("10.0.10.13", "10.0.20.13"), lb4=builders.node("10.0.10.14", "10.0.20.14"))
    site["lb_pairs"]["second"] = {"hosts": ["lb3", "lb4"], "vip_vlan": "front", "virtual_router_id": 30}


def sticks_with_another_pair(site):
    second_pair(site)
    site["services"]["sql"] = builders.tcp("10.0.10.6", stickiness="source")
    site["services"]["web"] = builders.service("10.0.10.7", lb="second", stickiness="source", sticks_with="sql")


def neighbouring_ids(site):
    second_pair(site)
    site["services"]["other"] = builders.service("10.0.10.6", lb="second")
    site["lb_pairs"]["edge"]["virtual_router_id"] = 28


def same_id_elsewhere(site):
    neighbouring_ids(site)
    site["lb_pairs"]["edge"]["virtual_router_id"] = 30
    site["lb_pairs"]["second"]["vip_vlan"] = "server"
    site["services"]["other"]["vip"] = "10.0.20.6"


def one_prefers(site):
    site["services"]["other"] = builders.service("10.0.10.5", ports=[8443], prefers="lb2")
    site["services"]["third"] = builders.service("10.0.10.5", ports=[9443])


def key_without_certificate(site):
    site["certificates"]["shop"] = {"source": "pem", "key_file": "shop.key"}


def peers_in_an_unknown_vlan(site):
    site["lb_pairs"]["edge"]["peers"] = {"vlan": "gone"}


def metrics_in_an_unknown_vlan(site):
    site["lb_pairs"]["edge"]["metrics"] = {"vlan": "gone"}


def peers_at_the_port_of_health(site):
    site["lb_pairs"]["edge"]["peers"] = {"port": 8405}


def peers_at_that_port_in_another_vlan(site):
    site["lb_pairs"]["edge"].update(peers={"port": 8405, "vlan": "server"}, internal_vlan="front")


def a_leg_with_ipv6_only(site):
    site["vlans"]["inner"] = {"id": 30, "subnet6": "2001:db8::/64"}
    for number, host in enumerate(("lb1", "lb2"), 1):
        site["devices"][host]["networks"]["inner"] = {"interface": "eth2", "address6": f"2001:db8::{number}"}
    site["lb_pairs"]["edge"]["internal_vlan"] = "inner"


def a_leg_without_an_address(site):
    a_leg_with_ipv6_only(site)
    del site["devices"]["lb2"]["networks"]["inner"]["address6"]


def the_least_mtu_of_ipv6(site):
    site["vlans"]["front"].update(mtu=1280, subnet6="2001:db8::/64")


def a_smaller_one_without_ipv6(site):
    site["vlans"]["front"]["mtu"] = 1279


SITES = {
    sticks_with_another_pair: {"STICKS_WITH_ANOTHER_KIND", "PEERS_PLAIN"},
    neighbouring_ids: set(),
    same_id_elsewhere: set(),
    one_prefers: set(),
    key_without_certificate: {"CERTIFICATE_KEY_MISSING"},
    peers_in_an_unknown_vlan: {"PAIR_VLAN_UNKNOWN"},
    metrics_in_an_unknown_vlan: {"PAIR_VLAN_UNKNOWN"},
    peers_at_the_port_of_health: {"PORT_CLASH"},
    peers_at_that_port_in_another_vlan: set(),
    a_leg_with_ipv6_only: set(),
    a_leg_without_an_address: {"PAIR_HOST_WITHOUT_LEG"},
    the_least_mtu_of_ipv6: set(),
    a_smaller_one_without_ipv6: set(),
}


@pytest.mark.parametrize("change", SITES, ids=lambda change: change.__name__)
def test_a_site_near_a_trap_breaks_just_what_it_breaks(change, tmp_path):
    site = builders.site()
    change(site)
    assert {item.rule for item in builders.loaded(site, tmp_path).findings} == SITES[change]
