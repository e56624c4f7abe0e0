# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked of a host or of a vCenter's hosts, the way there, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..declared.model import Half, HostState, Nic
from ..device import errors
from .plan import Plan, Step

CONSENT = ("management",)
ITSELF = ""
"""The name under which a host stands that is reached directly."""


class Way(Protocol):
    """A session with a host, over the API or over SSH."""

    moves: bool
    """A port group can be moved to another virtual switch."""

    @property
    def away(self) -> Mapping[str, errors.HostError]:
        """Return why some of the hosts that were read last have no state; it is always one of many."""

    def read(self, names: Sequence[str] | None) -> dict[str, HostState]:
        """Return the states of the named hosts of a vCenter, or of the host itself."""

    def nics(self) -> list[Nic]:
        """Return the NICs of the host itself, by as little as tells their link."""

    def carry_out(self, host: str, steps: Sequence[Step], together: bool) -> None:
        """Carry out steps at a host."""

    def lines(self, steps: Sequence[Step]) -> list[str]:
        """Return what is sent for these steps, for people."""

    def close(self) -> None:
        """End the session."""

    def drop(self) -> None:
        """Give the session up without a word."""


@dataclass(frozen=True)
class Request:
    """One change of one host, or of some hosts of one vCenter but those `left_out`. Times in seconds.

    `strangers` are names that were to be left out and are none of its hosts.
    """

    halves: Mapping[str, Half] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    strangers: tuple[str, ...] = ()
    state: str = "merged"
    consent: frozenset[str] = frozenset()
    management_interface: str | None = None
    check_mode: bool = False
    links: bool = True
    points: Mapping[str, Any] | None = None
    addresses: frozenset[str] = frozenset()
    back: float = 90
    run_id: str = ""

    @property
    def center(self) -> bool:
        """Tell whether hosts of a vCenter are meant."""
        return ITSELF not in self.wanted and bool(self.wanted)

    @property
    def wanted(self) -> Mapping[str, Any]:
        """Return what is asked for by host."""
        return self.points if self.points is not None else self.halves

    @property
    def names(self) -> list[str] | None:
        """Return the hosts to read, None for the one that is reached directly."""
        return list(self.wanted) if self.center else None

    def at(self, name: str) -> str:
        """Return what stands before the names of a host's objects in messages."""
        return f"hosts.{name}." if name else ""


@dataclass
class Outcome:
    """What was done, or in check mode would be; `done` are the hosts that have changed, `failed` has who could not."""

    plans: dict[str, Plan] = field(default_factory=dict)
    failed: dict[str, errors.HostError] = field(default_factory=dict)
    commands: list[str] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    verified: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    recovery: list[str] = field(default_factory=list)
    error: errors.HostError | None = None

    @property
    def message(self) -> str:
        """Return what failed, with what helps at the console."""
        told = self.error.text() if self.error is not None else ""
        return "".join([told, *(f"\n  {line}" for line in self.recovery)])

    @property
    def pending(self) -> dict[str, Plan]:
        """Return the plans that change something."""
        return {name: plan for name, plan in self.plans.items() if plan.changed}
