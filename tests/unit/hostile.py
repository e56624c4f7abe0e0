# SPDX-License-Identifier: GPL-3.0-or-later
"""What devices and programs may answer that nobody expects, for the tests of what reads it: texts, trees, bounds."""

from __future__ import annotations

import copy
import re
import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from hypothesis import strategies as st

from ansible_collections.netstack.datacenter.plugins.plugin_utils.readable import readable

STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
SECONDS = 20
"""Far more than anything here takes: only what never ends, or counts to what a device says, is longer."""
MEMORY = 1 << 30

NUMBERS = ["0", "-1", "007", "4095", "99999999999999", "9" * 5000, "1e9", "\u00b2", "\u0663", "1_0", " 10 ", "NaN", ""]
SPANS = ["1-99999999999", "4094-1", "1-", "-", "\u0661-\u0669", "ge-0/0/[0-99999999]", "ge-[0-99999999]/0/*"]
NAMES = ["ge-99999999999/0/0", "ge-0/0/\u00b2", "ae99999", "ae0.\u00b2", ".0", "ge-*/*/*:*", "*" * 40, "all", "default"]
FORGED = ["\u009b2K\u202eok: [lb1]", "<script>alert(1)</script>", "{{ 7 * 191 }}", "\u2028", "\U000e0041", "a" * 70000]
words = st.sampled_from([*NUMBERS, *SPANS, *NAMES, *FORGED])
texts = words | st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)
"""Without control characters: no document of XML may hold those below 32."""
any_texts = texts | st.sampled_from(["\x1b[2K", "\x00", "\r", "\udc80", "a\nb", "\t"])


@contextmanager
def bounded() -> Iterator[None]:
    """Fail what takes more than SECONDS, or MEMORY more than there is now."""

    def late(*_given: Any) -> None:
        raise AssertionError(f"no end after {SECONDS} s")

    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    with open("/proc/self/statm", encoding="ascii") as file:
        now = int(file.read().split()[0]) * resource.getpagesize()
    former = signal.signal(signal.SIGALRM, late)
    signal.alarm(SECONDS)
    resource.setrlimit(resource.RLIMIT_AS, (now + MEMORY, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
        signal.alarm(0)
        signal.signal(signal.SIGALRM, former)


def steering(value: Any) -> list[str]:
    """Return what would steer a terminal in a value as it is shown."""
    return STEERING.findall(str(readable(value)).replace("\r", ""))


def of_tree(parse: Callable[[str], Any], text: str) -> st.SearchStrategy[Any]:
    """Draw a tree of XML (lxml) that begins as `text` and has had some of its elements changed."""
    size = sum(1 for _each in parse(text).iter())
    change = st.tuples(st.integers(0, size - 1), st.sampled_from(_CHANGES), texts, st.integers(0, size - 1))
    return st.lists(change, max_size=4).map(lambda changes: _changed(parse(text), changes))


def _changed(root: Any, changes: list[tuple[int, Callable[..., None], str, int]]) -> Any:
    for at, change, text, other in changes:
        elements = list(root.iter())
        change(elements[at % len(elements)], text, elements[other % len(elements)])
    return root


def _drop(element: Any, _text: str, _other: Any) -> None:
    if element.getparent() is not None:
        element.getparent().remove(element)


def _say(element: Any, text: str, _other: Any) -> None:
    element.text = text


def _say_nothing(element: Any, _text: str, _other: Any) -> None:
    element.text = None


def _twice(element: Any, _text: str, _other: Any) -> None:
    if element.getparent() is not None:
        element.addnext(copy.deepcopy(element))


def _below(element: Any, _text: str, other: Any) -> None:
    element.append(copy.deepcopy(other))


def _deep(element: Any, _text: str, _other: Any) -> None:
    for _each in range(300):
        element.append(element.makeelement("unit"))
        element = element[-1]


def _retype(element: Any, _text: str, other: Any) -> None:
    element.tag = other.tag


def _in_namespace(element: Any, _text: str, _other: Any) -> None:
    if isinstance(element.tag, str):
        element.tag = "{urn:x}" + element.tag.rpartition("}")[2]


def _mark(element: Any, text: str, _other: Any) -> None:
    for name in ("inactive", "seconds", "{http://xml.juniper.net/junos/x}group"):
        element.set(name, text or "inactive")


_CHANGES: list[Callable[..., None]] = [
    *(_drop, _say, _say, _say, _say_nothing, _twice, _below, _deep, _retype, _in_namespace, _mark)
]


def of_text(text: str) -> st.SearchStrategy[str]:
    """Draw a text that begins as `text` and has had something cut out, repeated or put in."""
    place = st.integers(0, len(text))
    change = st.tuples(place, place, st.just("") | any_texts | place.map(lambda at: text[at : at + 40]))
    return st.lists(change, max_size=3).map(lambda changes: _edited(text, changes))


def _edited(text: str, changes: list[tuple[int, int, str]]) -> str:
    for start, end, more in changes:
        low, high = sorted((start, end)) if more == "" else (start, start)
        text = text[:low] + more + text[high:]
    return text


def of_data(data: Any) -> st.SearchStrategy[Any]:
    """Draw what JSON may hold: `data` with some of its values gone, of another type, or one more."""
    scalars = st.none() | st.booleans() | any_texts | st.sampled_from([-1, 10**30, 1.5, float("inf"), float("nan")])
    strange = st.recursive(
        scalars, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(any_texts, inner), max_leaves=3
    )
    change = st.tuples(st.integers(0, 999), st.just(_GONE) | strange)
    return st.lists(change, max_size=4).map(lambda changes: _replaced(copy.deepcopy(data), changes))


_GONE = object()


def _replaced(data: Any, changes: list[tuple[int, Any]]) -> Any:
    for number, value in changes:
        places = [([data], 0), *_places(data)]
        holder, key = places[number % len(places)]
        if value is not _GONE:
            holder[key] = value
        elif len(places) > 1 and holder is not None and number % len(places):
            del holder[key]
        data = holder[0] if not number % len(places) and value is not _GONE else data
    return data


def _places(data: Any) -> Iterator[tuple[Any, Any]]:
    keys = data.keys() if isinstance(data, dict) else range(len(data)) if isinstance(data, list) else ()
    for key in list(keys):
        yield data, key
        yield from _places(data[key])
