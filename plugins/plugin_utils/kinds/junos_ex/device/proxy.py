# SPDX-License-Identifier: GPL-3.0-or-later
"""The program of a ProxyCommand at the other end of a socket.

It is started here and not by paramiko: what an inventory says of a host stays one word whatever is in it, for the line
is split before its tokens are filled in; PyEZ fills in what is left of `%h` once more; and paramiko's ProxyCommand
cannot be ended by a deadline.
"""

from __future__ import annotations

import re
import shlex
import socket
import subprocess
from contextlib import suppress

from . import errors

_WAIT = 5
"""Seconds for a program to end once its socket is closed."""


def words(command: str, host: str, port: int, user: str | None) -> list[str]:
    """Return the words of a ProxyCommand, in each of which the tokens are filled in (ssh_config(5), TOKENS).

    Raises:
        errors.ConnectError: it is not quoted as a shell would want it.

    """
    values = {"%h": host, "%p": str(port), "%r": user or "", "%%": "%"}
    try:
        split = shlex.split(command)
    except ValueError as error:
        raise errors.ConnectError(f"The ProxyCommand cannot be read: {error}.", "Mend its quotes.") from None
    return [re.sub("%[hpr%]", lambda match: values[match[0]], word) for word in split]


class Proxy:
    """A running ProxyCommand; what it is sent by and what it prints are `socket`."""

    def __init__(self, command: list[str]) -> None:
        """Start it.

        Raises:
            errors.UnreachableError: there is no such program.

        """
        self.socket, theirs = socket.socketpair()
        try:
            with theirs:
                end = theirs.fileno()
                self._process = subprocess.Popen(command, stdin=end, stdout=end, stderr=subprocess.DEVNULL)
        except (OSError, ValueError) as error:
            self.socket.close()
            what = f"The ProxyCommand {command[0] if command else ''} cannot be started: {error}."
            raise errors.UnreachableError(what, "Look at ansible_ssh_common_args and the SSH configuration.") from None

    def end(self) -> None:
        """End it, which the closed socket alone does for most programs."""
        with suppress(subprocess.TimeoutExpired):
            self._process.terminate()
            self._process.wait(_WAIT)
            return
        self._process.kill()
        self._process.wait()
