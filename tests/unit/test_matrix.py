# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that a test that touches ansible-core is marked for the matrix by itself, however it gets there."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import pytest

from .touches_ansible import ROOT, pytest_ignore_collect, reach, touches

UNIT = ROOT / "tests" / "unit"
OURS = "ansible_collections.netstack.datacenter"
BLOCKED = """
import importlib, sys
sys.modules["ansible"] = None
for name in sys.argv[1:]:
    importlib.import_module(name)
"""


@pytest.mark.parametrize(
    "text",
    [
        "import ansible.release",
        "def test():\n    from ansible.parsing.dataloader import DataLoader",
        f"from {OURS}.plugins.inventory import stack",
        f"from {OURS}.plugins.module_utils.vip.model import Node",
        "from unit.stack import real_ansible",
        "PROGRAM = BIN / 'ansible-playbook'",
        "COMMAND = ['/usr/bin/ansible-doc', '-l']",
        "COMMAND = [sys.executable, '-m', 'ansible', 'vault']",
        "CODE = 'import sys\\nfrom ansible import context\\n'",
        "PROGRAM = HERE / 'helper.py'",
    ],
)
def test_whatever_imports_or_starts_ansible_is_found(tmp_path, text):
    (tmp_path / "helper.py").write_text("import ansible.cli")
    (tmp_path / "test_it.py").write_text(text)
    assert touches(tmp_path / "test_it.py")


@pytest.mark.parametrize(
    "text",
    [
        f"from {OURS}.plugins.plugin_utils.stack.load import load",
        "VARIABLES = {'ansible_host': '192.0.2.1'}",
        '"""What an Ansible module sends."""',
        "from unit.stack import stack_builders",
    ],
)
def test_what_only_speaks_of_ansible_is_not(tmp_path, text):
    (tmp_path / "test_it.py").write_text(text)
    assert not touches(tmp_path / "test_it.py")


@pytest.mark.parametrize(
    ("file", "chosen", "passed_over"),
    [
        ("haproxy/test_words.py", "ansible", True),
        ("haproxy/test_words.py", "", None),
        ("stack/test_raw.py", "ansible", None),
        ("stack/test_reader.py", "ansible", None),  # itself it does not, a fixture beside it does
    ],
)
def test_only_a_file_without_a_test_that_can_be_marked_is_passed_over(file, chosen, passed_over):
    config = SimpleNamespace(option=SimpleNamespace(markexpr=chosen))
    assert pytest_ignore_collect(UNIT / file, config) is passed_over


def test_what_is_not_marked_needs_no_ansible():
    """The files of the collection that unmarked tests reach can be imported where there is none."""
    plain = [file for file in UNIT.rglob("test_*.py") if not touches(file)]
    reached = [file for file in reach(*plain) if file.is_relative_to(ROOT / "plugins")]
    names = [".".join([OURS, *file.relative_to(ROOT).with_suffix("").parts]) for file in sorted(reached)]
    assert len(names) > 100
    command = [sys.executable, "-c", BLOCKED, *(name.removesuffix(".__init__") for name in names)]
    environment = {"PYTHONPATH": str(ROOT / ".cache" / "collections")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
