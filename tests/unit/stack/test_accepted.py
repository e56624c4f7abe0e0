# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that a real HAProxy takes what the examples come to, without a warning."""

from __future__ import annotations

import pytest

from ..golden_files import read
from ..haproxy.haproxy_accepts import RELEASES, accept
from . import site_files

ANY = "golden/*/*.haproxy.cfg*"
TEXTS = sorted(path.with_suffix("") if path.suffix == ".diff" else path for path in site_files.HERE.glob(ANY))


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("file", TEXTS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_haproxy_accepts_the_load_balancers_of_the_examples(file, release, tmp_path):
    accept(read(file), tmp_path, release)
