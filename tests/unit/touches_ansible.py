# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells which files touch ansible-core: import it, start a program of it, or reach such a file by what they import.

As a plugin of pytest it marks the unit tests that do, and those whose fixtures do: `script/matrix` runs these on other
releases (`PYTHONPATH=tests pytest -p unit.touches_ansible -m ansible tests/unit`). Nobody has to think of the mark.
"""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PREFIX = "ansible_collections.netstack.datacenter."
BESIDE = [ROOT / "lab", ROOT / "benchmarks", ROOT / "tests"]  # on the path of the tests
PROGRAM = re.compile(r"(.*/)?ansible(-\w+)?|(?s:.*)\b(import|from) ansible\b(?s:.*)")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Set the mark `ansible`."""
    for item in items:
        if isinstance(item, pytest.Function) and marked(item):
            item.add_marker(pytest.mark.ansible)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Pass over files that no chosen test can be in: importing them all takes as long as many tests."""
    if config.option.markexpr != pytest.mark.ansible.name or collection_path.suffix != ".py":
        return None
    beside = [folder / "conftest.py" for folder in collection_path.parents if folder.is_relative_to(ROOT / "tests")]
    return None if any(map(touches, [collection_path, *filter(Path.is_file, beside)])) else True


def marked(item: pytest.Function) -> bool:
    """Tell whether a test's file touches ansible-core, or that of one of its fixtures does."""
    fixtures = [each for found in item._fixtureinfo.name2fixturedefs.values() for each in found]
    files = {Path(each.func.__code__.co_filename) for each in fixtures if hasattr(each.func, "__code__")}
    return any(map(touches, {item.path, *(file for file in files if file.is_relative_to(ROOT / "tests"))}))


@functools.cache
def touches(file: Path) -> bool:
    """Tell whether a file, or what it reaches, imports ansible-core or names a program of it."""
    return any(own(reached) for reached in reach(file))


def reach(*files: Path) -> set[Path]:
    """Return the files of this project that some files import, at any depth and anywhere in them, and those files."""
    found: set[Path] = set()
    left = list(files)
    while left:
        file = left.pop()
        if file not in found:
            found.add(file)
            left += edges(file)
    return found


@functools.cache
def own(file: Path) -> bool:
    """Tell whether a file itself imports ansible-core or starts a program of it."""
    return any(f"{name}.".startswith("ansible.") for name in imports(file)) or any(map(PROGRAM.fullmatch, texts(file)))


@functools.cache
def edges(file: Path) -> tuple[Path, ...]:
    """Return the files of this project that a file imports, or names as a program beside it."""
    named = {file.with_name(text) for text in texts(file) if re.fullmatch(r"\w+\.py", text)}
    return (*(path for name in imports(file) for path in resolved(name, file)), *filter(Path.is_file, named))


@functools.cache
def imports(file: Path) -> frozenset[str]:
    """Return the full names of what a file imports; of `from a import b` both, for b may be a module."""
    found = set()
    for node in statements(parsed(file)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                folder = file.parents[node.level - 1].relative_to(ROOT).parts
                base = ".".join([PREFIX.rstrip("."), *folder, *filter(None, [base])])
            found |= {base, *(f"{base}.{alias.name}" for alias in node.names)}
    return frozenset(found)


@functools.cache
def texts(file: Path) -> frozenset[str]:
    """Return the strings of a file; none of a plugin, for these are its documentation."""
    if file.is_relative_to(ROOT / "plugins"):
        return frozenset()
    found = (node.value for node in ast.walk(parsed(file)) if isinstance(node, ast.Constant))
    return frozenset(value for value in found if isinstance(value, str))


@functools.cache
def parsed(file: Path) -> ast.Module:
    """Return the syntax tree of a file."""
    return ast.parse(file.read_bytes())


def statements(node: ast.AST) -> Iterator[ast.AST]:
    """Yield all statements below a node; imports are statements, and these are far fewer than all nodes."""
    for field in ("body", "orelse", "handlers", "finalbody", "cases"):
        for inner in value if isinstance(value := getattr(node, field, None), list) else []:
            yield inner
            yield from statements(inner)


@functools.cache
def resolved(name: str, file: Path) -> tuple[Path, ...]:
    """Return the file of a module of this project, with its packages' own; nothing for what is not ours."""
    ours = name.startswith(PREFIX)
    parts = name.removeprefix(PREFIX).split(".")
    for top in [ROOT] if ours else [file.parent, *BESIDE]:
        found = [top.joinpath(*parts[:depth], "__init__.py") for depth in range(1, len(parts) + 1)]
        found = [path for path in [*found, top.joinpath(*parts).with_suffix(".py")] if path.is_file()]
        if found:
            return tuple(found)
    return ()
