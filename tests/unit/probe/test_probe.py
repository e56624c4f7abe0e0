# SPDX-License-Identifier: GPL-3.0-or-later
"""The probe finds each fault that a client would meet, says how to mend it, and claims no more than it saw."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from ansible_collections.netstack.datacenter.plugins.module_utils.service_probe.probe import probe_patiently
from ansible_collections.netstack.datacenter.plugins.module_utils.service_probe.service import (
    Report,
    Service,
    Settings,
    status_range,
)
from ansible_collections.netstack.datacenter.plugins.module_utils.service_probe.wire import WireError
from ansible_collections.netstack.datacenter.plugins.modules import service_probe

from .conftest import Authority, Balancer

BACKENDS = [{"name": "web1"}, {"name": "web2"}, {"name": "web3"}]
CHAIN = ("leaf", "intermediate")


def service(balancer: Balancer, **changed: object) -> Service:
    given = {
        "name": "shop",
        "vip": "127.0.0.1",
        "port": balancer.port,
        "scheme": "https",
        "server_names": ["shop.lab.test"],
        "stickiness": {"kind": "cookie"},
        "backends": BACKENDS,
    }
    return Service.of(given | changed)


def settings(authority: Authority, **changed: object) -> Settings:
    return Settings(**({"ca_path": authority.pem("root"), "patience": 0.0, "timeout": 2.0} | changed))


@pytest.fixture
def shop(run, authority):
    """Start a stand-in with a good certificate; returns what probing it finds."""

    def look(
        balancer: Balancer, *, pem: tuple[str, ...] = CHAIN, how: dict[str, object] | None = None, **changed
    ) -> Report:
        run(balancer, authority.pem(*pem, key=pem[0]))
        return probe_patiently(service(balancer, **changed), settings(authority, **(how or {})))

    return look


def only(report: Report) -> str:
    """Return the one finding."""
    assert len(report.failures) == 1, report.failures
    return report.failures[0]


def test_a_good_service_is_verified_in_every_point(shop):
    report = shop(Balancer(), server_names=["shop.lab.test", "www.lab.test"], path="/start")
    assert report.failures == report.unverified == []
    assert report.verified == [
        "the certificate is valid for shop.lab.test, www.lab.test and 29 more days",
        "GET /start gives 200",
        "every backend answered: web1, web2, web3",
        "the cookie SERVERID kept the client at its server, 5 times each",
    ]
    assert report.certificate["names"] == ["shop.lab.test", "www.lab.test"]
    assert report.backends_reached == ["web1", "web2", "web3"]


def test_a_client_sends_the_name_and_only_get(shop):
    balancer = Balancer()
    shop(balancer)
    assert {request["Host"] for request in balancer.requests} == {f"shop.lab.test:{balancer.port}"}


@pytest.mark.parametrize(
    ("pem", "said", "mend"),
    [
        (("leaf",), "unable to get local issuer certificate", "chain_file"),
        (("expired", "intermediate"), "certificate has expired", "Renew the certificate"),
        (("other", "intermediate"), "Hostname mismatch", "subject alternative names"),
        (("root",), "self-signed certificate", "ca_path"),
    ],
)
def test_each_fault_of_a_certificate_is_named_with_its_cure_and_the_rest_is_looked_at_still(
    shop, authority, pem, said, mend
):
    how = {"ca_path": authority.pem("other")} if pem == ("root",) else {}
    report = shop(Balancer(), pem=pem, how=how)
    assert only(report).startswith("shop (https://127.0.0.1:")
    assert "certificate: expected a certificate for shop.lab.test that chains to" in only(report)
    assert said in only(report)
    assert mend in only(report)
    assert "every backend answered: web1, web2, web3" in report.verified
    assert not any("valid for" in line for line in report.verified)


def test_a_name_that_the_certificate_lacks_is_found_among_good_ones(shop):
    assert "for lost.lab.test" in only(shop(Balancer(), server_names=["shop.lab.test", "lost.lab.test"]))


def test_a_certificate_that_ends_soon_is_found_before_it_does(shop):
    text = only(shop(Balancer(), pem=("ending", "intermediate")))
    assert "at least 14 more days" in text
    assert "came: 5, until 20" in text
    assert shop(Balancer(), pem=("ending", "intermediate"), how={"minimum_days": 5}).failures == []


def test_a_backend_that_never_answers_is_named(shop):
    text = only(shop(Balancer(order=["web1", "web3"])))
    assert "expected all of web1, web2, web3 to answer; came: no answer of web2 in 30 requests" in text


def test_a_backend_that_nobody_declared_is_named(shop):
    assert "declared backends only; came: web9" in only(shop(Balancer(order=["web1", "web9", "web2", "web3"])))


def test_backends_are_told_by_their_cookie_values(shop):
    backends = [{"name": "web1", "cookie": "A"}, {"name": "web2", "cookie": "B"}]
    report = shop(Balancer(order=["A", "B"]), backends=backends)
    assert report.failures == []
    assert report.backends_reached == ["web1", "web2"]


@pytest.mark.parametrize("spare", [{"backup": True}, {"weight": 0}])
def test_a_spare_backend_is_unverified_and_not_missed(shop, spare):
    report = shop(Balancer(order=["web1", "web2"]), backends=[*BACKENDS[:2], {"name": "web3", **spare}])
    assert report.failures == []
    assert "backend web3 not verified: it is a backup or has weight 0" in report.unverified[0]


def test_a_missing_cookie_is_found(shop):
    text = only(shop(Balancer(sets_cookie=False)))
    assert "stickiness: expected answers that set the cookie SERVERID; came: none of 30 did" in text


def test_a_cookie_that_is_not_honoured_is_found(shop):
    report = shop(Balancer(honours_cookie=False))
    assert "expected the cookie SERVERID to keep a client at its server" in only(report)
    assert "a client with SERVERID=web1 was given" in only(report)


def test_another_server_behind_an_honoured_cookie_shows_where_answers_name_their_server(shop):
    assert shop(Balancer(lies_about_server=True)).failures == []
    text = only(shop(Balancer(lies_about_server=True), identify_header="X-Backend"))
    assert "first served by web1, met web" in text


def test_source_stickiness_is_proven_from_several_addresses(shop):
    placed = {"127.0.0.2": "web1", "127.0.0.3": "web2", "127.0.0.4": "web3"}
    sticky = {"stickiness": {"kind": "source"}, "identify_header": "X-Backend"}
    report = shop(Balancer(by_source=placed), how={"source_addresses": tuple(placed)}, **sticky)
    assert report.failures == report.unverified == []
    assert "the client's address kept the client at its server, 5 times each" in report.verified
    assert report.backends_reached == ["web1", "web2", "web3"]


def test_source_stickiness_that_does_not_hold_is_found(shop):
    report = shop(Balancer(), stickiness={"kind": "source"}, identify_header="X-Backend")
    assert "this host met web1, web2, web3" in only(report)


def test_from_one_address_the_other_backends_stay_unverified(shop):
    sticky = {"stickiness": {"kind": "source"}, "identify_header": "X-Backend"}
    report = shop(Balancer(by_source={"127.0.0.1": "web2"}), **sticky)
    assert report.failures == []
    assert "one address meets one server; give the prober several source_addresses" in report.unverified[0]
    assert not any("every backend answered" in line for line in report.verified)


def test_without_a_mark_in_the_answers_nothing_is_claimed(shop):
    for kind, left in (("source", 2), ("none", 1)):
        report = shop(Balancer(sets_cookie=False), stickiness={"kind": kind})
        assert report.failures == []
        assert len(report.unverified) == left
        assert "nothing in its answers tells the backends apart" in report.unverified[0]
        assert report.verified[-1] == "GET / gives 200"


def test_spread_is_proven_by_the_header(shop):
    report = shop(Balancer(), stickiness={"kind": "none"}, identify_header="x-backend")
    assert "every backend answered: web1, web2, web3" in report.verified
    text = only(shop(Balancer(order=["web1"]), stickiness={"kind": "none"}, identify_header="x-backend"))
    assert "no answer of web2, web3 in 30 requests" in text
    unable = shop(Balancer(order=["web1"]), stickiness={"kind": "none"}, identify_header="x-backend", balance="source")
    assert "balance source sends all requests of one prober to one server" in unable.unverified[0]


def test_a_wrong_status_is_found_and_stops_the_rest(shop):
    balancer = Balancer(status=503)
    text = only(shop(balancer, expect_status="200"))
    assert "request: expected status 200; came: status 503 for /. HAProxy answers so when no backend is up" in text
    assert len(balancer.requests) == 1


def test_the_redirect_has_to_point_to_the_service(run, authority, shop):
    plain = run(Balancer(status=301, location="https://shop.lab.test/", sets_cookie=False))
    good = shop(Balancer(), redirect_port=plain.port)
    assert good.verified[-1] == f"port {plain.port} redirects to https://shop.lab.test/"
    for location in ("http://shop.lab.test/", "https://shop.lab.test.evil/", ""):
        plain.location = location
        text = only(shop(Balancer(), redirect_port=plain.port))
        assert f"came: status 301, Location {location or 'missing'}" in text
    plain.status, plain.location = 200, "https://shop.lab.test/"
    assert "came: status 200" in only(shop(Balancer(), redirect_port=plain.port))


def test_plain_http_needs_no_certificate(run, authority):
    balancer = run(Balancer())
    report = probe_patiently(service(balancer, scheme="http"), settings(authority))
    assert report.failures == []
    assert report.certificate == {}


def test_a_closed_port_is_found_for_every_scheme(authority):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        closed = Balancer(port=unused.getsockname()[1])
        for scheme, check in (
            ("https", "TLS handshake"),
            ("http", "request"),
            ("tcp", "connection"),
            ("tls", "TLS handshake"),
        ):
            report = probe_patiently(service(closed, scheme=scheme), settings(authority))
            assert f"{check}: expected" in report.failures[0]
            assert "Connection refused" in report.failures[0]


def test_of_a_service_without_http_no_more_than_the_port_is_claimed(run, authority):
    report = probe_patiently(service(run(Balancer()), scheme="tcp"), settings(authority))
    assert report.verified == ["the port accepts connections"]
    assert "the service speaks no HTTP" in report.unverified[0]


def test_patience_waits_for_what_passes_and_not_for_what_stays(run, authority, monkeypatch):
    waits = []

    def come_up(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 2:
            balancer.status = 200

    target = "ansible_collections.netstack.datacenter.plugins.module_utils.service_probe.probe.time.sleep"
    monkeypatch.setattr(target, come_up)
    balancer = run(Balancer(status=503), authority.pem(*CHAIN, key="leaf"))
    assert probe_patiently(service(balancer), settings(authority, patience=30)).failures == []
    assert len(waits) == 2
    wrong = run(Balancer(sets_cookie=False), authority.pem(*CHAIN, key="leaf"))
    assert probe_patiently(service(wrong), settings(authority, patience=30)).failures
    assert len(waits) == 2


def test_a_ca_file_that_cannot_be_read_is_named(run, authority):
    balancer = run(Balancer(), authority.pem(*CHAIN, key="leaf"))
    with pytest.raises(WireError, match=r"ca_path /nowhere/ca\.pem cannot be read"):
        probe_patiently(service(balancer), settings(authority, ca_path="/nowhere/ca.pem"))


def test_status_ranges():
    assert (status_range("200", "x"), status_range("200-399", "x")) == ((200, 200), (200, 399))
    for wrong in ("ok", "399-200", "99", "200-", "200-600"):
        with pytest.raises(ValueError, match="x: expect_status is"):
            status_range(wrong, "x")


def test_the_module_compiles_for_the_oldest_python_of_a_target():
    import ast

    root = Path(service_probe.__file__).parents[1]
    for path in [*(root / "module_utils/service_probe").glob("*.py"), root / "modules/service_probe.py"]:
        ast.parse(path.read_text(), feature_version=(3, 8))
