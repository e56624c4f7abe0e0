# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Deadlines for what comes over a socket, whose own time-out begins anew with every octet that a peer sends."""

from __future__ import annotations

import io
import socket
import time
from typing import Any


class Deadline:
    """A moment until which something must be done."""

    def __init__(self, seconds: float) -> None:
        """Begin; ``seconds`` from now."""
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Return the seconds that are left. Raises socket.timeout where none are."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise socket.timeout("timed out")
        return left


class Line:
    """A connected socket with what http.client uses of one; all of it ends at the deadline, which may be set anew."""

    def __init__(self, plain: socket.socket, deadline: Deadline) -> None:
        """Take over ``plain``, of TLS or not."""
        self.plain, self.deadline = plain, deadline

    def sendall(self, data: Any) -> None:
        """Send all of it. Raises OSError."""
        self.plain.settimeout(self.deadline.left())
        self.plain.sendall(data)

    def makefile(self, *_mode: Any) -> io.BufferedReader:
        """Return what the answer is read from; it lives on when the connection is closed, as a socket's does."""
        return io.BufferedReader(_Raw(self))

    def close(self) -> None:
        """Close the connection."""
        self.plain.close()


class _Raw(io.RawIOBase):
    """What a line receives."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._stream: Any = line.plain.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> Any:
        self._line.plain.settimeout(self._line.deadline.left())
        return self._stream.readinto(buffer)

    def close(self) -> None:
        self._stream.close()
        super().close()
