# SPDX-License-Identifier: GPL-3.0-or-later
"""The three forms in which esxcli prints."""

from __future__ import annotations

from typing import Any

Record = dict[str, Any]


def word(value: Any) -> str:
    """Give a value as esxcli prints it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return ", ".join(value) if isinstance(value, list) else str(value)


def line_form(record: Record) -> str:
    """Print one record: a line for each field."""
    return "".join(f"   {name}: {word(value)}\n" for name, value in record.items())


def list_form(records: list[Record]) -> str:
    """Print several records, each under its name."""
    return "\n".join(f"{record['Name']}\n{line_form(record)}" for record in records)


def table_form(records: list[Record]) -> str:
    """Print a table: numbers to the right, words to the left."""
    if not records:
        return ""
    names = list(records[0])
    widths = [max(len(name), *(len(word(record[name])) for record in records)) for name in names]
    lines = ["  ".join(_cell(name, width, records[0][name]) for name, width in zip(names, widths, strict=True))]
    lines.append("  ".join("-" * width for width in widths))
    for record in records:
        cells = [_cell(word(record[name]), width, record[name]) for name, width in zip(names, widths, strict=True)]
        lines.append("  ".join(cells))
    return "".join(line.rstrip() + "\n" for line in lines)


def _cell(text: str, width: int, value: Any) -> str:
    number = isinstance(value, int) and not isinstance(value, bool)
    return text.rjust(width) if number else text.ljust(width)
