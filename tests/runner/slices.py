# SPDX-License-Identifier: GPL-3.0-or-later
"""The one way to leave something to `script/test --all`, always with the reason.

    @pytest.mark.all_only("why the others prove it well enough")        a case that a run without --all leaves out
    whole_or_slice(whole=200, piece=20, reason="...")                   an amount: examples, requests, events

The reasons are literals, for they are read from the source: script/test prints them and tests/README.md holds them.
`script/test --all` sets NETSTACK_ALL=1; so does who wants the whole of one test.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

if TYPE_CHECKING:
    import pytest

T = TypeVar("T")
MARK = "all_only"


def everything() -> bool:
    """Tell whether this is a run with --all."""
    return os.environ.get("NETSTACK_ALL") == "1"


def whole_or_slice(whole: T, piece: T, reason: str) -> T:
    """Return the whole amount in a run with --all, else a piece of it."""
    assert reason, "a slice without its reason"
    return whole if everything() else piece


def pytest_configure(config: pytest.Config) -> None:
    """Declare the mark."""
    config.addinivalue_line("markers", f"{MARK}(reason): left out by script/test unless it runs with --all")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what only --all runs."""
    if everything():
        return
    left_out = [item for item in items if item.get_closest_marker(MARK)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


class Slice(NamedTuple):
    """A place in the tests that leaves something to --all."""

    path: str
    reason: str


def _reason(call: ast.Call) -> str | None:
    """Return the reason that a call gives, None where it is no call of this module; raises ValueError."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name not in (MARK, whole_or_slice.__name__):
        return None
    named = [word.value for word in call.keywords if word.arg == "reason"]
    given = named or call.args[0 if name == MARK else 2 :][:1]
    if not given or not isinstance(given[0], ast.Constant) or not given[0].value:
        raise ValueError(f"line {call.lineno}: {name} wants its reason as a literal text")
    return str(given[0].value)


def slices(root: Path) -> Iterator[Slice]:
    """Yield what tests leave to --all; raises ValueError where a reason is missing or computed."""
    for path in sorted((root / "tests").rglob("*.py")):
        if path.is_relative_to(root / "tests" / "unit" / "runner"):
            continue  # its tests write such calls to try them
        text = path.read_text()
        if MARK not in text and whole_or_slice.__name__ not in text:
            continue  # parsing all tests takes seconds
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and (reason := _reason(node)):
                yield Slice(path.relative_to(root).as_posix(), reason)
