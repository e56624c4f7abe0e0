# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP over TLS: `/sdk` for SOAP, `/sdk/vimServiceVersions.xml` for the versions that are spoken."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
from http.cookies import CookieError, SimpleCookie

from device.faults import DroppedError

from . import service
from .endpoint import Endpoint, Lab
from .releases import NEWEST, RELEASES

# What the proxy before hostd answers while nobody listens behind it; it is well-formed XML.
STARTING = b"<HTML><BODY><H1>503 Service Unavailable</H1></BODY></HTML>"
COOKIE = "vmware_soap_session"
LIMIT = 16 * 1024 * 1024
Headers = dict[str, str]
Request = tuple[str, str, Headers, bytes]
# What ends a connection; the last one when the simulator itself ends.
ENDS = (DroppedError, ConnectionError, ssl.SSLError, asyncio.IncompleteReadError, ValueError, asyncio.CancelledError)


def versions(endpoint: Endpoint) -> bytes:
    """Give vimServiceVersions.xml."""
    release = RELEASES[endpoint.hosts[0].version if endpoint.kind == "esxi" else NEWEST]
    prior = "".join(f"<version>{each}</version>" for each in release.prior.split())
    return (
        '<?xml version="1.0" encoding="UTF-8" ?><namespaces version="1.0"><namespace><name>urn:vim25</name>'
        f"<version>{release.api}</version><priorVersions>{prior}</priorVersions></namespace></namespaces>"
    ).encode()


async def listen(lab: Lab, endpoint: Endpoint, context: ssl.SSLContext) -> socket.socket:
    """Let an endpoint listen at its address and port (0: any); its port is set then."""
    listener = socket.create_server((endpoint.address, endpoint.port), backlog=128)
    listener.setblocking(False)
    endpoint.port = listener.getsockname()[1]
    lab.keep(_accept(lab, endpoint, context, listener))
    return listener


async def _accept(lab: Lab, endpoint: Endpoint, context: ssl.SSLContext, listener: socket.socket) -> None:
    """Take connections, each to a task of its own."""
    while True:
        line, _ = await asyncio.get_running_loop().sock_accept(listener)
        lab.keep(_talk(lab, endpoint, context, line))


async def _talk(lab: Lab, endpoint: Endpoint, context: ssl.SSLContext, line: socket.socket) -> None:
    """Serve one connection to its end."""
    try:
        with contextlib.suppress(*ENDS):
            await _serve(lab, endpoint, context, line)
    finally:
        if line.fileno() >= 0:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset, as a drop is
            line.close()


async def _serve(lab: Lab, endpoint: Endpoint, context: ssl.SSLContext, line: socket.socket) -> None:
    """Answer the requests of one connection; a host that cannot be reached does not even begin with TLS."""
    if endpoint.kind == "esxi":
        await service.until_reachable(lab, endpoint.hosts[0], lambda: _hung_up(line))
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=LIMIT)
    protocol = asyncio.StreamReaderProtocol(reader)
    transport, _ = await loop.connect_accepted_socket(lambda: protocol, line, ssl=context)
    writer = asyncio.StreamWriter(transport, protocol, reader, loop)
    endpoint.lines.add(writer)
    try:
        while request := await _request(reader, writer):
            writer.write(await _answer(lab, endpoint, request, reader))
            await writer.drain()
    finally:
        endpoint.lines.discard(writer)
        transport.abort()


def _hung_up(line: socket.socket) -> bool:
    """Tell whether the client has closed a connection that nobody reads yet."""
    try:
        return line.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


async def _request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Request | None:
    """Read one request; nothing when the client has hung up."""
    first = await reader.readline()
    if not first.strip():
        return None
    verb, path, _ = first.decode("latin-1").split(" ", 2)
    headers: Headers = {}
    while (line := await reader.readline()).strip():
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    if headers.get("expect", "").lower() == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    length = int(headers.get("content-length", "0"))
    return verb, path, headers, await reader.readexactly(length) if length else b""


async def _answer(lab: Lab, endpoint: Endpoint, request: Request, reader: asyncio.StreamReader) -> bytes:
    """Answer one request."""
    verb, path, headers, body = request
    if endpoint.starting:
        return _reply(503, STARTING, kind="text/html")
    if verb == "GET" and path == "/sdk/vimServiceVersions.xml":
        if endpoint.kind == "esxi":
            await service.until_reachable(lab, endpoint.hosts[0], reader.at_eof)
        return _reply(200, versions(endpoint))
    if verb != "POST" or path.partition("?")[0].rstrip("/") != "/sdk":
        return _reply(404, b"not found")
    token = _cookie(headers.get("cookie", ""))
    action = headers.get("soapaction", "")
    status, text, cookie = await service.answer(lab, endpoint, token, action, body, reader.at_eof)
    return _reply(status, text, cookie)


def _cookie(text: str) -> str:
    """Give the session's token in a Cookie header."""
    try:
        found = SimpleCookie(text).get(COOKIE)
    except CookieError:
        return ""
    return found.value.strip('"') if found is not None else ""


def _reply(status: int, body: bytes, cookie: str = "", kind: str = "text/xml; charset=utf-8") -> bytes:
    """Write an answer."""
    words = {200: "OK", 404: "Not Found", 500: "Internal Server Error", 503: "Service Unavailable"}
    lines = [f"HTTP/1.1 {status} {words[status]}", f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
    if cookie:
        lines.append(f'Set-Cookie: {COOKIE}="{cookie}"; Path=/; HttpOnly; Secure;')
    return "\r\n".join([*lines, "", ""]).encode() + body
