# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Lines of a configuration with the object that made each, and the order of rules that HAProxy wants. Pure.

HAProxy evaluates rules by their kind, whatever their order in the text, and warns about a text that suggests another
one (``warnif_misplaced_*`` in its cfgparse-listen.c). So a section is put together by kind.
"""

from __future__ import annotations

from typing import Dict, Iterator, List, NamedTuple, Sequence, Tuple, Union

__all__ = ["REST", "SERVERS", "SETTINGS", "Kinds", "Line", "Origin", "classed", "each", "in_order", "made"]

Origin = Tuple[Union[str, int], ...]
"""The way to a value in what was declared: ("services", "shop", "frontends", "shop", "raw", 0)."""


class Line(NamedTuple):
    """A line and the declared object that made it; the empty origin where none did."""

    text: str
    origin: Origin = ()


Kinds = Dict[str, List[Line]]
"""Lines of a section by their kind."""

SETTINGS, CHECK, SERVERS, REST = "settings", "check", "servers", "rest"

#: The kinds in the order in which they are written. Those of requests are in the order of their evaluation; an ACL is
#: known to the lines that follow it, and default-server holds for the servers that follow it.
_ORDER = (
    SETTINGS,
    "acl",
    "tcp-request",
    "tcp-request quic-initial",
    "tcp-request connection",
    "tcp-request session",
    "tcp-request content",
    "monitor fail",
    "http-request",
    "redirect",
    "tcp-response",
    "http-response",
    "http-after-response",
    "use_backend",
    "use-server",
    "default_backend",
    CHECK,
    "default-server",
    SERVERS,
    REST,
)
_PAIRS = frozenset(kind for kind in _ORDER if " " in kind)
_SINGLE = frozenset(_ORDER) - {SETTINGS, CHECK, SERVERS, REST, "default_backend"}
_OF_SERVERS = ("server", "server-template")
_SECTIONS = ("frontend", "backend", "listen", "defaults", "global", "peers", "userlist", "resolvers", "program")


def made(origin: Origin, texts: Sequence[str]) -> list[Line]:
    """Return lines that one object made."""
    return [Line(text, origin) for text in texts]


def each(origin: Origin, texts: Sequence[str]) -> list[Line]:
    """Return lines of a list, one for each of its items."""
    return [Line(text, (*origin, index)) for index, text in enumerate(texts)]


def in_order(*parts: Kinds) -> list[Line]:
    """Return the lines of a section by kind; within a kind those of the first part come first, each in its order."""
    return [line for kind in _ORDER for part in parts for line in part.get(kind, [])]


def classed(raw: Sequence[Line]) -> Kinds:
    """Return lines that a user wrote by their kind; what has none of its own is the rest, which comes last.

    A comment stays with the line that it stands above, a conditional block (``.if`` to ``.endif``) is moved as a whole.
    Beside servers of their own ``default-server`` lines stay where they are among these.
    """
    found: Kinds = {}
    own_servers = any(_word(line, 0) in _OF_SERVERS for line in raw)
    for unit in _units(raw):
        kind = next((kind for kind in (_kind(line) for line in unit) if kind), REST)
        found.setdefault(REST if own_servers and kind == "default-server" else kind, []).extend(unit)
    return found


def _word(line: Line, index: int) -> str:
    words = line.text.split(None, index + 1)
    return words[index] if len(words) > index else ""


def _kind(line: Line) -> str:
    """Return the kind of a line, "" of one that says nothing itself: comments, conditions, nothing."""
    first = _word(line, 0)
    if not first or first[0] in "#.":
        return ""
    pair = f"{first} {_word(line, 1)}"
    return pair if pair in _PAIRS else first if first in _SINGLE else REST


def _units(raw: Sequence[Line]) -> Iterator[list[Line]]:
    """Yield the lines that stay together; from the head of a further section on, all of them."""
    unit: list[Line] = []
    depth, opened = 0, False
    for line in raw:
        first = _word(line, 0)
        opened = opened or first in _SECTIONS
        depth += (first == ".if") - (first == ".endif")
        unit.append(line)
        if depth <= 0 and not opened and (_kind(line) or first == ".endif"):
            yield unit
            unit = []
    if unit:
        yield unit
