# SPDX-License-Identifier: GPL-3.0-or-later
"""Each declared load balancer in cases/ renders to the text beside it, and a real HAProxy accepts that text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.dialect import Dialect

from ..golden_files import Golden
from .haproxy_accepts import RELEASES, accept
from .haproxy_builders import CASES, rendered, web

NAMES = sorted(path.stem for path in CASES.glob("*.yml") if path.stem != "faults")


def _case(name: str) -> tuple[dict[str, Any], Path]:
    return yaml.safe_load((CASES / f"{name}.yml").read_text()), CASES / f"{name}.cfg"


@pytest.mark.parametrize("name", NAMES)
def test_a_declaration_renders_to_the_text_that_was_reviewed(name: str, golden: Golden) -> None:
    case, file = _case(name)
    golden(file, rendered(**case).main)


def _older(release: str, name: str) -> bool:
    """Tell whether a release is older than the one that a case is written for."""
    return RELEASES[release] < Dialect(*map(int, _case(name)[0].get("version", "2.4").split(".")))


@pytest.mark.parametrize(("name", "release"), [(n, r) for n in NAMES for r in RELEASES if not _older(r, n)])
def test_haproxy_accepts_the_reviewed_text(name: str, release: str, tmp_path: Path) -> None:
    accept(_case(name)[1].read_text(), tmp_path, release)


def test_a_check_over_tls_asks_for_the_name_that_is_verified() -> None:
    tls = {"ca_file": "/etc/haproxy/ca/a.crt", "verify_host": "inner.test", "sni": "inner.test"}
    server = {"name": "a", "address": "10.0.0.1", "port": 443, "tls": tls}
    text = rendered(web(servers=[server], health_check={"type": "http", "host": "outer.test"})).main
    assert "hdr Host outer.test" in text
    assert "verifyhost inner.test" in text
    assert "check-sni inner.test" in text
