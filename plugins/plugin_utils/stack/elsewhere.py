# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What users commonly look for in a site and what stands elsewhere, or nowhere: where, and what to do instead."""

from __future__ import annotations

import re

_GROUP = "in group_vars of load_balancers"
_FRAGMENT = f"a file of your own in /etc/haproxy/conf.d, which haproxy_foreign: keep {_GROUP} lets stand"
_CIPHERS = f"HAProxy's ciphers are those of the whole process: haproxy_global: {{ciphers: ...}} {_GROUP}"
_NOTIFY = f"keepalived tells a program by vip_raw: [vrrp_notify_fifo PATH, vrrp_notify_fifo_script PATH] {_GROUP}"
_TRACK = (
    "the interface of the VIPs is watched anyhow, and no other one is; run both VLANs of a node over one bundle, so "
    "that they fail together"
)
_LINES = "rules, ACLs, headers and options are lines of raw.frontend and raw.backend"

_KEYS: dict[str, dict[str, str]] = {
    "LbPair": {
        "global": f"what holds for the whole process is haproxy_global, its raw lines too, {_GROUP}",
        "defaults": f"what all proxies inherit is haproxy_defaults {_GROUP}",
        **dict.fromkeys(("notify", "notify_master", "notify_backup", "notify_fault"), _NOTIFY),
        **dict.fromkeys(("track_interface", "track_interfaces"), _TRACK),
    },
    "Service": {
        **dict.fromkeys(("acls", "acl", "http_request", "http_response", "use_backends", "options"), _LINES),
        "binds": "binds are made of vip, vip6 and ports",
    },
    "Tls": {"ciphers": _CIPHERS, "ciphersuites": _CIPHERS},
    "Backend": {
        "raw": "one server has no words of its own, and those of all are a line of raw.backend: [default-server ...]"
    },
    "Raw": {
        "sections": f"whole sections (userlist, resolvers, cache, listen) are {_FRAGMENT}",
        "global": f"lines of the global section are haproxy_global: {{raw: [...]}} {_GROUP}",
    },
}
_UDP = "HAProxy balances no UDP; give such clients the addresses of all servers, or let them use TCP"
_QUIC = "QUIC is not served (HAProxy of Debian 12 has none, that of 13 a limited one); offer h2"
_RANGE = f"list each port; a range in one listener is {_FRAGMENT}"
_ALGORITHM = re.compile(r"(uri|url_param|hdr|hash|rdp-cookie|log-hash|sticky)\b.*")


def of_key(part: str, key: str) -> str | None:
    """Return where the setting stands that an unknown key of a part of the site asks for."""
    return _KEYS.get(part, {}).get(key)


def of_value(key: str, value: object) -> str | None:
    """Return what to do instead of a value that HAProxy or this collection does not have."""
    text = str(value).lower()
    if (key, text) in (("mode", "udp"), ("alpn", "h3")):
        return _UDP if text == "udp" else _QUIC
    if key == "ports" and re.fullmatch(r"\d+-\d+", text):
        return _RANGE
    if key == "balance" and _ALGORITHM.fullmatch(text):
        return f"that algorithm is a line of raw.backend: [balance {text}]"
    return None
