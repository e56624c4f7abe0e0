# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Connections and requests as a client makes them: by address, with the name that the client would use."""

from __future__ import annotations

import http.client
import re
import socket
import ssl
from dataclasses import dataclass

from ansible_collections.netstack.datacenter.plugins.module_utils.deadline import Deadline, Line

from .service import Service, Settings

BODY_LIMIT = 65536  # bytes read of an answer; the connection is closed after it


class WireError(Exception):
    """No answer came; the text says why."""


@dataclass(frozen=True)
class Answer:
    """The head of an answer; header names in lower case, values of repeated ones joined."""

    status: int
    headers: dict[str, str]
    cookies: dict[str, str]

    @property
    def location(self) -> str:
        """Where a redirect points."""
        return self.headers.get("location", "")


def verifying(settings: Settings) -> ssl.SSLContext:
    """Return TLS settings that check chain and name.

    Python 3.13 sets OpenSSL's strict mode, which refuses what browsers accept (a leaf without an authority key
    identifier, say), and trusts an intermediate as an anchor; one service must be judged alike from every host.

    Raises:
        WireError: the CA file cannot be read; names it.
    """
    try:
        context = ssl.create_default_context(cafile=settings.ca_path)
    except (OSError, ssl.SSLError) as error:
        raise WireError(f"ca_path {settings.ca_path} cannot be read: {error}") from error
    context.verify_flags = ssl.VERIFY_X509_TRUSTED_FIRST
    return context


def trusting() -> ssl.SSLContext:
    """Return TLS settings that check nothing, to look further when the certificate has been found wrong already."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def reason(error: Exception) -> str:
    """Return an error in the words of the field."""
    if isinstance(error, socket.timeout):
        return "no answer in time"
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    if isinstance(error, http.client.BadStatusLine):
        return "the connection was closed without an answer, or the answer was not HTTP"
    if isinstance(error, ValueError):
        return f"an answer that cannot be read ({error})"
    return str(error) or type(error).__name__


def connect(service: Service, settings: Settings, port: int, source: str = "") -> socket.socket:
    """Open a TCP connection to the VIP. Raises OSError."""
    return socket.create_connection((service.vip, port), settings.next(), (source, 0) if source else None)


def handshake(plain: socket.socket, context: ssl.SSLContext, name: str, settings: Settings) -> ssl.SSLSocket:
    """Do the TLS handshake, for which a time-out is one deadline. Raises OSError; closes the connection then."""
    try:
        plain.settimeout(settings.next())
        return context.wrap_socket(plain, server_hostname=name)
    except OSError:
        plain.close()
        raise


class Client:
    """Makes requests to one service, each on a connection of its own, and counts them."""

    def __init__(self, service: Service, settings: Settings, context: ssl.SSLContext | None) -> None:
        self.service, self.settings, self.context = service, settings, context
        self.requests = 0

    def get(self, cookie: str = "", source: str = "", plain_port: int = 0) -> Answer:
        """Make one GET; ``cookie`` is the value of the stickiness cookie.

        Raises:
            WireError: no answer came.
        """
        self.requests += 1
        headers = {"User-Agent": "netstack-service-probe", "Connection": "close"}
        if cookie:
            headers["Cookie"] = f"{self.service.cookie}={cookie}"
        port = plain_port or self.service.port
        connection = http.client.HTTPConnection(self.service.host, port)
        try:
            line = connect(self.service, self.settings, port, source)
            if self.context is not None and not plain_port:
                line = handshake(line, self.context, self.service.host, self.settings)
            connection.sock = Line(line, Deadline(self.settings.next()))
            connection.putrequest("GET", self.service.path, skip_host=True, skip_accept_encoding=True)
            connection.putheader("Host", self._host_header(port))
            for name, value in headers.items():
                connection.putheader(name, value)
            connection.endheaders()
            return _answer(connection.getresponse())
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise WireError(reason(error)) from error
        finally:
            connection.close()

    def _host_header(self, port: int) -> str:
        host = f"[{self.service.host}]" if ":" in self.service.host else self.service.host
        return host if port in (80, 443) else f"{host}:{port}"


def _refuse_length(response: http.client.HTTPResponse) -> None:
    """Refuse a length that is none (RFC 9112, 6.3): http.client ignores it, a browser shows an error."""
    given = response.getheader("Content-Length")
    if given is not None and re.fullmatch("[0-9]+", given.strip(), re.ASCII) is None:
        raise WireError(f"Content-Length is {given!r}, which is no length")


def _answer(response: http.client.HTTPResponse) -> Answer:
    _refuse_length(response)
    body = response.read(BODY_LIMIT)
    if response.length and len(body) < BODY_LIMIT:
        raise WireError(f"the answer broke off {response.length} octets before its end")
    pairs: list[str] = response.msg.get_all("Set-Cookie") or []
    cookies = {}
    for pair in pairs:
        name, _unused, value = pair.partition(";")[0].partition("=")
        cookies[name.strip()] = value.strip()
    return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, cookies)
