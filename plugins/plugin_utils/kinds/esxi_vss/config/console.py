# SPDX-License-Identifier: GPL-3.0-or-later
"""What a console shows, read line by line: tables, records and JSON, and the commands between them.

A line that does not fit is refused with its number and never left out: a copy that lost something must not be read as a
host that lacks it.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NamedTuple

from ..device import errors

_ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-_]")
"""What sets colours and titles, and moves the cursor (ECMA-48)."""
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_PAGER = re.compile(r"\s*-+ *more *-+.*", re.IGNORECASE)
_PROMPT = re.compile(r"\s*(?:\[[^\]@]*@[^\]]*\] ?[#$]?|(?:~|/\S*) ?[#$])(?:\s+(?P<rest>.*)|\s*)")
"""`[root@esx1:~]`, `~ #`, `[root@esx1 ~]#`."""
_COMMAND = re.compile(r"(?:.*[\s#$\]>/])?(?P<name>esxcli|localcli|esxcfg-\w+|(?:vmware-)?vim-cmd)\s+(?P<rest>.*)")


class Line(NamedTuple):
    """A line with its number in the text that the user gave."""

    number: int
    text: str


class LineError(errors.RefusedError):
    """A line is not understood; `number` is its own."""

    def __init__(self, line: Line, why: str) -> None:
        super().__init__(
            f"What esxcli printed is not understood in line {line.number}, {line.text.strip()[:120]!r}: {why}."
        )
        self.number = line.number


class Record(dict[str, Any]):
    """A record by names without blanks and capitals, as no two forms agree on them; `line` is where it begins."""

    line = Line(0, "")


@dataclass
class Output:
    """What one command printed; `line` is that of the command."""

    line: Line
    lines: list[Line] = field(default_factory=list)


def shown(text: str) -> list[Line]:
    """Return the lines that a terminal showed, without blank ones and those of a pager.

    Raises:
        LineError: a line holds what no terminal shows.

    """
    found = []
    for number, raw in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        line = Line(number, _overwritten(_ESCAPES.sub("", raw.rstrip("\r"))).replace("\xa0", " ").rstrip())
        if _CONTROL.search(line.text):
            raise LineError(line, "it holds a control character")
        if line.text.strip() and not _PAGER.fullmatch(line.text):
            found.append(line)
    return found


def _overwritten(text: str) -> str:
    """Return what is left to see of a line in which a pager went back and wrote over its own words."""
    if "\r" not in text and "\b" not in text:
        return text
    seen: list[str] = []
    at = 0
    for sign in text:
        if sign in "\r\b":
            at = 0 if sign == "\r" else max(at - 1, 0)
            continue
        seen[at : at + 1] = [sign]
        at += 1
    return "".join(seen)


def records(given: str | Output) -> list[Record]:
    """Return the records of an output, whatever its form.

    Raises:
        LineError: a line does not fit.
        errors.RefusedError: it is JSON that is none.

    """
    lines = shown(given) if isinstance(given, str) else given.lines
    lines = [line for line in lines if not _is_bare(line)]
    if lines and lines[0].text.lstrip()[:1] in ("[", "{"):
        return _documents(lines)
    lines = [Line(line.number, line.text.expandtabs()) for line in lines]
    if len(lines) > 1 and _is_rule(lines[1]):
        return list(_table(lines))
    return list(_blocks(lines))


def _is_bare(line: Line) -> bool:
    prompt = _PROMPT.fullmatch(line.text)
    return prompt is not None and not prompt["rest"]


def _documents(lines: Sequence[Line]) -> list[Record]:
    try:
        data = json.loads("\n".join(line.text for line in lines))
    except json.JSONDecodeError as error:
        raise LineError(lines[min(error.lineno, len(lines)) - 1], f"it is no JSON ({error.msg})") from None
    except RecursionError as error:
        raise errors.RefusedError("esxcli printed JSON that is none.", "", str(error)) from None
    return [named(each, lines[0]) for each in (data if isinstance(data, list) else [data])]


def named(record: Any, line: Line) -> Record:
    """Return a record with its names as they are compared."""
    if not isinstance(record, Mapping):
        raise errors.RefusedError("esxcli printed a list of what are no records.", "", str(record)[:200])
    made = Record({re.sub(r"\s", "", str(name)).lower(): value for name, value in record.items()})
    made.line = line
    return made


def _is_rule(line: Line) -> bool:
    return set(line.text) <= set("- ")


def _table(lines: Sequence[Line]) -> Iterator[Record]:
    """Yield the rows: cells stand below the dashes and nowhere else, and only a description may be empty at the end."""
    spans = [match.span() for match in re.finditer(r"-+", lines[1].text)]
    names = _cells(lines[0], spans)
    if not all(names) or len(lines[0].text) > spans[-1][1]:
        raise LineError(lines[1], "its dashes do not stand below the names above it")
    for line in lines[2:]:
        if _is_rule(line) or line.text == lines[0].text:
            raise LineError(line, "it is a table's head inside of a table; a command before it is missing")
        cells = _cells(line, spans)
        last = max(index for index, cell in enumerate([".", *cells]) if cell) - 1
        if any(name != "Description" for name in names[last + 1 :]):
            raise LineError(line, "it is cut, or no row of the table above it")
        yield named(dict(zip(names, cells, strict=True)), line)


def _cells(line: Line, spans: Sequence[tuple[int, int]]) -> list[str]:
    """Return the cells; only the last one may be wider than its dashes, and a number ends where they end."""
    text = line.text
    beside = [text[before[1] : after[0]] for before, after in pairwise([(0, 0), *spans])]
    if any(each.strip() for each in beside) or not text[spans[0][0] : spans[0][0] + 1].strip():
        raise LineError(line, "its cells do not stand below the table's head")
    ends = [end for _start, end in spans[:-1]] + [max(spans[-1][1], len(text))]
    cells = [text[start:end] for (start, _end), end in zip(spans, ends, strict=True)]
    for cell, (start, end) in zip(cells, spans, strict=True):
        if cell.strip().isdigit() and cell[0] == " " and len(cell.rstrip()) != end - start:
            raise LineError(line, "a number is cut or out of its column")
    return [cell.strip() for cell in cells]


def _blocks(lines: Sequence[Line]) -> Iterator[Record]:
    """Yield records of indented `Name: value` lines; a line that is indented less begins another one."""
    depths = [len(line.text) - len(line.text.lstrip()) for line in lines]
    if not lines:
        return
    if len(set(depths)) == 1:
        yield _record({}, lines[0], lines)
        return
    heads = [index for index, depth in enumerate(depths) if depth <= depths[0]]
    for start, end in zip(heads, [*heads[1:], len(lines)], strict=True):
        head = lines[start]
        if depths[start] != depths[0] or end == start + 1:
            raise LineError(head, "it is no `name: value`, and begins no record")
        found = _record({"Name": head.text.strip()}, head, lines[start + 1 : end])
        if found["name"] != head.text.strip():
            raise LineError(head, f"the record below it is named {found['name']}")
        yield found


def _record(found: dict[str, str], head: Line, lines: Iterable[Line]) -> Record:
    given: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.text.strip().partition(":")
        if not colon:
            raise LineError(line, "it is no `name: value`")
        if name in given:
            raise LineError(line, f"the record that begins in line {head.number} has {name} twice")
        given[name] = value.strip()
    return named(found | given, head)


def transcript(text: str) -> dict[str, Output]:
    """Return the outputs in the copy of a console, by command; those of esxcli without that word.

    Raises:
        LineError: a line holds what no terminal shows, or a command is answered in two ways.
        errors.RefusedError: there is no command.

    """
    outputs: dict[str, Output] = {}
    current: Output | None = None
    lines = deque(shown(text))
    while lines:
        line = lines.popleft()
        command = _COMMAND.fullmatch(line.text)
        if command is None:
            current = None if _PROMPT.fullmatch(line.text) else current
            if current is not None:
                current.lines.append(line)
            continue
        current = Output(line)
        words = _whole(command["rest"], lines)
        key = plain(words) if command["name"] in ("esxcli", "localcli") else f"{command['name']} {words}"
        _keep(outputs, key.removeprefix("vmware-"), current)
    if not outputs:
        raise errors.RefusedError("running_config has no line with esxcli.", "Give commands and what they print.")
    return outputs


def _whole(words: str, lines: deque[Line]) -> str:
    """Return a command that the terminal broke inside of a quoted name, with the line that ends it."""
    for quote in "\"'":
        if words.count(quote) == 1 and lines and lines[0].text.count(quote) == 1:
            return (words + lines.popleft().text).strip()
    return words.strip()


def _keep(outputs: dict[str, Output], key: str, made: Output) -> None:
    """Keep an output; one without a line gives way to a second one of the same command."""
    before = outputs.get(key)
    if before is not None and before.lines:
        raise LineError(made.line, f"the command stands in line {before.line.number} too, with an answer of its own")
    outputs[key] = made


def plain(command: str) -> str:
    """Return a command as `failover_of` and its like write it: no formatter, long options, no quotes."""
    command = re.sub(r"--formatter[= ]\S+\s+", "", command.strip())
    for letters, name in ((r"(?:-p|--portgroup-name)", "portgroup-name"), (r"(?:-v|--vswitch-name)", "vswitch-name")):
        command = re.sub(rf"\s{letters}[= ](?:\"([^\"]*)\"|'([^']*)'|(.*\S))\s*\Z", rf" --{name}=\1\2\3", command)
    return command
