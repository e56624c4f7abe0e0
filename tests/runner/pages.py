# SPDX-License-Identifier: GPL-3.0-or-later
"""What people read about the parts: `script/test --list`, what only --all proves, tests/README.md."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from .parts import Part, Table, load
from .skips import known_skips
from .slices import slices

ROOT = Path(__file__).resolve().parents[2]


def listing(table: Table) -> Iterator[str]:
    """Yield the lines of --list."""
    for part in table.parts:
        where = "" if part.default else f"[in {part.within}] " if part.within else "[--all] "
        yield f"{part.name:24} {part.seconds:4} s  {where}{part.proves}"


def only_all(table: Table, root: Path) -> Iterator[str]:
    """Yield what a run without --all does not prove, each with its reason; sorted, and each reason once."""
    for part in table.parts:
        if part.only_all:
            yield f"{part.name}{'' if part.default else ' (the whole part)'}: {part.only_all}"
    yield from sorted({f"{each.path.removeprefix('tests/')}: {each.reason}" for each in slices(root)})


def left_to_all(table: Table, parts: list[Part], root: Path) -> list[str]:
    """Return what the summary of a default run says of --all; nothing where other parts were asked for."""
    return ["==> Only script/test --all proves", *only_all(table, root)] if parts == table.default() else []


def readme(root: Path) -> str:
    """Return tests/README.md: what is written by hand in tests/README.in.md, with the tables in it."""
    table = load(root)
    rows = {
        "PARTS": _parts(table),
        "FOLDERS": [f"| `{folder}` | {text} |" for folder, text in table.folders.items()],
        "ONLY_ALL": [f"- {line}" for line in only_all(table, root)],
        "KNOWN_SKIPS": [f"| {each.part} | {each.reason} | {each.why} |" for each in known_skips(root)],
    }
    text = (root / "tests" / "README.in.md").read_text()
    for name, lines in rows.items():
        text = text.replace(f"{{{name}}}", "\n".join(lines))
    return text


def _parts(table: Table) -> list[str]:
    rows = []
    for part in table.parts:
        run = "yes" if part.default else f"in `{part.within}`" if part.within else "`--all`"
        whole = f"{part.all_seconds}" if part.all_seconds else ""
        rows.append(f"| `{part.name}` | {part.proves} | {run} | {part.seconds} | {whole} |")
    return rows


def set_seconds(root: Path, whole: bool) -> None:
    """Write the seconds of the last run (.cache/test/seconds.json) into tests/parts.yml."""
    took: dict[str, int] = json.loads((root / ".cache" / "test" / "seconds.json").read_text())
    file = root / "tests" / "parts.yml"
    text = file.read_text()
    for part in load(root).parts:
        key = "all_seconds" if whole and part.all_seconds else "seconds"
        if part.name in took:
            entry = rf"(- name: {re.escape(part.name)}\n(?:    .*\n)*?    {key}: )\d+"
            text = re.sub(entry, rf"\g<1>{took[part.name]}", text)
    file.write_text(text)


if __name__ == "__main__":
    set_seconds(ROOT, whole="--all" in sys.argv)
