# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP over TLS: `/sdk` for SOAP, `/sdk/vimServiceVersions.xml` for the versions that are spoken."""

from __future__ import annotations

import ssl
from http.cookies import CookieError, SimpleCookie

from device.faults import Gone
from device.https import Request, Server, reply

from . import service
from .endpoint import Endpoint, Lab
from .releases import NEWEST, RELEASES

# What the proxy before hostd answers while nobody listens behind it; it is well-formed XML.
STARTING = b"<HTML><BODY><H1>503 Service Unavailable</H1></BODY></HTML>"
COOKIE = "vmware_soap_session"
XML = "text/xml; charset=utf-8"


def versions(endpoint: Endpoint) -> bytes:
    """Give vimServiceVersions.xml."""
    release = RELEASES[endpoint.hosts[0].version if endpoint.kind == "esxi" else NEWEST]
    prior = "".join(f"<version>{each}</version>" for each in release.prior.split())
    return (
        '<?xml version="1.0" encoding="UTF-8" ?><namespaces version="1.0"><namespace><name>urn:vim25</name>'
        f"<version>{release.api}</version><priorVersions>{prior}</priorVersions></namespace></namespaces>"
    ).encode()


def listen(lab: Lab, endpoint: Endpoint, context: ssl.SSLContext) -> None:
    """Let an endpoint listen at its address and port (0: any); its port is set then."""

    async def begin(gone: Gone) -> None:
        if endpoint.kind == "esxi":
            await service.until_reachable(lab, endpoint.hosts[0], gone)

    async def answer(request: Request, gone: Gone) -> bytes:
        if endpoint.starting:
            return reply(503, STARTING, "text/html")
        if request.verb == "GET" and request.path == "/sdk/vimServiceVersions.xml":
            await begin(gone)
            return reply(200, versions(endpoint), XML)
        if request.verb != "POST" or request.path.partition("?")[0].rstrip("/") != "/sdk":
            return reply(404, b"not found", XML)
        return await _call(lab, endpoint, request, gone)

    server = Server(context, begin, answer, endpoint.lines)
    lab.servers.append(server)
    endpoint.port = server.listen(endpoint.address, endpoint.port)


async def _call(lab: Lab, endpoint: Endpoint, request: Request, gone: Gone) -> bytes:
    """Answer a SOAP call."""
    token, action = _cookie(request.headers.get("cookie", "")), request.headers.get("soapaction", "")
    status, text, cookie = await service.answer(lab, endpoint, token, action, request.body, gone)
    more = [f'Set-Cookie: {COOKIE}="{cookie}"; Path=/; HttpOnly; Secure;'] if cookie else []
    return reply(status, text, XML, *more)


def _cookie(text: str) -> str:
    """Give the session's token in a Cookie header."""
    try:
        found = SimpleCookie(text).get(COOKIE)
    except CookieError:
        return ""
    return found.value.strip('"') if found is not None else ""
