# SPDX-License-Identifier: GPL-3.0-or-later
"""What the servers of a site are asked where TLS is passed through, as the role haproxy writes it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ..haproxy.haproxy_accepts import RELEASES, accept
from ..haproxy.haproxy_builders import rendered
from . import stack_builders as builders
from .test_derivation import haproxy_of, variables

PAGE = {"type": "http", "uri": "/readyz"}


def server_lines(text: str) -> list[str]:
    """Return what the servers' lines say behind address and weight."""
    lines = [line.strip() for line in text.splitlines()]
    return [line.partition(" weight 100 ")[2] for line in lines if line.startswith("server web")]


def texts(tmp_path: Path, release: str = "3.0", port: int = 6443, **service: Any) -> str:
    """Return the configuration of a site with one service that passes TLS through."""
    site = builders.site()
    site["services"]["shop"] = builders.tcp("10.0.10.5", ports=[port], **service)
    del site["certificates"]
    found = variables(site, tmp_path)
    return rendered(haproxy_of(found), release).main


CASES: list[tuple[dict[str, Any], str]] = [
    ({"health_check": {**PAGE, "tls": True}}, "check check-ssl verify none"),
    ({"health_check": {**PAGE, "tls": True, "host": "a.test"}}, "check check-ssl verify none check-sni a.test"),
    (
        {"health_check": {**PAGE, "tls": True, "host": "a.test", "ca_file": "/etc/ssl/k.crt"}},
        "check check-ssl verify required ca-file /etc/ssl/k.crt check-sni a.test",
    ),
    ({"health_check": {**PAGE, "tls": False}}, "check"),
    ({"health_check": PAGE, "waive": {"HEALTH_PLAIN_TO_TLS": "they speak plain text"}}, "check"),
    ({"health_check": PAGE, "backend_tls": {"verify": "none"}}, "ssl verify none check"),
    ({"health_check": {"type": "ldap"}, "port": 636}, "check check-ssl verify none"),
    ({"health_check": {"type": "ldap"}, "port": 3269}, "check check-ssl verify none"),
    ({"health_check": {"type": "ldap", "tls": False}, "port": 636}, "check"),
    ({"health_check": {"type": "ldap"}, "port": 389}, "check"),
    (
        {"health_check": {"type": "smtp"}, "port": 465, "timeouts": {"client": "1h", "server": "1h"}},
        "check check-ssl verify none",
    ),
    (
        {"health_check": {"type": "smtp", "tls": False}, "port": 465, "timeouts": {"client": "1h", "server": "1h"}},
        "check",
    ),
]


@pytest.mark.parametrize(("service", "words"), CASES)
def test_the_servers_are_asked_so(service: dict[str, Any], words: str, tmp_path: Path) -> None:
    assert server_lines(texts(tmp_path, **service)) == [words, words]


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("service", [service for service, _words in CASES])
def test_haproxy_accepts_it(service: dict[str, Any], release: str, tmp_path: Path) -> None:
    accept(texts(tmp_path, str(RELEASES[release]), **service), tmp_path, release)
