# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that servers of one service may listen on different ports, before HAProxy and before Pound."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ..haproxy.haproxy_accepts import RELEASES, accept
from ..haproxy.haproxy_builders import rendered
from . import stack_builders as builders
from .test_derivation import haproxy_of, variables

TWO_OF_ONE = [
    {"host": "web1", "port": 8080},
    {"host": "web1", "port": 8081, "name": "web1-second"},
    "web2",
]


def derived(tmp_path: Path, **service: Any) -> dict[str, Any]:
    site = builders.site()
    site["services"]["shop"].update(service)
    return variables(site, tmp_path)


def places(found: dict[str, Any]) -> dict[str, list[tuple[str, str, int]]]:
    """Return name, address and port of the servers of each backend."""
    backends = found["haproxy_services"]["shop"]["backends"]
    keys = ("name", "address", "port")
    return {name: [tuple(server[key] for key in keys) for server in each["servers"]] for name, each in backends.items()}


@pytest.mark.parametrize("tls", [{"at": "haproxy"}, {"at": "pound", "alpn": []}], ids=["haproxy", "pound"])
def test_a_backend_has_its_own_port_before_that_of_the_service(tmp_path: Path, tls: dict[str, Any]) -> None:
    found = derived(tmp_path, backends=TWO_OF_ONE, backend_port=80, tls={"certificate": "shop", **tls})
    assert places(found) == {
        "shop.servers": [("web1", "10.0.20.11", 8080), ("web1-second", "10.0.20.11", 8081), ("web2", "10.0.20.12", 80)]
    }


def test_ports_that_go_on_to_one_of_each_server_share_their_backend(tmp_path: Path) -> None:
    servers = [{"host": "web1", "port": 3316}, {"host": "web2", "port": 3326}]
    found = derived(tmp_path, **builders.tcp("10.0.10.5", ports=[3306, 3307], backends=servers, profile=None))
    assert places(found) == {"shop.servers": [("web1", "10.0.20.11", 3316), ("web2", "10.0.20.12", 3326)]}
    binds = found["haproxy_services"]["shop"]["frontends"]["shop"]["binds"]
    assert [bind["port"] for bind in binds] == [3306, 3307]


def test_a_check_asks_in_the_way_of_the_servers_port_and_not_of_the_clients(tmp_path: Path) -> None:
    servers = [{"host": "web1", "port": 636}, {"host": "web2", "port": 3269}]
    content = builders.tcp("10.0.10.5", ports=[389], backends=servers, profile=None, health_check={"type": "ldap"})
    found = derived(tmp_path, **content)
    assert found["haproxy_services"]["shop"]["backends"]["shop.servers"]["health_check"]["tls"] is True


@pytest.mark.parametrize("release", RELEASES)
def test_haproxy_accepts_servers_on_different_ports(release: str, tmp_path: Path) -> None:
    found = derived(tmp_path, backends=TWO_OF_ONE)
    text = rendered(haproxy_of(found), str(RELEASES[release])).main
    assert "server web1-second 10.0.20.11:8081 " in text
    accept(text, tmp_path, release)
