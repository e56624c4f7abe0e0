# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How long former files are kept: former keys and passwords are among them, so not for ever.

Whatever the limits are, these stay: what the last run replaced, so that it can be taken back, and what a role found
when it came, which it gives back when it is taken away.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Callable, Mapping, NamedTuple

if TYPE_CHECKING:
    from .transaction import File, Transaction

__all__ = [
    "USUAL",
    "IsOurs",
    "Keep",
    "all_files",
    "forget",
    "keep_house",
    "keep_of",
    "prune",
    "surplus",
    "unknown",
]

#: The note of a generation whose files are those that were there before the role came.
GIVEN_BACK = "given_back"
IsOurs = Callable[["File"], bool]


class Keep(NamedTuple):
    """How many generations keep what they replaced, and for how many days; 0 is no limit."""

    number: int = 10
    days: int = 90


#: What is kept where nothing else is said.
USUAL = Keep()


def keep_of(given: Mapping[str, Any] | None) -> Keep:
    """Return the limits that an option says. Raises OSError where they are none."""
    keep = Keep(**{name: value for name, value in (given or {}).items() if value is not None})
    if min(keep) < 0:
        raise OSError(f"backup_keep has number {keep.number} and days {keep.days}; 0 is no limit, and less is nothing")
    return keep


def unknown(_file: File) -> bool:
    """Tell of no file that it is the role's own: what may be of somebody else is kept."""
    return False


def all_files(_file: File) -> bool:
    """Tell of every file that it is the role's own: for a role that gives nothing back when it is taken away."""
    return True


def prune(transaction: Transaction) -> list[str]:
    """Empty what is beyond the limits, of a store that is locked; return the generations that were."""
    return _empty(transaction, surplus(transaction, transaction.keep))


def keep_house(module: Any, transaction: Transaction) -> None:
    """Empty what has come to be beyond the limits, also in a run without a change.

    That it cannot be done is a warning: what the module was called for is done.
    """
    if module.check_mode or module.params["state"] not in ("present", "absent") or not transaction.generations():
        return
    try:
        with transaction.locked():
            prune(transaction)
    except OSError as error:
        module.warn(f"Former files that backup_keep does not keep could not be removed: {error}")


def forget(transaction: Transaction, everything: bool, act: bool) -> list[str]:
    """Empty all but what always stays, or ``everything``; return the generations that are concerned."""
    known = transaction.generations()
    if not known:
        return []
    names = known if everything else surplus(transaction, Keep(1, 0))
    if not act:
        return _concerned(transaction, names, everything)
    with transaction.locked():
        return _empty(transaction, names, everything)


def surplus(transaction: Transaction, keep: Keep, now: float = 0) -> list[str]:
    """Return the generations beyond the limits, oldest first, but none that taking back a run needs.

    That is the last run, and the one before: the last one may yet fail, and be forgotten as if it had not been.
    """
    known = transaction.generations()
    oldest = datetime.fromtimestamp(now or time.time(), timezone.utc) - timedelta(days=keep.days)
    beyond = set(known[: -keep.number]) if keep.number else set()
    beyond |= {name for name in known if keep.days and _made(name) < oldest}
    beyond -= _of_last_runs(transaction, known) if beyond else set()
    return [name for name in known if name in beyond]


def _made(generation: str) -> datetime:
    """Return when a generation was made, by its name; one with another name counts as new."""
    try:
        made = datetime.strptime(generation.partition("-")[2], "%Y%m%dT%H%M%SZ")
    except ValueError:
        return datetime.now(timezone.utc)
    return made.replace(tzinfo=timezone.utc)


def _of_last_runs(transaction: Transaction, known: list[str]) -> set[str]:
    """Return the generations of the last two runs, and the newest that a rollback without a run would put back.

    One without a run's id is a run of its own; what a restore replaced is of the run that it took back, or of none.
    """
    made = {name: transaction.describe(name) for name in known}
    runs = {name: each["run_id"] or name for name, each in made.items()}
    last = list(dict.fromkeys(runs[name] for name in reversed(known) if not made[name]["restores"]))[:2]
    return {name for name in known if runs[name] in last} | {known[-1]}


def _empty(transaction: Transaction, names: list[str], everything: bool = False) -> list[str]:
    found = {} if everything or not names else _staying(transaction)
    return [name for name in names if transaction.empty(name, found.get(name, []))]


def _concerned(transaction: Transaction, names: list[str], everything: bool) -> list[str]:
    """Return those generations that would lose a file."""
    found = {} if everything else _staying(transaction)
    losing = {
        name: [
            file for file in transaction.left(name) if file.content is not None and file.path not in found.get(name, [])
        ]
        for name in names
    }
    return [name for name, files in losing.items() if files]


def found_first(transaction: Transaction, is_ours: IsOurs) -> dict[str, tuple[str, File]]:
    """Return what was at each path when the role came, the last time, and the generation that keeps it.

    What a hand had made of the role's own file, which is saved too, is not meant. All paths in one pass, for the
    history is as long as the role has been there.
    """
    found: dict[str, tuple[str, File]] = {}
    written: set[str] = set()
    ours: dict[str, set[str]] = {}
    for name in transaction.generations():
        manifest = transaction.manifest(name)
        left = transaction.left(name)
        own = {file.path for file in left if file.content is not None and is_ours(file)}
        found.update({file.path: (name, file) for file in left if file.path not in own | written})
        ours[name] = own | {entry["path"] for entry in manifest["files"] if entry.get("ours")}
        written = _written_after(manifest, ours, written)
    return found


def _written_after(manifest: Mapping[str, Any], ours: Mapping[str, set[str]], written: set[str]) -> set[str]:
    """Return the paths at which the role was the last to write a file of its own, after one more generation."""
    paths = {entry["path"] for entry in manifest["files"]}
    if manifest.get("restores"):
        return written - paths | (paths & ours.get(manifest["restores"], set()))
    if GIVEN_BACK in manifest.get("note", {}):
        return written - paths
    return written - paths | {entry["path"] for entry in manifest["files"] if entry.get("written")}


def _staying(transaction: Transaction) -> dict[str, list[str]]:
    """Return, by generation, the paths of which it keeps what was there when the role came."""
    kept: dict[str, list[str]] = {}
    for path, (name, _file) in found_first(transaction, transaction.is_ours).items():
        kept.setdefault(name, []).append(path)
    return kept
