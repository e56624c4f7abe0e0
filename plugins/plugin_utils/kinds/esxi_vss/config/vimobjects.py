# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects as vim-cmd prints them, read: those of the vSphere API, with each of their fields, set or not."""

from __future__ import annotations

import re
from typing import Any

from .console import Line, LineError, Output

_LATER = frozenset({"netStackInstanceKey"})
"""Fields that came after release 4 (API 5.5), so that its objects are without them."""


class Object:
    """An object that vim-cmd prints; it prints what is unset too, so that a field without a line has lost it."""

    def __init__(self, line: Line, values: dict[str, Any]) -> None:
        self.__dict__.update(values)
        self._line = line

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if name in _LATER:
            return None
        raise LineError(self._line, f"it has no {name}")


_ITEM = re.compile(
    r"(?:(?P<name>\w+) = )?(?:\((?P<type>[\w.]+)\) (?P<open>[{\[])|(?P<value>.*?[^,\s]))(?P<more>,?)", re.DOTALL
)
_CLOSE = re.compile(r"[}\]](?P<more>,?)")


def read(output: Output) -> list[Object]:
    """Return the objects that vim-cmd printed, one behind the other or as a list.

    Raises:
        LineError: a line does not fit.

    """
    lines = list(output.lines)[::-1]
    found: list[Any] = []
    try:
        while lines:
            _name, value, _more = _item(lines, output.line)
            found += value if isinstance(value, list) else [value]
    except RecursionError:
        raise LineError(output.line, "what it printed is nested beyond all bounds") from None
    if not found or not all(isinstance(each, Object) for each in found):
        raise LineError(output.line, "it printed no object")
    return found


def _item(lines: list[Line], before: Line) -> tuple[str, Any, bool]:
    """Take one item off the lines: its name, its value, and whether another one follows."""
    if not lines:
        raise LineError(before, "what follows it is missing")
    line = lines.pop()
    match = _ITEM.fullmatch(line.text.strip())
    if match is None:
        raise LineError(line, "it is no `name = value`")
    if not match["open"]:
        return match["name"] or "", _value(match["value"], line), bool(match["more"])
    if match["more"]:
        raise LineError(line, "it is no `name = value`")
    inside, more = _inside(lines, line, "}" if match["open"] == "{" else "]")
    if match["open"] == "[":
        return match["name"] or "", [value for _name, value in inside], more
    values: dict[str, Any] = {}
    for name, value in inside:
        if name in values:
            raise LineError(line, f"it has {name} twice")
        values[name] = value
    return match["name"] or "", Object(line, values), more


def _inside(lines: list[Line], head: Line, closing: str) -> tuple[list[tuple[str, Any]], bool]:
    """Take the items up to the closing bracket; a comma stands behind each but the last."""
    found: list[tuple[str, Any]] = []
    more = True
    while lines:
        line = lines[-1]
        close = _CLOSE.fullmatch(line.text.strip())
        if close is not None and line.text.strip()[0] == closing and (not more or not found):
            lines.pop()
            return found, bool(close["more"])
        if close is not None or not more:
            raise LineError(line, "a comma or a bracket before it is missing, or one too many")
        name, value, more = _item(lines, head)
        if bool(name) != (closing == "}"):
            raise LineError(line, "it is no `name = value`" if closing == "}" else "it has a name")
        found.append((name, value))
    raise LineError(head, f"its closing {closing} is missing")


def _value(text: str, line: Line) -> Any:
    """Return the value of a field or of a list's item."""
    if text == "<unset>" or re.fullmatch(r"(?:\([\w.]+\) )?null", text):
        return None
    if re.fullmatch(r"\([\w.]+\) \[ ?\]", text):
        return []
    if text in ("true", "false"):
        return text == "true"
    if re.fullmatch(r"-?\d{1,10}", text):
        return int(text)
    if re.fullmatch(r"<[^<>]+>", text):
        return text[1:-1]
    if len(text) > 1 and text[0] in "'\"" and text[-1] == text[0]:
        return text[1:-1]
    raise LineError(line, "its value is cut or of no kind that is known")
