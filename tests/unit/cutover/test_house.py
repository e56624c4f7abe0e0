# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that module and action name the same options, and that the engine knows the contract alone."""

from __future__ import annotations

import ast
from pathlib import Path

import yaml

from ansible_collections.netstack.datacenter.plugins.action import link_cutover as action
from ansible_collections.netstack.datacenter.plugins.modules import link_cutover as module
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds import NAMES

ROOT = Path(__file__).resolve().parents[3]
ENGINE = sorted((ROOT / "plugins" / "plugin_utils" / "cutover").glob("*.py"))
END_FILES = sorted((ROOT / "plugins" / "plugin_utils" / "kinds").glob("*/end*.py"))
ACTION = ROOT / "plugins" / "action" / "link_cutover.py"


def _imports(file: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom):
            found.add("." * node.level + (node.module or ""))
        elif isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
    return found


def test_the_examples_use_known_options():
    for task in yaml.safe_load(module.EXAMPLES):
        assert set(task["netstack.datacenter.link_cutover"]) <= set(action.SPEC)


def test_the_engine_imports_nothing_of_ours_but_the_contract():
    foreign = {name for file in ENGINE for name in _imports(file) if name.startswith("..") or "ansible" in name}
    assert {name for name in foreign if not name.startswith("..contract.")} == set()


def test_neither_the_engine_nor_the_action_names_a_kind():
    for file in [*ENGINE, ACTION]:
        assert [name for name in NAMES if f'"{name}"' in file.read_text() or f"kinds.{name}" in file.read_text()] == []


def test_the_ends_import_neither_the_engine_nor_ansible_nor_the_site():
    names = {name for file in END_FILES for name in _imports(file)}
    assert "...contract.end" in names
    assert not {name for name in names if "ansible" in name or name.startswith(("...stack", "...cutover"))}


def test_the_contract_of_an_end_imports_the_contract_alone():
    for name in ("end", "link_state"):
        found = _imports(ROOT / "plugins" / "plugin_utils" / "contract" / f"{name}.py")
        assert {each for each in found if each.startswith("..") or "ansible" in each} == set(), name


def test_no_file_has_more_than_400_lines_and_no_function_more_than_40():
    for file in [*ENGINE, *END_FILES, ACTION]:
        text = file.read_text()
        assert text.count("\n") <= 400, file.name
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                assert (node.end_lineno or 0) - node.lineno < 40, f"{file.name}: {node.name}"
