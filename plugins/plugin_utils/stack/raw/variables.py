# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Free text in the variables of the roles haproxy, pound and vip, or in the options of their modules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from ..finding import Path
from . import haproxy
from .others import Pound, keepalived
from .suspect import UNKNOWN, Suspect

Reader = Callable[[str], Iterator[Suspect]]
Free = tuple[Path, str, str, Reader]
"""Where text stands, the text, the line that is made of it, and who reads that."""

VARIABLES = {
    "haproxy": ("global", "defaults", "services", "stats", "metrics", "health"),
    "pound": ("global", "listeners"),
    "vip": ("raw", "instances"),
}
"""The options of each role's module that have free text; the role's variables bear the role's name before it."""
_BEFORE = {
    "http_request": "http-request ",
    "http_response": "http-response ",
    "options": "option ",
    "redirects": "redirect ",
    "criterion": "acl a ",
    "condition": "use_backend b if ",
    "backend": "use_backend ",
    "balance": "balance ",
    "hash_type": "hash-type ",
    "on": "stick on ",
}
"""What the role haproxy writes before text of a key."""
_AT_AN_END = ("binds", "servers")
_WHOLE = 3
"""Keys on the way to the whole sections of a service: services, its name, raw."""


def suspects(role: str, values: Mapping[str, Any]) -> Iterator[tuple[Path, str, Suspect]]:
    """Yield what is suspect of the options of a role's module, with the object that holds it and the text."""
    for option in VARIABLES[role]:
        for path, text, line, reader in _free(role, (option,), values.get(option)):
            yield from ((path, text, item) for item in told(reader(line)))


def told(found: Iterable[Suspect]) -> list[Suspect]:
    """Return each suspect of a line once; one that is merely unknown only where nothing else is."""
    each = list(dict.fromkeys(found))
    known = [item for item in each if item.why != UNKNOWN]
    return known or each


def _free(role: str, path: Path, value: Any) -> Iterator[Free]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _free(role, (*path, "on" if key is True else str(key)), item)
    elif isinstance(value, list | tuple):
        yield from _listed(role, path, value)
    elif isinstance(value, str):
        reader = _haproxy(path, value) if role == "haproxy" else None
        if reader is not None:
            yield path, value, *reader


def _listed(role: str, path: Path, value: Iterable[Any]) -> Iterator[Free]:
    """Yield the items of a list; the lines of one Pound list are read together."""
    other: Reader = Pound() if role == "pound" else keepalived
    for index, item in enumerate(value):
        if isinstance(item, str) and role != "haproxy" and path[-1] == "raw":
            yield (*path, index), item, item, other
        else:
            yield from _free(role, (*path, index), item)


def _haproxy(path: Path, text: str) -> tuple[str, Reader] | None:
    """Return the text as the line that it becomes, and who reads that; None where it is not free."""
    keys = [str(step) for step in path if isinstance(step, str)]
    key = keys[-1]
    if key == "raw":
        if any(step in _AT_AN_END for step in keys):
            return text, haproxy.of_words
        of_section = keys[:1] == ["services"] and len(keys) == 3
        return text, haproxy.of_global if keys[
            0
        ] == "global" else haproxy.of_section if of_section else haproxy.of_proxy
    if key == "sni":
        return text, haproxy.of_words
    if key in _BEFORE and "timeouts" not in keys and keys[0] in ("services", "defaults"):
        return _BEFORE[key] + text, haproxy.of_proxy
    return None
