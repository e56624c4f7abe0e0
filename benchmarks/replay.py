#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays to the clients of many switches what one simulated switch answered to one client, for little processor time.

    replay.py record PORT       stands before the simulated switch at PORT, passes everything on and keeps it
    replay.py play FILE COUNT   listens at COUNT ports, each of which plays the conversation of FILE

Both print one line of JSON when they are ready, {"control": PORT, "ports": [PORT, ...]}, and have a control port as the
simulator has; in Python, `Replay` starts them. A recording is a list of sessions in the order in which
they were opened: {"hello", "exchanges": [[REQUEST, REPLY], ...]}.

The n-th session that is opened at a port gets the n-th recorded one. A request must be the recorded one but for its
message-id and for a commit's comment, for that bears a mark of the run; the comment that was sent stands in the port's
later replies in the place of the recorded one. Everything else in a reply, times too, is as it was recorded.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lab"))

import asyncssh
from lxml import etree

from backend import run_until_stopped
from device.client import Controlled, words
from device.control import Control, port_of
from device.ssh import Access, public
from kinds.junos_ex.errors import Report
from kinds.junos_ex.frames import END, Splitter, reply, report_element
from kinds.junos_ex.server import Speaker, accept

LOCALHOST = "127.0.0.1"
MESSAGE_ID = re.compile(rb'message-id="([^"]*)"')
COMMENT = re.compile(rb"<log>([^<]*)</log>")
HELLO = re.compile(rb"\s*(<\?xml[^>]*>\s*)?<(\w+:)?hello\b")
CHUNKED = b"urn:ietf:params:netconf:base:1.1"
SHOWN = 120  # octets of a request, from the first one that differs


class Replay(Controlled):
    """This file as a process of its own; control: `recording` of a recorder, `state` and `reset` of a player."""

    def __init__(self, command: str, *arguments: object, **options: object) -> None:
        self.command = [sys.executable, __file__, command, *map(str, arguments), *words(options)]


@dataclass(frozen=True)
class Request:
    """A request: what is the same in every run, the message-id, and the comment of a commit."""

    same: bytes
    message_id: bytes = b""
    comment: bytes = b""


def read(message: bytes) -> Request:
    """Take a request apart."""
    same, message_id = _cut(MESSAGE_ID, message.strip())
    same, comment = _cut(COMMENT, same) if b"<commit-configuration" in same else (same, b"")
    return Request(same, message_id, comment)


def _cut(pattern: re.Pattern[bytes], text: bytes) -> tuple[bytes, bytes]:
    """Return the text without what the pattern's group matches first, and that."""
    found = pattern.search(text)
    return (text[: found.start(1)] + text[found.end(1) :], found[1]) if found else (text, b"")


@dataclass(frozen=True)
class Exchange:
    """A recorded request, and its reply before and after the message-id; every second piece of `after` is a comment."""

    request: Request
    before: bytes
    after: list[bytes]

    def reply(self, message_id: bytes, comments: dict[bytes, bytes]) -> bytes:
        """Return the reply with this message-id, and with other comments in the place of the recorded ones."""
        after = self.after
        if len(after) > 1:
            after = [comments.get(piece, piece) if place % 2 else piece for place, piece in enumerate(after)]
        return b"".join([self.before, message_id, *after])


Conversation: TypeAlias = tuple[bytes, list[Exchange]]
"""A recorded session: the switch's hello, and what follows."""


def prepare(recording: list[dict[str, Any]]) -> list[Conversation]:
    """Make the recorded sessions ready to be played.

    Raises:
        ValueError: a reply bears another message-id than its request.
    """
    asked = [read(request.encode()) for each in recording for request, _reply in each["exchanges"]]
    comments = sorted({re.escape(request.comment) for request in asked if request.comment})
    pattern = re.compile(rb"(?<=>)(%b)(?=<)" % b"|".join(comments)) if comments else None
    return [
        (
            _ended(each["hello"]),
            [_exchange(read(request.encode()), _ended(reply), pattern) for request, reply in each["exchanges"]],
        )
        for each in recording
    ]


def _ended(text: str) -> bytes:
    return f"{text}\n]]>]]>\n".encode()


def _exchange(request: Request, reply: bytes, comments: re.Pattern[bytes] | None) -> Exchange:
    found = MESSAGE_ID.search(reply)
    if found is None or found[1] != request.message_id:
        raise ValueError(f"this is no reply to {request.same!r}: {reply[:SHOWN]!r}")
    after = reply[found.end(1) :]
    return Exchange(request, reply[: found.start(1)], comments.split(after) if comments else [after])


@dataclass
class Played:
    """What was played at one port: sessions opened, requests left of each recorded session, what went wrong."""

    left: list[int]
    opened: int = 0
    unrecorded: int = 0
    mismatches: list[str] = field(default_factory=list)
    comments: dict[bytes, bytes] = field(default_factory=dict)


@dataclass
class Stage:
    """All ports of a player."""

    conversations: list[Conversation]
    ports: list[Played]

    def fresh(self) -> Played:
        """Return a port at which nothing was played."""
        return Played([len(exchanges) for _hello, exchanges in self.conversations])


def reset(stage: Stage) -> None:
    """Begin anew at all ports."""
    stage.ports = [stage.fresh() for _port in stage.ports]


def state(stage: Stage) -> list[dict[str, Any]]:
    """Tell what was played at each port."""
    return [{key: value for key, value in asdict(port).items() if key != "comments"} for port in stage.ports]


