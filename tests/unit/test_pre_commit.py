# SPDX-License-Identifier: GPL-3.0-or-later
"""The hooks before a commit are local: programs of this repository or of requirements-dev.txt."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]


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
