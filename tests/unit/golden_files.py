# SPDX-License-Identifier: GPL-3.0-or-later
"""Golden files: the fixture `golden` compares a text with its file, `script/goldens` writes all of them anew.

A test calls `golden(path, text)`; there is no other way to renew a file than to run the tests that compare it, so none
can be forgotten. A text that repeats another one (the second node of a pair) is kept as the difference to it:
`golden(path, text, like=(other, text_of_the_other))` compares the file `path` + `.diff`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import SequenceMatcher, unified_diff
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
KEY = pytest.StashKey["Golden"]()


@dataclass
class Golden:
    """What the tests make: compared with the files, or with `renewing` only gathered in `made`."""

    renewing: bool = False
    made: dict[Path, str] = field(default_factory=dict)

    def __call__(self, path: Path, text: str, like: tuple[Path, str] | None = None) -> None:
        """Fail the test with a unified diff unless the file has the text."""
        if like:
            path, text = beside(path), difference(like[1], text, like[0].name)
        if self.made.setdefault(path, text) != text:
            pytest.fail(f"{named(path)}: two tests make two texts of it")
        if not self.renewing and (not path.exists() or path.read_text(encoding="utf-8") != text):
            pytest.fail(f"{shown(path, text)}\nscript/goldens writes it anew.", pytrace=False)


def named(path: Path) -> str:
    """Return the path as people write it."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def shown(path: Path, text: str) -> str:
    """Return what changes in the file, as a unified diff."""
    old = path.read_text(encoding="utf-8") if path.exists() else ""
    names = (named(path) if path.exists() else "/dev/null", named(path))
    return "\n".join(unified_diff(old.splitlines(), text.splitlines(), *names, lineterm=""))


def beside(path: Path) -> Path:
    """Return where the difference is kept that stands for the file."""
    return path.with_name(f"{path.name}.diff")


def difference(first: str, second: str, name: str) -> str:
    """Return the second text as `same as NAME but:` with hunks that fit at one place only, so that no line number is
    needed, which each change above would change.
    """
    if first == second:
        return f"the same as {name}\n"
    old, new = _lines(first), _lines(second)
    for context in range(1, len(old) + len(new)):
        groups = list(SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(context))
        if all(len(_places(old, old[group[0][1] : group[-1][2]])) == 1 for group in groups):
            break
    hunks = (line for group in groups for line in _hunk(old, new, group))
    return "".join(f"{line}\n" for line in (f"same as {name} but:", *hunks))


def rebuilt(first: str, diff: str) -> str:
    """Return the text of which `difference` was made; raise ValueError for a hunk that fits nowhere or twice."""
    lines = _lines(first)
    found: list[tuple[int, int, list[str]]] = []
    for hunk in re.split(r"^@@.*\n", diff, flags=re.MULTILINE)[1:]:
        old, new = ([line[1:] for line in _lines(hunk) if line[:1] != other] for other in "+-")
        if len(places := _places(lines, old)) != 1:
            raise ValueError(f"fits at {len(places)} places instead of one:\n{hunk}")
        found.append((places[0], places[0] + len(old), new))
    for start, end, new in reversed(found):  # what one hunk puts there is no place for the next
        lines[start:end] = new
    return "".join(f"{line}\n" for line in lines)


def read(path: Path) -> str:
    """Return the whole text of a golden file, also of one that is kept as the difference to another."""
    if path.exists():
        return path.read_text(encoding="utf-8")
    diff = beside(path).read_text(encoding="utf-8")
    first = diff.splitlines()[0].removeprefix("the ").removeprefix("same as ").removesuffix(" but:")
    return rebuilt(read(path.with_name(first)), diff)


def _lines(text: str) -> list[str]:
    assert text.endswith("\n"), "a text without an end of line has no such difference"
    return text[:-1].split("\n")


def _places(lines: list[str], part: list[str]) -> list[int]:
    return [at for at in range(len(lines) - len(part) + 1) if lines[at : at + len(part)] == part]


def _hunk(old: list[str], new: list[str], group: list[tuple[str, int, int, int, int]]) -> Iterator[str]:
    yield f"@@ {_within(old, next(item[1] for item in group if item[0] != 'equal'))}".rstrip()
    for tag, start, end, to_start, to_end in group:
        if tag == "equal":
            yield from (line and f" {line}" for line in old[start:end])  # no blank at the end of an empty line
        else:
            yield from (f"-{line}" for line in old[start:end])
            yield from (f"+{line}" for line in new[to_start:to_end])


def _within(lines: list[str], at: int) -> str:
    """Return the lines that the line stands in by its indentation, outermost first: where a reader is."""
    found: list[str] = []
    depth = _depth(lines[at]) if at < len(lines) else 0
    for line in reversed(lines[:at]):
        if line.strip() and _depth(line) < depth:
            depth = _depth(line)
            found.append(line.strip(' {["'))
    return " > ".join(name.replace('":', "") for name in reversed(found) if name)


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())
