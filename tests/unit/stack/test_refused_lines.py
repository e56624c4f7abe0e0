# SPDX-License-Identifier: GPL-3.0-or-later
"""What HAProxy refuses of a site's services is told with the object of the site; asked of real programs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ..haproxy.haproxy_accepts import RELEASES, refusal
from ..haproxy.haproxy_builders import rendered
from . import stack_builders as builders
from .test_derivation import haproxy_of, variables


def refused(release: str, tmp_path: Path, **service: Any) -> str:
    """Return what a release says of a site with one web service, as the role haproxy would tell it."""
    site = builders.site()
    plain = {"profile": None, "tls": {"at": "none"}, "ports": [80], "stickiness": "none"}
    site["services"]["shop"] = builders.service("10.0.10.5", **{**plain, **service})
    del site["certificates"]
    found = variables(site, tmp_path)
    texts = rendered(haproxy_of(found), str(RELEASES[release]))
    return refusal(texts, release, {"prefix": "haproxy_", **found["haproxy_declared_as"]})


SOURCE = "tcp-request connection reject if !{ src 10.231.0.0/16 }"


@pytest.mark.parametrize("release", RELEASES)
def test_rules_of_connections_are_taken_beside_the_headers_that_a_web_service_sets(
    release: str, tmp_path: Path
) -> None:
    assert refused(release, tmp_path, raw={"frontend": [SOURCE]}) == ""


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize(
    ("service", "line", "owner"),
    [
        ({"raw": {"frontend": [SOURCE, "bogus 1"]}}, "bogus 1", "services.shop.raw.frontend[1]"),
        ({"raw": {"backend": ["balance roundrobin", "bogus 1"]}}, "bogus 1", "services.shop.raw.backend[1]"),
        (
            {"health_check": {"type": "http", "expect_status": "200-100"}},
            "http-check expect status 200-100",
            "services.shop.health_check",
        ),
        (
            {
                "backends": ["web1", {"host": "10.0.20.9", "name": "a"}],
                "send_proxy": "v2",
                "raw": {"backend": ["server a :1"]},
            },
            "server a :1",
            "services.shop.raw.backend[0]",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and value.startswith("services.") else "",
)
def test_a_refusal_names_the_object_of_the_site(
    service: dict[str, Any], line: str, owner: str, release: str, tmp_path: Path
) -> None:
    assert f"(the line is: {line}; declared in {owner})" in refused(release, tmp_path, **service)
