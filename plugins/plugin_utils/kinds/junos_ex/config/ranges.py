# SPDX-License-Identifier: GPL-3.0-or-later
"""`interfaces interface-range`: what a range says is merged into each of its ports.

Juniper, "Interface Ranges": `member` takes a name or a pattern (`*`, `[low-high]`, `[n1,n2]`), `member-range` runs over
ports, PICs and FPCs (`et-1/0/0 to et-4/0/40`); of several ranges over one port the first has priority.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from math import prod

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.finding import Finding, RefusalError

from .names import in_order
from .statements import LEAF_LISTS, Config, Path, Statements, entry, leaf, path

RANGE = "interface-range"
MEMBERSHIP = frozenset({"member", "member-range"})
HIGHEST = 47
"""The last port that `*` stands for, and of each PIC in the middle of a member-range."""
CHANNELS = 3
MOST = 500_000
"""Ports that one `member` or `member-range` may stand for; `xe-*/*/*:*` is 442,368. A switch has a few hundred."""
_PATTERN = re.compile(r"[*\[\]]")
_NAME = re.compile(r"(?:([a-z]+)-(_)/(_)/(_)(?::(_))?|(ae)(_))".replace("_", "[0-9]{1,4}"))
_PIECE = re.compile(r"([0-9]{1,4})(?:-([0-9]{1,4}))?")
_SEGMENTS = re.compile(r"(\[[^\]]*\]|:\*|\*)")

Place = tuple[str, int, int, int, int]
"""Where a port is: media type, FPC, PIC, port, channel (-1: none)."""
_NOWHERE: Place = ("", 0, 0, 0, 0)
Row = tuple[str, list[str], list[tuple[str, str]]]
"""A range, its members as written, and its member-ranges."""


@dataclass(frozen=True)
class Membership:
    """How a range holds a port: by `member PORT`, by `member-range`, or by a pattern that cannot be cut."""

    name: str
    pattern: str | None


def names(config: Config) -> list[str]:
    """Return the ranges that take effect, in their order."""
    found = config.entries("interfaces", tag=RANGE)
    return [name for name in found if not config.is_inactive(*_where(name))] if config.inactive else found


def _where(name: str) -> Path:
    return path("interfaces", entry(RANGE, name))


def holding(config: Config, port: str) -> list[Membership]:
    """Return the ranges that hold the port; `pattern` is set where it is held by a pattern."""
    return held_by(table(config), port)


def table(config: Config) -> list[Row]:
    """Return what each range that takes effect says of its ports, for those who ask of many ports."""
    return [(name, _members(config, name), _spans(config, name)) for name in names(config)]


def held_by(rows: Iterable[Row], port: str) -> list[Membership]:
    """Return the ranges of a table that hold the port."""
    found: list[Membership] = []
    for name, members, spans in rows:
        patterns = [text for text in members if _PATTERN.search(text) and _matches(port, text)]
        if port in members or patterns or any(between(port, *span) for span in spans):
            found.append(Membership(name, patterns[0] if patterns else None))
    return found


def _members(config: Config, name: str) -> list[str]:
    return _active(config, name, "member")


def _spans(config: Config, name: str) -> list[tuple[str, str]]:
    firsts = _active(config, name, "member-range")
    return [
        (first, config.value(*_where(name), entry("member-range", first), "end-range") or first) for first in firsts
    ]


def _active(config: Config, name: str, tag: str) -> list[str]:
    keys = config.entries(*_where(name), tag=tag)
    return [key for key in keys if not config.is_inactive(*_where(name), entry(tag, key))]


def _matches(port: str, pattern: str) -> bool:
    return port in _named(pattern)


@lru_cache(maxsize=256)
def _named(pattern: str) -> frozenset[str]:
    """Return the ports that a pattern stands for: `ge-0/0/*` is ge-0/0/0 to ge-0/0/47, and no port beyond."""
    return frozenset(_expanded(pattern))


def _numbers(part: str) -> list[int]:
    found: list[int] = []
    for piece in part[1:-1].split(","):
        match = _PIECE.fullmatch(piece.strip())
        if match:
            found += range(int(match[1]), int(match[2] or match[1]) + 1)
    return found


def _few(text: str, *counts: int) -> None:
    """Refuse what would be counted to for ever.

    Raises:
        RefusalError: it stands for more than MOST ports.

    """
    if prod(counts) > MOST:
        why = f"No switch has more than {MOST} ports, and each of them would be looked at."
        mend = "Write it narrower on the switch."
        raise RefusalError([Finding("interface-range", "RANGE_TOO_WIDE", f"{text[:80]} is too wide", why, mend)])


@lru_cache(maxsize=4096)
def place(name: str) -> Place | None:
    """Return where a port or an aggregated interface stands in the order of its kind."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    if match[6]:
        return match[6], 0, 0, int(match[7]), -1
    return match[1], int(match[2]), int(match[3]), int(match[4]), int(match[5] or -1)


