# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that what is generated for people and editors is current, and that the schema judges as the model does."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys

import jsonschema
import pytest
import yaml

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.catalogue import RULES
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.profiles import shipped
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.schema import schema

from . import site_files
from . import stack_builders as builders

WITHOUT_PYDANTIC = """
import sys
sys.modules["pydantic"] = None
from pathlib import Path
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.load import load
loaded = load(Path(sys.argv[1]))
print(loaded.hosts, [str(item) for item in loaded.errors])
"""

# made once: `jsonschema.validate` would check the schema itself each time, as a test of its own does
MODEL = jsonschema.Draft202012Validator(schema())


def generator():
    spec = importlib.util.spec_from_file_location("generate", site_files.ROOT / "docs" / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", generator().pages(), ids=lambda path: path.name)
def test_a_generated_page_is_current(page, golden):
    golden(page, generator().pages()[page])


def test_the_rules_page_names_every_rule():
    page = (site_files.ROOT / "docs" / "rules.md").read_text()
    assert [name for name in RULES if f"### {name}\n" not in page] == []


@pytest.mark.parametrize(
    "stack", sorted((site_files.ROOT / "inventories").glob("*/stack.yml")), ids=lambda p: p.parent.name
)
def test_the_inventories_fit_the_committed_schema(stack):
    committed = json.loads((site_files.ROOT / "docs" / "stack.schema.json").read_text())
    jsonschema.Draft202012Validator(committed).validate(yaml.safe_load(stack.read_text()))


def test_the_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(schema())


def test_every_key_of_the_schema_is_described():
    objects = [schema(), *(form for each in schema()["$defs"].values() for form in [each, *each.get("anyOf", [])])]
    keys = [each for found in objects for each in found.get("properties", {}).items()]
    assert len(keys) > 189
    assert [name for name, key in keys if not key.get("description")] == []


@pytest.mark.parametrize("name", sorted(shipped()))
def test_a_shipped_profile_fits_the_schema_of_profiles(name):
    MODEL.validate({"profiles": {name: shipped()[name]}})


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("vlans", "front", "id"), 5000),
        (("vlans", "front", "idd"), 1),
        (("devices", "lb1", "kind"), "linus"),
        (("lb_pairs", "edge", "hosts"), "lb1"),
        (("services", "shop", "timeouts"), {"server": 30}),
        (("services", "shop", "mode"), "udp"),
        (("servises",), {}),
    ],
)
def test_the_schema_refuses_what_the_model_refuses(path, value, tmp_path):
    site = builders.site()
    place = site
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    assert builders.loaded(site, tmp_path).errors
    with pytest.raises(jsonschema.ValidationError):
        MODEL.validate(site)


def test_without_pydantic_there_is_one_clear_message_and_no_traceback():
    stack = site_files.ROOT / "inventories" / "iis_farm" / "stack.yml"
    command = [sys.executable, "-c", WITHOUT_PYDANTIC, str(stack)]
    environment = {"PYTHONPATH": str(site_files.ROOT / ".cache" / "collections")}
    result = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert result.returncode == 0, result.stderr
    assert "'lb1'" in result.stdout
    assert result.stdout.count("[PYDANTIC_MISSING]") == 1
    assert "pip install pydantic" in result.stdout
