# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever is declared without a fault renders to the same text each time, in any order, and HAProxy accepts it."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from .haproxy_accepts import RELEASES, accept
from .haproxy_builders import rendered

RULES = [
    "acl known src 10.0.0.0/8",
    "tcp-request inspect-delay 3s",
    "tcp-request connection reject if { src 10.0.0.1 }",
    "tcp-request session accept if { src 10.0.0.2 }",
    "tcp-request content reject if known",
    "use-server s0 if known",
    "tcp-response content accept",
    "default-server slowstart 5s",
    "# a comment",
]
RULES_OF_HTTP = [
    "http-request deny if known",
    "http-request set-header X-A b",
    "redirect prefix https://a.test if known",
    "http-response set-header X-B c",
    "monitor fail if known",
]
TLS = {"certificates": ["/etc/haproxy/certs/a.pem"]}


def _some(dice: random.Random, options: dict[str, Any]) -> dict[str, Any]:
    """Return a part of the options, in an order of its own."""
    chosen = [key for key in options if dice.random() < 0.6]
    dice.shuffle(chosen)
    return {key: options[key] for key in chosen}


def _server(dice: random.Random, number: int) -> dict[str, Any]:
    tls = dice.choice([{"verify": "none"}, {"ca_file": "/etc/haproxy/ca/a.crt", "sni": "a.test", "alpn": ["http/1.1"]}])
    more = {"weight": dice.randint(0, 256), "tls": tls, "send_proxy": dice.choice(["v1", "v2"]), "backup": True}
    more.update(maxconn=dice.randint(1, 999), check=dice.random() < 0.5, check_port=dice.randint(1, 65535))
    address = dice.choice(["10.1.2.3", "2001:db8::1", "localhost"])
    more = _some(dice, more)
    if more.get("check") is False:
        more.pop("check_port", None)
    return {"name": f"s{number}", "address": address, "port": dice.randint(1, 65535), **more}


def _listen(dice: random.Random, port: int) -> dict[str, Any]:
    mode = dice.choice(["http", "tcp"])
    bind = {"port": port, **_some(dice, {"tls": TLS, "accept_proxy": True, "transparent": True})}
    check = {"type": dice.choice(["http", "tcp", "smtp", "tls", "ldap", "mysql", "redis"])}
    named = {"host": "h.test"} if check["type"] in ("http", "smtp", "tls") else {}
    secured = check["type"] == "tls" or dice.random() < 0.5
    check.update(_some(dice, {**named, "interval": "3s", "tls": secured, "port": 99}))
    both = {"health_check": check, "stick": {"on": "src", **_some(dice, {"size": "1k", "expire": "5m"})}, "maxconn": 9}
    both.update(timeouts={"client": "9s", "server": "8s"}, balance=dice.choice(["leastconn", "source"]))
    tells = "tls" in bind or "accept_proxy" not in bind
    http = {"cookie": {}, "forward_for": True, "forwarded_proto": tells, "redirects": ["scheme https if !{ ssl_fc }"]}
    options = {**both, **(http if mode == "http" else {}), "raw": _rules(dice, mode)}
    servers = [_server(dice, number) for number in range(dice.randint(1, 4))]
    return {"mode": mode, "binds": [bind], "servers": servers, **_some(dice, options)}


def _rules(dice: random.Random, mode: str) -> list[str]:
    """Return rules in any order; the ACL that some of them use is always there."""
    rules = [RULES[0], *(rule for rule in RULES[1:] + (RULES_OF_HTTP if mode == "http" else []) if dice.random() < 0.5)]
    dice.shuffle(rules)
    return rules


def declared(seed: int) -> dict[str, Any]:
    """Return a random right configuration."""
    dice = random.Random(seed)
    listens = {f"l{number}": _listen(dice, 20000 + number) for number in range(dice.randint(1, 5))}
    own = {"global": {"maxconn": 100}, "metrics": {"address": "127.0.0.1", "port": 9101}}
    return {"services": {"s": {"listens": listens}}, **_some(dice, own)}


def turned(value: Any) -> Any:
    """Return the same structure with its dictionaries written in the opposite order."""
    if isinstance(value, dict):
        return {key: turned(value[key]) for key in reversed(list(value))}
    return [turned(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("seed", range(40))
def test_the_text_does_not_depend_on_the_order_of_keys(seed: int) -> None:
    assert rendered(declared(seed)) == rendered(turned(declared(seed)))


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("seed", range(40))
def test_haproxy_accepts_it(seed: int, release: str, tmp_path: Path) -> None:
    accept(rendered(declared(seed), str(RELEASES[release])).main, tmp_path, release)
