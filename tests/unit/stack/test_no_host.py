# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that a run whose inventory turned out empty fails; ansible-core itself only warns and exits with 0."""

from __future__ import annotations

import subprocess

import pytest


def preflight(inventory, *arguments):
    command = ["ansible-playbook", "netstack.datacenter.preflight", "-i", str(inventory), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("arguments", [[], ["--tags", "anything"]])
def test_an_inventory_that_is_not_there_is_refused(tmp_path, arguments):
    done = preflight(tmp_path / "stack.yml", *arguments)
    assert done.returncode != 0
    assert "The inventory has no host at all" in done.stderr


def test_a_misspelt_plugin_name_is_refused(tmp_path):
    (tmp_path / "stack.yml").write_text("plugin: netstack.datacenter.stak\nvlans: {}\n")
    done = preflight(tmp_path / "stack.yml")
    assert done.returncode != 0
    assert "names no inventory plugin" in done.stderr
