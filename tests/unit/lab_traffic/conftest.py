# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the lab's backend in this process, and makes certificates for what speaks TLS."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "lab"))

import backend

KINDS = ("port", "proxy_port", "tls_port", "echo_port")  # in the order in which backend.start opens them


@pytest.fixture
def serve() -> Iterator[Callable[..., backend.Options]]:
    """Start backends; each call gives one, with a port for every kind of listener that it names."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def begin(*kinds: str, name: str = "web1", delay: int = 0, certificate: str = "") -> backend.Options:
        options = backend.Options(name=name, delay=delay, address=["127.0.0.1"], certificate=certificate)
        for kind in kinds:
            getattr(options, kind).append(0)
        state = backend.State(name, delay / 1000)
        servers = asyncio.run_coroutine_threadsafe(backend.start(options, state), loop).result(30)
        for kind, server in zip((kind for kind in KINDS if kind in kinds), servers, strict=True):
            getattr(options, kind)[:] = [server.sockets[0].getsockname()[1]]
        return options

    yield begin
    loop.call_soon_threadsafe(loop.stop)
    thread.join()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Give a self-signed certificate for www.lab.test and 127.0.0.1, with its key, in one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "www.lab.test")])
    now = datetime.datetime.now(datetime.timezone.utc)
    names = [x509.DNSName("www.lab.test"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = tmp_path_factory.mktemp("tls") / "site.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    return str(path)
