# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Certificates put in place and loaded as one transaction: files and the running HAProxy are compared."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Sequence

from ansible_collections.netstack.datacenter.plugins.module_utils.service.transaction import Change, File, Transaction

from .files import Served, served
from .references import directories, references
from .runtime import RefusedError, Runtime

__all__ = ["Deployment", "FailedError", "InUseError", "Outcome", "Plan", "Renewal"]


class InUseError(Exception):
    """A file to remove is still named by HAProxy's configuration."""


class FailedError(Exception):
    """The certificates could not be put into service; everything is as it was before."""


@dataclass(frozen=True)
class Renewal:
    """A certificate that HAProxy has loaded as ``name`` and that has to become what ``file`` holds."""

    name: str
    file: File = field(repr=False)
    before: Served


@dataclass(frozen=True)
class Plan:
    """What differs: files on disk, certificates in the running HAProxy, and files that only a reload makes known."""

    changes: list[Change]
    renewals: list[Renewal]
    unknown: list[str]
    loaded: frozenset[str] = frozenset()

    @property
    def changed(self) -> bool:
        """Tell whether anything is to be done."""
        return bool(self.changes or self.renewals or self.unknown)


@dataclass(frozen=True)
class Outcome:
    """What was done: the generation that keeps the replaced files, and why a reload was needed, where it was."""

    backup: str = ""
    reload_reason: str = ""


class Deployment:
    """Brings files and the running HAProxy together.

    Args:
        transaction: compares, saves and replaces the files.
        runtime: the running HAProxy.
        configuration: path of HAProxy's configuration; it may be missing.
    """

    def __init__(self, transaction: Transaction, runtime: Runtime, configuration: str) -> None:
        self.transaction = transaction
        self.runtime = runtime
        self.configuration = configuration

    def plan(self, files: Sequence[File]) -> Plan:
        """Return what has to be done for ``files``. Reads only.

        Raises InUseError where a file to remove is still referred to, RefusedError where HAProxy answers nonsense.
        """
        text = self._text()
        for file in files:
            if self.in_use(file):
                raise InUseError(
                    f"{file.path} is not removed: {', '.join(self.in_use(file))} still refers to it, and HAProxy would "
                    "not start again without it. Take the certificate out of HAProxy's configuration first."
                )
        changes = self.transaction.plan(files)
        loaded = self.runtime.loaded()
        rewritten = {
            item.wanted.path for item in changes if item.current and item.current.content != item.wanted.content
        }
        renewals = [self._renewal(loaded[os.path.realpath(file.path)], file) for file in _kept(files, loaded)]
        stale = [
            item
            for item in renewals
            if item.file.path in rewritten or not item.before.agrees(served(item.file.content))
        ]
        known = frozenset(file.path for file in files if os.path.realpath(file.path) in loaded)
        return Plan(changes, stale, self._unknown(files, loaded, text) if loaded else [], known)

    def _text(self) -> str:
        try:
            return Path(self.configuration).read_text(errors="replace")
        except OSError:
            return ""

    def in_use(self, file: File) -> list[str]:
        """Return where HAProxy's configuration refers to a file that is to be removed and exists."""
        if file.content is not None or not os.path.lexists(file.path):
            return []
        return references(self._text(), file.path, self.configuration)

    def _renewal(self, name: str, file: File) -> Renewal:
        return Renewal(name, file, self.runtime.serving(name))

    @staticmethod
    def _unknown(files: Sequence[File], loaded: dict[str, str], text: str) -> list[str]:
        """Return the files in a directory that HAProxy loads as a whole and that it has not loaded yet."""
        folders = directories(text)
        paths = [file.path for file in files if file.content is not None]
        return [path for path in paths if _folder(path) in folders and os.path.realpath(path) not in loaded]

    def execute(self, plan: Plan, restores: str = "") -> Outcome:
        """Carry the plan out and verify what runs afterwards.

        ``restores`` names the generation that the plan puts back, where it does. Raises FailedError; then files and
        HAProxy are as before.
        """
        generation = self.transaction.apply(plan.changes, restores)
        try:
            reason = self._load(plan)
            self._verify(plan)
        except (RefusedError, OSError) as error:
            lost = self._take_back(plan, generation)
            raise FailedError(f"{error} {lost or 'The old certificates are back in place.'}") from error
        return Outcome(generation, reason)

    def _load(self, plan: Plan) -> str:
        """Renew in place; return why HAProxy had to be reloaded instead, or ""."""
        reason = f"{', '.join(plan.unknown)} is new in a directory of certificates" if plan.unknown else ""
        for renewal in plan.renewals:
            try:
                self.runtime.renew(renewal.name, _pem(renewal.file))
            except RefusedError as refusal:
                reason = f"renewal in place refused: {refusal}"
        if reason:
            self.runtime.reload(self._text())
        return reason

    def _verify(self, plan: Plan) -> None:
        for renewal in plan.renewals:
            runs, wanted = self.runtime.serving(renewal.name), served(renewal.file.content)
            if not runs.agrees(wanted):
                raise RefusedError(f"HAProxy serves {runs} for {renewal.name}, not {wanted}.")
        missing = set(map(os.path.realpath, plan.unknown)) - set(self.runtime.loaded())
        if missing:
            raise RefusedError(f"HAProxy did not load {', '.join(sorted(missing))}.")

    def _take_back(self, plan: Plan, generation: str) -> str:
        """Put the old files back and load them; return what could not be undone, or ""."""
        self.transaction.take_back(generation)
        old = {change.wanted.path: change.current for change in plan.changes if change.current}
        try:
            for renewal in plan.renewals:
                if renewal.file.path in old:
                    self.runtime.renew(renewal.name, _pem(old[renewal.file.path]))
            problem = bool(plan.unknown)
        except (RefusedError, OSError):
            problem = True
        return self._undo_by_reload() if problem else ""

    def _undo_by_reload(self) -> str:
        try:
            self.runtime.reload(self._text())
        except (RefusedError, OSError) as error:
            return f"The old files are back in place, but HAProxy did not load them: {error}"
        return ""


def _pem(file: File) -> str:
    return (file.content or b"").decode("ascii", "replace")


def _folder(path: str) -> str:
    return os.path.realpath(os.path.dirname(path))


def _kept(files: Sequence[File], loaded: dict[str, str]) -> list[File]:
    """Return the files that are to exist and that HAProxy has loaded."""
    return [file for file in files if file.content is not None and os.path.realpath(file.path) in loaded]
