# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that a host which answers octet by octet, or what is no answer, is told as that."""

from __future__ import annotations

import gzip
import re
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.device import errors
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.device.connect import Login, _Answer
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.device.target import Target

DRIPS = 40
"""Seconds after which the answer ends, so that whoever waits for it is seen."""
VERSIONS = b"<namespaces><namespace><name>urn:vim25</name><version>8.0.3.0</version></namespace></namespaces>"


def drip(line: ssl.SSLSocket) -> None:
    line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n")
    end = time.monotonic() + DRIPS
    while time.monotonic() < end:
        line.sendall(b" ")
        time.sleep(0.1)


def versions(line: ssl.SSLSocket) -> None:
    head = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(VERSIONS)
    line.sendall(head + VERSIONS)


def asked(line: ssl.SSLSocket) -> None:
    """Read a request to its end: who answers and closes before is heard by luck alone."""
    said = b""
    while not _whole(said) and (more := line.recv(65536)):
        said += more


def _whole(said: bytes) -> bool:
    head, end, body = said.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: *([0-9]+)", head)
    return bool(end) and len(body) >= int(length[1] if length else 0)


@pytest.fixture
def serve(tmp_path):
    """Answer by one of these functions after the other; the last one goes on. Returns how to reach it."""
    pytest.importorskip("pyVmomi", reason="pyVmomi is not installed")
    key, made = str(tmp_path / "key"), str(tmp_path / "certificate")
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    subprocess.run([*command, "-subj", "/CN=esx", "-keyout", key, "-out", made], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made, key)
    server = context.wrap_socket(socket.create_server(("127.0.0.1", 0)), server_side=True)

    def answer(line: ssl.SSLSocket, how: Callable[[ssl.SSLSocket], None]) -> None:
        try:
            with line:
                asked(line)
                how(line)
        except OSError:
            return

    def accept(answers: list[Callable[[ssl.SSLSocket], None]]) -> None:
        try:
            while True:
                how = answers.pop(0) if len(answers) > 1 else answers[0]
                threading.Thread(target=answer, args=(server.accept()[0], how), daemon=True).start()
        except OSError:
            return

    def begin(*answers: Callable[[ssl.SSLSocket], None]) -> Target:
        threading.Thread(target=accept, args=(list(answers),), daemon=True).start()
        port = server.getsockname()[1]
        return Target("127.0.0.1", port, "root", "x", validate_certs=False, connect_timeout=1, call_timeout=1)

    begin.context = context
    yield begin
    server.close()


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
def test_a_host_whose_tls_is_too_old_is_told_as_that(serve):
    serve.context.set_ciphers("ALL:@SECLEVEL=0")
    serve.context.minimum_version = serve.context.maximum_version = ssl.TLSVersion.TLSv1
    with pytest.raises(errors.UnreachableError, match=r"no TLS that the controller allows .* reached by its vCenter"):
        Login(serve(versions))


def test_a_login_that_is_answered_by_what_is_no_xml_is_told_as_that(serve):
    with pytest.raises(errors.UnreachableError, match="is no XML"):
        Login(serve(versions, lambda line: line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n<a>")))


def test_a_list_of_versions_that_does_not_end_is_no_answer_in_time(serve):
    with pytest.raises(errors.UnreachableError, match="no answer came in time"):
        Login(serve(drip))


def test_a_login_that_does_not_end_is_no_answer_in_time(serve):
    with pytest.raises(errors.UnreachableError, match="no answer came in time"):
        Login(serve(versions, drip))


def sends(line: ssl.SSLSocket, head: bytes, piece: bytes, count: int) -> int:
    """Send an answer in pieces for as long as somebody reads; return how many were sent."""
    line.sendall(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n")
    sent = 0
    with suppress(OSError):
        for _piece in range(count):
            line.sendall(piece)
            sent += 1
    return sent


@pytest.mark.parametrize("head", [b"Content-Length: 9999999999\r\n", b"Transfer-Encoding: chunked\r\n", b""])
def test_an_answer_without_an_end_is_given_up_at_its_longest(serve, head, monkeypatch):
    monkeypatch.setattr(_Answer, "left", 1 << 20)
    piece = b"<a>" + b" " * 65536
    piece = b"%x\r\n%b\r\n" % (len(piece), piece) if b"chunked" in head else piece
    sent: list[int] = []
    with pytest.raises(errors.UnreachableError, match="longer than"):
        Login(serve(versions, lambda line: sent.append(sends(line, head, piece, 2000))))
    assert sum(sent) < 200


def test_an_answer_that_nobody_asked_to_be_packed_is_not_unpacked(serve):
    head = b"Content-Encoding: gzip\r\nContent-Length: 20\r\n"
    with pytest.raises(errors.UnreachableError, match="packed, which nobody asked for"):
        Login(serve(versions, lambda line: sends(line, head, gzip.compress(b""), 1)))
