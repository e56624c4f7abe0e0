# SPDX-License-Identifier: GPL-3.0-or-later
"""The members of a virtual chassis, or the line cards, as the switch reports them, and which port one cannot have."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ..config.names import number_of
from ..device import errors
from ..device.session import Session
from ..platform import PORT
from ..ports import SOURCE, why_not

PRESENT = ("Prsnt", "Online")
"""A member is Prsnt, NotPrsnt, Inactive or Unprvsnd (Juniper, Status of a Member Switch), a line card Online."""
EMPTY = "Empty"
_SLOTS = re.compile(r"\(FPC ([0-9]{1,4})(?:-([0-9]{1,4}))?\)")
"""`(FPC 0)`; a member with line cards of its own has several."""


@dataclass(frozen=True)
class Member:
    """A member of a virtual chassis, or a line card: the FPCs that its ports are named after."""

    first: int
    last: int
    status: str
    model: str = ""

    @property
    def present(self) -> bool:
        """Tell whether its ports can be used."""
        return self.status in PRESENT

    def __str__(self) -> str:
        return f"{self.first}" if self.first == self.last else f"{self.first}-{self.last}"


@dataclass(frozen=True)
class Reason:
    """Why the switch has no such port; `sure` where nothing that may come brings it."""

    text: str
    sure: bool


def read(session: Session) -> list[Member]:
    """Return the members that the switch reports, else its line cards; none where it tells neither."""
    with_members = (("get_virtual_chassis_information", _members), ("get_fpc_information", _cards))
    for name, reading in with_members:
        try:
            found = reading(session.read(name))
        except (errors.RefusedError, errors.DeniedError):
            continue
        if found:
            return sorted(found, key=lambda member: member.first)
    return []


def _members(reply: Any) -> list[Member]:
    found = []
    for item in _iter(reply, "member"):
        texts = {str(child.tag).rpartition("}")[2]: (child.text or "").strip() for child in item}
        match = _SLOTS.search(texts.get("fpc-slot", ""))
        slot = int(match[1]) if match else number_of(texts.get("member-id"))
        if slot is not None:
            last = int(match[2]) if match and match[2] else slot
            found.append(Member(slot, last, texts.get("member-status", ""), texts.get("member-model", "")))
    return found


def _cards(reply: Any) -> list[Member]:
    found = []
    for item in _iter(reply, "fpc"):
        slot = number_of((item.findtext("{*}slot") or "").strip())
        state = (item.findtext("{*}state") or "").strip()
        if slot is not None and state != EMPTY:
            found.append(Member(slot, slot, state))
    return found


def _iter(reply: Any, tag: str) -> Iterable[Any]:
    return reply.iter(f"{{*}}{tag}") if hasattr(reply, "iter") else ()


def reason(members: Sequence[Member], port: str) -> Reason | None:
    """Return why the switch has no such port; None where the members do not tell."""
    match = PORT.fullmatch(port)
    if match is None or not members:
        return None
    fpc = int(match[2])
    member = next((each for each in members if each.first <= fpc <= each.last), None)
    there = ", ".join(str(each) for each in members if each.present) or "none"
    if member is None:
        # One that is yet to be cabled is not listed either, and a member may be configured before it comes.
        return Reason(f"it has no member (FPC) {fpc}; present are {there}", sure=False)
    if not member.present:
        return Reason(f"its member (FPC) {fpc} is {member.status or 'not present'}; present are {there}", sure=False)
    beyond = why_not(port, member.model) if member.first == member.last else None
    if beyond is None:
        return None
    return Reason(f"its member {fpc} is an {member.model}, and the port names {beyond} ({SOURCE})", sure=True)
