# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan changes, as data: kinds of changes, on which object, and which links they concern."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from .neutral import NEUTRAL, ChangeKind, Neutral, Side

Value = str | int | bool | tuple[str, ...] | None


@dataclass(frozen=True)
class Change:
    """One change of one object of one end.

    Attributes:
        kind: what changes; with `side` it has an entry in the table NEUTRAL
        side: whose object it is: a switch's or a host's
        object: an interface, a virtual switch, a port group or a VLAN, in the device's words
        before: the old value, None where there was none
        after: the new value, None where there is none any more
        item: the VLAN that is meant, where the object is what carries it
        concerns: the interfaces or virtual switches by which a link knows that it is concerned; none of them: it is of
            the device as a whole

    """

    kind: ChangeKind
    side: Side
    object: str
    before: Value
    after: Value
    item: str = ""
    concerns: tuple[str, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        """Refuse a change of which nobody has said whether it is neutral.

        Raises:
            KeyError: the table has no entry.

        """
        if (self.kind, self.side) not in NEUTRAL:
            raise KeyError(f"{self.kind.value} at a {self.side} has no entry in the table of neutral changes")

    @property
    def neutral(self) -> Neutral:
        """Return whether the other end of a link may stay as it is, and why."""
        return NEUTRAL[self.kind, self.side]

    def __str__(self) -> str:
        what = " ".join(filter(None, [self.kind.value.replace("_", " "), self.item]))
        return f"{self.object}: {what}: {_word(self.before)} -> {_word(self.after)}"

    def plain(self) -> dict[str, Any]:
        """Return it as a result of a task."""
        values = {
            name: list(each) if isinstance(each, tuple) else each
            for name, each in (("before", self.before), ("after", self.after))
        }
        found = {"kind": self.kind.value, "side": self.side, "object": self.object, **values}
        return {**found, "item": self.item, "neutral": self.neutral.yes}


def read(data: Mapping[str, Any]) -> Change:
    """Return the change that `plain` made this data of.

    Raises:
        ValueError: there is no such kind, or no such kind at this side.

    """
    values = {name: tuple(v) if isinstance(v := data[name], list) else v for name in ("before", "after")}
    side: Literal["switch", "host"] = "host" if data["side"] == "host" else "switch"
    try:
        return Change(ChangeKind(data["kind"]), side, str(data["object"]), **values, item=str(data.get("item", "")))
    except KeyError as error:
        raise ValueError(str(error)) from None


@dataclass(frozen=True)
class Grouped:
    """The changes of one plan: by link, of the device as a whole, and on objects that belong to no declared link."""

    by_link: Mapping[str, tuple[Change, ...]]
    device: tuple[Change, ...]
    unlinked: tuple[Change, ...]

    def plain(self) -> dict[str, Any]:
        """Return it as a result of a task."""
        return {
            "by_link": {link: [change.plain() for change in found] for link, found in self.by_link.items()},
            "device": [change.plain() for change in self.device],
            "unlinked": [change.plain() for change in self.unlinked],
        }


def grouped(changes: Iterable[Change], links: Iterable[Mapping[str, Any]]) -> Grouped:
    """Return the changes by the links that they concern; `links` are entries of `stack_links` of this end."""
    owners: dict[str, list[str]] = {}
    for link in links:
        for name in filter(None, (link.get("lag"), *link["ports"])):
            owners.setdefault(str(name), []).append(str(link["link"]))
    found: dict[str, list[Change]] = {}
    device, unlinked = [], []
    for change in changes:
        hit = dict.fromkeys(link for name in change.concerns for link in owners.get(name, ()))
        for link_name in hit:
            found.setdefault(link_name, []).append(change)
        if not change.concerns:
            device.append(change)
        elif not hit:
            unlinked.append(change)
    return Grouped({link: tuple(found[link]) for link in sorted(found)}, tuple(device), tuple(unlinked))


def _word(value: Value) -> str:
    if value is None:
        return "none"
    return ", ".join(value) if isinstance(value, tuple) else str(value)
