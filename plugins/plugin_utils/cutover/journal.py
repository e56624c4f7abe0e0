# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run did to a host's links, on the controller's disk, so that a later run can take it back."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .run import Keeper

_NAMES = ("link", "lag", "ports", "peer", "peer_kind", "peer_ports", "waive")


@dataclass(frozen=True)
class StepJournal:
    """The file of one host and run: its links in the order in which they were converted, each with its steps.

    `read` returns its text, nothing where there is none; `write` replaces it.
    """

    file: Path
    read: Callable[[Path], str]
    write: Callable[[Path, str], object]

    def links(self) -> list[dict[str, Any]]:
        """Return the links; none where the run changed none."""
        text = self.read(self.file)
        found: list[dict[str, Any]] = json.loads(text) if text else []
        return found

    def keeper(self, link: Mapping[str, Any]) -> Keeper:
        """Return who keeps the steps of a link, behind those that an earlier part of the run made."""
        name = str(link["link"])
        before: list[dict[str, Any]] = next((each["steps"] for each in self.links() if each["link"] == name), [])

        def keep(steps: list[dict[str, Any]]) -> None:
            others = [each for each in self.links() if each["link"] != name]
            made = [*before, *steps]
            own = {key: link[key] for key in _NAMES if key in link}
            self._write([*others, {**own, "steps": made}] if made else others)

        return keep

    def forget_last(self, name: str) -> None:
        """Forget the last step of a link, for it was taken back."""
        found = self.links()
        for each in found:
            if each["link"] == name:
                each["steps"].pop()
        self._write([each for each in found if each["steps"]])

    def _write(self, links: list[dict[str, Any]]) -> None:
        self.write(self.file, json.dumps(links, indent=1))
