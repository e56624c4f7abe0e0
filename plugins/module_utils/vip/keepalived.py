# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One change of keepalived as a transaction: judged, saved, put in place, loaded, proven, or put back.

What is to do is found by comparing files and the running program with what is wanted, never remembered by a handler.
So a run that was killed anywhere is finished by the next one.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from dataclasses import dataclass, field
from glob import glob
from pathlib import Path
from typing import Any, Callable

from ansible_collections.netstack.datacenter.plugins.module_utils import own_files
from ansible_collections.netstack.datacenter.plugins.module_utils.service.deployment import FOUND, original
from ansible_collections.netstack.datacenter.plugins.module_utils.service.loaded import Loaded, contents, digest_of
from ansible_collections.netstack.datacenter.plugins.module_utils.service.transaction import (
    GIVEN_BACK,
    Change,
    File,
    Transaction,
)

from . import away, hops
from .daemon import Daemon, DaemonError, Status
from .health import render_check
from .model import MARKER, Site
from .render import SUPERVISION, Paths, render, render_lease_check, router_id
from .renumber import refuse_renumbering


@dataclass(frozen=True)
class Plan:
    """What there is to do: files to change, verbs for systemd, and the router id that proves the outcome."""

    changes: list[Change]
    verbs: list[str]
    identity: str
    names: list[str]
    note: dict[str, Any] = field(default_factory=dict)
    doubt: str = ""  # why a reload is due where no file says so

    @property
    def needed(self) -> bool:
        """Tell whether there is anything to do."""
        return bool(self.changes or self.verbs)

    @property
    def stops(self) -> bool:
        """Tell whether keepalived is stopped, which gives up what this host holds; a reload keeps it."""
        return "stop" in self.verbs


