# SPDX-License-Identifier: GPL-3.0-or-later
"""Users have a range of releases of each library, both ends of which script/libraries tries; tests have one release."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PINNED = ("requirements-demo.txt", "tests/requirements-matrix.txt")
OF_TESTS = (*PINNED, "requirements-dev.txt", "tests/requirements-unpinned.txt", "tests/requirements-peers.txt")


def wanted(file: str) -> list[Requirement]:
    lines = (line.split("#")[0].strip() for line in (ROOT / file).read_text().splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith("-r ")]


OF_USERS = {each.name: each.specifier for each in wanted("requirements.txt")}


@pytest.mark.parametrize("name", OF_USERS)
def test_a_user_may_have_a_range_of_releases_with_both_ends(name):
    assert sorted(each.operator for each in OF_USERS[name]) == ["<", ">="]


@pytest.mark.parametrize("name", OF_USERS)
def test_the_tests_have_one_release_of_the_range_everywhere(name):
    (pin,) = {str(each.specifier) for file in PINNED for each in wanted(file) if each.name == name}
    assert all(name in {each.name for each in wanted(file)} for file in PINNED)
    assert OF_USERS[name].contains(pin.removeprefix("=="))


@pytest.mark.parametrize("file", OF_TESTS)
def test_whatever_the_tests_use_is_pinned(file):
    assert [str(each) for each in wanted(file) if {item.operator for item in each.specifier} != {"=="}] == []


def test_the_lower_end_of_every_range_is_tried():
    (line,) = re.findall(r"(?m)^oldest\(\) .*", (ROOT / "script/libraries").read_text())
    tried = subprocess.run(
        ["bash", "-c", f"{line}\noldest"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    lower = {name: item.version for name, found in OF_USERS.items() for item in found if item.operator == ">="}
    assert dict(line.split("==") for line in tried.split()) == lower


@pytest.mark.parametrize("module", ["esxi_teaming", "junos_lag", "link_cutover"])
def test_a_module_asks_for_no_other_releases_than_the_collection(module):
    (text,) = re.findall(r'(?s)DOCUMENTATION = r?"""(.*?)"""', (ROOT / f"plugins/modules/{module}.py").read_text())
    asked = [Requirement(each.split(" (")[0]) for each in yaml.safe_load(text)["requirements"] if "OpenSSH" not in each]
    assert asked
    assert all(set(each.specifier) <= set(OF_USERS[each.name]) for each in asked)
