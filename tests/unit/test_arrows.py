# SPDX-License-Identifier: GPL-3.0-or-later
"""A rule of this project: what runs on hosts imports one way, from a product to what all share, never the other way.

The table is exact: an arrow that is not in it is refused, and so is one that nobody needs any more.
"""

from __future__ import annotations

import ast
import sys
from pathlib import PurePath

import pytest

from .runner import graph

TOP = "plugins/module_utils/"
BASICS = {"deadline", "mapping", "own_files", "structure"}
"""The files that lie beside the packages; their package is "" below."""
ARROWS: dict[str, set[str]] = {
    "": set(),
    "options": set(),
    "service": {""},
    "hostnet": {"service"},
    "service_probe": {""},
    "linux_bond": {"", "service", "hostnet"},
    "vip": {"", "service", "hostnet"},
    "pound": {"", "service", "hostnet"},
    "tls_certificate": {"", "service"},
    # Whether HAProxy was given a certificate over its socket is read as the role of certificates reads it.
    "haproxy": {"", "service", "tls_certificate"},
}
SHARED = {"", "options", "service", "hostnet"}
BESIDE_THEIR_OWN = {
    "backup_forget": {"haproxy", "pound", "vip"},  # knows each role's own files
}
"""What modules take of other products than the one that they are named after."""


def files(package: str) -> set[str]:
    """Return the files of a package, or the basics."""
    return {path for path in graph.below(TOP + package) if PurePath(path).parent == PurePath(TOP + package)}


def package_of(path: str) -> str:
    return path.removeprefix(TOP).rpartition("/")[0]


def named_by(path: str) -> list[str]:
    """Return what a file imports, as the graph of the table of parts has it."""
    return list(graph.imports(list(ast.walk(ast.parse((graph.ROOT / path).read_text()))), path))


def shared_by(path: str) -> set[str]:
    """Return the packages of which a file imports something, its own left out."""
    ours = set().union(*(graph.from_import(name, path) for name in named_by(path)))
    found = {package_of(each) for each in ours if each.startswith(TOP)}
    return found - {package_of(path)} if path.startswith(TOP) else found


def is_of_the_host(name: str) -> bool:
    """Tell whether an import is of Python itself, of what Ansible sends along, or of module_utils."""
    return name.startswith((f"/{TOP}"[:-1], f"{graph.OURS}plugins.module_utils", "ansible.module_utils")) or (
        name.partition(".")[0] in sys.stdlib_module_names
    )


def test_each_package_is_in_the_table_and_what_lies_beside_them_is_basic():
    everything = {path for path in graph.below(TOP[:-1]) if path.endswith(".py")}
    assert {package_of(path) for path in everything} == set(ARROWS)
    assert {PurePath(path).stem for path in everything if not package_of(path)} == BASICS


@pytest.mark.parametrize("package", ARROWS)
def test_a_package_imports_what_the_table_says_and_nothing_else(package):
    assert set().union(*map(shared_by, files(package))) == ARROWS[package]


@pytest.mark.parametrize("package", ARROWS)
def test_what_runs_on_hosts_needs_python_and_ansible_alone(package):
    wanted = {path: [name for name in named_by(path) if not is_of_the_host(name)] for path in files(package)}
    assert {path: names for path, names in wanted.items() if names} == {}


def test_a_module_takes_of_the_products_its_own():
    for path in graph.below("plugins/modules"):
        name = PurePath(path).stem
        own = {product for product in set(ARROWS) - SHARED if name.startswith(product)}
        assert shared_by(path) - SHARED - own == BESIDE_THEIR_OWN.get(name, set()), path
