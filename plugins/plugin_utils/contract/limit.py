# SPDX-License-Identifier: GPL-3.0-or-later
"""Which end of a link may be changed in a run that holds a part of the site only (`--limit`, a slice)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .changes import Change
from .neutral import DEVICE_WIDE

Links = Iterable[Mapping[str, Any]]
ByLink = Mapping[str, Iterable[Change]]


@dataclass(frozen=True)
class OneEnd:
    """A link of which one end alone would change.

    `missing` is the inventory host that is not in the run, or that takes no change in it, which `reason` says then.
    """

    link: str
    here: str
    far: str
    missing: str
    changes: tuple[Change, ...]
    reason: str = ""

    def __str__(self) -> str:
        told = " ".join(f"{change}. {change.neutral.why}" for change in self.changes)
        if self.reason:
            return (
                f"{self.link} changes at {self.here}, and its other end {self.far} does not change in this run "
                f"({self.reason}), so frames between {self.here} and {self.far} would be lost. {told} Bring {self.far} "
                f"back first, or take the change of this link out of the inventory. {self.here} was not changed."
            )
        who = {self.far: f"its other end {self.far}", self.here: f"{self.here} itself"}.get(
            self.missing, f"{self.missing}, by which its other end {self.far} is changed,"
        )
        return (
            f"{self.link} changes at {self.here}, and {who} is not in this run, so frames between {self.here} and "
            f"{self.far} would be lost. {told} Both ends are changed in one run: add {self.missing} to --limit, or to "
            "the slice. Nothing was changed."
        )


def one_ended(
    here: str,
    links: Links,
    by_link: ByLink,
    present: Collection[str],
    both: Collection[str] = (),
    apart: Mapping[str, str] | None = None,
) -> Iterator[OneEnd]:
    """Yield the links that a run must not change.

    Args:
        here: the inventory host whose plan it is
        links: entries of `stack_links` of that host
        by_link: what its plan changes
        present: the inventory hosts that are in the run
        both: the links of which the run changes both ends in steps, whoever is in it; there only what takes effect at
            the switch as a whole needs the switch itself in the run
        apart: hosts that take no change although the host by which they are changed is in the run, each with the reason

    """
    for link in links:
        name, in_steps = str(link["link"]), link["link"] in both
        found = tuple(
            change
            for change in by_link.get(name, ())
            if not change.neutral.yes and (not in_steps or change.kind in DEVICE_WIDE)
        )
        missing, far = here if in_steps else contact(link), str(link["peer"])
        reason = (apart or {}).get(far, "")
        if found and (missing not in present or reason) and link["provisioned"]:
            yield OneEnd(name, here, far, missing, found, reason)


def contact(link: Mapping[str, Any]) -> str:
    """Return the inventory host by which the other end is changed: itself, or its vCenter."""
    return str(link.get("peer_via") or link["peer"])


def shaken(links: Links, by_link: ByLink, both: Collection[str]) -> dict[str, list[str]]:
    """Return by VLAN the links that lose it until their own turn, because its id is that of the whole switch."""
    found: dict[str, list[str]] = {}
    for link in links:
        for change in by_link.get(str(link["link"]), ()):
            if change.kind in DEVICE_WIDE and link["link"] not in both:
                found.setdefault(change.item, []).append(str(link["link"]))
    return found
