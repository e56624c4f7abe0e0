# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that a service may name the cookie by which clients stick, and that HAProxy and the probe use that name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ..haproxy.haproxy_accepts import RELEASES, accept
from ..haproxy.haproxy_builders import rendered
from . import stack_builders as builders
from .test_derivation import haproxy_of, variables

AT_POUND = {"at": "pound", "certificate": "shop", "alpn": []}


def derived(tmp_path: Path, **service: Any) -> dict[str, Any]:
    site = builders.site()
    site["services"]["shop"].update(stickiness="cookie", **service)
    return variables(site, tmp_path)


@pytest.mark.parametrize("tls", [{"certificate": "shop"}, AT_POUND], ids=["haproxy", "pound"])
@pytest.mark.parametrize(("given", "used"), [({}, "SERVERID"), ({"cookie_name": "SHOP.srv-1"}, "SHOP.srv-1")])
def test_haproxy_and_the_probe_use_the_name_of_the_cookie(
    tmp_path: Path, given: dict[str, str], used: str, tls: dict[str, Any]
) -> None:
    found = derived(tmp_path, tls=tls, **given)
    assert found["haproxy_services"]["shop"]["backends"]["shop.servers"]["cookie"]["name"] == used
    assert [entry["stickiness"] for entry in found["stack_services"]] == [{"kind": "cookie", "cookie": used}]


@pytest.mark.parametrize("release", RELEASES)
def test_haproxy_accepts_the_name(release: str, tmp_path: Path) -> None:
    found = derived(tmp_path, cookie_name="SHOP.srv-1")
    text = rendered(haproxy_of(found), str(RELEASES[release])).main
    assert "    cookie SHOP.srv-1 insert indirect nocache" in text
    accept(text, tmp_path, release)


@pytest.mark.parametrize("release", RELEASES)
def test_what_is_said_of_an_applications_own_cookie_is_taken(release: str, tmp_path: Path) -> None:
    site = builders.site()
    site["services"]["shop"].update(stickiness="none", raw={"backend": ["cookie JSESSIONID prefix"]})
    found = variables(site, tmp_path)
    accept(rendered(haproxy_of(found), str(RELEASES[release])).main, tmp_path, release)
