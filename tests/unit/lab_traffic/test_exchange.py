# SPDX-License-Identifier: GPL-3.0-or-later
"""The imitated Exchange server says who it is in every protocol, to clients that this project did not write, too."""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import http.client
import imaplib
import ipaddress
import os
import poplib
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import exchange
from mail import bind, named_in

HOST = str(ipaddress.IPv4Address("127.64.0.0") + os.getpid())  # of this process alone, for the ports are fixed
OFFSET = 5000  # the usual ports are root's


@pytest.fixture
def server(certificate: str) -> Iterator[Callable[..., None]]:
    """Start the imitation with further words of its command line."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    open_servers: list[asyncio.Server] = []

    def begin(*words: str) -> None:
        options = exchange.parse_options(["--name", "cas1", "--address", HOST, "--certificate", certificate, *words])
        open_servers.extend(asyncio.run_coroutine_threadsafe(exchange.start(options, OFFSET), loop).result(5))

    yield begin
    for each in open_servers:
        loop.call_soon_threadsafe(each.close)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()


def client_tls() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def ask(path: str, *, tls: bool = True, **headers: str) -> tuple[int, str]:
    port = (exchange.HTTPS if tls else exchange.HTTP) + OFFSET
    connection = (
        http.client.HTTPSConnection(HOST, port, timeout=5, context=client_tls())
        if tls
        else http.client.HTTPConnection(HOST, port, timeout=5)
    )
    connection.request("GET", path, headers=headers)
    response = connection.getresponse()
    return response.status, response.read().decode()


def test_smtplib_poplib_and_imaplib_are_greeted_by_name(server):
    server()
    with smtplib.SMTP(HOST, 25 + OFFSET, timeout=5) as smtp:
        assert smtp.ehlo() == (250, b"cas1")
    assert poplib.POP3(HOST, 110 + OFFSET, timeout=5).getwelcome() == b"+OK cas1"
    assert poplib.POP3_SSL(HOST, 995 + OFFSET, timeout=5, context=client_tls()).getwelcome() == b"+OK cas1"


def test_imaplib_speaks_to_both_of_its_ports(server):
    server()
    for session in (
        imaplib.IMAP4(HOST, 143 + OFFSET, timeout=5),
        imaplib.IMAP4_SSL(HOST, 993 + OFFSET, timeout=5, ssl_context=client_tls()),
    ):
        assert session.welcome == b"* OK cas1"
        assert session.noop()[0] == "OK"
        assert session.logout()[0] == "BYE"


@pytest.mark.parametrize("port", exchange.RPC_PORTS)
def test_an_rpc_client_may_bind_at_each_port(server, port):
    server()
    with socket.create_connection((HOST, port + OFFSET), 5) as connection:
        connection.sendall(bind())
        assert named_in(connection.recv(1000)) == "cas1"


def test_one_directory_fails_and_recovers_alone(server):
    server()
    assert ask("/control/fail?what=ews") == (200, "ews")
    assert ask("/ews/healthcheck.htm")[0] == 503
    assert ask("/EWS/exchange.asmx")[0] == 503
    assert ask("/owa/healthcheck.htm")[0] == 200
    ask("/control/recover?what=ews")
    assert ask("/ews/healthcheck.htm")[0] == 200


def test_a_protocol_that_fails_refuses_in_its_own_words(server):
    server()
    ask("/control/fail?what=imap")
    with pytest.raises(imaplib.IMAP4.error):
        imaplib.IMAP4(HOST, 143 + OFFSET, timeout=5)
    assert poplib.POP3(HOST, 110 + OFFSET, timeout=5).getwelcome() == b"+OK cas1"


def test_what_there_is_not_cannot_fail(server):
    server()
    assert ask("/control/fail?what=nonsense")[0] == 404


def test_plain_requests_are_refused_where_tls_is_required(server):
    server("--require-tls")
    assert ask("/owa/", tls=False)[0] == 403
    assert ask("/owa/healthcheck.htm", tls=False)[0] == 200
    assert ask("/owa/") == (200, "cas1")


def test_extended_protection_wants_the_certificate_of_the_server(server, certificate):
    server("--extended-protection")
    der = ssl.PEM_cert_to_DER_cert(Path(certificate).read_text().partition("-----BEGIN PRIVATE")[0])
    own = hashlib.sha256(der).hexdigest()
    assert ask("/owa/")[0] == 401
    assert ask("/owa/", Authorization="Bound 00")[0] == 401
    assert ask("/owa/", Authorization=f"Bound {own}")[0] == 200
    assert ask("/owa/", tls=False, Authorization=f"Bound {own}")[0] == 401


def test_a_request_is_held_as_long_as_it_asks_for(server):
    server()
    assert ask("/microsoft-server-activesync/?hold=50") == (200, "cas1")


def test_the_command_line_needs_a_name_and_a_certificate():
    with pytest.raises(SystemExit):
        exchange.parse_options(["--name", "cas1"])
    assert isinstance(exchange.parse_options(["--name", "x", "--certificate", "f"]), argparse.Namespace)
