# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for a load balancer whose faults can be chosen, over real TLS; and a small certification authority."""

from __future__ import annotations

import datetime
import http.server
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

NOW = datetime.datetime.now(datetime.timezone.utc)


def day(number: float) -> datetime.datetime:
    return NOW + datetime.timedelta(days=number)


@dataclass
class Authority:
    """Issues certificates: root -> intermediate -> leaf."""

    folder: Path
    keys: dict[str, ec.EllipticCurvePrivateKey] = field(default_factory=dict)
    certificates: dict[str, x509.Certificate] = field(default_factory=dict)

    def issue(self, name: str, issuer: str, names: tuple[str, ...] = (), ends: float = 30.0) -> x509.Certificate:
        key = self.keys.setdefault(name, ec.generate_private_key(ec.SECP256R1()))
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]))
            .issuer_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, issuer)]))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(day(-60))
            .not_valid_after(day(ends))
            .add_extension(x509.BasicConstraints(ca=not names, path_length=None), critical=True)
        )
        if names:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([x509.DNSName(n) for n in names]), critical=False
            )
        made = builder.sign(self.keys[issuer], hashes.SHA256())
        self.certificates[name] = made
        return made

    def pem(self, *names: str, key: str = "") -> str:
        data = b"".join(self.certificates[name].public_bytes(serialization.Encoding.PEM) for name in names)
        if key:
            data += self.keys[key].private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        path = self.folder / f"{'-'.join(names)}{'-key' if key else ''}.pem"
        path.write_bytes(data)
        return str(path)


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    made = Authority(tmp_path_factory.mktemp("ca"))
    made.issue("root", "root")
    made.issue("intermediate", "root")
    made.issue("leaf", "intermediate", ("shop.lab.test", "www.lab.test"))
    made.issue("expired", "intermediate", ("shop.lab.test",), ends=-1)
    made.issue("ending", "intermediate", ("shop.lab.test",), ends=5.5)
    made.issue("other", "intermediate", ("other.lab.test",))
    return made


@dataclass
class Balancer:
    """What the stand-in does. ``order``: the backends that new clients meet, in turn."""

    order: list[str] = field(default_factory=lambda: ["web1", "web2", "web3"])
    cookie: str = "SERVERID"
    sets_cookie: bool = True
    honours_cookie: bool = True
    lies_about_server: bool = False
    by_source: dict[str, str] = field(default_factory=dict)
    status: int = 200
    location: str = ""
    requests: list[dict[str, str]] = field(default_factory=list)
    port: int = 0

    def __post_init__(self) -> None:
        self.turn = cycle(self.order)

    def choose(self, cookie: str, client: str) -> tuple[str, str]:
        """Return the backend, and the cookie value to set ("" for none)."""
        if client in self.by_source:
            return self.by_source[client], ""
        name, _, value = cookie.partition("=")
        if self.honours_cookie and name == self.cookie and value in self.order:
            return (next(self.turn) if self.lies_about_server else value), ""
        server = next(self.turn)
        return server, server if self.sets_cookie else ""


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        balancer: Balancer = self.server.balancer
        balancer.requests.append(dict(self.headers) | {"path": self.path})
        server, cookie = balancer.choose(self.headers.get("Cookie", ""), self.client_address[0])
        self.send_response(balancer.status)
        self.send_header("X-Backend", server)
        if cookie:
            self.send_header("Set-Cookie", f"{balancer.cookie}={cookie}; path=/; HttpOnly; Secure")
        if balancer.location:
            self.send_header("Location", balancer.location)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: object) -> None:
        pass


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """A prober that refuses the certificate is no error of this server."""


@pytest.fixture
def run() -> Iterator[object]:
    """Start stand-ins: ``run(balancer, pem)``, with TLS when there is a PEM file."""
    servers = []

    def begin(balancer: Balancer, pem: str = "") -> Balancer:
        server = Server(("127.0.0.1", 0), Handler)
        server.balancer = balancer
        if pem:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(pem)
            server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        balancer.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        servers.append(server)
        return balancer

    yield begin
    for server in servers:
        server.shutdown()
        server.server_close()
