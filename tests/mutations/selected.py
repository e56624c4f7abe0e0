# SPDX-License-Identifier: GPL-3.0-or-later
"""As a plugin of pytest: prints the commands that select none of the tests that were collected.

An id of a case that is called otherwise by now would let `-k` select nothing, and nobody would know until the next
`script/mutations`. Collected is with NETSTACK_ALL=1; what is left to --all counts for the key `before` alone.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from _pytest.mark import KeywordMatcher
from _pytest.mark.expression import Expression

from .mutation import ROOT, mutations

PROGRAMS = ("pytest", "script/matrix")


def commands() -> Iterator[tuple[str, bool]]:
    """Yield each command that is given tests, and whether it runs the whole of them."""
    for mutation in mutations():
        for command, whole in ((mutation.command, False), (mutation.before, True)):
            if command.startswith(PROGRAMS):
                yield command, whole


def paths_of(command: str) -> list[str]:
    """Return the files and folders of a command."""
    return [word for word in shlex.split(command) if word.startswith("tests/")]


def selected(command: str, whole: bool, files: dict[Path, list[pytest.Item]]) -> list[pytest.Item]:
    """Return what a command selects of the items of each file."""
    words, paths = shlex.split(command), [ROOT / path for path in paths_of(command)]
    keywords = Expression.compile(words[words.index("-k") + 1] if "-k" in words else "")
    named = [file for file in files if any(file.is_relative_to(path) for path in paths)]
    return [
        item
        for file in named
        for item in files[file]
        if (whole or not item.get_closest_marker("all_only"))
        and ("-k" not in words or keywords.evaluate(KeywordMatcher.from_item(item)))
    ]


def pytest_collection_finish(session: pytest.Session) -> None:
    """Print what selects nothing, of the commands whose paths were all collected."""
    collected = {str(path) for path in session.config.args}
    files: dict[Path, list[pytest.Item]] = {}
    for item in session.items:
        files.setdefault(item.path, []).append(item)
    for command, whole in commands():
        if collected.issuperset(paths_of(command)) and not selected(command, whole, files):
            print(f"selects nothing: {command}")