class Playing:
    """A session that is played (kinds.junos_ex.server.Spoken)."""

    def __init__(
        self, stage: Stage, number: int, _user: str, write: Callable[[bytes], None], _hang_up: Callable[[], None]
    ) -> None:
        self.port, self.write, self.over = stage.ports[number], write, asyncio.Event()
        self.number, self.made, self.splitter = self.port.opened, 0, Splitter()
        self.port.opened += 1
        self.recorded = self.number < len(stage.conversations)
        self.hello, self.exchanges = stage.conversations[self.number] if self.recorded else (b"", [])

    async def run(self) -> None:
        """Greet, and be there until one side ends the session; one that is not recorded is ended at once."""
        if not self.recorded:
            self.port.unrecorded += 1
            return
        self.write(self.hello)
        await self.over.wait()

    def ended(self, lost: bool) -> None:
        """Take note that nothing more comes."""
        self.over.set()

    def received(self, data: bytes) -> None:
        """Answer each request that is complete."""
        for message in self.splitter.feed(data):
            if self.recorded and message.strip() and not HELLO.match(message):
                self._answer(read(message))

    def _answer(self, asked: Request) -> None:
        expected = self.exchanges[self.made] if self.made < len(self.exchanges) else None
        if expected is None or asked.same != expected.request.same:
            self._refuse(expected.request.same if expected else b"", asked)
            return
        self.made += 1
        self.port.left[self.number] -= 1
        if asked.comment:
            self.port.comments[expected.request.comment] = asked.comment
        self.write(expected.reply(asked.message_id, self.port.comments))
        if b"close-session" in asked.same:
            self.over.set()

    def _refuse(self, expected: bytes, asked: Request) -> None:
        differing = (at for at, (one, other) in enumerate(zip(expected, asked.same, strict=False)) if one != other)
        at = next(differing, min(len(expected), len(asked.same)))
        wanted, got = expected[at : at + SHOWN], asked.same[at : at + SHOWN]
        text = f"session {self.number}, request {self.made}, octet {at}: {wanted!r} is recorded, not {got!r}"
        self.port.mismatches.append(text)
        request = etree.Element("rpc", {"message-id": asked.message_id.decode()})
        self.write(reply(request, "replay", [report_element(Report(text))], ok=False))


class Recording:
    """A session that is passed on to the switch at `port` and kept (kinds.junos_ex.server.Spoken)."""

    def __init__(
        self,
        kept: list[dict[str, Any]],
        port: int,
        _user: str,
        write: Callable[[bytes], None],
        _hang_up: Callable[[], None],
    ) -> None:
        self.port, self.write = port, write
        self.splitter, self.answers = Splitter(), Splitter()
        self.messages: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.session: dict[str, Any] = {"hello": "", "exchanges": []}
        kept.append(self.session)

    def received(self, data: bytes) -> None:
        """Take bytes from the client."""
        for message in self.splitter.feed(data):
            self.messages.put_nowait(message)

    def ended(self, lost: bool) -> None:
        """Take note that nothing more comes."""
        self.messages.put_nowait(None)

    async def run(self) -> None:
        """Pass request after request on, each with its reply."""
        login = Access()
        # The host key is not looked at, for the switch is a process of ours on this machine.
        far = {"username": login.user, "password": login.password, "known_hosts": None, "config": None}
        async with asyncssh.connect(LOCALHOST, self.port, client_keys=None, agent_path=None, **far) as line:
            writer, reader, _errors = await line.open_session(subsystem="netconf", encoding=None)
            self.session["hello"] = await self._passed(reader)
            if CHUNKED in self.session["hello"].encode():
                raise ValueError("the switch speaks NETCONF 1.1, whose framing is not played")
            while (message := await self.messages.get()) is not None:
                writer.write(message + END)
                if message.strip() and not HELLO.match(message):
                    answer = await self._passed(reader)
                    self.session["exchanges"].append((message.decode().strip(), answer))

    async def _passed(self, reader: asyncssh.SSHReader[bytes]) -> str:
        """Return the switch's next message, which the client has got, too.

        Raises:
            EOFError: the switch ended the session instead.
        """
        while True:
            data = await reader.read(65536)
            if not data:
                raise EOFError("the switch ended the session")
            for message in self.answers.feed(data):
                self.write(message + END + b"\n")
                return message.decode().strip()


async def serve(given: argparse.Namespace) -> list[asyncio.Server]:
    """Let all ports listen, say where, and return the control port."""
    access, key = Access(), asyncssh.generate_private_key("ssh-ed25519")
    if given.authorized_keys:
        access.read_keys(given.authorized_keys)
    told: Any = []
    speakers: list[Speaker] = [partial(Recording, told, given.port)] if given.command == "record" else []
    control: Control[Any] = Control()
    control.operations["recording"] = lambda kept: kept
    if given.command == "play":
        told = Stage(prepare(json.loads(given.recording.read_text())), [])
        told.ports = [told.fresh() for _number in range(given.count)]
        speakers = [partial(Playing, told, number) for number in range(given.count)]
        control.operations = {"state": state, "reset": reset}
    ports = [(await accept(speaker, access, 0, key)).get_port() for speaker in speakers]
    if given.known_hosts:
        given.known_hosts.write_text("".join(f"[{LOCALHOST}]:{port} {public(key)}\n" for port in ports))
    opened = await control.serve(told, 0)
    print(json.dumps({"control": port_of(opened), "ports": ports}), flush=True)
    return [opened]


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    record, play = commands.add_parser("record"), commands.add_parser("play")
    record.add_argument("port", type=int)
    play.add_argument("recording", type=Path)
    play.add_argument("count", type=int)
    for command in (record, play):
        command.add_argument("--authorized-keys", type=Path)
        command.add_argument("--known-hosts", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(run_until_stopped(lambda: serve(arguments())))
