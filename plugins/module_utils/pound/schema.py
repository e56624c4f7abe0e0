# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The structures that describe Pound's listeners, as specifications for :mod:`structure`.

They are what the role's variables hold; README and module documentation list the same keys.
"""

from __future__ import annotations

from typing import Any, Dict

__all__ = ["CONFIGURATION", "METHODS", "MINIMUM_TLS", "Options"]

Options = Dict[str, Any]

#: Which requests a listener lets pass, by Pound's own numbers (xHTTP); each includes those before it.
METHODS = {"basic": 0, "rest": 1, "webdav": 2, "all": 3}
#: The protocol that Pound must be told to disable so that this one is the oldest; it disables all older ones with it.
MINIMUM_TLS = {"TLSv1.0": "SSLv3", "TLSv1.1": "TLSv1", "TLSv1.2": "TLSv1_1", "TLSv1.3": "TLSv1_2"}

LINE: Options = {"type": "line"}
TOKEN: Options = {"type": "token"}
NAME: Options = {"type": "name"}
ADDRESS: Options = {"type": "address"}
PATH: Options = {"type": "path"}
DURATION: Options = {"type": "duration"}
BOOL: Options = {"type": "bool"}
LINES: Options = {"type": "list", "elements": LINE}
PORT: Options = {"type": "int", "minimum": 1, "maximum": 65535}
COUNT: Options = {"type": "int", "minimum": 1, "maximum": 100000}


def _with(node: Options, **more: Any) -> Options:
    """Return a node with further properties."""
    return {**node, **more}


def _group(**options: Options) -> Options:
    return {"type": "dict", "options": options}


def _items(node: Options, **more: Any) -> Options:
    return {"type": "list", "elements": node, **more}


TLS = _group(
    certificates=_items(PATH, required=True, filled=True),
    minimum=_with(TOKEN, choices=list(MINIMUM_TLS), default="TLSv1.2"),
    ciphers=TOKEN,
)
BACKEND = _group(
    address=_with(ADDRESS, required=True),
    port=_with(PORT, required=True),
    timeout=DURATION,
    connect_timeout=DURATION,
    websocket_timeout=DURATION,
    raw=LINES,
)
SERVICE = _group(
    name=_with(NAME, required=True),
    hosts=_items(NAME),
    backends=_items(BACKEND, required=True, filled=True),
    raw=LINES,
)
LISTENER = _group(
    address=_with(ADDRESS, required=True),
    port=_with(PORT, required=True),
    transparent=_with(BOOL, default=False),
    tls=TLS,
    methods=_with(TOKEN, choices=list(METHODS), default="all"),
    client_timeout=DURATION,
    services=_items(SERVICE, required=True, filled=True),
    raw=LINES,
)
GLOBAL = _group(
    user=_with(NAME, default="_pound"),
    group=_with(NAME, default="_pound"),
    workers=_with(COUNT, default=512),
    log_level={"type": "int", "minimum": 0, "maximum": 5, "default": 1},
    log_facility=_with(NAME, default="daemon"),
    alive=_with(DURATION, default="10s"),
    raw=LINES,
)
TIMEOUTS = _group(
    client=_with(DURATION, default="30s"),
    backend=_with(DURATION, default="60s"),
    connect=_with(DURATION, default="5s"),
    websocket=_with(DURATION, default="600s"),
    grace=_with(DURATION, default="30s"),
)
#: The port is below 1024, so that nobody but root can answer for a Pound that is down.
HEALTH = _group(port=_with(PORT, default=846), uri=_with(TOKEN, default="/healthz"))

#: The whole of it: the keys are the module's options.
CONFIGURATION: Options = {
    "type": "dict",
    "options": {
        "global": _with(GLOBAL, default={}),
        "timeouts": _with(TIMEOUTS, default={}),
        "listeners": {"type": "map", "values": LISTENER, "default": {}},
        "health": _with(HEALTH, default={}),
    },
}
