# SPDX-License-Identifier: GPL-3.0-or-later
"""An option is written once, in its module's documentation; what is made of it is current, and is what modules read."""

from __future__ import annotations

import ast
import importlib
import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLUGINS = "ansible_collections.netstack.datacenter.plugins"


def generator():
    spec = importlib.util.spec_from_file_location("options", ROOT / "docs" / "options.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


MADE = generator()
PAGES = MADE.pages()


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_is_made_of_the_documentation_is_current(page, golden):
    golden(page, PAGES[page])


def test_no_spec_is_left_of_a_module_that_is_gone():
    kept = [path for path in (ROOT / "plugins").glob("*_utils/options/*.py") if path.name != "__init__.py"]
    assert [path for path in kept if path not in PAGES] == []


@pytest.mark.parametrize("name", MADE.modules())
def test_every_module_reads_the_spec_that_is_made(name):
    made = MADE.place(name)
    folder, utils = ("modules", "module_utils") if made.parts[-3] == "module_utils" else ("action", "plugin_utils")
    spec = importlib.import_module(f"{PLUGINS}.{utils}.options.{name}").SPEC
    assert importlib.import_module(f"{PLUGINS}.{folder}.{name}").SPEC is spec
    text = (ROOT / "plugins" / folder / f"{name}.py").read_text()
    calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    given = [keyword.value for call in calls for keyword in call.keywords if keyword.arg == "argument_spec"]
    assert all(ast.unparse(value) == "SPEC" for value in given)


def test_a_comment_behind_the_name_of_an_option_makes_it_secret():
    secret = {name: option.get("no_log") for name, option in MADE.documented("tls_certificate_target").items()}
    assert secret["private_keys"] is True
    inner = MADE.documented("tls_certificate_target")["bundles"]["suboptions"]
    assert (inner["key_file"]["no_log"], inner["name"].get("no_log")) == (False, None)
    assert MADE.spec(MADE.documented("haproxy"))["issued"]["options"]["leaf"]["no_log"] is True