def between(port: str, first: str, last: str) -> bool:
    """Tell whether a port lies in first..last, in the order of FPC, PIC and port."""
    found, low, high = place(port), place(first), place(last)
    if not (found and low and high) or not found[0] == low[0] == high[0]:
        return False
    after = found >= low if low[4] >= 0 else found[:4] >= low[:4]
    return after and (found <= high if high[4] >= 0 else found[:4] <= high[:4])


def ports_of(config: Config, name: str, known: Iterable[str] | None = None) -> list[str]:
    """Return the ports that a range stands for, each once; of several PICs or FPCs those that are `known`, if given."""
    found: dict[str, None] = {}
    for text in _members(config, name):
        found.update(dict.fromkeys(_expanded(text)))
    for first, last in _spans(config, name):
        low, high = place(first), place(last)
        wide = known is not None and low and high and low[:3] != high[:3]
        ports = [port for port in known or () if between(port, first, last)] if wide else _span(first, last)
        found.update(dict.fromkeys(ports))
    return list(found)


def _expanded(text: str) -> Iterator[str]:
    """Yield what `ge-0/0/[0-3,7]` or `ge-*/0/1` stands for."""
    parts = _SEGMENTS.split(text)
    choices = [_choices(part) for part in parts]
    _few(text, *map(len, choices))
    return ("".join(each) for each in product(*choices))


def _choices(part: str) -> list[str]:
    if part == ":*":
        return [f":{number}" for number in range(CHANNELS + 1)]
    if part == "*":
        return [str(number) for number in range(HIGHEST + 1)]
    return [str(number) for number in _numbers(part)] if part.startswith("[") else [part]


def _span(first: str, last: str) -> list[str]:
    """Return the ports of first..last; each FPC between them is taken to have the ports 0 to 47 of their PICs."""
    low, high = place(first), place(last)
    if low is None or high is None or low[0] != high[0]:
        return [first]
    if low[:3] == high[:3]:
        found = [_name(low[0], *low[1:3], number) for number in range(low[3], high[3] + 1)]
        if low[4] >= 0 and high[4] >= 0:
            found = [f"{port}:{number}" for port in found for number in range(CHANNELS + 1)]
    else:
        pics = range(min(low[2], high[2]), max(low[2], high[2]) + 1)
        fpcs, numbers = range(low[1], high[1] + 1), range(max(HIGHEST, low[3], high[3]) + 1)
        _few(f"{first} to {last}", len(fpcs), len(pics), len(numbers))
        found = [_name(low[0], fpc, pic, number) for fpc, pic, number in product(fpcs, pics, numbers)]
    return [port for port in dict.fromkeys([first, *found, last]) if between(port, first, last)]


def _name(media: str, fpc: int, pic: int, number: int) -> str:
    return f"ae{number}" if media == "ae" else f"{media}-{fpc}/{pic}/{number}"


def given(config: Config, name: str) -> list[Path]:
    """Return what a range says to its ports: paths below `interfaces PORT`, without what is inactive."""
    where = _where(name)
    whole = config.statements.at(where)
    held = [item for item in whole if not (config.inactive and config.is_inactive(*item))]
    if config.inactive and len(held) < len(whole):
        held = [*Config(Statements(whole), set(config.inactive)).active().statements]
    return [
        item[2:]
        for item in held
        if len(item) > 2 and item[2].tag not in MEMBERSHIP and not item[2].tag.startswith("apply-")
    ]


