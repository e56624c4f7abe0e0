#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The web server of the lab's backends: small, quick, and it tells who answered and what it was asked.

It needs nothing but Python 3.11, so a web container runs it from the mounted folder:

    /whoami                     the name alone, as text
    /health                     200, or 503 after /control/fail; never delayed: the slow backend stays in service
    /download?bytes=N&rate=R    N bytes of the known pattern at R bytes/s (0: as fast as they are taken)
    /control/fail  /control/recover  /control/delay?ms=N  /control/release    for this server's own loopback only;
                                release: the downloads that go on now forget their rates
    / and all others            JSON: name, request line, headers, addresses of the connection, PROXY header

Every answer carries `X-Backend: NAME`. HTTP/1.0 and 1.1, keep-alive and pipelining; request bodies are read and thrown
away (`Content-Length` only: a chunked request is answered 501). It is a tool for the lab: no limits against malice.
"""

from __future__ import annotations

import argparse
import asyncio
import ipaddress
import json
import signal
import socket
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import parse_qs

from traffic.content import pattern
from traffic.proxy_protocol import ProxyHeader, ProxyHeaderError, take_proxy_header

TICK = 0.05  # seconds between two pieces of a held download
PIECE = 65536  # bytes written at most at once for a download without a rate
HEAD_LIMIT = 65536  # bytes; a request head that is longer is answered 431
REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found"} | {
    431: "Request Header Fields Too Large",
    501: "Not Implemented",
    503: "Service Unavailable",
}


@dataclass
class State:
    """What all connections of one server share."""

    name: str
    delay: float = 0.0  # seconds before each answer but /health and /control
    healthy: bool = True
    releases: int = 0  # how often downloads were released


@dataclass(frozen=True)
class Request:
    """One request's head; header names in lower case, the last of repeated ones wins."""

    method: str
    path: str
    query: str
    version: str
    headers: dict[str, str]

    @property
    def keep_alive(self) -> bool:
        """Whether the connection stays open after the answer (RFC 9112, section 9.3)."""
        wish = self.headers.get("connection", "").lower()
        return wish == "keep-alive" if self.version == "HTTP/1.0" else wish != "close"

    def number(self, name: str) -> int:
        """Return a non-negative integer of the query, 0 when it is not given. Raises ValueError for anything else."""
        value = int(parse_qs(self.query).get(name, ["0"])[0])
        if value < 0:
            raise ValueError(f"{name} must not be negative")
        return value


@dataclass(frozen=True)
class Answer:
    """A status and a whole body."""

    status: int
    body: bytes
    kind: str = "text/plain"


