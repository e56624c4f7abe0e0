# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers whose TLS is passed through are UP by a page asked over TLS; a real HAProxy asks a real TLS server."""

from __future__ import annotations

import re
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import BaseRequestHandler
from typing import Any

import pytest

from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.answers import parse_stat
from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.runtime import Runtime, UnreachableError
from ansible_collections.netstack.datacenter.plugins.module_utils.service.stand_in import PEM

from .haproxy_accepts import RELEASES, program_of
from .haproxy_builders import rendered

PATIENCE = 60
UNDECIDED = ("", "INI")


class Quiet(ThreadingHTTPServer):
    """A server that does not print what a client in plain text makes of its TLS."""

    def handle_error(self, *_words: Any) -> None:
        """Say nothing."""


class Directory(BaseRequestHandler):
    """Answers an anonymous bind as a directory does (RFC 4511, 4.2.2)."""

    def handle(self) -> None:
        self.request.recv(1024)
        self.request.sendall(b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04\x00")


class Ready(BaseHTTPRequestHandler):
    """Answers /readyz as Kubernetes' API does."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/readyz" else 404)
        self.end_headers()

    def log_message(self, *_words: Any) -> None:
        """Say nothing."""


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    file = tmp_path / "server.pem"
    file.write_text(PEM)
    return file


@contextmanager
def over_tls(handler: type[BaseRequestHandler], certificate: Path) -> Iterator[int]:
    """Give the port of a server that speaks TLS only; its certificate is for stand-in.invalid."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = Quiet(("127.0.0.1", 0), handler)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serving(text: str, release: str, folder: Path) -> Iterator[Runtime]:
    """Run a release with a configuration of the product, without what only the real host has."""
    program = program_of(release)
    if not program:
        pytest.skip(f"no HAProxy {release} is on this machine (script/haproxy unpacks it)")
    text = re.sub(r"\n    (user|group|chroot|log) .*", "", text).replace("/var/lib/haproxy/state", str(folder))
    text = text.replace("/run/haproxy/admin.sock", str(folder / "admin.sock"))
    (folder / "haproxy.cfg").write_text(text)
    said = folder / "said"
    command = [program, "-db", "-f", str(folder / "haproxy.cfg")]
    with said.open("wb") as errors, subprocess.Popen(command, stderr=errors) as process:
        try:
            yield Runtime(str(folder / "admin.sock"))
        except TimeoutError as error:
            raise TimeoutError(f"{error}; HAProxy says: {said.read_text()}") from error
        finally:
            process.kill()


def checked(runtime: Runtime) -> dict[str, str]:
    """Return the server's statistics once HAProxy has made up its mind; raise TimeoutError where it does not."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            rows = parse_stat(runtime.ask("show stat"))
        except UnreachableError:
            rows = []
        for row in rows:
            decided = row["check_status"].lstrip("* ") not in UNDECIDED and row["status"] in ("UP", "DOWN")
            if row["svname"] == "node" and decided:
                return row
        time.sleep(0.05)
    raise TimeoutError("HAProxy has not said whether the server is up")


def declared(port: int, **check: Any) -> dict[str, Any]:
    servers = [{"name": "node", "address": "127.0.0.1", "port": port}]
    health = {"type": "http", "uri": "/readyz", "interval": "100ms", "rise": 1, "fall": 1, **check}
    listen = {"mode": "tcp", "binds": [{"address": "127.0.0.1", "port": free_port()}]}
    listen.update(servers=servers, health_check=health)
    return {"health": {"port": free_port()}, "services": {"api": {"listens": {"api": listen}}}}


def row_of(configuration: dict[str, Any], release: str, folder: Path) -> dict[str, str]:
    """Return what a release says of the server, once it has made up its mind."""
    with serving(rendered(configuration, str(RELEASES[release])).main, release, folder) as runtime:
        return checked(runtime)


NAME = "stand-in.invalid"
CASES = [
    ({"tls": True}, "UP", ["L7OK"]),
    ({"tls": True, "host": NAME}, "UP", ["L7OK"]),
    ({"tls": True, "host": NAME, "ca_file": "CERTIFICATE"}, "UP", ["L7OK"]),
    ({"tls": True, "host": "another.invalid", "ca_file": "CERTIFICATE"}, "DOWN", ["L6RSP"]),
    ({"tls": False}, "DOWN", ["L7RSP", "SOCKERR"]),  # what the server's end of the connection looks like
]


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize(("check", "status", "reasons"), CASES, ids=lambda value: str(value))
def test_a_server_behind_passed_through_tls(
    check: dict[str, Any], status: str, reasons: list[str], release: str, certificate: Path, tmp_path: Path
) -> None:
    given = {key: str(certificate) if value == "CERTIFICATE" else value for key, value in check.items()}
    with over_tls(Ready, certificate) as port:
        row = row_of(declared(port, **given), release, tmp_path)
    assert row["status"] == status
    assert row["check_status"].lstrip("* ") in reasons


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize(("tls", "status"), [(True, "UP"), (False, "DOWN")])
def test_a_directory_behind_tls(tls: bool, status: str, release: str, certificate: Path, tmp_path: Path) -> None:
    with over_tls(Directory, certificate) as port:
        assert row_of(declared(port, type="ldap", uri=None, tls=tls), release, tmp_path)["status"] == status
