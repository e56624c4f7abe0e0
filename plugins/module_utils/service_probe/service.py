# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is to be probed, how, and what was found. Data only."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.netstack.datacenter.plugins.module_utils.deadline import Deadline

DEFAULT_STATUS = "200-399"


@dataclass(frozen=True)
class Backend:
    """A server behind the service; ``cookie`` is the value by which the stickiness cookie names it."""

    name: str
    cookie: str
    spare: bool = False  # backup or weight 0: no new client ever reaches it while the others live

    @classmethod
    def of(cls, given: dict[str, Any]) -> Backend:
        """Make it from the module's parameter."""
        spare = bool(given.get("backup")) or given.get("weight") == 0
        return cls(given["name"], given.get("cookie") or given["name"], spare)


@dataclass(frozen=True)
class Service:
    """One address and port of a service."""

    name: str
    vip: str
    port: int
    scheme: str = "https"  # https, http, tls or tcp
    server_names: tuple[str, ...] = ()
    path: str = "/"
    expect_status: tuple[int, int] = (200, 399)
    redirect_port: int = 0  # the port for plain HTTP that only redirects to this service; 0: there is none
    stickiness: str = "none"  # cookie, source or none
    cookie: str = "SERVERID"
    identify_header: str = ""  # the header of answers that tells the backend's name, for what sends one
    balance: str = ""
    client_certificate: str = "none"  # required: clients without one are refused, and the probe has none
    backends: tuple[Backend, ...] = ()

    @property
    def host(self) -> str:
        """The name that clients ask for."""
        return self.server_names[0] if self.server_names else self.vip

    @property
    def url(self) -> str:
        """The service as shown in messages."""
        address = f"[{self.vip}]" if ":" in self.vip else self.vip
        return f"{self.scheme}://{address}:{self.port}"

    @property
    def encrypted(self) -> bool:
        """Whether a TLS handshake comes first."""
        return self.scheme in ("https", "tls")

    @property
    def speaks_http(self) -> bool:
        """Whether requests can be made."""
        return self.scheme in ("https", "http")

    @classmethod
    def of(cls, given: dict[str, Any]) -> Service:
        """Make it from the module's parameter.

        Raises:
            ValueError: ``expect_status`` is neither a status nor a range; names the service.
        """
        sticky = given.get("stickiness") or {}
        return cls(
            name=given["name"],
            vip=given["vip"],
            port=given["port"],
            scheme=given["scheme"],
            server_names=tuple(given.get("server_names") or ()),
            path=given.get("path") or "/",
            expect_status=status_range(given.get("expect_status") or DEFAULT_STATUS, given["name"]),
            redirect_port=given.get("redirect_port") or 0,
            stickiness=sticky.get("kind") or "none",
            cookie=sticky.get("cookie") or "SERVERID",
            identify_header=given.get("identify_header") or "",
            balance=given.get("balance") or "",
            client_certificate=given.get("client_certificate") or "none",
            backends=tuple(Backend.of(backend) for backend in given.get("backends") or ()),
        )


def status_range(text: str, service: str) -> tuple[int, int]:
    """Read "200" or "200-399". Raises ValueError."""
    first, dash, last = text.partition("-")
    try:
        low, high = int(first), int(last if dash else first)
    except ValueError:
        low, high = 0, 0
    if not 100 <= low <= high <= 599:
        raise ValueError(f"{service}: expect_status is {text!r}; give a status (200) or a range (200-399)")
    return low, high


@dataclass(frozen=True)
class Settings:
    """How to probe: times in seconds."""

    ca_path: str | None = None
    minimum_days: int = 14
    timeout: float = 5.0
    patience: float = 10.0
    sticky_requests: int = 5
    requests_per_backend: int = 10
    source_addresses: tuple[str, ...] = ()
    deadline: float = 600.0  # for all services together
    until: Deadline | None = None  # that time, once it runs

    def begun(self) -> Settings:
        """Return the same with the time of the task running."""
        return replace(self, until=Deadline(self.deadline))

    def next(self) -> float:
        """Return how long the next step may take. Raises OverError where the task's time is over."""
        if self.until is None:
            return self.timeout
        try:
            return min(self.timeout, self.until.left())
        except socket.timeout:
            raise OverError(f"the time of the task is over (deadline, {self.deadline:g} s)") from None


class OverError(OSError):
    """The time for all services together is over."""


@dataclass(frozen=True)
class Finding:
    """Something that is not as it ought to be. ``passing``: time alone may mend it (a VIP that is still moving)."""

    check: str
    expected: str
    came: str
    mend: str
    passing: bool = False

    def text(self, service: Service) -> str:
        """Return the message for the user."""
        where = f"{service.name} ({service.url})"
        return f"{where}: {self.check}: expected {self.expected}; came: {self.came}. {self.mend}"


@dataclass
class Report:
    """What probing one service gave."""

    service: Service
    verified: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    unverified: list[str] = field(default_factory=list)
    certificate: dict[str, Any] = field(default_factory=dict)
    backends_reached: list[str] = field(default_factory=list)
    requests: int = 0

    @property
    def failures(self) -> list[str]:
        """The findings as messages."""
        return [finding.text(self.service) for finding in self.findings]

    def leave(self, what: str, why: str) -> None:
        """Note what could not be verified, and why."""
        self.unverified.append(f"{self.service.name} ({self.service.url}): {what} not verified: {why}")

    def result(self) -> dict[str, Any]:
        """Return it as the module does."""
        return {
            "name": self.service.name,
            "url": self.service.url,
            "verified": self.verified,
            "failures": self.failures,
            "unverified": self.unverified,
            "certificate": self.certificate,
            "backends_reached": self.backends_reached,
            "requests": self.requests,
        }
