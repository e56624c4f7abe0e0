# SPDX-License-Identifier: GPL-3.0-or-later
"""Services as they are written by who does not know the trap yet, each with the rule that refuses it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from checkout import localised as here

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
    """What is naive, a service or a pair, and the rule that refuses it."""

    rule: str
    content: dict[str, Any]

    def waived(self) -> dict[str, Any]:
        """Return it with its rule waived, so that what the rule says can be seen."""
        return {**self.content, "waive": {**self.content.get("waive", {}), self.rule: "to see that it is true"}}


def service(last: int, **content: Any) -> dict[str, Any]:
    """Return a service on a VIP of its own."""
    return {"lb": PAIR, "vip": here(f"10.231.141.{last}"), "backends": BOTH, **content}


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
    "plain_to_tls": Trap(
        "OFFLOAD_TO_TLS_SERVERS",
        web(113, servers_require_tls=True, backends=["cas3"], waive={"BACKEND_SINGLE": "set up so"}),
    ),
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
    "relayed": Trap(  # Pound of the client's container hands requests to it
        "STICKY_SOURCE_BEHIND_NAT",
        mail(118, 80, stickiness="source", clients_behind_nat=True, health_check={"type": "tcp", "interval": "1s"}),
    ),
    "open_port": Trap("HEALTH_TCP_FOR_HTTP", web(121, health_check={"type": "tcp", "interval": "1s"})),
    "plain_on_443": Trap("HTTP_MODE_ON_TLS_PORT", web(122, tls={"at": "none"})),
}
"""The services by name."""

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
"""The same as it is declared where Pound is a part of the site."""

OUTSIDE = Trap("VIP_OUTSIDE_SUBNET", web(0, vip=here("10.231.143.150")))

SECOND_NODES = {
    f"lb{number}": {
        "kind": "linux",
        "networks": {
            "front": {"interface": "eth1", "address": here(f"10.231.141.{number}")},
            "server": {"interface": "eth2", "address": here(f"10.231.142.{number}")},
        },
    }
    for number in (3, 4)
}
SECOND_PAIR = Trap(
    "VIRTUAL_ROUTER_ID_CLASH",
    {
        **{"hosts": [*SECOND_NODES], "vip_vlan": "front", "internal_vlan": "server"},
        "virtual_router_id": 11,  # that of the second node of the pair that is there
        "waive": {"PAIR_WITHOUT_SERVICE": "of no interest"},
    },
)
"""Another pair in the VLAN of the first one."""