def slot(item: Path) -> Path:
    """Return what two statements share that are the same leaf with two values."""
    return (*item[:-1], item[-1]._replace(value="")) if item[-1].value is not None else item


def is_list(item: Path) -> bool:
    """Tell whether the statement is one value of a leaf that may have several."""
    return item[-1].value is not None and item[-1].tag in LEAF_LISTS


def leave(config: Config, port: str, name: str, known: Iterable[str] = ()) -> None:
    """Take the port out of a range that holds it by name; a `member-range` is split around it.

    `known` are all ports of cards that are there: no part ends at, or consists of, ports beyond those of their PIC.
    """
    where = _where(name)
    config.remove(*where, entry("member", port))
    for first, last in _spans(config, name):
        if between(port, first, last):
            config.remove(*where, entry("member-range", first))
            inside = _inside((first, last), port, list(known))
            position = inside.index(port)
            _keep(config, where, *_ends(inside[:position], first, 0))
            _keep(config, where, *_ends(inside[position + 1 :], last, -1))


def there(config: Config, known: Iterable[str]) -> list[str]:
    """Return the known ports of the cards that are there: a port is shown that no stanza and no range names by itself.

    Of a card that is away a switch shows what is named, and no port more of a member-range over several cards.
    """
    named = set(config.entries("interfaces", tag="interface"))
    for name in names(config):
        named.update(ports_of(config, name, ()))
    found = {each: at[:3] for each in known if (at := place(each))}
    cards = {card for each, card in found.items() if each not in named}
    return [each for each, card in found.items() if card in cards]


def _inside(span: tuple[str, str], port: str, known: list[str]) -> list[str]:
    """Return the ports of a member-range in their order, the given one in any case."""
    extent: dict[tuple[str, int, int], int] = {}
    for each in known:
        if at := place(each):
            extent[at[:3]] = max(at[3], extent.get(at[:3], 0))
    found = {port: place(port)}
    for each in (*_span(*span), *known):
        if (at := place(each)) and at[3] <= extent.get(at[:3], at[3]) and between(each, *span):
            found[each] = at
    return sorted(found, key=lambda each: found[each] or _NOWHERE)


def _ends(ports: list[str], end: str, position: int) -> tuple[str | None, str | None]:
    """Return first and last of a part, which keeps the end that the whole had."""
    if not ports:
        return None, None
    return (end, ports[-1]) if position == 0 else (ports[0], end)


def _keep(config: Config, where: Path, first: str | None, last: str | None) -> None:
    """Hold the ports first..last; a `member-range` that begins there already ends at the later of both ends."""
    if first is None or last is None:
        return
    held = config.value(*where, entry("member-range", first), "end-range")
    if held is not None:
        config.remove(*where, entry("member-range", first))
        last = max(held, last, key=lambda each: place(each) or _NOWHERE)
    if first == last:
        config.add(*where, entry("member", first))
    else:
        config.add(*where, entry("member-range", first), leaf("end-range", last))


def listed(config: Config, name: str) -> list[Path]:
    """Return the statements that say which ports a range holds."""
    return [item for item in config.statements.at(_where(name)) if len(item) > 2 and item[2].tag in MEMBERSHIP]


def is_empty(config: Config, name: str) -> bool:
    """Tell whether a range is left without any port or pattern."""
    return not (_members(config, name) or _spans(config, name))


def spans(ports: Iterable[str]) -> str:
    """Return ports in words, those that follow each other as `FIRST to LAST`."""
    runs: list[list[str]] = []
    for port in sorted(ports, key=in_order):
        if runs and _follows(runs[-1][-1], port):
            runs[-1].append(port)
        else:
            runs.append([port])
    return ", ".join(run[0] if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs)


def _follows(one: str, other: str) -> bool:
    """Tell whether a port is the next one of the same PIC, or of the aggregated interfaces."""
    low, high = place(one), place(other)
    return low is not None and high == (*low[:3], low[3] + 1, low[4])
