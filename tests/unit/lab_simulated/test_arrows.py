# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves which way the arrows of lab/ point: each kind to lab/device, nothing to a kind, and nothing to the product."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from kinds import simulators

LAB = Path(__file__).resolve().parents[3] / "lab"
FILES = sorted(LAB.rglob("*.py"))
KINDS = sorted(file.parent.name for file in (LAB / "kinds").glob("*/__init__.py"))
TOPS = {file.relative_to(LAB).parts[0].removesuffix(".py") for file in FILES}
DEMONSTRATION = LAB / "naive.py"
"""It is about one kind of switch and one of hosts, and starts both by their clients."""


def imported(file: Path) -> set[str]:
    """Return the modules that a file imports, relative ones as seen from lab/."""
    package = file.relative_to(LAB).parts[:-1]
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            found.add(".".join([*base, *filter(None, [node.module])]))
    return found


def ours(folder: str) -> dict[str, set[str]]:
    """Return for each file below a folder, or for the file of this name, the modules of lab/ that it imports."""
    files = [file for file in FILES if f"{file.relative_to(LAB)}".startswith(folder)]
    assert files
    return {str(file): {name for name in imported(file) if name.split(".")[0] in TOPS} for file in files}


def beyond(folder: str, *allowed: str) -> dict[str, set[str]]:
    """Return what is imported that lies neither in nor below one of these modules."""
    found = {
        file: {name for name in names if not any(f"{name}.".startswith(f"{module}.") for module in allowed)}
        for file, names in ours(folder).items()
    }
    return {file: names for file, names in found.items() if names}


def test_what_all_devices_have_knows_no_kind_and_nothing_else_of_the_lab() -> None:
    assert beyond("device/", "device") == {}


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_knows_itself_and_what_all_devices_have(kind: str) -> None:
    assert beyond(f"kinds/{kind}/", "device", f"kinds.{kind}") == {}


@pytest.mark.parametrize("file", ["fabric.py", "fabric_client.py", "delivery.py"])
def test_the_fabric_knows_ends_and_no_kind(file: str) -> None:
    assert beyond(file, "device", "delivery") == {}


def test_nothing_outside_names_a_kind() -> None:
    word = re.compile(rf"\b({'|'.join(KINDS)})\b")
    files = [file for file in LAB.rglob("*.*") if file.suffix in (".py", ".yml", ".md", ".conf") and file.is_file()]
    outside = [file for file in files if LAB / "kinds" not in file.parents and file != DEMONSTRATION]
    assert [str(file) for file in outside if word.search(file.read_text())] == []


def test_the_lab_imports_nothing_of_the_product() -> None:
    assert [str(file) for file in FILES if any("ansible_collections" in name for name in imported(file))] == []


def test_every_kind_is_found_and_can_be_started_and_asked_for() -> None:
    assert sorted(each.kind for each in simulators().values()) == KINDS
    for kind in KINDS:
        assert {"simulator.py", "client.py", "README.md"} <= {file.name for file in (LAB / "kinds" / kind).iterdir()}
