# SPDX-License-Identifier: GPL-3.0-or-later
"""The hooks before a commit are local: programs of this repository or of requirements-dev.txt."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
HOOKS = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]


def test_every_hook_is_local_and_its_program_is_there():
    (repo,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert repo["repo"] == "local"
    assert {hook["language"] for hook in repo["hooks"]} == {"system"}
    pinned = set(re.findall(r"^([\w-]+)==", (ROOT / "requirements-dev.txt").read_text(), re.MULTILINE))
    for hook in repo["hooks"]:
        program, *arguments = hook["entry"].split()
        if program.startswith(".cache/venv/bin/"):
            assert program.removeprefix(".cache/venv/bin/") in pinned, hook
        else:
            assert (ROOT / program).is_file(), hook
        assert all((ROOT / word).exists() for word in arguments if "/" in word), hook


def test_pytest_of_a_hook_needs_no_activated_environment():
    (entry,) = [hook["entry"] for hook in HOOKS if "/pytest " in hook["entry"]]
    command = [sys.executable, "-m", "pytest", *entry.split()[1:], "-k", "links_are_only_for_what_does_not_ship"]
    environment = {"HOME": os.environ["HOME"], "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    "file", ["tests/parts.yml", "tests/README.in.md", "docs/generate.py", "inventories/lab/stack.yml"]
)
def test_what_golden_files_and_pages_are_made_of_starts_their_hook(file):
    (pattern,) = [hook["files"] for hook in HOOKS if hook["id"] == "goldens"]
    assert (ROOT / file).is_file() and re.search(pattern, file)
