# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that module and action name the same options, and that the engine knows neither devices nor Ansible."""

from __future__ import annotations

import ast
from pathlib import Path

import yaml

from ansible_collections.netstack.datacenter.plugins.action import link_cutover as action
from ansible_collections.netstack.datacenter.plugins.modules import link_cutover as module

ROOT = Path(__file__).resolve().parents[3]
ENGINE = sorted((ROOT / "plugins" / "plugin_utils" / "cutover").glob("*.py"))
KINDS = ROOT / "plugins" / "plugin_utils" / "kinds"
ENDS = sorted(KINDS.glob("*/end*.py"))


def _shape(options: dict, children: str) -> dict:
    return {
        name: (
            spec.get("type", "str"),
            spec.get("default"),
            sorted(spec.get("choices", [])),
            bool(spec.get("required", False)),
            _shape(spec.get(children) or {}, children),
        )
        for name, spec in options.items()
    }


def _imports(file: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom):
            found.add("." * node.level + (node.module or ""))
        elif isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
    return found


def test_the_documentation_names_exactly_the_options_that_are_read():
    documented = yaml.safe_load(module.DOCUMENTATION)["options"]
    assert _shape(documented, "suboptions") == _shape(action._SPEC, "options")


def test_the_examples_use_known_options():
    for task in yaml.safe_load(module.EXAMPLES):
        assert set(task["netstack.datacenter.link_cutover"]) <= set(action._SPEC)


def test_the_engine_imports_neither_a_device_nor_ansible_nor_the_site():
    foreign = {name for file in ENGINE for name in _imports(file) if name.startswith("..") or "ansible" in name}
    assert foreign == set()


def test_the_ends_import_neither_ansible_nor_the_site():
    names = {name for file in ENDS for name in _imports(file)}
    assert not {name for name in names if "ansible" in name or name.startswith("..stack")}


def test_no_file_has_more_than_400_lines_and_no_function_more_than_40():
    for file in [*ENGINE, *ENDS, ROOT / "plugins" / "action" / "link_cutover.py"]:
        text = file.read_text()
        assert text.count("\n") <= 400, file.name
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                assert (node.end_lineno or 0) - node.lineno < 40, f"{file.name}: {node.name}"
