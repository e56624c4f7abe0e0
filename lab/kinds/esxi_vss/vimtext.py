# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects of the vSphere API as vim-cmd prints them: types in brackets, unset values as such, commas between them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .vmomi import VmomiSupport

TYPES = {str: "string", bool: "boolean", int: "int"}


def text(value: Any) -> str:
    """Print an object."""
    return "\n".join(_lines("", value, type(value))) + "\n"


def _lines(name: str, value: Any, kind: Any) -> Iterator[str]:
    head = f"{name} = " if name else ""
    if isinstance(value, list):
        item = getattr(kind, "Item", str)
        yield f"{head}({_named(item)}) ["
        yield from _indented([list(_lines("", each, item)) for each in value])
        yield "]"
    elif isinstance(value, VmomiSupport.DataObject):
        yield f"{head}({_named(type(value))}) {{"
        props = [each for each in value._GetPropertyList() if each.name != "dynamicProperty"]
        yield from _indented([list(_lines(each.name, getattr(value, each.name), each.type)) for each in props])
        yield "}"
    else:
        yield f"{head}{_word(value, kind)}"


def _indented(parts: list[list[str]]) -> Iterator[str]:
    for number, lines in enumerate(parts, 1):
        ended = [*lines[:-1], lines[-1] + (", " if number < len(parts) else "")]
        yield from (f"   {line}" for line in ended)


def _word(value: Any, kind: Any) -> str:
    if value is None:
        return f"({_named(kind)}) null" if issubclass(kind, VmomiSupport.DataObject) else "<unset>"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else f'"{value}"'


def _named(kind: Any) -> str:
    return str(TYPES.get(kind, kind.__name__))
