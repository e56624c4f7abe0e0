# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The structures that describe a load balancer, as specifications for :mod:`structure`.

They are what the role's variables hold; README and module documentation list the same keys.
"""

from __future__ import annotations

from typing import Any, Dict

__all__ = ["CONFIGURATION", "DESTINATION", "Options"]

Options = Dict[str, Any]

#: Mozilla's intermediate profile, version 5.7: every name is known to OpenSSL 1.1.1 and newer.
CIPHERS = (
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
    "DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384:DHE-RSA-CHACHA20-POLY1305"
)
CIPHERSUITES = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
TLS_VERSIONS = ["TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3"]
CHECKS = ["http", "tcp", "smtp", "imap", "pop3", "tls", "ldap", "mysql", "pgsql", "redis"]

LINE: Options = {"type": "line"}
TOKEN: Options = {"type": "token"}
NAME: Options = {"type": "name"}
ADDRESS: Options = {"type": "address"}
ENDPOINT: Options = {"type": "endpoint"}
PATH: Options = {"type": "path"}
DURATION: Options = {"type": "duration"}
BOOL: Options = {"type": "bool"}
LINES: Options = {"type": "list", "elements": LINE}
TOKENS: Options = {"type": "list", "elements": TOKEN}
PORT: Options = {"type": "int", "minimum": 1, "maximum": 65535}


def _with(node: Options, **more: Any) -> Options:
    """Return a node with further properties."""
    return {**node, **more}


def _group(**options: Options) -> Options:
    return {"type": "dict", "options": options}


def _items(node: Options, **more: Any) -> Options:
    return {"type": "list", "elements": node, **more}


def _named(node: Options, **more: Any) -> Options:
    return {"type": "map", "values": node, **more}


def _timeouts(*names: str) -> Options:
    return {"type": "dict", "dashes": True, "options": dict.fromkeys(names, DURATION)}


COUNT: Options = {"type": "int", "minimum": 1, "maximum": 2000000}
MODE: Options = _with(TOKEN, choices=["http", "tcp"])
CLIENT_TIMEOUTS = ("client", "client_fin", "http_request", "http_keep_alive", "tarpit")
SERVER_TIMEOUTS = ("connect", "server", "server_fin", "queue", "tunnel", "check")

BIND = _group(
    address=_with(ENDPOINT, default="*"),
    port={"type": "ports"},
    tls=_group(
        certificates=_items(PATH, required=True, filled=True),
        alpn=TOKENS,
        minimum=_with(TOKEN, choices=TLS_VERSIONS),
        client_certificates=_group(
            ca_file=_with(PATH, required=True),
            verify=_with(TOKEN, choices=["required", "optional"], default="required"),
            crl_file=PATH,
        ),
    ),
    accept_proxy=_with(BOOL, default=False),
    transparent=_with(BOOL, default=False),
    raw=LINE,
)
SERVER = _group(
    name=_with(NAME, required=True),
    address=_with(ENDPOINT, required=True),
    port=PORT,
    weight={"type": "int", "minimum": 0, "maximum": 256, "default": 100},
    cookie=TOKEN,
    check=_with(BOOL, default=True),
    check_port=PORT,
    tls=_group(
        verify=_with(TOKEN, choices=["required", "none"], default="required"),
        ca_file=PATH,
        sni=TOKEN,
        verify_host=NAME,
        alpn=TOKENS,
    ),
    send_proxy=_with(TOKEN, choices=["v1", "v2"]),
    backup=_with(BOOL, default=False),
    maxconn=COUNT,
    raw=LINE,
)
_SHARED = {
    "mode": MODE,
    "options": LINES,
    "http_request": LINES,
    "http_response": LINES,
    "acls": _items(_group(name=_with(NAME, required=True), criterion=_with(LINE, required=True))),
    "raw": LINES,
}
_FRONT = {
    "binds": _items(BIND, required=True, filled=True),
    "maxconn": COUNT,
    "forward_for": _with(BOOL, default=False),
    "forwarded_proto": _with(BOOL, default=False),
    "redirects": LINES,
    "use_backends": _items(_group(backend=_with(TOKEN, required=True), condition=LINE)),
    "default_backend": NAME,
}
_BACK = {
    "balance": LINE,
    "hash_type": LINE,
    "cookie": _group(
        name=_with(NAME, default="SERVERID"),
        secure=_with(BOOL, default=True),
        httponly=_with(BOOL, default=True),
        same_site=_with(TOKEN, choices=["Strict", "Lax", "None"]),
        domain=NAME,
    ),
    "stick": _group(
        on=LINE,
        type=LINE,
        size={"type": "size"},
        expire=DURATION,
        peers=NAME,
        table=NAME,
    ),
    "health_check": _group(
        type=_with(TOKEN, choices=CHECKS, default="tcp"),
        method=TOKEN,
        uri=TOKEN,
        host=NAME,
        expect_status=TOKEN,
        user=NAME,
        tls=BOOL,
        ca_file=PATH,
        port=PORT,
        interval=_with(DURATION, default="2s"),
        rise=_with(COUNT, default=2),
        fall=_with(COUNT, default=3),
    ),
    "servers": _items(SERVER),
}
FRONTEND = _group(timeouts=_timeouts(*CLIENT_TIMEOUTS), **_SHARED, **_FRONT)
BACKEND = _group(timeouts=_timeouts(*SERVER_TIMEOUTS), **_SHARED, **_BACK)
LISTEN = _group(
    timeouts=_timeouts(*CLIENT_TIMEOUTS, *SERVER_TIMEOUTS),
    **_SHARED,
    **_FRONT,
    **_BACK,
)
SERVICE = _group(
    frontends=_named(FRONTEND, default={}),
    backends=_named(BACKEND, default={}),
    listens=_named(LISTEN, default={}),
    raw=LINES,
)
GLOBAL = _group(
    maxconn=COUNT,
    threads={"type": "int", "minimum": 1, "maximum": 1024},
    minimum_tls=_with(TOKEN, choices=TLS_VERSIONS, default="TLSv1.2"),
    ciphers=_with(TOKEN, default=CIPHERS),
    ciphersuites=_with(TOKEN, default=CIPHERSUITES),
    log=_with(LINES, default=["/dev/log local0", "/dev/log local1 notice"]),
    hard_stop_after=DURATION,
    raw=LINES,
)
DEFAULTS = _group(
    mode=_with(MODE, default="http"),
    timeouts=_timeouts(*CLIENT_TIMEOUTS, *SERVER_TIMEOUTS),
    options=_with(LINES, default=["dontlognull", "redispatch"]),
    raw=LINES,
)
PEERS = _named(
    _group(port=_with(PORT, default=10000), hosts=_with(_named(ADDRESS), required=True), ca_secret=LINE),
)
STATS = _group(
    address=_with(ADDRESS, required=True),
    port=_with(PORT, required=True),
    user=_with(TOKEN, required=True),
    password_secret=_with(LINE, required=True),
    uri=_with(TOKEN, default="/"),
    tls=BIND["options"]["tls"],
    raw=LINES,
)
METRICS = _group(address=_with(ADDRESS, required=True), port=_with(PORT, required=True), raw=LINES)
HEALTH = _group(
    addresses=_items(ADDRESS, default=["127.0.0.1"], filled=True),
    port=_with(PORT, default=8405),
    uri=_with(TOKEN, default="/healthz"),
    raw=LINES,
)

#: Where rsyslog puts the log.
DESTINATION = _group(
    file=PATH,
    address=ADDRESS,
    port=PORT,
    protocol=_with(TOKEN, choices=["udp", "tcp"]),
)

#: The whole of it: the keys are the module's options.
CONFIGURATION: Options = {
    "type": "dict",
    "options": {
        "global": _with(GLOBAL, default={}),
        "defaults": _with(DEFAULTS, default={}),
        "services": _with(_named(SERVICE), default={}),
        "peers": _with(PEERS, default={}),
        "stats": STATS,
        "metrics": METRICS,
        "health": _with(HEALTH, default={}),
    },
}
