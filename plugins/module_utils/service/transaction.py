# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Files replaced as one transaction: compared, saved, put in place atomically, and put back.

A *generation* is a folder below the store that holds what one transaction replaced: a manifest and the old bytes.
Generations are never overwritten, and restoring one makes a new one. Only an attempt that failed and was taken back
leaves none, since what it replaced is in place again. The old bytes, keys and passwords among them, go later
(:mod:`retention`); the manifest stays, as the history of who wrote what.
"""

from __future__ import annotations

import contextlib
import difflib
import fcntl
import json
import os
import re
import shutil
import time
from pathlib import Path
from typing import Any, Callable, Iterator, Sequence

from ansible_collections.netstack.datacenter.plugins.module_utils import own_files

from . import files as disk
from . import retention, space
from .files import Change, File, UnknownAccountError

__all__ = [
    "GIVEN_BACK",
    "STORE",
    "Change",
    "File",
    "GoneError",
    "LeftoverError",
    "RunIdError",
    "Transaction",
    "UnknownAccountError",
]

STORE = "/var/lib/netstack/backup"
#: The note of a generation whose files are those that were there before the role came.
GIVEN_BACK = retention.GIVEN_BACK
_ID = re.compile(r"(\d+)-(.+)\Z")
_MANIFEST, _ENTRY = 400, 240  # bytes of a manifest, and of each file's line beside its path, at most


class RunIdError(OSError):
    """A run id in which a template is left: it would tie together what does not belong together."""


class GoneError(OSError):
    """What a generation replaced is not kept any more."""


class LeftoverError(OSError):
    """Some files could not be put back; the message names each, and where its old bytes are."""


def _text(file: File | None) -> str:
    """Return what a diff may show of a file."""
    if file is None or file.content is None:
        return ""
    if file.secret:
        return f"({len(file.content)} bytes that hold a secret, not shown)\n"
    return file.content.decode("utf-8", "replace")


def _header(file: File | None, path: str) -> str:
    """Return the line above a file's diff: the path, and mode and owner where the file exists."""
    if file is None or file.content is None:
        return f"{path} (absent)"
    return f"{path} ({file.mode:04o} {file.owner}:{file.group})"


