# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that what a service asks of its clients reaches every bind with TLS, and the probe."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ..haproxy.haproxy_accepts import RELEASES, accept
from ..haproxy.haproxy_builders import rendered
from . import stack_builders as builders
from .test_derivation import haproxy_of, variables

STAFF = {"ca_file": "/etc/haproxy/ca/staff.crt"}


def derived(tmp_path: Path, **clients: Any) -> dict[str, Any]:
    site = builders.site()
    tls = {"certificate": "shop", "client_certificates": {**STAFF, **clients}}
    site["services"]["shop"].update(tls=tls, ports=[443, 8443], redirect_http=True)
    return variables(site, tmp_path)


@pytest.mark.parametrize("release", RELEASES)
def test_haproxy_accepts_it_at_every_port_but_that_of_the_redirect(release: str, tmp_path: Path) -> None:
    found = derived(tmp_path, verify="optional")
    text = rendered(haproxy_of(found), str(RELEASES[release])).main
    binds = [line for line in text.splitlines() if "bind 10.0.10.5:" in line]
    asked = [line.split()[1] for line in binds if "ca-file /etc/haproxy/ca/staff.crt verify optional" in line]
    assert asked == ["10.0.10.5:443", "10.0.10.5:8443"]
    assert len(binds) == 3
    accept(text, tmp_path, release)


def test_a_list_of_revoked_ones_is_handed_on(tmp_path: Path) -> None:
    binds = derived(tmp_path, crl_file="/etc/haproxy/ca/staff.crl")["haproxy_services"]["shop"]["frontends"]["shop"]
    asked = binds["binds"][0]["tls"]["client_certificates"]
    assert asked == {**STAFF, "verify": "required", "crl_file": "/etc/haproxy/ca/staff.crl"}


@pytest.mark.parametrize(("verify", "told"), [("required", "required"), ("optional", None)])
def test_the_probe_is_told_where_it_will_be_refused(verify: str, told: str | None, tmp_path: Path) -> None:
    assert {entry.get("client_certificate") for entry in derived(tmp_path, verify=verify)["stack_services"]} == {told}
