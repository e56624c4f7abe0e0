# SPDX-License-Identifier: GPL-3.0-or-later
"""Where requests go, and how a connection there is opened: by name, with the certificate verified."""

from __future__ import annotations

import errno
import socket
import ssl
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import SplitResult, urlsplit


class RequestFailedError(Exception):
    """A request that failed; the text is its cause, one of few, so that causes can be counted."""


class ClosedUnansweredError(RequestFailedError):
    """The server closed or reset the connection before a single byte of the answer."""


def cause(error: Exception) -> str:
    """Return the cause under which an error is counted."""
    if isinstance(error, RequestFailedError):
        return str(error)
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate: {error.verify_message}"
    if isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError, ConnectionResetError, BrokenPipeError)):
        return "reset"
    if isinstance(error, ssl.SSLError):
        return f"tls: {error.reason}"
    if isinstance(error, TimeoutError):
        return "timeout"
    if isinstance(error, ConnectionRefusedError):
        return "refused"
    if isinstance(error, OSError) and error.errno in {errno.EHOSTUNREACH, errno.ENETUNREACH}:
        return "unreachable"
    return f"{type(error).__name__}: {error}"


@dataclass(frozen=True)
class Target:
    """A URL, and where it is to be found.

    `connect` is ADDRESS:PORT ("" for the URL's own), so that no name service is needed; the certificate is still
    checked against the URL's name, by `ca_file` ("" for the system's). `timeout`, in seconds, is for each connect,
    handshake and read.
    """

    url: str
    connect: str = ""
    ca_file: str = ""
    timeout: float = 5.0

    @cached_property
    def parts(self) -> SplitResult:
        """The URL in its parts."""
        return urlsplit(self.url)

    @cached_property
    def address(self) -> tuple[str, int]:
        """Where to connect to."""
        port = self.parts.port or (443 if self.parts.scheme == "https" else 80)
        if not self.connect:
            return self.parts.hostname or "", port
        host, _, number = self.connect.rpartition(":")
        return (host.strip("[]"), int(number)) if host else (self.connect, port)

    @cached_property
    def context(self) -> ssl.SSLContext | None:
        """The TLS settings; None for plain HTTP. Raises OSError when the CA file cannot be read."""
        if self.parts.scheme != "https":
            return None
        context = ssl.create_default_context(cafile=self.ca_file or None)
        context.set_alpn_protocols(["http/1.1"])
        return context

    def open(self, source: str = "") -> socket.socket:
        """Open one connection, a full TLS handshake with it.

        Raises:
            RequestFailedError: with "connect " before the cause; also when a session was resumed.
        """
        raw: socket.socket | None = None
        try:
            raw = socket.create_connection(self.address, self.timeout, (source, 0) if source else None)
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.context is None:
                return raw
            secure = self.context.wrap_socket(raw, server_hostname=self.parts.hostname)
        except OSError as error:
            if raw is not None:
                raw.close()
            raise RequestFailedError(f"connect {cause(error)}") from error
        if secure.session_reused:
            secure.close()
            raise RequestFailedError("connect resumed")
        return secure
