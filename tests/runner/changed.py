# SPDX-License-Identifier: GPL-3.0-or-later
"""Which parts a change can break, by the table of paths in tests/parts.yml."""

from __future__ import annotations

import subprocess
from fnmatch import fnmatchcase
from pathlib import Path

from .parts import Part, PartsError, Table


def _git(root: Path, *arguments: str) -> list[str]:
    command = ["git", "-C", str(root), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode:
        raise PartsError(f"git {arguments[0]}: {done.stderr.strip() or 'the two have no commit in common'}")
    return [each for each in done.stdout.split("\0") if each]


def changed_files(root: Path, base: str) -> list[str]:
    """Return what differs from where the branch left BASE: committed, staged, unstaged, untracked; renamed is both."""
    fork = _git(root, "merge-base", "--", base, "HEAD")[0].strip()
    tracked = _git(root, "diff", "--name-only", "--no-renames", "-z", fork)
    staged = _git(root, "diff", "--name-only", "--no-renames", "-z", "--cached", fork)
    untracked = _git(root, "ls-files", "--others", "--exclude-standard", "-z")
    return sorted({*tracked, *staged, *untracked})


def broken_by(table: Table, path: str) -> list[Part]:
    """Return the parts that a change of this file can break: all of them where no rule knows the file."""
    known = [part for part in table.parts if part.rule_for(path)]
    if not known or any(fnmatchcase(path, pattern) for pattern in table.everything):
        return table.whole()
    return [part for part in table.parts if part in known or part.any_change]


def parts_for(table: Table, files: list[str]) -> tuple[list[Part], list[str]]:
    """Return the parts for these files, and a line for each file that says which parts it led to."""
    chosen: set[str] = set()
    lines = []
    for path in files:
        parts = broken_by(table, path)
        chosen.update(part.name for part in parts)
        names = "everything" if parts == table.whole() else " ".join(part.name for part in parts)
        lines.append(f"{path}: {names}")
    return [part for part in table.parts if part.name in chosen and part.within not in chosen], lines
