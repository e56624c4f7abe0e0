# SPDX-License-Identifier: GPL-3.0-or-later
"""Libraries that PyEZ brings have ranges for users, and one release of these for the tests."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
NAMES = ("lxml", "ncclient", "paramiko")
PINNED = ("requirements-demo.txt", "tests/requirements-matrix.txt")


def wanted(file: str, name: str) -> Requirement:
    lines = (line.split("#")[0].strip() for line in (ROOT / file).read_text().splitlines())
    (found,) = (Requirement(line) for line in lines if re.match(rf"{name}\b", line))
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_user_may_have_a_range_of_releases_with_both_ends(name):
    operators = sorted(each.operator for each in wanted("requirements.txt", name).specifier)
    assert operators == ["<", ">="]


@pytest.mark.parametrize("name", NAMES)
def test_the_tests_have_one_release_of_the_range_everywhere(name):
    pins = {str(wanted(file, name).specifier) for file in PINNED}
    (pin,) = pins
    assert pin.startswith("==")
    assert wanted("requirements.txt", name).specifier.contains(pin.removeprefix("=="))