class BadRequestError(Exception):
    """The peer sent what cannot be served; the connection ends after an answer with this status."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


def parse_head(head: bytes) -> Request:
    """Read a request head without its empty line. Raises BadRequestError."""
    lines = head.decode("latin-1").split("\r\n")
    try:
        method, target, version = lines[0].split(" ")
        headers = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines[1:])}
    except ValueError:
        raise BadRequestError(400, "not an HTTP request") from None
    path, _, query = target.partition("?")
    return Request(method, path, query, version, headers)


class Connection(asyncio.Protocol):
    """One client's connection: reads requests, answers them in order."""

    transport: asyncio.Transport

    def __init__(self, state: State, expect_proxy: bool) -> None:
        """`expect_proxy`: the connection has to begin with a PROXY header."""
        self.state = state
        self.expect_proxy = expect_proxy
        self.proxy: ProxyHeader | None = None
        self.buffer = b""
        self.body_left = 0  # bytes of the present request's body still to be thrown away
        self.busy = False  # an answer is under way; later requests wait in the buffer
        self.writable = True
        self.resume: Callable[[], None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport = cast(asyncio.Transport, transport)

    def pause_writing(self) -> None:
        """Note that the peer takes no more for now."""
        self.writable = False

    def resume_writing(self) -> None:
        """Go on with a download that waited for the peer."""
        self.writable = True
        if self.resume:
            self.resume()

    def data_received(self, data: bytes) -> None:
        """Serve every request that is complete."""
        self.buffer += data
        try:
            if self.expect_proxy and not self._take_proxy():
                return
            while not self.busy and not self.transport.is_closing():
                request = self._take_request()
                if request is None:
                    return
                self._serve(request)
        except (BadRequestError, ProxyHeaderError, ValueError) as fault:
            status = fault.status if isinstance(fault, BadRequestError) else 400
            text = str(fault).encode()
            self.transport.write(self._head(status, len(text), "text/plain", keep_alive=False) + text)
            self.transport.close()

    def _take_proxy(self) -> bool:
        found = take_proxy_header(self.buffer)
        if found is None:
            return False
        self.proxy, length = found
        self.buffer = self.buffer[length:]
        self.expect_proxy = False
        return True

    def _take_request(self) -> Request | None:
        if self.body_left:
            taken = min(self.body_left, len(self.buffer))
            self.buffer, self.body_left = self.buffer[taken:], self.body_left - taken
        head, end, rest = self.buffer.partition(b"\r\n\r\n")
        if not end:
            if len(head) > HEAD_LIMIT:
                raise BadRequestError(431, "request head too large")
            return None
        self.buffer = rest
        request = parse_head(head)
        if "transfer-encoding" in request.headers:
            raise BadRequestError(501, "chunked requests are not read here")
        self.body_left = int(request.headers.get("content-length", 0))
        if request.headers.get("expect", "").lower() == "100-continue":
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        return request

    def _serve(self, request: Request) -> None:
        if request.path == "/download":
            total = request.number("bytes")
            self.busy = True
            self.transport.write(self._head(200, total, "application/octet-stream", request.keep_alive))
            Download(self, request, 0 if request.method == "HEAD" else total).step()
            return
        answer = self._answer(request)
        if self.state.delay and request.path != "/health" and not request.path.startswith("/control/"):
            self.busy = True
            asyncio.get_running_loop().call_later(self.state.delay, self._send_late, request, answer)
            return
        self._send(request, answer)

    def _answer(self, request: Request) -> Answer:
        if request.path == "/whoami":
            return Answer(200, self.state.name.encode())
        if request.path == "/health":
            return Answer(200, b"healthy\n") if self.state.healthy else Answer(503, b"failing as it was told to\n")
        if request.path.startswith("/control/"):
            return self._control(request)
        return Answer(200, json.dumps(self._description(request)).encode(), "application/json")

    def _description(self, request: Request) -> dict[str, object]:
        return vars(request) | {
            "name": self.state.name,
            "peer": self.transport.get_extra_info("peername")[0],
            "port": self.transport.get_extra_info("sockname")[1],
            "tls": self.transport.get_extra_info("ssl_object") is not None,
            "proxy": vars(self.proxy) if self.proxy else None,
        }

    def _from_loopback(self) -> bool:
        peer = ipaddress.ip_address(self.transport.get_extra_info("peername")[0].partition("%")[0])
        return (getattr(peer, "ipv4_mapped", None) or peer).is_loopback

    def _control(self, request: Request) -> Answer:
        if not self._from_loopback():
            return Answer(403, b"control is for this host's own loopback\n")
        verb = request.path[len("/control/") :]
        if verb in {"fail", "recover"}:
            self.state.healthy = verb == "recover"
        elif verb == "delay":
            self.state.delay = request.number("ms") / 1000
        elif verb == "release":
            self.state.releases += 1
        else:
            return Answer(404, b"control knows fail, recover, delay and release\n")
        return Answer(200, json.dumps(vars(self.state)).encode(), "application/json")

    def _send_late(self, request: Request, answer: Answer) -> None:
        if not self.transport.is_closing():
            self._send(request, answer)
            self.finish(request)

    def _send(self, request: Request, answer: Answer) -> None:
        body = b"" if request.method == "HEAD" else answer.body
        self.transport.write(self._head(answer.status, len(answer.body), answer.kind, request.keep_alive) + body)
        if not request.keep_alive:
            self.transport.close()

    def finish(self, request: Request) -> None:
        """Go on with the requests that came while an answer was under way."""
        self.busy, self.resume = False, None
        if not request.keep_alive:
            self.transport.close()
        elif self.buffer:
            self.data_received(b"")

    def _head(self, status: int, length: int, kind: str, keep_alive: bool) -> bytes:
        return (
            f"HTTP/1.1 {status} {REASONS[status]}\r\nX-Backend: {self.state.name}\r\nContent-Type: {kind}\r\n"
            f"Content-Length: {length}\r\nConnection: {'keep-alive' if keep_alive else 'close'}\r\n\r\n"
        ).encode()


class Download:
    """The pattern, sent at its rate, on one connection."""

    def __init__(self, connection: Connection, request: Request, total: int) -> None:
        """`total` in bytes; the rate (bytes/s) is the request's."""
        self.connection, self.request, self.total = connection, request, total
        self.rate = request.number("rate")
        self.releases = connection.state.releases
        self.sent = 0
        self.loop = asyncio.get_running_loop()
        self.began = self.loop.time()

    def step(self) -> None:
        """Send what is due and come again, or end."""
        if self.connection.transport.is_closing():
            return
        due = self.total
        if self.rate and self.releases == self.connection.state.releases:
            due = min(due, int((self.loop.time() - self.began + TICK) * self.rate))
        while self.sent < due and self.connection.writable:
            piece = pattern(self.sent, min(PIECE, due - self.sent))
            self.connection.transport.write(piece)
            self.sent += len(piece)
        if self.sent >= self.total:
            self.connection.finish(self.request)
        elif not self.connection.writable:
            self.connection.resume = self.step
        else:
            self.connection.resume = None
            self.loop.call_later(TICK, self.step)


class Echo(asyncio.Protocol):
    """A TCP service: says the server's name in a line, then sends back what it gets."""

    transport: asyncio.Transport

    def __init__(self, name: str) -> None:
        """`name`: what the greeting says."""
        self.name = name

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(self.name.encode() + b"\r\n")

    def data_received(self, data: bytes) -> None:
        """Echo."""
        self.transport.write(data)


@dataclass
class Options:
    """The ports of one server; a list that is empty means that there is no such listener."""

    name: str = field(default_factory=socket.gethostname)
    delay: int = 0  # milliseconds
    address: list[str] = field(default_factory=list)
    port: list[int] = field(default_factory=list)
    proxy_port: list[int] = field(default_factory=list)
    tls_port: list[int] = field(default_factory=list)
    certificate: str = ""
    echo_port: list[int] = field(default_factory=list)


def parse_options(arguments: list[str] | None = None) -> Options:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Web server of the lab's backends")
    parser.add_argument("--name", help="what this server calls itself")
    parser.add_argument("--delay", type=int, help="milliseconds before each answer")
    parser.add_argument("--address", action="append", help="address to listen at (default: all)")
    for kind in ("", "proxy-", "tls-", "echo-"):
        parser.add_argument(f"--{kind}port", type=int, action="append")
    parser.add_argument("--certificate", help="PEM file with certificate and key for --tls-port")
    options = parser.parse_args(arguments, Options())
    if options.tls_port and not options.certificate:
        parser.error("--tls-port needs --certificate")
    return options


async def start(options: Options, state: State) -> list[asyncio.Server]:
    """Open the listeners. Raises OSError when an address cannot be bound or the certificate cannot be read."""
    loop, hosts = asyncio.get_running_loop(), options.address or None
    tls = None
    if options.tls_port:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(options.certificate)
    listeners: list[tuple[Callable[[], asyncio.Protocol], list[int], ssl.SSLContext | None]] = [
        (lambda: Connection(state, expect_proxy=False), options.port, None),
        (lambda: Connection(state, expect_proxy=True), options.proxy_port, None),
        (lambda: Connection(state, expect_proxy=False), options.tls_port, tls),
        (lambda: Echo(state.name), options.echo_port, None),
    ]
    return [
        await loop.create_server(protocol, hosts, port, ssl=context, backlog=1024)
        for protocol, ports, context in listeners
        for port in ports
    ]


async def run_until_stopped(begin: Callable[[], Awaitable[list[asyncio.Server]]]) -> None:
    """Open listeners and serve until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    servers = await begin()
    await stop.wait()
    for server in servers:
        server.close()


async def serve(options: Options) -> None:
    """Serve until SIGTERM or SIGINT."""
    await run_until_stopped(lambda: start(options, State(options.name, options.delay / 1000)))


if __name__ == "__main__":
    asyncio.run(serve(parse_options()))
