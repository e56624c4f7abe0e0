#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""An imitation of an Exchange server's client side: HTTPS with virtual directories, SMTP, POP3, IMAP and RPC.

    exchange.py --name cas1 --certificate FILE [--require-tls] [--extended-protection]

Beside what backend.py answers:

    /DIRECTORY/healthcheck.htm   200, or 503 while the directory fails
    /DIRECTORY/...               the name, or 503; 403 over plain HTTP with --require-tls (as IIS's 403.4)
    ?hold=MS                     the answer comes that much later, as that of a long poll
    /control/fail?what=W         W (a virtual directory, smtp, pop3 or imap) fails; /control/recover?what=W

With --extended-protection a request for a directory needs `Authorization: Bound HASH`, the SHA-256 of the certificate
that the client sees (tls-server-end-point, RFC 5929, section 4): what Windows compares, without the rest of its logon.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs

from backend import Answer, Connection, Request, State, run_until_stopped
from mail import SPEECHES, Rpc, Talk

DIRECTORIES = {"autodiscover", "ecp", "ews", "mapi", "microsoft-server-activesync", "oab", "owa", "rpc"}
PLAIN = {"smtp": 25, "pop3": 110, "imap": 143}
OVER_TLS = {"pop3": 995, "imap": 993}
HTTP, HTTPS = 80, 443
RPC_PORTS = (135, 60000, 60001)


@dataclass
class Exchange(State):
    """What all connections of one server share."""

    failing: set[str] = field(default_factory=set)
    require_tls: bool = False
    extended_protection: bool = False
    fingerprint: str = ""  # of its certificate


class Web(Connection):
    """One client's HTTP connection."""

    state: Exchange

    def _serve(self, request: Request) -> None:
        hold = request.number("hold")
        if not hold:
            super()._serve(request)
            return
        self.busy = True
        asyncio.get_running_loop().call_later(hold / 1000, self._send_late, request, self._answer(request))

    def _answer(self, request: Request) -> Answer:
        directory = request.path.split("/")[1].lower()
        if directory not in DIRECTORIES:
            return super()._answer(request)
        if directory in self.state.failing:
            return Answer(503, b"failing as it was told to\n")
        if request.path.endswith("/healthcheck.htm"):
            return Answer(200, b"200 OK\n")
        over_tls = self.transport.get_extra_info("ssl_object") is not None
        if self.state.require_tls and not over_tls:
            return Answer(403, b"TLS is required\n")
        if self.state.extended_protection and not (over_tls and self._bound(request)):
            return Answer(401, b"the logon is not bound to this server's certificate\n")
        return Answer(200, self.state.name.encode())

    def _bound(self, request: Request) -> bool:
        return request.headers.get("authorization") == f"Bound {self.state.fingerprint}"

    def _control(self, request: Request) -> Answer:
        what = parse_qs(request.query).get("what", [""])[0]
        if not what or not self._from_loopback():
            return super()._control(request)
        if what not in DIRECTORIES | set(SPEECHES):
            return Answer(404, f"there is no {what} here\n".encode())
        (self.state.failing.add if request.path == "/control/fail" else self.state.failing.discard)(what)
        return Answer(200, " ".join(sorted(self.state.failing)).encode())


def fingerprint(pem: str) -> str:
    """Return the SHA-256 of the first certificate of a PEM file."""
    begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    first = pem[pem.index(begin) : pem.index(end) + len(end)]
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(first)).hexdigest()


def parse_options(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--name", required=True)
    parser.add_argument("--address", action="append", help="address to listen at (default: all)")
    parser.add_argument("--certificate", required=True, type=Path, help="PEM file with certificate and key")
    parser.add_argument("--require-tls", action="store_true")
    parser.add_argument("--extended-protection", action="store_true")
    return parser.parse_args(arguments)


async def start(options: argparse.Namespace, offset: int = 0) -> list[asyncio.Server]:
    """Open the listeners, `offset` above their usual ports. Raises OSError."""
    state = Exchange(
        options.name,
        require_tls=options.require_tls,
        extended_protection=options.extended_protection,
        fingerprint=fingerprint(options.certificate.read_text()),
    )
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(options.certificate)
    listeners: list[tuple[int, Callable[[], asyncio.Protocol], ssl.SSLContext | None]] = [
        (HTTP, lambda: Web(state, expect_proxy=False), None),
        (HTTPS, lambda: Web(state, expect_proxy=False), tls),
        *((port, _talk(state, kind), None) for kind, port in PLAIN.items()),
        *((port, _talk(state, kind), tls) for kind, port in OVER_TLS.items()),
        *((port, lambda: Rpc(state), None) for port in RPC_PORTS),
    ]
    loop = asyncio.get_running_loop()
    return [
        await loop.create_server(protocol, options.address, port + offset, ssl=context)
        for port, protocol, context in listeners
    ]


def _talk(state: Exchange, kind: str) -> Callable[[], asyncio.Protocol]:
    return lambda: Talk(state, kind)


if __name__ == "__main__":
    asyncio.run(run_until_stopped(lambda: start(parse_options())))
