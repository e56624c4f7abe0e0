# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is let in where clients show certificates; a real HAProxy is asked, by clients and by the probe."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPSConnection
from pathlib import Path
from socket import create_connection
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from ansible_collections.netstack.datacenter.plugins.module_utils.service_probe.probe import probe
from ansible_collections.netstack.datacenter.plugins.module_utils.service_probe.service import Service, Settings

from ..probe.conftest import Authority, day
from .haproxy_accepts import RELEASES
from .haproxy_builders import rendered
from .test_check_over_tls import PATIENCE, free_port, serving

REFUSED = "refused"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    made = Authority(tmp_path_factory.mktemp("clients"))
    for root in ("staff-ca", "other-ca"):
        made.issue(root, root)
    made.issue("server", "staff-ca", ("shop.lab.test",))
    for name, issuer in {"alice": "staff-ca", "gone": "staff-ca", "mallory": "other-ca"}.items():
        made.issue(name, issuer, (f"{name}.lab.test",))
    return made


def revoked(authority: Authority, name: str, until: float = 30.0) -> str:
    """Return a list of the authority that names one certificate."""
    entry = x509.RevokedCertificateBuilder().serial_number(authority.certificates[name].serial_number)
    made = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(authority.certificates["staff-ca"].subject)
        .last_update(day(-5))
        .next_update(day(until))
        .add_revoked_certificate(entry.revocation_date(day(-5)).build())
        .sign(authority.keys["staff-ca"], hashes.SHA256())
    )
    file = authority.folder / f"{until}.crl"
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return str(file)


@contextmanager
def balancer(authority: Authority, release: str, folder: Path, raw: str = "", **clients: Any) -> Iterator[int]:
    """Run a HAProxy that tells each client the name in its certificate; give its port."""
    port = free_port()
    tls = {"certificates": [authority.pem("server", key="server")], "alpn": ["http/1.1"]}
    tls["client_certificates"] = {"ca_file": authority.pem("staff-ca"), **clients}
    front = {
        "binds": [{"address": "127.0.0.1", "port": port, "tls": tls, **({"raw": raw} if raw else {})}],
        "http_request": ["return status 200 content-type text/plain lf-string <%[ssl_c_s_dn(cn)]>"],
    }
    configuration = {"health": {"port": free_port()}, "services": {"shop": {"frontends": {"shop": front}}}}
    with serving(rendered(configuration, str(RELEASES[release])).main, release, folder):
        end = time.monotonic() + PATIENCE
        while True:
            try:
                create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)
        yield port


def answer(authority: Authority, port: int, client: str | None) -> str:
    """Return what a client with this certificate is told."""
    context = ssl.create_default_context(cafile=authority.pem("staff-ca"))
    context.verify_flags = ssl.VERIFY_X509_TRUSTED_FIRST
    context.check_hostname = False
    if client is not None:
        context.load_cert_chain(authority.pem(client, key=client))
    connection = HTTPSConnection("127.0.0.1", port, timeout=PATIENCE, context=context)
    try:
        connection.request("GET", "/")
        return connection.getresponse().read().decode()
    except (ssl.SSLError, ConnectionError):
        return REFUSED
    finally:
        connection.close()


def answers(authority: Authority, port: int) -> dict[str | None, str]:
    return {client: answer(authority, port, client) for client in ("alice", "gone", "mallory", None)}


@pytest.mark.parametrize("release", RELEASES)
def test_only_clients_of_the_authority_are_let_in(release: str, authority: Authority, tmp_path: Path) -> None:
    with balancer(authority, release, tmp_path) as port:
        told = answers(authority, port)
    assert told == {"alice": "<alice>", "gone": "<gone>", "mallory": REFUSED, None: REFUSED}


@pytest.mark.parametrize("release", RELEASES)
def test_where_it_is_optional_nobody_gets_in_with_a_wrong_or_revoked_one(
    release: str, authority: Authority, tmp_path: Path
) -> None:
    with balancer(authority, release, tmp_path, verify="optional", crl_file=revoked(authority, "gone")) as port:
        told = answers(authority, port)
    assert told == {"alice": "<alice>", "gone": REFUSED, "mallory": REFUSED, None: "<>"}


@pytest.mark.parametrize("release", RELEASES)
def test_a_list_past_its_next_update_lets_nobody_in(release: str, authority: Authority, tmp_path: Path) -> None:
    with balancer(authority, release, tmp_path, crl_file=revoked(authority, "gone", until=-1)) as port:
        assert set(answers(authority, port).values()) == {REFUSED}


def probed(authority: Authority, port: int, declared: str) -> Any:
    given = {"name": "shop", "vip": "127.0.0.1", "port": port, "scheme": "https", "server_names": ["shop.lab.test"]}
    settings = Settings(ca_path=authority.pem("staff-ca"), timeout=PATIENCE if declared == "none" else 2.0)
    return probe(Service.of({**given, "client_certificate": declared, "backends": [{"name": "a"}]}), settings)


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("raw", ["", "ssl-max-ver TLSv1.2"], ids=["TLS 1.3", "TLS 1.2"])
def test_the_probe_sees_that_it_is_refused_and_claims_no_more(
    raw: str, release: str, authority: Authority, tmp_path: Path
) -> None:
    with balancer(authority, release, tmp_path, raw) as port:
        report = probed(authority, port, "required")
    assert report.failures == []
    assert "a client without a certificate is refused" in report.verified
    judged = [text for text in report.verified if text.startswith("the certificate is valid for shop.lab.test")]
    assert len(judged) == (0 if raw else 1)
    assert [text.split("): ")[1].split(" not verified")[0] for text in report.unverified] == [
        *(["the certificate"] if raw else []),
        "requests, backends, stickiness",
    ]


@pytest.mark.parametrize("release", RELEASES)
def test_the_probe_finds_a_service_that_lets_clients_in_without_one(
    release: str, authority: Authority, tmp_path: Path
) -> None:
    with balancer(authority, release, tmp_path, verify="optional") as port:
        report = probed(authority, port, "required")
    assert [finding.came for finding in report.findings] == ["it is let in"]
