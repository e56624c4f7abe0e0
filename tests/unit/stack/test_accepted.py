# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that a real HAProxy takes what the examples come to, without a warning."""

from __future__ import annotations

import pytest

from ..haproxy.haproxy_accepts import RELEASES, accept
from . import goldens

TEXTS = sorted(goldens.HERE.glob("golden/*/*.haproxy.cfg"))


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("golden", TEXTS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_haproxy_accepts_the_load_balancers_of_the_examples(golden, release, tmp_path):
    accept(golden.read_text(), tmp_path, release)
