# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail protocols and RPC, as far as a health check and a client that wants to know the server's name go."""

from __future__ import annotations

import asyncio
import struct
from dataclasses import dataclass
from typing import Protocol, cast

BIND, BIND_ACK = 11, 12  # PTYPE of a DCE/RPC packet (DCE 1.1 RPC, section 12.6.3)
PTYPE = 2  # where it stands in the header
RPC_HEADER = struct.Struct("<BBBB4sHHI")  # version, minor, type, flags, representation, length, authentication, call
LITTLE_ENDIAN = b"\x10\x00\x00\x00"
FRAGMENT = 5840  # what Windows offers as the longest fragment


@dataclass(frozen=True)
class Speech:
    """What a server says; {name} is its name, {tag} the client's first word."""

    greeting: str
    refusal: str
    leaving: str
    farewell: str
    answer: str


SPEECHES = {
    "smtp": Speech("220 {name} ESMTP", "421 {name} fails as it was told to", "QUIT", "221 bye", "250 {name}"),
    "pop3": Speech("+OK {name}", "-ERR {name} fails as it was told to", "QUIT", "+OK bye", "+OK"),
    "imap": Speech(  # its capabilities may be told with any answer (RFC 9051, section 7)
        "* OK {name}",
        "* BYE {name} fails as it was told to",
        "LOGOUT",
        "* BYE\r\n{tag} OK bye",
        "* CAPABILITY IMAP4rev1\r\n{tag} OK done",
    ),
}


class Server(Protocol):
    """Whose name is told, and which of its protocols are to fail."""

    name: str
    failing: set[str]


class Talk(asyncio.Protocol):
    """One client of a protocol in which the server speaks first."""

    transport: asyncio.Transport

    def __init__(self, server: Server, kind: str) -> None:
        """`kind`: one of SPEECHES."""
        self.server, self.kind, self.speech = server, kind, SPEECHES[kind]
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet, or refuse."""
        self.transport = cast(asyncio.Transport, transport)
        fails = self.kind in self.server.failing
        self._say(self.speech.refusal if fails else self.speech.greeting)
        if fails:
            self.transport.close()

    def data_received(self, data: bytes) -> None:
        """Answer each line."""
        *lines, self.buffer = (self.buffer + data).split(b"\r\n")
        for line in lines:
            words = line.decode("latin-1").split() or [""]
            leaves = words[-1].upper() == self.speech.leaving
            self._say(self.speech.farewell if leaves else self.speech.answer, words[0])
            if leaves:
                self.transport.close()

    def _say(self, text: str, tag: str = "") -> None:
        self.transport.write(text.format(name=self.server.name, tag=tag).encode() + b"\r\n")


class Rpc(asyncio.Protocol):
    """An RPC server that lets everybody bind; its name stands where Windows tells the port (the secondary address)."""

    transport: asyncio.Transport

    def __init__(self, server: Server) -> None:
        """`server`: whose name is told."""
        self.server = server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the client, which speaks first."""
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Acknowledge a bind; close at anything else."""
        if len(data) < RPC_HEADER.size or data[PTYPE] != BIND:
            self.transport.close()
            return
        self.transport.write(bind_ack(self.server.name))


def bind_ack(name: str) -> bytes:
    """Return the acknowledgement of a bind."""
    text = name.encode() + b"\x00"
    body = struct.pack("<HHIH", FRAGMENT, FRAGMENT, 1, len(text)) + text
    return _packet(BIND_ACK, body)


def bind() -> bytes:
    """Return a bind without contexts, enough for the imitation above."""
    return _packet(BIND, struct.pack("<HHII", FRAGMENT, FRAGMENT, 0, 0))


def named_in(packet: bytes) -> str:
    """Return the name that an acknowledgement holds. Raises ValueError when it is none."""
    if len(packet) < RPC_HEADER.size or packet[PTYPE] != BIND_ACK:
        raise ValueError("no bind_ack")
    length = struct.unpack_from("<H", packet, RPC_HEADER.size + 8)[0]
    begin = RPC_HEADER.size + 10
    return packet[begin : begin + length - 1].decode()


def _packet(kind: int, body: bytes) -> bytes:
    return RPC_HEADER.pack(5, 0, kind, 3, LITTLE_ENDIAN, RPC_HEADER.size + len(body), 0, 1) + body
