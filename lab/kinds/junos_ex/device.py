# SPDX-License-Identifier: GPL-3.0-or-later
"""One switch's configuration database: committed, candidate, rollback files, rescue, lock, and the confirmed commit."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from device.clock import Clock
from device.ends import Port

from . import rules, schema
from .clock import span, stamp
from .errors import SIM, CommitError, JunosError, Report, error
from .faults import Faults
from .inherited import effective
from .models import Model
from .tree import Node, equal

if TYPE_CHECKING:
    from .farend import FarEnd

ROLLBACKS = 50
PENDING = "rollback pending"


@dataclass
class Session:
    """A login: who holds a lock or has changed the candidate."""

    number: int
    user: str
    since: float
    last: float
    terminal: str = "p0"

    @property
    def pid(self) -> int:
        """Give the process id that the device names for it."""
        return 4000 + self.number


@dataclass
class Commit:
    """One entry of the commit history with its configuration."""

    tree: Node
    time: float
    user: str = "root"
    client: str = "netconf"
    log: str = ""
    comment: str = ""


@dataclass
class Pending:
    """A confirmed commit that waits: when it is undone, to what, and whose session made it."""

    deadline: float
    before: Node
    session: int


@dataclass
class Options:
    """What a `<commit-configuration>` asks for; `confirm` in seconds, 0 for a plain commit."""

    check: bool = False
    confirm: float = 0
    log: str = ""
    synchronize: bool = False
    client: str = "netconf"


@dataclass
class Device:
    """One switch."""

    name: str
    model: Model
    fpcs: int = 1
    absent: set[int] = field(default_factory=set)
    clock: Clock = field(default_factory=Clock)
    commits: list[Commit] = field(default_factory=list)
    candidate: Node | None = None
    rescue: Commit | None = None
    holder: Session | None = None
    editor: Session | None = None
    pending: Pending | None = None
    far: dict[str, FarEnd] = field(default_factory=dict)
    faults: Faults = field(default_factory=Faults)
    booted: float = 0
    ports: tuple[object, dict[str, Port]] | None = None
    _acted_upon: tuple[Node, Node] | None = None

    def __post_init__(self) -> None:
        self.booted = self.clock.now() - 86400
        if not self.commits:
            self.commits = [Commit(Node(self.schema), self.booted, client="other")]

    @property
    def members(self) -> list[int]:
        """Give the members of the virtual chassis that are present."""
        return [fpc for fpc in range(self.fpcs) if fpc not in self.absent]

    def port_names(self) -> list[str]:
        """Give the names of the ports of all members that are present."""
        gone = tuple(f"-{fpc}/" for fpc in self.absent)
        return [name for name in self.model.ports(self.fpcs) if not any(part in name for part in gone)]

    @property
    def schema(self) -> schema.Schema:
        """Give the statements that this switch knows."""
        return schema.load(self.model.style, self.model.aes)

    @property
    def committed(self) -> Node:
        """Give the configuration that the switch runs."""
        return self.commits[0].tree

    @property
    def effective(self) -> Node:
        """Give what the daemons get of it, to be read; worked out once, for no tree changes that was committed."""
        if self._acted_upon is None or self._acted_upon[0] is not self.committed:
            self._acted_upon = self.committed, effective(self.committed, self.model, self.fpcs)
        return self._acted_upon[1]

    @property
    def edited(self) -> Node:
        """Give the candidate, to be read."""
        return self.candidate if self.candidate is not None else self.committed

    @property
    def dirty(self) -> bool:
        """Tell whether the candidate differs from what runs."""
        return self.candidate is not None and not equal(self.candidate, self.committed)

    def tick(self) -> None:
        """Undo a confirmed commit whose time has come. Everything that looks at the device calls this first."""
        if self.pending is not None and self.clock.now() >= self.pending.deadline:
            self.undo(self.pending.deadline)

    def undo(self, when: float) -> None:
        """Put the configuration from before the confirmed commit back; a candidate in work is left to its editor."""
        if self.pending is None:
            return
        clean = not self.dirty
        tree, self.pending = self.pending.before, None
        self._push(Commit(tree, when, client="other"))
        if clean:
            self.candidate = None

    def _push(self, commit: Commit) -> None:
        """Make `commit` number 0."""
        self.commits = [commit, *self.commits][:ROLLBACKS]

    def lock(self, session: Session) -> None:
        """Give `session` the database alone (`configure exclusive`).

        Raises:
            JunosError: somebody holds it, or there are uncommitted changes.
        """
        self._refuse_foreign(session, also_own=True)
        if self.dirty:
            raise error("configuration database modified")
        self.holder, self.candidate = session, None

    def unlock(self, session: Session) -> None:
        """Give the lock back; uncommitted changes are dropped.

        Raises:
            JunosError: the session does not hold it.
        """
        if self.holder is None or self.holder.number != session.number:
            raise error("Configuration database is not open")
        self.holder, self.candidate, self.editor = None, None, None

    def _refuse_foreign(self, session: Session, also_own: bool = False) -> None:
        """Refuse while another session (`also_own`: any session) has the lock."""
        holder = self.faults.locked_by(self.clock.now()) or self.holder
        if holder is not None and (also_own or holder.number != session.number):
            raise JunosError(Report(lock_text(holder, self.clock.now()), tag="lock-denied", kind="protocol"))

    def edit(self, session: Session) -> Node:
        """Give the candidate, to be changed.

        Raises:
            JunosError: another session has the lock.
        """
        self._refuse_foreign(session)
        if self.candidate is None:
            self.candidate = self.committed.clone()
        self.editor = session
        return self.candidate

    def replace(self, session: Session, tree: Node) -> None:
        """Make `tree` the candidate."""
        self.edit(session)
        self.candidate = tree

    def rollback(self, session: Session, number: int) -> None:
        """Load rollback file `number` into the candidate.

        Raises:
            JunosError: there is no such file, or another session has the lock.
        """
        self._refuse_foreign(session)
        if not 0 <= number < len(self.commits):
            raise error(f"{SIM}rollback file {number} does not exist")
        self.candidate = None if number == 0 else self.commits[number].tree.clone()
        self.editor = session

    def discard(self, session: Session) -> None:
        """Drop the candidate's changes."""
        self.rollback(session, 0)

    def commit(self, session: Session, options: Options) -> list[Report]:
        """Check the candidate and, unless `options.check`, run it; give the warnings.

        A pending confirmed commit is confirmed by any commit **or commit check** that succeeds (facts, section 8).

        Raises:
            CommitError: the device's rules refuse the candidate, or a fault does; nothing has changed.
            JunosError: another session has the lock.
        """
        self._refuse_foreign(session)
        words = "configuration check-out failed" if options.check else "commit failed"
        reports = rules.check(self.edited, self.model, self.fpcs, words)
        if reports:
            raise CommitError(*reports)
        if options.check:
            self.pending = None
            return []
        if self.faults.disk_full:
            raise CommitError(error(f"{SIM}commit failed: /config: write failed, filesystem is full").reports[0])
        before, tree = self.committed, self.edited
        comment = f"commit confirmed, rollback in {max(1, round(options.confirm / 60))}mins" if options.confirm else ""
        now = self.clock.now()
        self._push(Commit(tree, now, session.user, options.client, options.log, comment))
        self.pending = Pending(now + options.confirm, before, session.number) if options.confirm else None
        self.candidate = self.editor = None
        return []

    def close(self, session: Session, killed: bool = False) -> None:
        """Take note of a session's end: its lock and its exclusive changes go, a confirmed commit's timer runs on.

        A session that is killed while its confirmed commit waits takes it along at once (facts, section 8).
        """
        self.tick()
        if killed and self.pending is not None and self.pending.session == session.number:
            self.undo(self.clock.now())
        if self.holder is not None and self.holder.number == session.number:
            self.unlock(session)


def lock_text(holder: Session, now: float) -> str:
    """Give the device's words for a lock that another holds."""
    since, idle = stamp(holder.since), span(now - holder.last)
    who = f"{holder.user} terminal {holder.terminal} (pid {holder.pid}) on since {since}, idle {idle}"
    return f"configuration database locked by:\n  {who}\n      exclusive [edit]"
