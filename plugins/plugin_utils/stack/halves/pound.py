# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A service whose TLS ends at Pound: the variables of the role pound, and what HAProxy behind it has to be told.

Pound hands each request on to a HAProxy listener on the loopback of the same node. HAProxy sees 127.0.0.1 as the source
of everybody, so the client's address is the last value of X-Forwarded-For: the one that Pound itself appended.
"""

from __future__ import annotations

import hashlib
import math
from ipaddress import IPv4Address
from typing import Any

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.lookup import services_of, vips
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.model import LbPair, Site
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.service import Service
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.values import seconds

CLIENT = "req.hdr_ip(x-forwarded-for,-1)"
"""The client's address in HAProxy's words."""
HEALTH = "pound.health"
"""The fragment and the backend by which HAProxy watches Pound."""
HEALTH_PORT = 846
"""Where Pound answers as long as it serves (the role's default): below 1024 nobody but root can answer for it."""
_DEFAULTS = {"connect": "5s", "queue": "30s", "server": "50s", "http_keep_alive": "20s"}
"""Where a service declares none: HAProxy's time-outs (the defaults of the role haproxy), and Pound's for clients."""


def offloaded(site: Site, pair_name: str) -> list[tuple[str, Service]]:
    """Return the services of a pair whose TLS ends at Pound."""
    return [(name, service) for name, service in services_of(site, pair_name) if service.tls.at == "pound"]


def loopback(service: Service) -> str:
    """Return where HAProxy listens for Pound: 127 and the last three bytes of the VIP.

    It follows from the service alone, so no other service can move it. An IPv6 VIP gives three bytes of its digest.
    """
    vip = service.vip
    last = vip.packed[1:] if vip is not None else hashlib.sha256(str(service.vip6).encode()).digest()[:3]
    return str(IPv4Address(b"\x7f" + last))


def pound_listeners(site: Site, pair_name: str, certificates: dict[str, list[str]]) -> dict[str, Any]:
    """Return a listener for each VIP and port; `certificates` are the files of each service."""
    return {
        f"{name}.{'4' if key == 'vip' else '6'}.{port}": _listener(service, str(address), port, certificates[name])
        for name, service in offloaded(site, pair_name)
        for key, address in vips(service)
        for port in service.ports
    }


def _listener(service: Service, address: str, port: int, certificates: list[str]) -> dict[str, Any]:
    tls: dict[str, Any] = {"certificates": certificates}
    if service.tls.minimum is not None:
        tls["minimum"] = service.tls.minimum
    backend = {"address": loopback(service), "port": port, **_timeouts(service)}
    return {
        "address": address,
        "port": port,
        "transparent": True,
        "tls": tls,
        # Not the service's client time-out: each client that Pound waits for holds one of its threads.
        "client_timeout": _whole(_timeout(service, "http_keep_alive")),
        "services": [{"name": "haproxy", "backends": [backend]}],
    }


def _timeouts(service: Service) -> dict[str, str]:
    """Wait longer than HAProxy may, so that what the client reads is HAProxy's answer and not Pound's 503."""
    found = {"timeout": _whole(sum(_timeout(service, key) for key in ("connect", "queue", "server")))}
    if service.timeouts.tunnel is not None:
        found["websocket_timeout"] = _whole(seconds(service.timeouts.tunnel))
    return found


def _timeout(service: Service, key: str) -> float:
    return seconds(getattr(service.timeouts, key) or _DEFAULTS[key])


def _whole(time: float) -> str:
    return f"{max(1, math.ceil(time))}s"


def frontend_rules() -> list[str]:
    """Return what HAProxy does first with a request of Pound's.

    Whoever is not on this node is refused. Servers commonly believe the first value of X-Forwarded-For, which is the
    client's own claim, so only Pound's value stays; and TLS is what Pound ends here.
    """
    return [
        "deny unless { src 127.0.0.0/8 }",
        f"set-header X-Forwarded-For %[{CLIENT}]",
        "set-header X-Forwarded-Proto https",
    ]


def health_fragment(pair: LbPair) -> dict[str, Any]:
    """Return the backend by which HAProxy watches Pound, as often as keepalived asks HAProxy; nobody is sent there."""
    interval = "300ms" if pair.profile == "tuned" else "1s"
    check = {"type": "http", "uri": "/healthz", "interval": interval, "rise": 1, "fall": 2}
    server = {"name": "pound", "address": "127.0.0.1", "port": HEALTH_PORT}
    return {"backends": {HEALTH: {"mode": "http", "health_check": check, "servers": [server]}}}


def health_rules() -> list[str]:
    """Return what makes HAProxy's health listener fail with Pound, so that a node without Pound holds no VIP."""
    return [f"acl pound-serves nbsrv({HEALTH}) ge 1", "monitor fail unless pound-serves"]
