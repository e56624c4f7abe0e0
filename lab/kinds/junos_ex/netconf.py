# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions: reading requests, faults around each of them, the log of all RPCs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import asdict, dataclass, field

from lxml import etree

from device.faults import DroppedError

from . import dispatch, rpc_commit, rpc_facts, rpc_get, rpc_load, rpc_show  # noqa: F401  (they register their RPCs)
from .device import Device, Session
from .dispatch import Call, Reply
from .errors import JunosError, Report, error
from .faults import Fault
from .frames import Splitter, hello, parse, reply, report_element
from .xmlform import Element, local

COMMITS = ("commit-configuration", "commit")
LOG_TEXT = 4000


@dataclass
class Entry:
    """One RPC in the log: `outcome` is ok, error, dropped (by a fault) or held."""

    number: int
    switch: str
    session: int
    time: float
    rpc: str
    request: str
    outcome: str = "running"


@dataclass
class Lab:
    """All switches of this process, their sessions, and the log."""

    devices: dict[str, Device] = field(default_factory=dict)
    log: list[Entry] = field(default_factory=list)
    connections: dict[int, Connection] = field(default_factory=dict)
    sessions: int = 0

    def entries(self, switch: str = "", since: int = 0) -> list[dict[str, object]]:
        """Give the log, of one switch or of all, from entry `since` on."""
        return [asdict(entry) for entry in self.log[since:] if switch in ("", entry.switch)]


def _refusal(fault: Fault, rpc: str) -> Report:
    """Give what a fault answers: its own error, or what a limited user gets.

    The words, between line ends, with the request as the bad element: replies of a 12.1X46 and others in PyEZ's tests.
    """
    return Report("permission denied", bad=rpc) if fault.what == "deny" else Report(fault.message)


@dataclass
class Connection:
    """One NETCONF session. `write` sends bytes to the client, `hang_up` ends the connection at once."""

    lab: Lab
    device: Device
    user: str
    write: Callable[[bytes], None]
    hang_up: Callable[[], None]
    messages: asyncio.Queue[bytes | None] = field(default_factory=asyncio.Queue)
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    splitter: Splitter = field(default_factory=Splitter)
    killed: bool = False

    def __post_init__(self) -> None:
        self.lab.sessions += 1
        now = self.device.clock.now()
        self.session = Session(self.lab.sessions, self.user, now, now)
        self.lab.connections[self.session.number] = self

    def received(self, data: bytes) -> None:
        """Take bytes from the client."""
        for message in self.splitter.feed(data):
            self.messages.put_nowait(message)

    def ended(self, lost: bool) -> None:
        """Take note that nothing more comes: what has come is still answered, unless the line is down."""
        if lost:
            self.gone.set()
        self.messages.put_nowait(None)

    async def run(self) -> None:
        """Greet, then answer request after request until one side ends the session."""
        try:
            self.write(hello(self.session.number))
            while (message := await self.messages.get()) is not None:
                if message.strip() and not await self._message(message):
                    break
        except DroppedError:
            self.hang_up()
        finally:
            self.lab.connections.pop(self.session.number, None)
            self.device.close(self.session, self.killed)

    async def _message(self, message: bytes) -> bool:
        """Deal with one message; tell whether the session goes on."""
        try:
            request = parse(message)
        except etree.XMLSyntaxError as failure:
            self._send(
                None, Reply([report_element(Report(f"syntax error: {failure}", tag="malformed-message", kind="rpc"))])
            )
            return True
        if local(request) == "hello":
            return True
        if local(request) != "rpc" or len(request) != 1:
            self._send(request, Reply([report_element(Report("syntax error, expecting <rpc>", kind="rpc"))]))
            return True
        return await self._rpc(request, request[0])

    async def _rpc(self, request: Element, asked: Element) -> bool:
        """Answer one RPC with the faults that are set for it."""
        faults = self.device.faults
        if faults.stopped:
            await faults.hold(self.gone.is_set)
        self.session.last = self.device.clock.now()
        text = etree.tostring(asked, encoding="unicode")[:LOG_TEXT]
        name = local(asked)
        entry = Entry(len(self.lab.log), self.device.name, self.session.number, self.session.last, name, text)
        self.lab.log.append(entry)
        try:
            answered = await self._act(entry, asked)
            await faults.strike(entry, name, "after_send", self.gone.is_set)
            self._send(request, answered)
            entry.outcome = "error" if answered.failed else "ok"
            await faults.strike(entry, name, "after_reply", self.gone.is_set)
        except DroppedError:
            entry.outcome = "dropped"
            raise
        return not answered.close

    async def _act(self, entry: Entry, asked: Element) -> Reply:
        """Let the device act, unless a fault stands before it; warnings that are set come with it."""
        added = await self.device.faults.strike(entry, entry.rpc, "before", self.gone.is_set)
        if entry.rpc in COMMITS and self.device.faults.slow_commit:
            await asyncio.sleep(self.device.faults.slow_commit)
        refused = [_refusal(fault, entry.rpc) for fault in added if fault.what in ("error", "deny")]
        if refused:
            return Reply([report_element(report) for report in refused], failed=True)
        made = self._end(entry.rpc, asked) or dispatch.answer(Call(self.device, self.session, asked, self.lab))
        for fault in added:
            if fault.what == "warning":
                made.content.insert(0, report_element(Report(fault.message, "warning")))
                made.ok = fault.ok
        return made

    def _end(self, name: str, asked: Element) -> Reply | None:
        """Answer the RPCs that end a session: this one, or another."""
        if name == "close-session":
            return Reply(ok=True, close=True)
        if name != "kill-session":
            return None
        wanted = (asked.findtext("{*}session-id") or "").strip()
        victim = self.lab.connections.get(int(wanted)) if wanted.isdigit() else None
        try:
            if victim is None or victim is self or victim.device is not self.device:
                raise error(f"no such session {wanted}", bad=wanted)
        except JunosError as failure:
            return Reply([report_element(report) for report in failure.reports], failed=True)
        victim.killed = True
        victim.device.close(victim.session, killed=True)
        victim.hang_up()
        return Reply(ok=True)

    def _send(self, request: Element | None, answered: Reply) -> None:
        """Send a reply; a client that has gone does not matter."""
        data = reply(request, self.device.model.short_release, answered.content, answered.ok)
        if not self.gone.is_set():
            self.write(data)
