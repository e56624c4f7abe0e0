# SPDX-License-Identifier: GPL-3.0-or-later
"""Log in to the vSphere API: always with an explicit TLS context and with time-outs.

pyVim.connect is not used: without a context it verifies no certificate of 127.0.0.1 and localhost, and it asks for the
API's version without a time-out (pyVmomi 9.1.1.0).
"""

from __future__ import annotations

import http
import http.client
import os
import ssl
from contextlib import suppress
from functools import cache, partial
from typing import Any
from xml.etree import ElementTree

from ansible_collections.netstack.datacenter.plugins.module_utils.deadline import Deadline, Line

from . import errors, fingerprint
from .faults import another, cause, told, unavailable, untrusted
from .target import API_PORT, Target
from .third_party import MISSING, SoapAdapter, VmomiSupport, vim

_PATH = "/sdk"
_LARGEST = 1024 * 1024
"""Octets of the list of versions, which is a few kB."""
LONGEST = 256 * 1024 * 1024
"""Octets of one answer; a page of a hundred hosts, each with hundreds of port groups, has some 50 MB."""


class _Answer(http.client.HTTPResponse):
    """An answer that ends with an error beyond its longest, and that is not unpacked: nobody asked for packed ones."""

    left = LONGEST

    def begin(self) -> None:
        """Read the headers. Raises HTTPException for an answer that is packed."""
        super().begin()
        if self.getheader("Content-Encoding", "identity").lower() != "identity":
            raise http.client.HTTPException("the answer is packed, which nobody asked for")

    def read(self, amt: int | None = None) -> bytes:
        """Return as much as is asked for. Raises HTTPException where all of it together is too long."""
        found = super().read(self.left + 1 if amt is None else min(amt, self.left + 1))
        self.left -= len(found)
        if self.left < 0:
            raise http.client.HTTPException(f"the answer is longer than {LONGEST} octets")
        return found


class _Connection(http.client.HTTPSConnection):
    """A connection each of whose answers must have come to its end in time, however slowly its octets come."""

    response_class = _Answer

    def __init__(self, *given: Any, expected: str | None = None, **named: Any) -> None:
        super().__init__(*given, **named)
        self.expected = expected

    def connect(self) -> None:
        """Connect. Raises CertificateError, before anything is sent, where the certificate is not the expected one."""
        super().connect()
        met = fingerprint.of(self.sock.getpeercert(binary_form=True) or b"")
        if self.expected not in (None, met):
            self.close()
            raise another(f"{self.host} port {self.port}", met, str(self.expected))
        self.sock: Any = Line(self.sock, self._deadline())

    def request(self, *given: Any, **named: Any) -> None:
        if self.sock is not None:
            self.sock.deadline = self._deadline()
        super().request(*given, **named)

    def _deadline(self) -> Deadline:
        return Deadline(float(self.timeout or 0))


class Login:
    """One session with a host or a vCenter; `content` is its service content."""

    is_center = False
    """Whether it is a vCenter."""

    def __init__(self, target: Target) -> None:
        if MISSING:
            raise errors.ConnectError(f"pyVmomi is not installed on the controller ({MISSING}).", "Install pyvmomi.")
        self.target = target
        self._dropped = False
        context = _context(target)
        self.stub = SoapAdapter.SoapStubAdapter(
            host=target.host,
            port=target.port or API_PORT,
            path=_PATH,
            version=_version(target, context),
            sslContext=context,
            httpConnectionTimeout=target.call_timeout,
            acceptCompressedResponses=False,
        )
        self.stub.scheme = partial(_Connection, expected=target.fingerprint)
        self.content = self._log_in()

    def _log_in(self) -> Any:
        where = self.target.api
        try:
            with told(where, "The login failed."):
                content = vim.ServiceInstance("ServiceInstance", self.stub).RetrieveContent()
                self.is_center = content.about.apiType == "VirtualCenter"
                content.sessionManager.Login(self.target.user or "root", self.target.password or "", None)
        except errors.LostError as error:
            raise errors.UnreachableError(error.what, "Look at the way to it, and at its hostd.") from None
        return content

    def close(self) -> None:
        """Log out; a session that is gone already needs no goodbye, and a dead line would keep us waiting."""
        if self._dropped:
            return
        with suppress(errors.HostError), told(self.target.api, "The logout failed."):
            self.content.sessionManager.Logout()
        self.drop()

    def drop(self) -> None:
        """Close the connections without a word."""
        self._dropped = True
        self.stub.DropConnections()


def _context(target: Target) -> ssl.SSLContext:
    """Return the context: the given authority or the system's; none is asked only where the user says so.

    With a fingerprint it is not for an authority to say who the host is: `_Connection` compares the certificate itself.
    """
    file = os.path.expanduser(target.ca_file) if target.ca_file else None
    try:
        context = ssl.create_default_context(cafile=file)
    except (OSError, ssl.SSLError) as error:
        raise errors.CertificateError(f"ca_file {file} cannot be read: {error}", "Give a file in PEM.") from None
    if target.fingerprint or not target.validate_certs:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _version(target: Target, context: ssl.SSLContext) -> str:
    """Return the newest version of the API that both ends speak."""
    offered = _offered(target, context)
    for version, number in _known():
        if number in offered:
            return version
    what = f"{target.api} speaks no version of the vSphere API that pyVmomi knows."
    raise errors.ConnectError(what, "Is it an ESXi host or a vCenter?")


@cache
def _known() -> list[tuple[str, str]]:
    versions = VmomiSupport.GetServiceVersions("vim25")
    return [(version, VmomiSupport.versionIdMap[version]) for version in versions]


def _offered(target: Target, context: ssl.SSLContext) -> set[str]:
    line = _Connection(
        target.host,
        target.port or API_PORT,
        timeout=target.connect_timeout,
        context=context,
        expected=target.fingerprint,
    )
    try:
        line.request("GET", f"{_PATH}/vimServiceVersions.xml")
        answer = line.getresponse()
        text = answer.read(_LARGEST)
        if answer.status != http.HTTPStatus.OK:
            raise unavailable(target.api, answer.status)
        return {str(each.text) for each in ElementTree.fromstring(text).iter("version")}
    except ssl.SSLCertVerificationError as error:
        raise untrusted(error, target.api) from None
    except ElementTree.ParseError:
        what = f"{target.api} is no vSphere API (status {answer.status})."
        raise errors.ConnectError(what, "Look at ansible_host and ansible_port.") from None
    except (OSError, http.client.HTTPException) as error:
        raise _unreachable(target, error) from None
    finally:
        line.close()


def _unreachable(target: Target, error: Exception) -> errors.UnreachableError:
    return errors.UnreachableError(
        f"{target.api} cannot be reached: {cause(error)}.", "Look at ansible_host and the way."
    )
