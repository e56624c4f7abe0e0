# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that the collection imports without pyVmomi, and that role, module and action name the same options."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from ansible_collections.netstack.datacenter.plugins.action import esxi_teaming as action
from ansible_collections.netstack.datacenter.plugins.modules import esxi_teaming as module

ROOT = Path(__file__).resolve().parents[3]
PACKAGE = ROOT / "plugins" / "plugin_utils" / "kinds" / "esxi_vss"
IMPORT = """
import importlib, pkgutil, sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"pyVmomi", "pyVim"}:
            raise ImportError(name + " is not installed")
sys.meta_path.insert(0, Block())
base = "ansible_collections.netstack.datacenter.plugins."
package = importlib.import_module(base + "plugin_utils.kinds.esxi_vss")
for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
    importlib.import_module(found.name)
importlib.import_module(base + "action.esxi_teaming")
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.device import api, errors, target
try:
    api.Api(target.Target("host"))
except errors.ConnectError as error:
    print(error)
"""


def test_without_pyvmomi_everything_imports_and_says_what_is_missing():
    done = subprocess.run(
        [sys.executable, "-c", IMPORT],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(ROOT / ".cache" / "collections"), "HOME": "/nonexistent"},
    )
    assert done.returncode == 0, done.stderr
    assert "pyVmomi is not installed on the controller" in done.stdout
    assert "Install pyvmomi." in done.stdout


def test_pyvmomi_is_loaded_with_the_action_so_that_the_forks_are_warm():
    pytest.importorskip("pyVmomi", reason="pyVmomi is not installed")
    assert "pyVmomi.SoapAdapter" in sys.modules
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


def test_the_examples_use_known_options_and_show_every_state():
    tasks = [task["netstack.datacenter.esxi_teaming"] for task in yaml.safe_load(module.EXAMPLES)]
    assert all(set(task) <= set(action._SPEC) for task in tasks)
    assert {task.get("state", "merged") for task in tasks} == set(action._SPEC["state"]["choices"])


def test_the_role_specifies_exactly_its_defaults():
    role = ROOT / "roles" / "esxi_teaming"
    defaults = yaml.safe_load((role / "defaults" / "main.yml").read_text())
    specs = yaml.safe_load((role / "meta" / "argument_specs.yml").read_text())["argument_specs"]
    for name, spec in specs.items():
        assert list(spec["options"]) == list(defaults), name
        assert {key: value["default"] for key, value in spec["options"].items()} == defaults


def test_every_option_of_the_module_can_be_set_by_the_role_or_is_for_tasks_alone():
    tasks = "".join(file.read_text() for file in (ROOT / "roles" / "esxi_teaming" / "tasks").glob("*.yml"))
    assert {name for name in action._SPEC if f" {name}:" not in tasks} == {"restore_point", "running_config"}


PREFIX = "ansible_collections.netstack.datacenter.plugins."
ROOMS = ("config", "declared", "device", "run")


def imports(file: Path) -> set[str]:
    """Return what a file of the package imports, ours without the prefix."""
    here = ("plugin_utils", *file.relative_to(ROOT / "plugins" / "plugin_utils").parts[:-1])
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom):
            above = here[: len(here) + 1 - node.level] if node.level else ()
            found.add(".".join([*above, *filter(None, [node.module])]).removeprefix(PREFIX))
        elif isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
    return found


def test_the_package_knows_neither_ansible_nor_the_site_nor_another_device():
    others = ("declared.fields", "connection.model", "private_files")
    allowed = (*(f"plugin_utils.{name}" for name in others), "module_utils.deadline")
    below = ("plugin_utils.contract", "plugin_utils.kinds.esxi_vss")
    rooms = (each for room in ROOMS for each in PACKAGE.joinpath(room).glob("*.py"))
    for file in (*rooms, PACKAGE / "driver.py"):
        ours = [name for name in imports(file) if name.startswith(("plugin_utils", "module_utils", "ansible"))]
        wrong = [name for name in ours if not name.startswith(below) and name not in allowed]
        assert wrong == [], file.name


def test_the_pure_core_does_not_know_pyvmomi():
    pure = ("declared/model", "declared/declaration", "declared/rules", "config/desired", "run/plan", "run/management")
    for name in (*pure, "config/shape", "device/esxcli", "config/printed", "device/errors"):
        bound = {"third_party", "specs", "connect", "api"}
        assert not {each.rpartition(".")[2] for each in imports(PACKAGE / f"{name}.py")} & bound, name


def test_no_file_has_more_than_400_lines_and_no_function_more_than_40():
    for file in [*PACKAGE.rglob("*.py"), ROOT / "plugins" / "action" / "esxi_teaming.py"]:
        text = file.read_text()
        assert text.count("\n") <= 400, file.name
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                assert (node.end_lineno or 0) - node.lineno < 40, f"{file.name}: {node.name}"
