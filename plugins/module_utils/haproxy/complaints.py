# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What HAProxy says against a configuration, each line with what it speaks of and the declared object. Pure."""

from __future__ import annotations

import re
from typing import Any, Iterator, Mapping, NamedTuple, Sequence

from .lines import Line, Origin
from .mask import masked_message
from .render import FOREIGN

__all__ = ["Complaint", "Names", "complaints", "explained", "located", "named"]

Names = Mapping[str, Any]
"""What the user calls what was declared: ``prefix`` of the options, and the keys of frontends and backends."""

_SAID = re.compile(r"(?:.*?haproxy\[[0-9]+\]: )?\[(ALERT|WARNING|NOTICE|DIAG)\]\s*(?:[0-9/]+\s*)?\([0-9]+\) : (.*)")
#: What only says that something was said before. After a refused head of a section each line of it is one more alert.
_AFTERMATH = re.compile(
    r"Loading failure|Error\(s\) found in configuration file|Fatal errors found in configuration"
    r"|Some warnings were found and 'zero-warning' is set|.* : 'listen' or 'defaults' expected"
)
_SECTION = re.compile(r"\b(proxy|frontend|backend|listen|server) '([^'/]+)", re.IGNORECASE)
_KINDS = {"frontend": ("frontends", "listens"), "backend": ("backends", "listens"), "server": ("backends", "listens")}
_ALL_KINDS = ("frontends", "backends", "listens")
#: First words that occur in complaints about other lines: "(needs 'mode http')", "server is not allowed".
_VAGUE = ("mode", "bind", "server")
_SHOWN = 12


class Complaint(NamedTuple):
    """One of HAProxy's alerts or warnings, and the line of the configuration that it names; 0 where it names none."""

    level: str
    words: str
    line: int = 0


def complaints(said: str, path: str) -> list[Complaint]:
    """Return HAProxy's alerts, then its warnings, each in its order; ``path`` is the configuration that they name.

    Left out is what only repeats that there were some, and what a refused head of a section makes of its lines.
    """
    found: list[Complaint] = []
    for level, words in _statements(said):
        place = re.search(rf"\[{re.escape(path)}:([0-9]+)\]", words)
        found.append(Complaint(level, words, int(place.group(1)) if place else 0))
    alerts = [each for each in found if each.level == "ALERT"]
    first = [each for each in alerts if not _AFTERMATH.match(each.words)]
    return first + [each for each in found if each.level == "WARNING"]


def _statements(said: str) -> Iterator[tuple[str, str]]:
    """Yield level and words of what HAProxy says; some statements go over several lines."""
    level, words = "", ""
    for line in [*said.splitlines(), "[NOTICE] (0) : end"]:
        start = _SAID.match(line.strip())
        if start is None:
            words += f" {line.strip()}" if line.strip() else ""
            continue
        if level:
            yield level, words.strip()
        level, words = start.group(1), re.sub(r"^config : ", "", start.group(2))


def explained(found: Sequence[Complaint], lines: Sequence[Line], names: Names) -> str:
    """Return complaints as the user reads them: HAProxy's words, the line, and the object that made it."""
    told = [f"{each.level}: {masked_message(each.words)}{_behind(each, lines, names)}" for each in found[:_SHOWN]]
    if len(found) > _SHOWN:
        told.append(f"and {len(found) - _SHOWN} more")
    text = told[0] if len(told) == 1 else "".join(f"\n- {each}" for each in told)
    if any(each.level == "ALERT" for each in found):
        return text
    return f"{text}\n({names.get('prefix', '')}fatal_warnings: false lets warnings pass)"


def located(said: str, path: str, lines: Sequence[Line], names: Names) -> str:
    """Return what HAProxy said when it was to load a configuration, with the line that it names, and its object."""
    place = re.search(rf"\[{re.escape(path)}:([0-9]+)\]", said)
    return f"{said}{_behind(Complaint('ALERT', said, int(place.group(1))), lines, names)}" if place else said


def _behind(complaint: Complaint, lines: Sequence[Line], names: Names) -> str:
    spoken_of = _line_of(complaint, lines)
    if spoken_of is None:
        return ""
    text, owner = masked_message(spoken_of.text).strip(), named(spoken_of.origin, names)
    return f" (the line is: {text}; declared in {owner})" if owner else f" (the line is: {text})"


def _line_of(complaint: Complaint, lines: Sequence[Line]) -> Line | None:
    """Return the line that a complaint speaks of: by its number, else that line of its section that it has words of."""
    if 0 < complaint.line <= len(lines):
        return lines[complaint.line - 1]
    for kind, name in _SECTION.findall(complaint.words):
        kinds = _KINDS.get(kind.lower(), _ALL_KINDS)
        of_section = [line for line in lines if _in_section(line.origin, kinds, name)]
        if of_section:
            return min(of_section, key=lambda line: _distance(line, complaint.words, name))
    return None


def _in_section(origin: Origin, kinds: Sequence[str], name: str) -> bool:
    return len(origin) > 3 and origin[0] == "services" and origin[2] in kinds and origin[3] == name


def _distance(line: Line, words: str, section: str) -> tuple[int, int]:
    """Return how far a line is from a complaint: by what this quotes of it, then by where it has the line's keyword."""
    given = line.text.split()
    quoted = set(re.findall(r"'([^' ]+)'", words)) - {section, *_VAGUE}
    keyword = " ".join(given[:2]) if given[0] in ("option", "timeout", "stick") else given[0]
    in_body = line.text[0] == " "
    found = re.search(rf"(?<![\w-]){re.escape(keyword)}(?![\w-])", words) if in_body else None
    if found and keyword not in _VAGUE:
        return -len(quoted & set(given)), found.start()
    return -len(quoted & set(given)), len(words) + in_body  # the section's head before lines that are not meant


def named(origin: Origin, names: Names) -> str:
    """Return an object as the user knows it: the option of the module, the role's variable, or the site's object."""
    if not origin:
        return ""
    if origin[0] == FOREIGN:
        return f"/etc/haproxy/conf.d/{origin[1]}, line {int(origin[2]) + 1}, which was not made by this role"
    own = names.get(str(origin[2])) if origin[0] == "services" and len(origin) > 2 else None
    if own is None:
        return f"{names.get('prefix', '')}{_spoken(origin)}"
    key = str(origin[4]) if len(origin) > 4 else ""
    return _spoken((*origin[:2], own[key], *origin[5:]) if key in own else origin[:2])


def _spoken(origin: Origin) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in origin).lstrip(".")
