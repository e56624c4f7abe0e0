# SPDX-License-Identifier: GPL-3.0-or-later
"""Every file keeps what .editorconfig says: an editor that obeys it changes nothing that it was not asked to."""

from __future__ import annotations

import subprocess
from configparser import ConfigParser
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def sections() -> ConfigParser:
    config = ConfigParser(default_section="top")
    config.read_string("[top]\n" + (ROOT / ".editorconfig").read_text())
    return config


def wanted(name: str) -> dict[str, str]:
    """Return what holds for a file; a later section wins."""
    config, found = sections(), dict[str, str]()
    for pattern in config.sections():
        if fnmatch(Path(name).name, pattern) or fnmatch(name, pattern):
            found |= dict(config[pattern])
    return found


def faults(name: str, data: bytes) -> list[str]:
    """Return which of the properties a file breaks; the length of lines is ruff's, which knows exceptions."""
    rules, lines = wanted(name), data.decode("utf-8").split("\n")
    indents = {line[: len(line) - len(line.lstrip())] for line in lines if line.strip()}
    broken = {
        "end_of_line": b"\r" in data,
        "insert_final_newline": bool(data) and not data.endswith(b"\n"),
        "trim_trailing_whitespace": any(line != line.rstrip() for line in lines),
        "indent_style": any(("\t" if rules["indent_style"] == "space" else " ") in indent for indent in indents),
    }
    return [rule for rule, failed in broken.items() if failed and rules.get(rule, "unset") not in ("unset", "false")]


def test_every_file_is_as_editorconfig_says():
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z"], check=True, capture_output=True, text=True
    ).stdout
    files = [name for name in listed.split("\0") if (ROOT / name).is_file()]
    assert len(files) > 500
    found = {name: faults(name, (ROOT / name).read_bytes()) for name in files}
    assert {name: broken for name, broken in found.items() if broken} == {}


@pytest.mark.parametrize(
    ("name", "data", "broken"),
    [
        ("a.py", b"if x:\n\ty\n", ["indent_style"]),
        ("a.go", b"func f() {\n  g()\n}\n", ["indent_style"]),
        ("a.yml", b"a: 1 \n", ["trim_trailing_whitespace"]),
        ("a.md", b"a\r\n", ["end_of_line", "trim_trailing_whitespace"]),
        ("a.sh", b"a", ["insert_final_newline"]),
        ("a.diff", b" \n \tx\n", []),
        ("a.py", b"x = 1\n", []),
    ],
)
def test_each_rule_is_seen(name, data, broken):
    assert faults(name, data) == broken