class Keepalived:
    """keepalived's configuration on this host."""

    def __init__(
        self,
        daemon: Daemon,
        transaction: Transaction,
        paths: Paths | None = None,
        staging: str = "/run",
        listen: hops.Listen = hops.listen,
    ) -> None:
        """``listen`` hears what IPv6 peers send."""
        self.daemon, self.staging, self.listen = daemon, staging, listen
        self.transaction = transaction
        self.paths = paths or Paths()
        self.loaded = Loaded("keepalived")
        self.pending = Path(self.paths.state) / "keepalived.pending"

    def plan(self, site: Site) -> Plan:
        """Return what would bring ``site`` about, after keepalived itself has judged it. Changes nothing.

        Raises DaemonError when keepalived refuses the configuration, RenumberError when an address would pass to
        another virtual router.
        """
        site = hops.settle(site, self._current(), self.listen)
        text = render(site, self.daemon.version(), self.paths)
        self._judge(site)
        refuse_renumbering(self._current(), text)
        names = [instance.name for instance in site.instances]
        changes = self.transaction.plan(self._files(text, site))
        identity = router_id(text)
        changed = any(change.wanted.path == self.paths.config for change in changes)
        status = self.daemon.status()
        doubt = "" if changed or not status.active else self._doubt(status, identity, text)
        verbs = self._verbs(status, changed or bool(doubt))
        if away.litter(self.paths, names):
            verbs.append("tidy")
        return Plan(changes, verbs, identity, names, self._first_contact(), doubt)

    def _first_contact(self) -> dict[str, Any]:
        """Return the note that says whether keepalived ran before the role came; {} where the role is there."""
        return {} if MARKER in self._current() else {FOUND: {"active": self.daemon.status().active}}

    def _files(self, text: str, site: Site) -> list[File]:
        """Return the files; the checks stand before the configuration that names them."""
        check = render_check(site.health).encode() if site.health.enabled else None
        return [
            File(self.paths.check, check, 0o755),
            File(self.paths.lease_check, render_lease_check(self.paths).encode(), 0o755),
            File(self.paths.config, text.encode(), 0o600, secret=True),  # the former one too may have a password
            File(self.paths.drop_in, SUPERVISION.encode()),
        ]

    @staticmethod
    def _verbs(status: Status, due: bool) -> list[str]:
        """Return what systemd has to do. A reload is due for as long as the program does not run what it should."""
        verbs = ["daemon-reload"] if status.stale else []
        verbs += [] if status.enabled else ["enable"]
        if not status.active:
            return [*verbs, "start"]
        return [*verbs, "reload"] if due else verbs

    def _doubt(self, status: Status, identity: str, text: str) -> str:
        """Return why the running program may not have this file, "" where that is proven.

        The router id alone proves nothing: a hand's file has the same.
        """
        if self.pending.exists():
            return "an earlier run was killed before it was loaded and proven"
        if identity and self.daemon.running(status.pid) != identity:
            return "what runs is another configuration"
        reads = {} if status.stamp is None else self._reads(text)
        unread = self.loaded.unread(status.pid, reads, status.stamp or 0)
        return f"what runs was loaded before the last change of {', '.join(unread)}" if unread else ""

    def _reads(self, text: str) -> dict[str, str]:
        """Return what a keepalived that loads this text reads, files that it includes too: path -> digest."""
        included = [path for line in re.findall(r"(?m)^\s*include\w*\s+(\S+)", text) for path in sorted(glob(line))]
        return {self.paths.config: digest_of(text.encode()), **contents(included)}

    def _note(self) -> None:
        """Note what the running program has just read."""
        status = self.daemon.status()
        if status.active and status.stamp is not None:
            self.loaded.note(status.pid, self._reads(self._current()), status.stamp)

    def _judge(self, site: Site) -> None:
        """Have keepalived judge a configuration before it is put in place. Raises DaemonError with its words."""
        version = self.daemon.version()
        self._stage(render_check(site.health), lambda staged: render(site, version, staged, "staging"))

    def _stage(self, check: str, config: Callable[[Paths], str]) -> None:
        """Have keepalived judge a staging copy that has its own checks and tracked files.

        The copy lies below /run: keepalived trusts no script that others than root could swap, which rules /tmp out.
        Where keepalived is not installed yet (the first run in check mode) there is nobody to ask.
        """
        if not self.daemon.binary:
            return
        folder = tempfile.mkdtemp(prefix="netstack-vip-", dir=self.staging)
        try:
            staged = Paths(folder + "/keepalived.conf", folder + "/check", folder, lease_check=folder + "/lease")
            for path, text in ((staged.check, check), (staged.lease_check, render_lease_check(staged))):
                Path(path).write_text(text)
                os.chmod(path, 0o700)
            _write_private(staged.config, config(staged))
            self.daemon.check(staged.config)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def apply(self, plan: Plan) -> str:
        """Carry the plan out and prove it; return the backup's generation.

        Raises DaemonError, after what was there before has been put back and loaded.
        """
        self._mark()
        generation = self.transaction.apply(plan.changes, "", plan.note)
        try:
            self._drive([verb for verb in plan.verbs if verb != "tidy"], plan.identity)
        except DaemonError as error:
            self._undo(generation, error)
        away.tidy(self.paths, plan.names)
        self._note()
        self.pending.unlink()
        return generation

    def _mark(self) -> None:
        """Leave a mark that a change is under way; without it, the running program has taken the file on disk."""
        own_files.make_folder(str(self.pending.parent))
        self.pending.touch()

    def _drive(self, verbs: list[str], identity: str) -> None:
        self.daemon.refresh()
        for verb in verbs:
            self.daemon.control(verb)
        if verbs:
            self.daemon.confirm(identity)

    def _undo(self, generation: str, error: DaemonError) -> None:
        """Put the files back, load them and raise what happened. Without success the mark stays for the next run."""
        words = self.daemon.journal()
        if generation:
            self.transaction.take_back(generation)
            try:
                self.load()
                self.pending.unlink()
            except DaemonError as second:
                raise DaemonError(f"{error}. Nor could the former configuration be loaded: {second}") from error
        raise DaemonError(f"{error}. The former configuration is back. The journal: {words}") from error

    def load(self) -> None:
        """Make the running program follow the file on disk, whatever it is; without a file, stop it."""
        text = self._current()
        self.daemon.refresh()
        status = self.daemon.status()
        if not text:
            if status.active:
                self.daemon.control("stop")
            return
        away.make_marks(self.paths)
        if not status.enabled:
            self.daemon.control("enable")
        self.daemon.control("reload" if status.active else "start")
        identity = router_id(text)
        if identity:
            self.daemon.confirm(identity)

    def _current(self) -> str:
        return _read(self.paths.config)

    def plan_absent(self) -> Plan:
        """Return what takes our configuration away. One that is not ours stays, and the program that runs it.

        A keepalived that ran before the role came goes on with its old file. Raises RenumberError as `plan` does.
        """
        status = self.daemon.status()
        ours = MARKER in self._current()
        wanted = [File(path, None) for path in (self.paths.check, self.paths.lease_check, self.paths.drop_in)]
        former = original(self.transaction, File(self.paths.config, None), lambda text: MARKER in text)
        wanted += [former] if ours else []
        changes = self.transaction.plan(wanted)
        if ours and former.content and status.active and (self.transaction.noted(FOUND) or {}).get("active"):
            refuse_renumbering(self._current(), former.content.decode(errors="replace"))
            return Plan(changes, ["load"], "", [], {GIVEN_BACK: True})
        idle = not self._current()
        verbs = ["stop"] if status.active and (ours or idle) else []
        verbs += ["disable"] if status.enabled and (ours or idle) else []
        return Plan(changes, verbs + (["tidy"] if away.litter(self.paths, []) else []), "", [])

    def remove(self, plan: Plan) -> str:
        """Carry an absence out: the program stops first, so that it gives its addresses up while its files exist.

        Raises DaemonError where keepalived does not take what was there before; then nothing is changed.
        """
        if plan.verbs == ["load"]:
            return self._give_back(plan)
        for verb in plan.verbs:
            if verb != "tidy":
                self.daemon.control(verb)
        generation = self.transaction.apply(plan.changes)
        self.daemon.refresh()
        away.tidy(self.paths, [])
        if self.pending.exists():
            self.pending.unlink()
        return generation

    def _give_back(self, plan: Plan) -> str:
        """Load what was there before the role came."""
        self._judge_saved({change.wanted.path: change.wanted for change in plan.changes})
        self._mark()
        generation = self.transaction.apply(plan.changes, "", plan.note)
        try:
            self.load()
        except DaemonError as error:
            self._undo(generation, error)
        self._note()
        away.tidy(self.paths, [])
        self.pending.unlink()
        return generation

    def plan_restore(self, generation: str) -> Plan:
        """Return what differs from a generation, on disk or in what runs: a restore that was killed is finished.

        Raises RenumberError as `plan` does.
        """
        files = self.transaction.saved(generation)
        saved = next((file.content or b"" for file in files if file.path == self.paths.config), None)
        text = self._current() if saved is None else saved.decode(errors="replace")
        refuse_renumbering(self._current(), text)
        changes = self.transaction.plan(files)
        due = bool(changes) or self.pending.exists() or not self._runs(text)
        verb = "load" if text or not self.daemon.status().active else "stop"
        return Plan(changes, [verb] if due else [], router_id(text), [])

    def _runs(self, text: str) -> bool:
        """Tell whether the program runs a configuration; without one it must not run."""
        status, identity = self.daemon.status(), router_id(text)
        if not text or not status.active:
            return bool(text) == status.active
        return status.enabled and not self._doubt(status, identity, text)

    def restore(self, generation: str) -> None:
        """Put a generation back and load it. Raises DaemonError, before any change when keepalived refuses it."""
        wanted = {file.path: file for file in self.transaction.saved(generation)}
        self._judge_saved(wanted)
        self._mark()
        self.transaction.restore(generation)
        self.load()
        self._note()
        self.pending.unlink()

    def _judge_saved(self, wanted: dict[str, File]) -> None:
        """Have keepalived judge a saved configuration, with the check that belongs to it."""
        config, check = wanted.get(self.paths.config), wanted.get(self.paths.check)
        if config is None or not config.content:
            return
        text = config.content.decode()
        script = check.content if check is not None else _read(self.paths.check).encode()
        self._stage(
            (script or b"#!/bin/false").decode(),
            lambda staged: (
                text.replace(self.paths.check, staged.check)
                .replace(self.paths.lease_check, staged.lease_check)
                .replace(self.paths.state, staged.state)  # where an earlier release had its tracked files
            ),
        )

    def facts(self, names: list[str]) -> dict[str, Any]:
        """Return what a playbook asks about: the instances that this host is away from, and what to tell of them."""
        return {
            "away": [name for name in names if away.is_away(self.paths, name)],
            "away_told": away.told(self.paths, names),
        }


def _read(path: str) -> str:
    try:
        return Path(path).read_text(errors="replace")
    except FileNotFoundError:
        return ""


def _write_private(path: str, text: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as stream:
        stream.write(text)
