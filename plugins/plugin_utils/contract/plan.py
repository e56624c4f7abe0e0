# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be done at a device: what refuses it, what is to be known of it, and what changes, by link."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .changes import Change, Grouped, grouped
from .finding import Finding


@dataclass
class Plan(ABC):
    """All that is known before a device is asked to do anything; each kind adds how it is done there."""

    findings: list[Finding] = field(default_factory=list, kw_only=True)
    notes: list[str] = field(default_factory=list, kw_only=True)

    @property
    @abstractmethod
    def changed(self) -> bool:
        """Tell whether there is anything to do."""

    @property
    @abstractmethod
    def changes(self) -> tuple[Change, ...]:
        """Return what changes, as data."""

    def by_link(self, links: Iterable[Mapping[str, Any]]) -> Grouped:
        """Return the changes by the links that they concern; `links` are entries of `stack_links`."""
        return grouped(self.changes, links)
