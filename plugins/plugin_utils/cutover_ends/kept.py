# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run did to a host's links, so that a later run can take it back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..cutover.run import Keeper
from ..state.record import Record

_NAMES = ("link", "lag", "ports", "peer", "peer_kind", "peer_ports", "waive")


@dataclass(frozen=True)
class Kept:
    """The record of one host and run: its links in the order in which they were converted, each with its steps."""

    record: Record

    def links(self) -> list[dict[str, Any]] | None:
        """Return the links; None where the run kept nothing of this host."""
        found: list[dict[str, Any]] | None = self.record.read()
        return found

    def keeper(self, link: Mapping[str, Any]) -> Keeper:
        """Return who keeps the steps of a link, behind those that an earlier part of the run made."""
        name = str(link["link"])
        before: list[dict[str, Any]] = next((each["steps"] for each in self.links() or () if each["link"] == name), [])
        own = {key: link[key] for key in _NAMES if key in link}

        def keep(steps: list[dict[str, Any]]) -> None:
            made = [*before, *steps]

            def joined(old: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
                others = [each for each in old or () if each["link"] != name]
                return [*others, {**own, "steps": made}] if made else others

            self.record.update(joined)

        return keep

    def forget_last(self, name: str) -> None:
        """Forget the last step of a link, for it was taken back."""

        def shorter(old: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
            found = [{**each, "steps": each["steps"][:-1]} if each["link"] == name else each for each in old or ()]
            return [each for each in found if each["steps"]]

        self.record.update(shorter)
