# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked of a transaction, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from ansible_collections.netstack.datacenter.plugins.plugin_utils.progress import silent

from ..config.desired import State
from ..config.views import Views
from ..declared.model import Declared, Style
from ..device.commits import Commit, Token
from ..platform import Limit
from .plan import Plan, make

CONSENT = ("foreign", "management")
MARGIN = 30
"""Seconds before the switch takes a commit back by itself in which nothing is begun any more."""


@dataclass(frozen=True)
class Verification:
    """What must hold before the commit is confirmed. Times in seconds."""

    links: bool = True
    timeout: int = 90
    interval: float = 2.0
    command: tuple[str, ...] = ()
    progress: Callable[[str], object] = field(default=silent, compare=False)
    """Is told what is waited for."""


Maker = Callable[[Views, Style], Plan]
"""Computes a plan from what the switch has."""


@dataclass(frozen=True)
class Request:
    """One change of one switch.

    `maker` computes the plan where it is not the difference to what is declared; `note` is written into the comment of
    the commit. `committed` is called as soon as the commit is made, before anything is verified; a SwitchError of it
    takes the commit back.
    """

    declared: Declared
    state: State = "merged"
    style: Style | None = None
    stp: str | None = None
    limit: Limit | None = None
    consent: frozenset[str] = frozenset()
    management_ports: tuple[str, ...] = ()
    management_vlan: str | None = None
    check_mode: bool = False
    minutes: int = 5
    hold: bool = False
    run_id: str = ""
    ticket: str = ""
    synchronize: bool | None = None
    rescue: Literal["missing", "always", "never"] = "missing"
    verification: Verification = Verification()
    maker: Maker | None = None
    note: str = ""
    committed: Callable[[], None] | None = None

    def plan(self, views: Views, style: Style) -> Plan:
        """Return what is to be done at a switch that has these views."""
        if self.maker is not None:
            return self.maker(views, style)
        return make(views, self.declared, self.state, style, stp=self.stp)


@dataclass
class Survey:
    """What the switch has, read before anything is decided."""

    newest: Commit | None
    pending: Commit | None
    left: int
    style: Style
    plan: Plan
    history: list[Commit] = field(default_factory=list)


@dataclass
class Outcome:
    """What was done, or in check mode would be."""

    plan: Plan
    changed: bool = False
    diff: str = ""
    token: Token | None = None
    verified: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    rescue_saved: bool = False
    pending: str = ""
