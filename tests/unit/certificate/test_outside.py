# SPDX-License-Identifier: GPL-3.0-or-later
"""What an endpoint sends in its handshake is compared with the file: the leaf, and the intermediates with it."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import contextmanager, suppress

import pytest

from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate.outside import (
    handshake,
    judge_endpoint,
    judge_target,
)

from .certificate_builders import LEAF, LEAF_KEY, LOWER, UPPER, Certificate, full

CHAIN = (LEAF.pem + LOWER.pem + UPPER.pem).decode()


@contextmanager
def serving(content, path):
    """Serve a combined file on a port of this machine; yields the endpoint."""
    path.write_bytes(content)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    listener = socket.create_server(("127.0.0.1", 0))

    def accept():
        with suppress(OSError):
            while True:
                plain, _peer = listener.accept()
                with suppress(OSError), context.wrap_socket(plain, server_side=True) as connection:
                    connection.recv(1)

    threading.Thread(target=accept, daemon=True).start()
    port = listener.getsockname()[1]
    yield {"certificate": "web", "host": "127.0.0.1", "port": port, "server_name": "www.example.org"}
    listener.close()


def judged(content, expected, tmp_path):
    with serving(content, tmp_path / "served.pem") as endpoint:
        return judge_endpoint(endpoint, expected)


def test_an_endpoint_that_sends_the_file_is_right(tmp_path):
    assert judged(full(), CHAIN, tmp_path) == []


def test_an_endpoint_that_sends_another_certificate_is_named(tmp_path):
    other = Certificate("other.example.org", LOWER, ("other.example.org",))
    [finding] = judged(full(other), CHAIN, tmp_path)
    assert "serves CN=other.example.org" in finding


@pytest.mark.parametrize(
    ("sent", "missing"), [(LEAF.pem, "intermediate(s) are missing"), (LEAF.pem + LOWER.pem, "CN=Test Upper CA")]
)
def test_a_chain_that_is_not_sent_whole_is_found(sent, missing, tmp_path):
    with serving(sent + LEAF_KEY, tmp_path / "s.pem") as endpoint:
        findings = judge_endpoint(endpoint, CHAIN)
    assert len(findings) == 1
    assert missing in findings[0]


def test_the_whole_chain_is_seen(tmp_path):
    with serving(full(), tmp_path / "s.pem") as endpoint:
        assert len(handshake("127.0.0.1", endpoint["port"], "")) == 3


def test_an_endpoint_without_tls_is_a_finding():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    endpoint = {"certificate": "web", "host": "127.0.0.1", "port": port, "server_name": ""}
    assert "no TLS handshake" in judge_endpoint(endpoint, CHAIN)[0]


def test_an_endpoint_of_an_unknown_certificate_is_a_finding():
    endpoint = {"certificate": "nil", "host": "127.0.0.1", "port": 1, "server_name": ""}
    assert "no certificate of this name" in judge_endpoint(endpoint, "")[0]


TARGET = {
    "name": "web",
    "path": "/x/web.pem",
    "exists": True,
    "mode": "0600 root:root",
    "agrees": True,
    "running": "ab",
}


@pytest.mark.parametrize(
    ("change", "count"),
    [({}, 0), ({"exists": False}, 1), ({"mode": "0644 root:root"}, 1), ({"agrees": False}, 1),
     ({"agrees": False, "mode": "0600 haproxy:root"}, 2)],
)  # fmt: skip
def test_file_and_running_haproxy_are_judged(change, count):
    assert len(judge_target({**TARGET, **change})) == count
