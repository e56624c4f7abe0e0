# SPDX-License-Identifier: GPL-3.0-or-later
"""Each declared load balancer in cases/ renders to the text beside it, and a real HAProxy accepts that text.

Renew the texts with ``NETSTACK_RENEW_GOLDEN=1 pytest tests/unit/haproxy/test_golden.py`` and review the difference.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from .haproxy_accepts import accept
from .haproxy_builders import CASES, rendered, web

NAMES = sorted(path.stem for path in CASES.glob("*.yml") if path.stem != "faults")


def _case(name: str) -> tuple[dict[str, object], Path]:
    return yaml.safe_load((CASES / f"{name}.yml").read_text()), CASES / f"{name}.cfg"


@pytest.mark.parametrize("name", NAMES)
def test_a_declaration_renders_to_the_text_that_was_reviewed(name: str) -> None:
    case, golden = _case(name)
    text = rendered(**case).main
    if os.environ.get("NETSTACK_RENEW_GOLDEN"):
        golden.write_text(text)
    assert text == golden.read_text()


@pytest.mark.parametrize("name", NAMES)
def test_haproxy_accepts_the_reviewed_text(name: str, tmp_path: Path) -> None:
    golden = _case(name)[1]
    accept(golden.read_text(), tmp_path)


def test_a_check_over_tls_asks_for_the_name_that_is_verified() -> None:
    tls = {"ca_file": "/etc/haproxy/ca/a.crt", "verify_host": "inner.test", "sni": "inner.test"}
    server = {"name": "a", "address": "10.0.0.1", "port": 443, "tls": tls}
    text = rendered(web(servers=[server], health_check={"type": "http", "host": "outer.test"})).main
    assert "hdr Host outer.test" in text
    assert "verifyhost inner.test" in text
    assert "check-sni inner.test" in text
