# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP over TLS as a device's management serves it, with what goes wrong between a client and a device."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from .faults import DroppedError, Gone

LIMIT = 16 * 1024 * 1024
Headers = dict[str, str]
WORDS = {200: "OK", 404: "Not Found", 500: "Internal Server Error", 503: "Service Unavailable"}
# What ends a connection; the last one when the simulator itself ends.
ENDS = (DroppedError, ConnectionError, ssl.SSLError, asyncio.IncompleteReadError, ValueError, asyncio.CancelledError)


@dataclass(frozen=True)
class Request:
    """One request; the names of its headers are in small letters."""

    verb: str
    path: str
    headers: Headers
    body: bytes


@dataclass
class Server:
    """Answers at one address. `begin` is awaited before a connection's TLS, `answer` gives the whole of an answer.

    Both are told how to see whether the client is gone, and end the connection by DroppedError. `lines` are the
    connections that stand, which a control port may count and reset.
    """

    context: ssl.SSLContext
    begin: Callable[[Gone], Awaitable[None]]
    answer: Callable[[Request, Gone], Awaitable[bytes]]
    lines: set[asyncio.StreamWriter] = field(default_factory=set)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def listen(self, address: str, port: int) -> int:
        """Begin to take connections; give the port (0: any)."""
        listener = socket.create_server((address, port), backlog=128)
        listener.setblocking(False)
        self._keep(self._accept(listener))
        return int(listener.getsockname()[1])

    def _keep(self, running: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine beside everything else, and hold it until it ends."""
        task = asyncio.create_task(running)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _accept(self, listener: socket.socket) -> None:
        """Take connections, each to a task of its own."""
        while True:
            line, _ = await asyncio.get_running_loop().sock_accept(listener)
            self._keep(self._talk(line))

    async def _talk(self, line: socket.socket) -> None:
        """Serve one connection to its end."""
        try:
            with contextlib.suppress(*ENDS):
                await self._serve(line)
        finally:
            if line.fileno() >= 0:
                line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset, as a drop is
                line.close()

    async def _serve(self, line: socket.socket) -> None:
        """Answer the requests of one connection; a device that cannot be reached does not even begin with TLS."""
        await self.begin(lambda: _hung_up(line))
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=LIMIT)
        protocol = asyncio.StreamReaderProtocol(reader)
        transport, _ = await loop.connect_accepted_socket(lambda: protocol, line, ssl=self.context)
        writer = asyncio.StreamWriter(transport, protocol, reader, loop)
        self.lines.add(writer)
        try:
            while request := await _request(reader, writer):
                writer.write(await self.answer(request, reader.at_eof))
                await writer.drain()
        finally:
            self.lines.discard(writer)
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
    return Request(verb, path, headers, await reader.readexactly(length) if length else b"")


def reply(status: int, body: bytes, kind: str, *more: str) -> bytes:
    """Write an answer; `more` are header lines."""
    lines = [f"HTTP/1.1 {status} {WORDS[status]}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *more]
    return "\r\n".join([*lines, "", ""]).encode() + body
