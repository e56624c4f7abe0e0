# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds that no address or port of a lab gets past the checkout's number: a program says `here` to it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import yaml

import checkout

ROOT = Path(__file__).resolve().parents[3]
READ_THROUGH = ["lab/*.yml", "molecule/*/lab.yml", *(f"{pattern}/**/*" for pattern in checkout.RENDERED)]
LOCALISED = {"pound.cfg", "checkout.py"}  # read through it by their reader; the mapping itself
USERS = ("benchmarks", "lab", "molecule", "script", "tests", ".config", "playbooks", "roles")
OWN_TESTS = "tests/unit"  # of texts, on no network
TOPOLOGIES = [*ROOT.glob("lab/*.yml"), *ROOT.glob("molecule/*/lab.yml")]
DEVICE_PORTS = [
    device["port"]
    for file in TOPOLOGIES
    if isinstance(data := yaml.safe_load(file.read_text()), dict)
    for device in data.get("devices", {}).values()
]
PORTS = set(DEVICE_PORTS)


def users() -> Iterator[Path]:
    """Yield every text that might name an address of a lab and is not read through `checkout.localised` as a whole."""
    through = {file for pattern in READ_THROUGH for file in ROOT.glob(pattern)}
    for file in (each for name in USERS for each in (ROOT / name).rglob("*") if each.is_file()):
        name = str(file.relative_to(ROOT))
        if file in through or file.name in LOCALISED or name.startswith(OWN_TESTS) or file.suffix == ".pyc":
            continue
        yield file


def texts(node: ast.AST) -> Iterator[str]:
    """Yield the texts of a program that are not handed to `here`; a formatted one with @ for each value."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "here":
        return
    if isinstance(node, ast.JoinedStr):
        parts = [part.value if isinstance(part, ast.Constant) else "@" for part in node.values]
        yield "".join(map(str, parts))
    elif isinstance(node, ast.Constant):
        yield str(node.value)
    for child in ast.iter_child_nodes(node):
        yield from texts(child)


def suspicious(text: str) -> bool:
    return bool(checkout.ADDRESS.search(text)) or any(str(port) in text for port in PORTS)


@cache
def bare() -> list[tuple[str, str]]:
    """Return every text with an address or a port that would be the same for all checkouts, with its file."""
    found = []
    for file in users():
        text = file.read_bytes().decode(errors="replace")
        if suspicious(text):
            parts = texts(ast.parse(text)) if file.suffix == ".py" else [text]
            found += [(str(file.relative_to(ROOT)), each) for each in parts if suspicious(each)]
    return found


def test_an_address_or_a_port_of_a_lab_is_written_only_where_it_gets_the_checkouts_number():
    assert {18301, 18311} <= PORTS
    assert bare() == []


def test_two_topologies_never_have_a_simulated_device_at_the_same_port():
    """So that two labs of one checkout meet only where they share networks."""
    assert len(DEVICE_PORTS) == len(PORTS)


@pytest.mark.parametrize(
    ("program", "seen"),
    [
        ('x = "10.231.1.1"', True),
        ('x = f"fd00:231:{y}"', True),
        ("x = 18301", True),
        ('x = here("10.231.1.1")', False),
        ('x = here(f"10.231.{y}")', False),
        ('x = there("10.231.1.1")', True),
        ('x = "10.23.1.1"', False),
    ],
)
def test_the_search_sees_what_it_must(program, seen):
    assert any(suspicious(text) for text in texts(ast.parse(program))) == seen