class Transaction:
    """Replaces files of one role on this host and keeps what they were.

    Args:
        role: whose files they are; the folder of its generations bears this name.
        run_id: what ties the generations of one run together across roles; free text, may be empty.
        store: the folder that holds all generations, readable by root only.
        keep: how long generations keep what they replaced.
        is_ours: tells of a saved file that the role had written it; what it had not is kept, to be given back.

    Raises RunIdError.
    """

    def __init__(
        self,
        role: str,
        run_id: str = "",
        store: str = STORE,
        keep: retention.Keep = retention.USUAL,
        is_ours: retention.IsOurs = retention.unknown,
    ) -> None:
        if "{{" in run_id:
            raise RunIdError(f"run_id still holds a template: {run_id}. Give the value itself.")
        self.role = role
        self.run_id = run_id
        self.folder = Path(store) / role
        self.keep, self.is_ours = keep, is_ours

    def plan(self, files: Sequence[File]) -> list[Change]:
        """Return the changes that would bring ``files`` about. Reads only.

        Raises NoSpaceError where a file system has no room for them or for what they replace.
        """
        changes = self._differing(files)
        space.require(self._steps(changes))
        return changes

    @staticmethod
    def current(path: str) -> File | None:
        """Return the file at a path as it is, None where there is none."""
        return disk.read(path)

    def _steps(self, changes: Sequence[Change]) -> list[space.Step]:
        """Return what is written, in its order: the restore point, then the files."""
        if not changes:
            return []
        kept = [len(change.current.content or b"") for change in changes if change.current]
        manifest = _MANIFEST + sum(len(change.wanted.path) + _ENTRY for change in changes)
        # The folder itself, then what it holds.
        title = f"the restore point below {self.folder}"
        steps = [space.Step(str(self.folder / "new" / "file"), size, title=title) for size in (1, manifest, *kept)]
        pairs = [(change.wanted, change.current) for change in changes]
        return steps + [space.Step(wanted.path, disk.size(wanted), disk.size(current)) for wanted, current in pairs]

    @staticmethod
    def _differing(files: Sequence[File]) -> list[Change]:
        pairs = [(file, disk.read(file.path, file.secret)) for file in files]
        return [Change(wanted, current) for wanted, current in pairs if not disk.same(wanted, current)]

    @staticmethod
    def diff(changes: Sequence[Change]) -> list[dict[str, str]]:
        """Return the changes as ``exit_json(diff=...)`` takes them; a secret file shows only that it differs."""
        return [
            {
                "before_header": _header(change.current, change.wanted.path),
                "after_header": _header(change.wanted, change.wanted.path),
                "before": _text(change.current),
                "after": _text(change.wanted),
            }
            for change in changes
        ]

    @staticmethod
    def unified(change: Change) -> str:
        """Return one change as the text of a unified diff, for messages."""
        lines = difflib.unified_diff(
            _text(change.current).splitlines(True), _text(change.wanted).splitlines(True), "before", "after"
        )
        return "".join(lines)

    def apply(self, changes: Sequence[Change], restores: str = "", note: dict[str, Any] | None = None) -> str:
        """Save what the changes replace, then make them; return the generation's id, "" where there is nothing to do.

        ``restores`` names the generation that the changes put back: what they replace is saved too, but is not what
        :meth:`newest` looks for. ``note`` is what the role wants to know of it later (:meth:`noted`). When a file
        cannot be written, whatever the cause, those already written are put back and the generation goes before the
        error goes on. Raises LeftoverError when that fails too.
        """
        if not changes:
            return ""
        with self.locked():
            generation = self._save(changes, restores, note)
            done: list[Change] = []
            try:
                for change in changes:
                    done.append(change)
                    disk.put(change.wanted)
            except BaseException as error:  # a signal too must not leave half of the files behind
                self._put_back([_before(change) for change in reversed(done)], generation, error)
                raise
            with contextlib.suppress(OSError):  # the change is made; :func:`retention.keep_house` tells
                retention.prune(self)
        return generation

    def restore(self, generation: str) -> list[Change]:
        """Put back what ``generation`` replaced; return the changes made. What they replace is saved in its turn."""
        changes = self.plan(self.saved(generation))
        self.apply(changes, generation)
        return changes

    def take_back(self, generation: str) -> None:
        """Undo an attempt that failed after its files were in place: put them back and forget the attempt.

        What it had written is not saved: a later rollback must not find what was refused. "" is no attempt. Raises
        LeftoverError; then the generation stays, since it has the only copy.
        """
        if generation:
            with self.locked():
                self._put_back([change.wanted for change in self._differing(self.saved(generation))], generation)

    def _put_back(self, files: Sequence[File], generation: str, cause: BaseException | None = None) -> None:
        """Put every file back that can be, then forget the generation. Raises LeftoverError for the others."""
        left = [f"{file.path} ({error})" for file, error in [(file, _attempt(file)) for file in files] if error]
        if left:
            first = f"{cause}; then these" if cause else "These"
            raise LeftoverError(
                f"{first} files could not be put back: {', '.join(left)}. What they held is in "
                f"{self.folder / generation}"
            ) from cause
        (self.folder / generation / "manifest.json").unlink()  # first, so that half of a generation never counts
        shutil.rmtree(str(self.folder / generation))

    def saved(self, generation: str) -> list[File]:
        """Return the files that a generation keeps, as they were.

        Raises FileNotFoundError where there is no such generation, GoneError where a file of it is not kept any more.
        """
        if not self.describe(generation)["kept"]:
            run = self.describe(generation)["run_id"] or "(without an id)"
            gone = f"generation {generation} of {self.role} was emptied, by backup_keep or by backup_forget"
            raise GoneError(f"what run {run} replaced cannot be put back: {gone}")
        return self.left(generation)

    def left(self, generation: str) -> list[File]:
        """Return those files of a generation that are still kept."""
        folder = self.folder / generation
        return [_entry_file(folder, entry) for entry in self.manifest(generation)["files"] if _is_kept(folder, entry)]

    def empty(self, generation: str, keep: Sequence[str]) -> bool:
        """Remove the old bytes that a generation keeps, but those of the paths in ``keep``; tell whether any went.

        The manifest learns first which of them were the role's own, which :meth:`wrote` asks later.
        """
        folder, manifest = self.folder / generation, self.manifest(generation)
        goes = [each for each in manifest["files"] if "kept" in each and each["path"] not in keep]
        goes = [each for each in goes if _is_kept(folder, each)]
        for entry in goes:
            entry["ours"] = self.is_ours(_entry_file(folder, entry))
        if goes:
            disk.write(disk.private(str(folder / "manifest.json"), json.dumps(manifest, indent=1).encode()))
        for entry in goes:
            (folder / entry["kept"]).unlink()
        return bool(goes)

    def generations(self) -> list[str]:
        """Return the ids of all complete generations, oldest first."""
        names = [path.parent.name for path in self.folder.glob("*/manifest.json")]
        return sorted((name for name in names if _ID.match(name)), key=_number_of)

    def newest(self, run_id: str = "") -> str | None:
        """Return the newest generation, or the first one of the run ``run_id``; None where there is none.

        Of a run the *first* generation is meant, since it holds what was there before the run. Without a run, those
        that restores made do not count: putting back twice would bring back what was put away the first time.
        """
        found = self.generations()
        if not run_id:
            return next((name for name in reversed(found) if not self.manifest(name).get("restores")), None)
        return next((name for name in found if self.manifest(name)["run_id"] == run_id), None)

    def restored_by(self, generation: str) -> str | None:
        """Return the newest generation that a restore of ``generation`` made, finished or not; None without one."""
        found = reversed(self.generations())
        return next((name for name in found if self.manifest(name).get("restores") == generation), None)

    def noted(self, key: str) -> Any:
        """Return the newest note of this name, None where no generation has one."""
        notes = (self.manifest(name).get("note", {}) for name in reversed(self.generations()))
        return next((note[key] for note in notes if key in note), None)

    def wrote(self, path: str, is_ours: Callable[[File], bool], before: str = "") -> bool:
        """Tell whether the last that was done to a path is that the role wrote a file of its own there.

        Not so where it removed one, or gave back what somebody else had written (``is_ours`` tells of a saved file).
        ``before`` asks about the time before that generation.
        """
        known = self.generations()
        known = known[: known.index(before)] if before else known
        for manifest in map(self.manifest, reversed(known)):
            entry = next((entry for entry in manifest["files"] if entry["path"] == path), None)
            if entry is None:
                continue
            restored = manifest.get("restores")
            if restored:
                return restored in known and self._had_ours(restored, path, is_ours)
            return bool(entry.get("written")) and GIVEN_BACK not in manifest.get("note", {})
        return False

    def _had_ours(self, generation: str, path: str, is_ours: Callable[[File], bool]) -> bool:
        """Tell whether a generation keeps, or kept, a file of the role's own for a path."""
        entries = [entry for entry in self.manifest(generation)["files"] if entry["path"] == path]
        return any(entry.get("ours") for entry in entries) or any(
            file.path == path and is_ours(file) for file in self.left(generation)
        )

    def describe(self, generation: str) -> dict[str, Any]:
        """Return when a generation was made (UTC) and by which run, its paths, and whether it can be put back."""
        manifest = self.manifest(generation)
        paths = [entry["path"] for entry in manifest["files"]]
        kept = all(_is_kept(self.folder / generation, entry) for entry in manifest["files"])
        more = {"kept": kept, "restores": manifest.get("restores", "")}
        return {"made": manifest["made"], "run_id": manifest["run_id"], "paths": paths, **more}

    def manifest(self, generation: str) -> dict[str, Any]:
        """Return what a generation says of itself."""
        manifest: dict[str, Any] = json.loads((self.folder / generation / "manifest.json").read_text())
        return manifest

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other runs of the same role from writing at the same time; waits for as long as one does."""
        with space.named(str(self.folder)):
            own_files.make_folder(str(self.folder), 0o700)
        for folder in (self.folder, self.folder.parent):
            os.chmod(str(folder), 0o700)
        handle = os.open(str(self.folder / ".lock"), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _save(self, changes: Sequence[Change], restores: str, note: dict[str, Any] | None) -> str:
        """Write a generation; its manifest comes last, so that a half-written one never counts."""
        generation = self._next()
        folder = self.folder / generation
        try:
            with space.named(str(folder)):
                folder.mkdir(mode=0o700)
            self._write_generation(folder, changes, restores, note)
        except BaseException:
            shutil.rmtree(str(folder), ignore_errors=True)  # it has no manifest yet, and room is scarce
            raise
        return generation

    def _write_generation(
        self, folder: Path, changes: Sequence[Change], restores: str, note: dict[str, Any] | None
    ) -> None:
        entries = [_save_entry(folder, number, change) for number, change in enumerate(changes)]
        manifest = {"run_id": self.run_id, "made": folder.name.partition("-")[2], "files": entries}
        manifest.update({"restores": restores} if restores else {}, **({"note": note} if note else {}))
        disk.write(disk.private(str(folder / "manifest.json"), json.dumps(manifest, indent=1).encode()))

    def _next(self) -> str:
        """Return the id of the next generation: a running number and the time in UTC."""
        numbers = [_number_of(path.name) for path in self.folder.iterdir() if _ID.match(path.name)]
        return f"{max(numbers, default=0) + 1:04d}-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}"


def _number_of(generation: str) -> int:
    """Return the running number of a generation; it has four digits at least and grows beyond them."""
    return int(generation.partition("-")[0])


def _attempt(file: File) -> str:
    """Bring one path to the wanted state and return "", or return what went wrong.

    One that is so already is not written again: where there is no room for the new file there is none for the old one.
    """
    try:
        if not disk.is_so(file):
            disk.put(file)
    except (OSError, ValueError, LookupError) as error:
        return str(error) or type(error).__name__
    return ""


def _before(change: Change) -> File:
    """Return the file that a change found, in the form that puts it back."""
    return change.current or File(change.wanted.path, None, secret=change.wanted.secret)


def _save_entry(folder: Path, number: int, change: Change) -> dict[str, Any]:
    """Keep the old bytes of one change and return its line of the manifest."""
    old = change.current
    entry: dict[str, Any] = {"path": change.wanted.path, "secret": change.wanted.secret, "existed": old is not None}
    entry["written"] = change.wanted.content is not None
    if old is not None:
        entry.update(mode=old.mode, owner=old.owner, group=old.group, kept=str(number))
        disk.write(disk.private(str(folder / str(number)), old.content or b""))
    return entry


def _is_kept(folder: Path, entry: dict[str, Any]) -> bool:
    """Tell whether what a line of a manifest describes can be put back: that there was nothing always can."""
    return not entry["existed"] or (folder / entry["kept"]).exists()


def _entry_file(folder: Path, entry: dict[str, Any]) -> File:
    """Return the file that a line of a manifest describes."""
    if not entry["existed"]:
        return File(entry["path"], None, secret=entry["secret"])
    content = (folder / entry["kept"]).read_bytes()
    return File(entry["path"], content, entry["mode"], entry["owner"], entry["group"], entry["secret"])
