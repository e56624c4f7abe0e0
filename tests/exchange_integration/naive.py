# SPDX-License-Identifier: GPL-3.0-or-later
"""Services as they are written by who does not know the trap yet, each with the rule that refuses it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

PAIR, BOTH = "mail", ["cas1", "cas2"]
HOUR = {"client": "1h", "server": "1h"}
OTHER_CERTIFICATE = {
    "source": "pem",
    "file": "../../.cache/lab/exchange/public/other.pem",
    "names": ["other.lab.test"],
}
PAGE = {"type": "http", "uri": "/owa/healthcheck.htm", "interval": "1s"}


@dataclass(frozen=True)
class Trap:
    """A naive service and the rule that refuses it."""

    rule: str
    service: dict[str, Any]

    def waived(self) -> dict[str, Any]:
        """Return the service with its rule waived, so that what the rule says can be seen."""
        return {**self.service, "waive": {self.rule: "to see that it is true"}}


def service(last: int, **content: Any) -> dict[str, Any]:
    """Return a service on a VIP of its own."""
    return {"lb": PAIR, "vip": f"10.231.141.{last}", "backends": BOTH, **content}


def mail(last: int, *ports: int, **content: Any) -> dict[str, Any]:
    """Return a service of mail or RPC ports."""
    base = {"ports": list(ports), "mode": "tcp", "tls": {"at": "none"}, "timeouts": HOUR}
    return service(last, **{**base, "health_check": {"type": "by_port", "interval": "1s"}, **content})


def web(last: int, certificate: str = "mail", **content: Any) -> dict[str, Any]:
    """Return an HTTPS service whose TLS is offloaded to the servers' plain port."""
    tls = {"at": "haproxy", "certificate": certificate, "alpn": ["http/1.1"]}
    return service(last, **{"ports": [443], "tls": tls, "backend_port": 80, "health_check": PAGE, **content})


BRIDGED = {"backend_port": 443, "backend_tls": {"ca_file": "/opt/public/ca.pem", "server_name": "mail.lab.test"}}

NAIVE: dict[str, Trap] = {
    "health_on_one_port": Trap(
        "HEALTH_PORT_FOREIGN", mail(110, 25, 143, health_check={"type": "smtp", "port": 25, "interval": "1s"})
    ),
    "offloaded": Trap("EXTENDED_PROTECTION_OFFLOAD", web(111, extended_protection=True)),
    "other_certificate": Trap("EXTENDED_PROTECTION_NAME", web(112, "other", extended_protection=True, **BRIDGED)),
    "plain_to_tls": Trap("OFFLOAD_TO_TLS_SERVERS", web(113, servers_require_tls=True, backends=["cas3"])),
    "plain_to_443": Trap(
        "BACKEND_PLAIN_TO_TLS",
        web(
            120,
            backend_port=443,
            health_check={"type": "tls", "interval": "1s"},
            verify={"expect_status": 502},  # or the playbook's own verification would tell of it and fail
        ),
    ),
    "short_poll": Trap(
        "TIMEOUT_UNDER_LONG_POLL", web(114, **BRIDGED, long_polls="15m", timeouts={"client": "1s", "server": "1s"})
    ),
    "short_session": Trap("TIMEOUT_UNDER_PROTOCOL", mail(115, 143, timeouts={"client": "1s", "server": "1s"})),
    "rpc_apart": Trap("RPC_ON_SEVERAL_SERVERS", mail(116, 135, 60000, 60001)),
    "rpc_dynamic": Trap("RPC_WITHOUT_STATIC_PORTS", mail(117, 135, stickiness="source")),
}
"""The services by name."""

RELAYED = {"relayed": mail(118, 80, stickiness="source", health_check={"type": "tcp", "interval": "1s"})}
"""What Pound of the client's container hands requests to: the stick table of a naive offload chain."""

BEHIND_POUND = Trap(
    "POUND_NEEDS_HTTP",
    service(
        119,
        ports=[443],
        mode="tcp",
        tls={"at": "pound", "certificate": "mail"},
        stickiness="source",
        backend_port=80,
        timeouts=HOUR,
    ),
)
"""The same as it is declared."""
