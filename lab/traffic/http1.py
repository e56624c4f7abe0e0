# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests and answers of HTTP/1.1 on one connection, told apart so finely that each failure has its cause."""

from __future__ import annotations

import select
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field

from traffic.target import ClosedUnansweredError, RequestFailedError, Target, cause

IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})  # RFC 9110, section 9.2.2
PIECE = 65536


@dataclass
class Answer:
    """One answer; header names in lower case. `body` stays empty when it was streamed."""

    status: int
    headers: dict[str, str]
    cookies: list[str] = field(default_factory=list)
    body: bytes = b""

    @property
    def backend(self) -> str:
        """The lab backend that answered; "" when it was not one (an error page of HAProxy's own)."""
        return self.headers.get("x-backend", "")


def request_bytes(target: Target, method: str, keep_alive: bool, cookie: str = "") -> bytes:
    """Return a request without a body."""
    path = target.parts.path or "/"
    lines = [
        f"{method} {path}{'?' + target.parts.query if target.parts.query else ''} HTTP/1.1",
        f"Host: {target.parts.hostname}",
        "User-Agent: netstack-load",
        f"Connection: {'keep-alive' if keep_alive else 'close'}",
    ]
    if cookie:
        lines.append(f"Cookie: {cookie}")
    if method in {"POST", "PUT"}:
        lines.append("Content-Length: 0")
    return "\r\n".join([*lines, "", ""]).encode()


class Connection:
    """One connection, which can carry requests one after the other."""

    def __init__(self, target: Target, source: str = "") -> None:
        """Open it. Raises RequestFailedError."""
        self.target = target
        self.socket = target.open(source)
        self.buffer = b""
        self.reusable = True
        self.answered = False  # a byte of the present request's answer has come

    def close(self) -> None:
        """Close it."""
        self.socket.close()

    def closed_by_server(self) -> bool:
        """Tell whether the server has closed this idle connection, by what has arrived already.

        TLS 1.3 session tickets make the socket readable, too; only the end of data counts.
        """
        if not select.select([self.socket], [], [], 0)[0]:
            return False
        self.socket.setblocking(False)
        try:
            return self.socket.recv(1) == b""
        except (ssl.SSLWantReadError, BlockingIOError):
            return False
        except OSError:
            return True
        finally:
            self.socket.settimeout(self.target.timeout)

    def exchange(self, request: bytes, *, head_only: bool = False) -> Answer:
        """Send a request and read the whole answer.

        Raises:
            ClosedUnansweredError: no byte of the answer came; the only case in which a retry is allowed.
            RequestFailedError: all else.
        """
        answer = self.begin(request)
        if not head_only:
            answer.body = b"".join(self.body(answer))
        self.reusable = self.reusable and answer.headers.get("connection", "").lower() != "close"
        return answer

    def begin(self, request: bytes) -> Answer:
        """Send a request and read the answer's head; raises as `exchange`."""
        self.buffer, self.answered = b"", False
        try:
            self.socket.sendall(request)
        except TimeoutError as error:
            raise RequestFailedError("timeout") from error
        except OSError as error:
            raise ClosedUnansweredError(f"unanswered: {cause(error)}") from error
        while b"\r\n\r\n" not in self.buffer:
            self._more()
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        return _parse(head)

    def body(self, answer: Answer) -> Iterator[bytes]:
        """Yield the answer's body as it comes. Raises RequestFailedError, also when it ends early."""
        if "transfer-encoding" in answer.headers:
            raise RequestFailedError("chunked answer, which this client does not read")
        length = answer.headers.get("content-length")
        self.reusable = self.reusable and length is not None
        left = int(length) if length is not None else None
        while left is None or left > 0:
            if not self.buffer and not self._more(end_is_fine=left is None):
                return
            piece = self.buffer if left is None else self.buffer[:left]
            self.buffer = self.buffer[len(piece) :]
            left = None if left is None else left - len(piece)
            yield piece

    def _more(self, *, end_is_fine: bool = False) -> bool:
        """Read on; return False at an end that is fine."""
        try:
            data = self.socket.recv(PIECE)
        except TimeoutError as error:
            raise RequestFailedError("timeout") from error
        except OSError as error:
            raise self._ended(cause(error)) from error
        if not data and not end_is_fine:
            raise self._ended("closed")
        self.buffer += data
        self.answered = True
        return bool(data)

    def _ended(self, how: str) -> RequestFailedError:
        return RequestFailedError(f"cut: {how}") if self.answered else ClosedUnansweredError(f"unanswered: {how}")


def _parse(head: bytes) -> Answer:
    lines = head.decode("latin-1").split("\r\n")
    try:
        status = int(lines[0].split(" ")[1])
        pairs = [(name.lower(), value.strip()) for name, value in (line.split(":", 1) for line in lines[1:])]
    except (IndexError, ValueError):
        raise RequestFailedError("not an HTTP answer") from None
    return Answer(status, dict(pairs), [value for name, value in pairs if name == "set-cookie"])


def fetch(target: Target, method: str = "GET", source: str = "", cookie: str = "") -> Answer:
    """Make one request on a connection of its own.

    Raises:
        RequestFailedError: a status other than 200, too ("status 503").
    """
    connection = Connection(target, source)
    try:
        answer = connection.exchange(
            request_bytes(target, method, keep_alive=False, cookie=cookie), head_only=method == "HEAD"
        )
    finally:
        connection.close()
    return accepted(answer)


def accepted(answer: Answer) -> Answer:
    """Return an answer that is 200. Raises RequestFailedError for any other."""
    if answer.status != 200:
        raise RequestFailedError(f"status {answer.status}")
    return answer
