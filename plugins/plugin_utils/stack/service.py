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
    """The authority's file on the load balancers."""
    verify: Literal["required", "optional"] = "required"
    """Whether a client without a certificate is let in."""
    crl_file: Annotated[str, Field(pattern=r"^/\S+$")] | None = None
    """Revoked certificates, a file on the load balancers."""


class Tls(Part):
    """Where TLS ends: at HAProxy, at Pound before it, or nowhere (`none`: plain text, or TLS passed through)."""

    at: Literal["haproxy", "none", "pound"]
    """Who ends TLS."""
    certificate: Annotated[tuple[Text, ...], BeforeValidator(_one_or_many)] = ()
    """One of the certificates, or a list; the first is for clients that name none."""
    alpn: tuple[Literal["h2", "http/1.1"], ...] = ()
    """Protocols that are offered, the preferred first."""
    minimum: Literal["TLSv1.2", "TLSv1.3"] | None = None
    """The lowest version that is taken."""
    client_certificates: ClientCertificates | None = None
    """Which certificates clients show, at `haproxy`."""

    @property
    def ends_here(self) -> bool:
        """Whether the load balancer ends TLS."""
        return self.at != "none"


class Backend(Part):
    """A device of the site by its name, or any other server by its address."""

    host: Text
    """A device by name, or an address."""
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:-]+$")] | None = None
    """Its name in HAProxy; by default that of the device."""
    port: Port | None = None
    """This server's own port, before `backend_port`."""
    weight: Annotated[int, Field(strict=True, ge=0, le=256)] = 100
    """Its share."""
    backup: Flag = False
    """Whether it serves only when no other does."""
    maxconn: Connections | None = None
    """Connections that it gets at a time."""

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        return {"host": value} if isinstance(value, str) else value


class BackendTls(Part):
    """How the load balancer speaks TLS to the backends."""

    verify: Literal["required", "none"] = "required"
    """Whether the server's certificate is verified."""
    ca_file: Annotated[str, Field(pattern=r"^/\S+$")] | None = None
    """The authorities, a file on the load balancers."""
    server_name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+$")] | None = None
    """The name that is asked for by SNI, and verified."""


class HealthCheck(Part):
    """How a backend proves that it can serve, not merely that its port is open.

    `by_port` asks each port in the protocol that is usual there (checks.py); with a `uri` that of HTTPS is a page.
    `tls` says whether servers whose TLS is passed through are asked over TLS; with `backend_tls` they are by default.
    """

    type: CheckType
    """The protocol that is asked; `by_port` asks each port in the one that is usual there."""
    method: Literal["GET", "HEAD", "OPTIONS"] | None = None
    """The method of HTTP."""
    uri: Annotated[str, Field(pattern=r"^/\S*$")] | None = None
    """The page that is asked for."""
    host: Text | None = None
    """The name that HTTP asks for."""
    expect_status: Annotated[str, BeforeValidator(_status), Field(pattern=STATUS)] | None = None
    """The status that proves it, or a range such as `200-399`."""
    user: Text | None = None
    """The user that a database is asked as."""
    tls: Flag | None = None
    """Whether servers whose TLS is passed through are asked over TLS."""
    ca_file: Annotated[str, Field(pattern=r"^/\S+$")] | None = None
    """The authorities for that, a file on the load balancers."""
    port: Port | None = None
    """The port that is asked, where it is not that of the service."""
    interval: Duration = "2s"
    """From check to check, with its unit."""
    rise: Count = 2
    """Good checks until a server serves."""
    fall: Count = 3
    """Bad checks until it does not."""


class VirtualDirectory(Part):
    """A path of an HTTP service whose health is its own: servers that fail at it alone serve the others on."""

    path: Annotated[str, Field(pattern=r"^(/[A-Za-z0-9._~-]+)+$")]
    """The path that it is of."""
    health_uri: Annotated[str, Field(pattern=r"^/\S*$")]
    """The page that proves a server for it."""


