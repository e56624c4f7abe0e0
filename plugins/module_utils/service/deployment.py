# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A configuration brought into service or taken back: what the modules of the load balancers' programs share."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Sequence

from .masking import with_changes
from .retention import found_first
from .systemd import CommandError, Systemd
from .transaction import Change, File, Transaction

__all__ = [
    "FOUND",
    "Outcome",
    "RejectedError",
    "Steps",
    "carry_out",
    "decoded",
    "entry",
    "first_contact",
    "listed",
    "missing",
    "on_disk",
    "original",
    "own",
]

Mask = Callable[[str], str]
#: The note (Transaction.noted) of what a service was at first contact.
FOUND = "found"


class RejectedError(Exception):
    """The change was not made, or was taken back; holds the reason for the user."""


@dataclass
class Outcome:
    """What a run did, or in check mode would do."""

    changes: list[Change] = field(default_factory=list)
    actions: list[str] = field(default_factory=list)
    backup: str = ""
    restores: str = ""  # the generation that is put back
    note: dict[str, Any] = field(default_factory=dict)  # what the generation is to tell later runs
    validated: bool = False
    in_effect: bool = False
    notes: list[str] = field(default_factory=list)
    reasons: dict[str, str] = field(default_factory=dict)  # why an action is due where no file says so

    def due(self, action: str, reason: str) -> str:
        """Return an action after telling why it is due."""
        self.reasons[action] = reason
        self.notes.append(f"{action}: {reason}")
        return action

    @property
    def changed(self) -> bool:
        """Tell whether there is, or was, anything to do."""
        return bool(self.changes or self.actions)

    @property
    def restarts(self) -> bool:
        """Tell whether the service ends, or ended, for a moment or for good: its connections end with it."""
        return not {"restart", "stop"}.isdisjoint(self.actions)

    def diff(self, hidden: Sequence[Change] = (), mask: Mask = str) -> list[dict[str, str]]:
        """Return the differences but the hidden ones, with their secrets masked, and the service's actions."""
        entries = [entry(change, mask) for change in self.changes if change not in hidden]
        if self.actions:
            lines = [
                f"{action}: {self.reasons[action]}" if action in self.reasons else action for action in self.actions
            ]
            entries.append({"before": "", "after": "".join(f"{line}\n" for line in lines)})
            entries[-1].update(before_header="service", after_header="service")
        return entries


@dataclass(frozen=True)
class Steps:
    """What is particular to one program.

    Attributes:
        name: the program as messages call it.
        settle: lets the system read the files of other programs that have changed; after each change of the files.
        act: does one of the outcome's actions.
        recover: makes the old files serve again after a failed attempt.
        failures: whatever can go wrong between the first file and the proof; each means that the change is taken back.
        mask: hides the secrets in a text.
    """

    name: str
    settle: Callable[[], None]
    act: Callable[[str], None]
    recover: Callable[[], None]
    failures: tuple[type[Exception], ...]
    mask: Mask = str


def carry_out(transaction: Transaction, outcome: Outcome, steps: Steps) -> None:
    """Do what the outcome says. Raises RejectedError after everything has been put back."""
    outcome.backup = transaction.apply(outcome.changes, outcome.restores, outcome.note)
    try:
        steps.settle()
        for action in outcome.actions:
            steps.act(action)
    except steps.failures as error:
        _take_back(transaction, outcome, steps, error)


def _take_back(transaction: Transaction, outcome: Outcome, steps: Steps, error: Exception) -> None:
    """Put the old files back and load them, then tell what happened. Raises RejectedError, always."""
    reason = f"{steps.name} did not load the new configuration: {steps.mask(str(error))}"
    try:
        transaction.take_back(outcome.backup)
    except OSError as second:
        raise RejectedError(f"{reason}; {second}") from error
    fate = "the old configuration is back in place"
    try:
        steps.settle()
    except CommandError as second:
        fate += f" ({second})"
    try:
        if "start" not in outcome.actions:
            steps.recover()
            fate += " and serves"
    except steps.failures as second:
        fate += f", but {steps.name} does not load it either ({steps.mask(str(second))}); what ran before still runs"
    raise RejectedError(f"{reason}; {fate}") from error


def entry(change: Change, mask: Mask = str) -> dict[str, str]:
    """Return one difference; Transaction.diff would hide a file that may hold a secret as a whole."""
    files = {"before": change.current, "after": change.wanted}
    found: dict[str, str] = {}
    for side, file in files.items():
        if file is None or file.content is None:
            found.update({side: "", f"{side}_header": f"{change.wanted.path} (absent)"})
        else:
            found.update({side: mask(decoded(file)), f"{side}_header": f"{file.path} ({file.mode:04o})"})
    if change.current is not None and found["before"] and found["after"]:
        found["after"] = with_changes(decoded(change.current), decoded(change.wanted), found["before"], found["after"])
    return found


def own(transaction: Transaction, path: str, text: str, is_ours: Callable[[str], bool]) -> bool:
    """Tell whether a file is the role's: by its first line, or because the role was the last of both to write it."""
    return is_ours(text) or transaction.wrote(path, lambda file: is_ours(decoded(file)))


def original(transaction: Transaction, file: File, is_ours: Callable[[str], bool]) -> File:
    """Return the file as it was when the role came, the last time; absent where it was not there.

    What a hand had made of the role's own file, which is saved too, is not meant.
    """

    found = found_first(transaction, lambda saved: is_ours(decoded(saved)))
    return found[file.path][1] if file.path in found else file


def first_contact(host: Systemd) -> dict[str, Any]:
    """Return the note that says what a service is before the role touches it."""
    unit = host.unit()
    return {FOUND: {"active": host.runs(unit), "enabled": unit.get("UnitFileState") == "enabled"}}


def on_disk(path: str) -> str:
    """Return a file's text, "" where there is none."""
    try:
        return Path(path).read_bytes().decode("utf-8", "replace")
    except FileNotFoundError:
        return ""


def missing(paths: Sequence[str]) -> list[str]:
    """Return those of the paths that do not exist."""
    return [path for path in paths if not os.path.exists(path)]


def decoded(file: File) -> str:
    """Return the text of a file, "" of one that is absent."""
    return (file.content or b"").decode("utf-8", "replace")


def listed(found: Sequence[str]) -> str:
    """Return one message for all faults."""
    if len(found) == 1:
        return found[0]
    return f"{len(found)} faults:\n" + "\n".join(f"- {fault}" for fault in found)
