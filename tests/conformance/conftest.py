# SPDX-License-Identifier: GPL-3.0-or-later
"""Each run proves first that a known bad file is refused; hypothesis keeps its files in the checkout's cache."""

from __future__ import annotations

from pathlib import Path

import hypothesis.configuration
import pytest

from . import yang

hypothesis.configuration.set_hypothesis_home_dir(Path(__file__).parents[2] / ".cache" / "hypothesis")


@pytest.fixture(scope="session", autouse=True)
def _a_bad_file_is_refused():
    if yang.missing():
        return
    for release in yang.RELEASES:
        bad = (yang.folder() / "samples" / "els-bad-member-unit.xml").read_bytes()
        assert "no logical unit" in yang.refused(release, "els", bad), "the judge accepts what it must refuse"