class Timeouts(Part):
    """HAProxy's time-outs, each with its unit."""

    connect: Duration | None = None
    """Until a server takes the connection."""
    client: Duration | None = None
    """Until a silent client is given up."""
    server: Duration | None = None
    """Until a silent server is given up."""
    http_request: Duration | None = None
    """Until a request is there as a whole."""
    http_keep_alive: Duration | None = None
    """Until the next request of a connection."""
    queue: Duration | None = None
    """Until a request that waits for a server is refused."""
    tunnel: Duration | None = None
    """Until a silent tunnel, such as a WebSocket, is closed."""
    check: Duration | None = None
    """Until a health check has failed, once it is connected."""


class Verify(Part):
    """What netstack.datacenter.verify asks for at the VIP; by default what the health check asks for."""

    path: Annotated[str, Field(pattern=r"^/\S*$")] | None = None
    """The page that is asked for."""
    expect_status: Annotated[str, BeforeValidator(_status), Field(pattern=STATUS)] | None = None
    """The status that it must have, or a range of them."""
    identify_header: Text | None = None
    """The header by which a server says who it is."""


class Raw(Part):
    """Lines that go into HAProxy's configuration as they are."""

    frontend: tuple[Line, ...] = ()
    """Lines of the frontends."""
    backend: tuple[Line, ...] = ()
    """Lines of the backends."""


class Service(Part):
    """One service behind one VIP (or one of each family)."""

    lb: Text
    """The pair that serves it."""
    vip: Address4 | None = None
    """Its IPv4 address, in the pair's `vip_vlan`."""
    vip6: Address6 | None = None
    """Its IPv6 address there."""
    prefers: Text | None = None
    """The node that has the VIP; otherwise an odd address goes to the first node and an even one to the second."""
    ports: Annotated[tuple[Port, ...], Field(min_length=1)]
    """The ports that clients come to."""
    redirect_http: Flag = False
    """Whether port 80 sends browsers on to HTTPS."""
    profile: Text | None = None
    """The entry of `profiles` that has its defaults."""
    mode: Literal["http", "tcp"] = "http"
    """Whether HAProxy reads HTTP, or hands connections on."""
    tls: Tls
    """Where TLS ends."""
    server_names: tuple[Text, ...] = ()
    """The names that clients ask for; a verification asks for each."""
    stickiness: Annotated[Literal["cookie", "source", "none"], BeforeValidator(_one_word)] = "none"
    """By what a client stays with its server."""
    cookie_name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+$")] | None = None
    """The cookie that HAProxy sets; by default `SERVERID`."""
    sticks_with: Text | None = None
    """Another service, whose stick table both use."""
    clients_behind_nat: Flag = False
    """Whether many clients come from one address, so that the address tells nothing."""
    balance: Balance = "roundrobin"
    """How requests are dealt out."""
    backends: Annotated[tuple[Backend, ...], Field(min_length=1)]
    """The servers; an address or the name of a device alone will do for one."""
    backend_port: Port | None = None
    """The port of all servers; each port goes on to the same port without it."""
    backend_tls: BackendTls | None = None
    """TLS to the servers."""
    send_proxy: Literal["v1", "v2"] | None = None
    """The version of the PROXY protocol by which servers learn of the client."""
    health_check: HealthCheck = HealthCheck(type="tcp")
    """How servers prove that they can serve."""
    virtual_directories: dict[str, VirtualDirectory] = Field(default_factory=dict)
    """Paths by name with a health of their own, in mode `http`; what they do not match is the service's own."""
    servers_require_tls: Flag = False
    """Whether the servers refuse plain text, so that offloaded TLS cannot reach them."""
    extended_protection: Flag = False
    """Whether the servers bind logins to the TLS of the client, which offloaded TLS breaks."""
    timeouts: Timeouts = Timeouts()
    """HAProxy's time-outs."""
    long_polls: Duration | None = None
    """How long requests are held open on purpose, with its unit."""
    maxconn: Connections | None = None
    """Connections of the service at a time."""
    verify: Verify = Verify()
    """What `netstack.datacenter.verify` asks for."""
    raw: Raw = Raw()
    """Further lines for HAProxy."""
    waive: Waivers = Field(default_factory=dict)
    """Rules that are switched off for it, each with the reason, where `docs/rules.md` calls them waivable."""

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
