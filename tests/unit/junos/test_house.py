# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that the collection imports without PyEZ, and that role, module and action name the same options."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from ansible_collections.netstack.datacenter.plugins.action import junos_lag as action
from ansible_collections.netstack.datacenter.plugins.modules import junos_lag as module

ROOT = Path(__file__).resolve().parents[3]
BLOCKED = ("jnpr", "ncclient", "paramiko", "lxml")
IMPORT = """
import importlib, pkgutil, sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {blocked!r}:
            raise ImportError(name + " is not installed")
sys.meta_path.insert(0, Block())
base = "ansible_collections.netstack.datacenter.plugins."
package = importlib.import_module(base + "plugin_utils.kinds.junos_ex")
for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
    importlib.import_module(found.name)
importlib.import_module(base + "action.junos_lag")
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.device import connect, target
try:
    connect.open_device(target.Target("switch"))
except connect.errors.ConnectError as error:
    print(error)
"""


def test_without_pyez_everything_imports_and_says_what_is_missing():
    done = subprocess.run(
        [sys.executable, "-c", IMPORT.format(blocked=set(BLOCKED))],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(ROOT / ".cache" / "collections"), "HOME": "/nonexistent"},
    )
    assert done.returncode == 0, done.stderr
    assert "PyEZ is not installed on the controller" in done.stdout
    assert "Install junos-eznc." in done.stdout


def test_pyez_is_loaded_with_the_action_so_that_the_forks_are_warm():
    pytest.importorskip("jnpr.junos", reason="PyEZ is not installed")
    assert "jnpr.junos" in sys.modules
    assert action.ActionModule._requires_connection is False


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


def test_the_documentation_names_exactly_the_options_that_are_read():
    documented = yaml.safe_load(module.DOCUMENTATION)["options"]
    assert _shape(documented, "suboptions") == _shape(action._SPEC, "options")


def test_the_examples_use_known_options():
    known = set(action._SPEC)
    for task in yaml.safe_load(module.EXAMPLES):
        assert set(task["netstack.datacenter.junos_lag"]) <= known


def test_the_role_specifies_exactly_its_defaults():
    role = ROOT / "roles" / "junos_lag"
    defaults = yaml.safe_load((role / "defaults" / "main.yml").read_text())
    specs = yaml.safe_load((role / "meta" / "argument_specs.yml").read_text())["argument_specs"]
    for name, spec in specs.items():
        assert list(spec["options"]) == list(defaults), name
        assert {key: value["default"] for key, value in spec["options"].items()} == defaults
        assert (role / "tasks" / f"{name}.yml").is_file()
    assert all(name.startswith("junos_lag_") for name in defaults)


def test_no_file_has_more_than_400_lines_and_no_function_more_than_40():
    import ast

    package = ROOT / "plugins" / "plugin_utils" / "kinds" / "junos_ex"
    files = [*package.rglob("*.py"), ROOT / "plugins" / "action" / "junos_lag.py"]
    for file in files:
        text = file.read_text()
        assert text.count("\n") <= 400, file.name
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                assert (node.end_lineno or 0) - node.lineno < 40, f"{file.name}: {node.name}"
