# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the tags of a run name parts of the playbook: a misspelt one would do nothing, or more than was asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

PLAYBOOKS = Path(__file__).resolve().parents[3] / "playbooks"
PREFIX = "netstack.datacenter."
_EVERYTHING = {"all", "tagged"}
_PREFLIGHT = {"preflight", "always", "never"}
_LINKS = {"plan", "links", "verify", "report"}
_BALANCERS = {"plan", "load_balancers", "verify", "report"}
_OF_MOLECULE = {"notest", "molecule-notest", "molecule-idempotence-notest"}
"""What Molecule passes to `--skip-tags` of each playbook that it runs; no part is skipped by it."""
_IMPORT = ("import_playbook", "ansible.builtin.import_playbook")


class Tags:
    """The tags of a run: `parts` are those of the playbook, `own` are those that a user put on its import."""

    def __init__(self, run: Iterable[str], skip: Iterable[str], parts: Iterable[str], own: Iterable[str]) -> None:
        self.run, self.skip, self.parts = set(run), set(skip) - _OF_MOLECULE, tuple(parts)
        self._whole = _EVERYTHING | _PREFLIGHT | (set(own) - {"always"})
        self._known = self._whole | set(self.parts)

    @property
    def links(self) -> bool:
        """Tell whether the run does anything with switches and their links."""
        return "links" not in self.skip and bool(self.run & (self._whole | _LINKS))

    @property
    def load_balancers(self) -> bool:
        """Tell whether the run does anything with load balancers."""
        return "load_balancers" not in self.skip and bool(self.run & (self._whole | _BALANCERS))

    def errors(self, ours: bool) -> Iterator[str]:
        """Yield why the run is refused; `ours` tells that all plays of the run are the collection's."""
        unknown = sorted(self.run - self._known)
        if ours and unknown and not self.run & self._known:
            yield f"--tags {','.join(unknown)}: {self._no_part()}, so nothing would be done; {self._mend()}"
        misspelt = sorted(self.skip - self._known)
        if ours and misspelt:
            yield f"--skip-tags {','.join(misspelt)}: {self._no_part()}, so all would be done; {self._mend()}"
        if "plan" in self.skip and "plan" in self.parts:
            yield "--skip-tags plan: nothing is changed here without its plan, which refuses what is not safe; leave it"

    def warnings(self, ours: bool) -> Iterator[str]:
        """Yield what is told of tags that may be those of other plays, or stand beside one that is known."""
        unknown = sorted(self.run - self._known)
        if unknown and (not ours or self.run & self._known):
            yield f"--tags {','.join(unknown)}: {self._no_part()}; {self._mend()}"
        misspelt = sorted(self.skip - self._known)
        if misspelt and not ours:
            yield f"--skip-tags {','.join(misspelt)}: {self._no_part()}; {self._mend()}"

    def _no_part(self) -> str:
        return "no part of this playbook of netstack.datacenter has this tag"

    def _mend(self) -> str:
        return f"its tags are {', '.join(self.parts)}" if self.parts else "it has no parts, so run it without tags"


def only_ours(playbooks: Iterable[str]) -> bool:
    """Tell whether a run has no plays but ours: its playbooks are the collection's, or files that import nothing else.

    Tags that are not known here are misspelt then; else they may be those of other plays.
    """
    return all(_is_ours(name) or _imports_ours(Path(name)) for name in playbooks)


def _is_ours(name: str) -> bool:
    return (name.startswith(PREFIX) and not Path(name).exists()) or Path(name).resolve().parent == PLAYBOOKS


def _imports_ours(file: Path) -> bool:
    try:
        plays: Any = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return False
    return isinstance(plays, list) and all(
        isinstance(play, dict) and any(_is_ours(str(play[key])) for key in _IMPORT if key in play) for play in plays
    )
