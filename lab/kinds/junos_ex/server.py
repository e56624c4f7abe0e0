# SPDX-License-Identifier: GPL-3.0-or-later
"""The SSH side: one listener with a host key of its own per switch, the subsystem `netconf`, password and key login."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import asyncssh

from device.ssh import Access, Login

XML_MODE = "xml-mode netconf need-trailer"
KEX = (
    "curve25519-sha256@libssh.org",
    *("ecdh-sha2-nistp256", "ecdh-sha2-nistp384", "ecdh-sha2-nistp521"),
    *("diffie-hellman-group-exchange-sha256", "diffie-hellman-group14-sha1"),
)
"""What an EX2200 with Junos 12.3 lists (`ssh -Q kex`, czerwonk/junos_exporter issue 153), SHA-1 with group14 alone."""


class Spoken(Protocol):
    """What a channel's bytes are handed to: one NETCONF session."""

    def received(self, data: bytes) -> None:
        """Take bytes from the client."""

    def ended(self, lost: bool) -> None:
        """Take note that nothing more comes."""

    async def run(self) -> None:
        """Speak until the session ends."""


Speaker = Callable[[str, Callable[[bytes], None], Callable[[], None]], Spoken]
"""Begins a session: given are the user, what sends bytes, and what ends the connection at once."""


class _Netconf(asyncssh.SSHServerSession[bytes]):
    """One channel: the subsystem `netconf`, or the command by which old clients ask for the same."""

    def __init__(self, speaker: Speaker, user: str) -> None:
        self.speaker = speaker
        self.user = user
        self.connection: Spoken | None = None

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        """Keep the channel."""
        self.channel = chan

    def shell_requested(self) -> bool:
        """Give no shell: the CLI is not simulated."""
        return False

    def subsystem_requested(self, subsystem: str) -> bool:
        """Serve NETCONF only."""
        return subsystem == "netconf"

    def exec_requested(self, command: str) -> bool:
        """Serve NETCONF by its command as well."""
        return command == XML_MODE

    def session_started(self) -> None:
        """Greet the client and begin to answer."""
        self.connection = self.speaker(self.user, self._write, self._hang_up)
        self.channel.get_connection().create_task(self._run(self.connection))

    async def _run(self, connection: Spoken) -> None:
        """Answer until the session ends, then close the channel."""
        try:
            await connection.run()
        finally:
            if not self.channel.is_closing():
                self.channel.exit(0)

    def _write(self, data: bytes) -> None:
        """Send bytes, as long as the channel stands."""
        if not self.channel.is_closing():
            self.channel.write(data)

    def _hang_up(self) -> None:
        """End the whole connection without a word, as a dead line does."""
        self.channel.get_connection().abort()

    def data_received(self, data: bytes, datatype: int | None) -> None:
        """Hand bytes over."""
        if self.connection is not None:
            try:
                self.connection.received(data)
            except ValueError:
                self._hang_up()

    def eof_received(self) -> bool:
        """Take the end of input as the end of the session."""
        if self.connection is not None:
            self.connection.ended(lost=False)
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """Take note that the line is down."""
        if self.connection is not None:
            self.connection.ended(lost=True)


async def accept(
    speaker: Speaker, access: Access, port: int, key: asyncssh.SSHKey, host: str = "127.0.0.1"
) -> asyncssh.SSHAcceptor:
    """Let whatever speaks NETCONF listen on `port` (0: any)."""

    class Sessions(Login):
        """Makes sessions of this listener."""

        def session_requested(self) -> _Netconf:
            return _Netconf(speaker, str(self.conn.get_extra_info("username")))

    return await asyncssh.create_server(
        lambda: Sessions(access),
        host,
        port,
        server_host_keys=[key],
        kex_algs=KEX,
        encoding=None,
        line_editor=False,
        reuse_address=True,
    )
