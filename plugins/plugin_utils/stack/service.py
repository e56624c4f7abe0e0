# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A service of the declared site: what clients ask for at a VIP, and who answers."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.third_party import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.values import (
    Address4,
    Address6,
    Connections,
    Count,
    Duration,
    Flag,
    Port,
    Text,
    Waivers,
)

Line = Annotated[str, Field(min_length=1, pattern=r"^[^\r\n]+$")]
Balance = Literal["roundrobin", "static-rr", "leastconn", "first", "source", "random"]
CheckType = Literal["http", "tcp", "smtp", "imap", "pop3", "tls", "ldap", "mysql", "pgsql", "redis", "by_port"]

COOKIE = "SERVERID"
"""The cookie by which clients stick where a service names none."""
STATUS = r"^[1-5]\d\d(-[1-5]\d\d)?$"


class Part(BaseModel):
    """What every part of a service has in common."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _one_or_many(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _one_word(value: Any) -> Any:
    if isinstance(value, dict) and "cookie" in value:
        raise ValueError(
            "it is one word, and the cookie's name stands beside it; write stickiness: cookie, cookie_name: NAME"
        )
    return value


def _status(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


class ClientCertificates(Part):
    """Which certificates clients show: those of the authority in `ca_file`, a file on the load balancers."""

    ca_file: Annotated[str, Field(pattern=r"^/\S+$")]
    verify: Literal["required", "optional"] = "required"
    crl_file: Annotated[str, Field(pattern=r"^/\S+$")] | None = None


class Tls(Part):
    """Where TLS ends: at HAProxy, at Pound before it, or nowhere (`none`: plain text, or TLS passed through)."""

    at: Literal["haproxy", "none", "pound"]
    certificate: Annotated[tuple[Text, ...], BeforeValidator(_one_or_many)] = ()
    alpn: tuple[Literal["h2", "http/1.1"], ...] = ()
    minimum: Literal["TLSv1.2", "TLSv1.3"] | None = None
    client_certificates: ClientCertificates | None = None

    @property
    def ends_here(self) -> bool:
        """Whether the load balancer ends TLS."""
        return self.at != "none"


class Backend(Part):
    """A device of the site by its name, or any other server by its address."""

    host: Text
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:-]+$")] | None = None
    port: Port | None = None
    weight: Annotated[int, Field(strict=True, ge=0, le=256)] = 100
    backup: Flag = False
    maxconn: Connections | None = None

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        return {"host": value} if isinstance(value, str) else value


class BackendTls(Part):
    """How the load balancer speaks TLS to the backends."""

    verify: Literal["required", "none"] = "required"
    ca_file: Annotated[str, Field(pattern=r"^/\S+$")] | None = None
    server_name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+$")] | None = None


class HealthCheck(Part):
    """How a backend proves that it can serve, not merely that its port is open.

    `by_port` asks each port in the protocol that is usual there (checks.py); with a `uri` that of HTTPS is a page.
    `tls` says whether servers whose TLS is passed through are asked over TLS; with `backend_tls` they are by default.
    """

    type: CheckType
    method: Literal["GET", "HEAD", "OPTIONS"] | None = None
    uri: Annotated[str, Field(pattern=r"^/\S*$")] | None = None
    host: Text | None = None
    expect_status: Annotated[str, BeforeValidator(_status), Field(pattern=STATUS)] | None = None
    user: Text | None = None
    tls: Flag | None = None
    ca_file: Annotated[str, Field(pattern=r"^/\S+$")] | None = None
    port: Port | None = None
    interval: Duration = "2s"
    rise: Count = 2
    fall: Count = 3


class VirtualDirectory(Part):
    """A path of an HTTP service whose health is its own: servers that fail at it alone serve the others on."""

    path: Annotated[str, Field(pattern=r"^(/[A-Za-z0-9._~-]+)+$")]
    health_uri: Annotated[str, Field(pattern=r"^/\S*$")]


class Timeouts(Part):
    """HAProxy's time-outs, each with its unit."""

    connect: Duration | None = None
    client: Duration | None = None
    server: Duration | None = None
    http_request: Duration | None = None
    http_keep_alive: Duration | None = None
    queue: Duration | None = None
    tunnel: Duration | None = None
    check: Duration | None = None


class Verify(Part):
    """What netstack.datacenter.verify asks for at the VIP; by default what the health check asks for."""

    path: Annotated[str, Field(pattern=r"^/\S*$")] | None = None
    expect_status: Annotated[str, BeforeValidator(_status), Field(pattern=STATUS)] | None = None
    identify_header: Text | None = None


class Raw(Part):
    """Lines that go into HAProxy's configuration as they are."""

    frontend: tuple[Line, ...] = ()
    backend: tuple[Line, ...] = ()


class Service(Part):
    """One service behind one VIP (or one of each family)."""

    lb: Text
    vip: Address4 | None = None
    vip6: Address6 | None = None
    prefers: Text | None = None
    ports: Annotated[tuple[Port, ...], Field(min_length=1)]
    redirect_http: Flag = False
    profile: Text | None = None
    mode: Literal["http", "tcp"] = "http"
    tls: Tls
    server_names: tuple[Text, ...] = ()
    stickiness: Annotated[Literal["cookie", "source", "none"], BeforeValidator(_one_word)] = "none"
    cookie_name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+$")] | None = None
    sticks_with: Text | None = None
    clients_behind_nat: Flag = False
    balance: Balance = "roundrobin"
    backends: Annotated[tuple[Backend, ...], Field(min_length=1)]
    backend_port: Port | None = None
    backend_tls: BackendTls | None = None
    send_proxy: Literal["v1", "v2"] | None = None
    health_check: HealthCheck = HealthCheck(type="tcp")
    virtual_directories: dict[str, VirtualDirectory] = Field(default_factory=dict)
    servers_require_tls: Flag = False
    extended_protection: Flag = False
    timeouts: Timeouts = Timeouts()
    long_polls: Duration | None = None
    maxconn: Connections | None = None
    verify: Verify = Verify()
    raw: Raw = Raw()
    waive: Waivers = Field(default_factory=dict)

    @property
    def cookie(self) -> str:
        """The name of the cookie by which clients stick, for `stickiness: cookie`."""
        return self.cookie_name or COOKIE

    @property
    def shares_servers(self) -> bool:
        """Whether all ports go on to the same ports of the servers, so that one backend serves them."""
        fixed = self.backend_port is not None or all(backend.port is not None for backend in self.backends)
        return fixed or len(self.ports) == 1

    def server_port(self, backend: Backend, port: int) -> int:
        """Return the port of a backend for what comes to `port`: its own, else the service's, else the same one."""
        return backend.port or self.backend_port or port

    @model_validator(mode="after")
    def _has_a_vip(self) -> Service:
        if self.vip is None and self.vip6 is None:
            raise ValueError(
                "it has neither vip nor vip6, so no client could reach it; give it an address of the pair's vip_vlan"
            )
        return self
