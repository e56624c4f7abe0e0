# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Brings a configuration that is on disk into the running HAProxy, and proves that it is there."""

from __future__ import annotations

import os
import resource
import time
from pathlib import Path
from typing import Callable

from ansible_collections.netstack.datacenter.plugins.module_utils import own_files
from ansible_collections.netstack.datacenter.plugins.module_utils.service import space
from ansible_collections.netstack.datacenter.plugins.module_utils.service.deployment import on_disk
from ansible_collections.netstack.datacenter.plugins.module_utils.service.loaded import Loaded, contents, youngest_child
from ansible_collections.netstack.datacenter.plugins.module_utils.service.master import Processes
from ansible_collections.netstack.datacenter.plugins.module_utils.tls_certificate import runtime as certificates
from ansible_collections.netstack.datacenter.plugins.module_utils.tls_certificate.files import served

from .answers import first_complaint, keep_state_of, parse_information, parse_stat
from .dialect import Dialect
from .host import MAIN, STATE_HEADER, UNIT, CommandError, Host
from .listeners import not_listening
from .reads import files_read, sections_named
from .render import DIGEST, HEALTH_LISTENER, STATE_BASE, declared_digest, is_intact
from .runtime import MASTER_SOCKET, Runtime, UnreachableError

__all__ = ["FAILURES", "STATE_FILE", "NotLoadedError", "Service"]

STATE_FILE = f"{STATE_BASE}/global"


class NotLoadedError(Exception):
    """HAProxy does not run what is on disk; holds its own words."""


#: Whatever can go wrong between the first file and the proof; each of them means that the change is taken back.
FAILURES = (NotLoadedError, CommandError, UnreachableError, OSError, ValueError)


class Service:
    """The running HAProxy.

    Args:
        host: the programs of this host.
        dialect: the release line of the installed HAProxy.
        patience: seconds to wait for a reload to show.
    """

    def __init__(self, host: Host, dialect: Dialect, patience: float = 15.0) -> None:
        self.host = host
        self.dialect = dialect
        self.patience = patience
        self.admin = Runtime()
        self.master = Runtime(MASTER_SOCKET, timeout=60.0)
        self.loaded = Loaded("haproxy")

    def doubt(self, text: str) -> str:
        """Return why ``text``, which is on disk, may not be what serves; "" where that is proven.

        The digest alone proves nothing: it stays in a file to which a hand has added something. So the worker must
        also have read the files as they are now, and have no proxy beside those of the configuration.
        """
        if self.running_digest() != declared_digest(text):
            return "what serves is another configuration"
        elsewhere, more = self._elsewhere(), self._undeclared(text)
        if elsewhere or more:
            return elsewhere or f"what serves also has {', '.join(more)}"
        unread = self._unread(text)
        return f"what serves was loaded before the last change of {', '.join(unread)}" if unread else ""

    def _files(self) -> list[str]:
        """Return the files that the running master reads its configuration from."""
        return self.host.configured(self.host.pid(self.host.unit())) or [MAIN]

    def _elsewhere(self) -> str:
        """Return that it does not read the file of this role at all, "" where it does: no reload can mend that."""
        files = self._files()
        if MAIN in files:
            return ""
        return (
            f"HAProxy was started with {', '.join(files)} and does not read {MAIN}: see `systemctl cat {UNIT}` and "
            "/etc/default/haproxy, mend the command line and restart it while this node holds no VIP"
        )

    def _undeclared(self, text: str) -> list[str]:
        """Return the proxies that serve and that the configuration does not have."""
        try:
            rows = parse_stat(self.admin.ask("show stat -1 3 -1"))
        except UnreachableError:
            return []
        others = "".join(f"{on_disk(path)}\n" for path in self._files() if path != MAIN)
        return sorted({row["pxname"] for row in rows} - sections_named(f"{others}{text}"))

    def _unread(self, text: str) -> list[str]:
        """Return the files that the worker may not have read as they are now; all of them where nobody tells of it."""
        now = self._contents(text)
        return [path for path in self.loaded.unread(self.worker(), now) if not self._has_renewed(path)]

    def _contents(self, text: str) -> dict[str, str]:
        """Return what there is to read: path -> digest."""
        return contents([MAIN, *self._files(), *files_read(text)])

    def _has_renewed(self, path: str) -> bool:
        """Tell whether the worker was given a file's certificate over its socket, which needs no reload."""
        runtime = certificates.Runtime("", "", lambda _path, command: self.admin.ask(command))
        try:
            name = runtime.loaded().get(os.path.realpath(path))
            return bool(name) and runtime.serving(str(name)).agrees(served(Path(path).read_bytes()))
        except (certificates.RefusedError, UnreachableError, OSError):
            return False

    def worker(self) -> int:
        """Return the process that serves: who answers the admin socket, else the master's youngest; 0 where none."""
        try:
            return parse_information(self.admin.ask("show info")).get("Pid", 0)
        except (UnreachableError, ValueError):
            return youngest_child(self.host.pid(self.host.unit()))

    def running_digest(self) -> str:
        """Return the digest of the configuration that serves, "" where nobody says or it is not ours.

        A master up to 3.0 hands its environment on to a configuration that has no digest of its own, so the listener
        that only ours has must be there too.
        """
        try:
            frontends = parse_stat(self.admin.ask("show stat -1 1 -1"))
            if all(row["pxname"] != HEALTH_LISTENER for row in frontends):
                return ""
            return self.admin.environment().get(DIGEST, "")
        except UnreachableError:
            return ""

    def start(self, text: str) -> None:
        """Start the service with ``text``, which is on disk. Raises NotLoadedError; then it is stopped again."""
        _write_state(STATE_HEADER)
        cursor, read = self.host.journal_cursor(), self._contents(text)
        try:
            self.host.systemctl("start", UNIT)
            self._prove(text)
            self.loaded.note(self.worker(), read)
        except FAILURES as error:
            said = first_complaint(self.host.journal(cursor))
            self.host.run(["systemctl", "stop", UNIT])
            self.host.run(["systemctl", "reset-failed", UNIT])
            raise NotLoadedError(said or str(error)) from error

    def restart(self, text: str) -> None:
        """Restart the service, which cuts its connections. Raises NotLoadedError."""
        self.host.systemctl("stop", UNIT)
        self.start(text)

    def reload(self, before: str, after: str) -> None:
        """Load ``after``, which is on disk, in place of ``before``; drained and weighted servers stay so.

        Raises NotLoadedError; then the old worker still serves.
        """
        self._save_state(before, after)
        cursor, then, read = self.host.journal_cursor(), self.worker(), self._contents(after)
        try:
            self._reload(cursor)
            if then and not _until(lambda: self.worker() != then, self.patience):
                raise NotLoadedError("the old process still serves, though the new configuration was not refused")
            self._prove(after)
            self.loaded.note(self.worker(), read)
        finally:
            # It describes this moment only: at a later start it would bring back what an operator has since undone.
            _write_state(STATE_HEADER)

    def _reload(self, cursor: str) -> None:
        try:
            then = self.master.processes()
        except UnreachableError:
            self._reload_by_systemd(cursor)
            return
        answer = self.master.ask("reload")
        if self.dialect.reload_answers():
            if not answer.startswith("Success=1"):
                raise NotLoadedError(first_complaint(answer))
            return
        self._await_reload(then, cursor)

    def _reload_by_systemd(self, cursor: str) -> None:
        """Reload where the unit gives the master no socket; whether it worked shows in the running digest."""
        try:
            self.host.systemctl("reload", UNIT)
        except CommandError as error:
            raise NotLoadedError(first_complaint(self.host.journal(cursor)) or str(error)) from error

    def _await_reload(self, then: Processes, cursor: str) -> None:
        """Wait for a reload whose command does not wait for itself: 2.6 and older."""

        def done() -> bool:
            now = self.master.processes()
            if now.failed > then.failed:
                raise NotLoadedError(first_complaint(self.host.journal(cursor)) or "the master counts a failed reload")
            return now.reloads > then.reloads and now.workers != then.workers

        if not _until(done, self.patience):
            raise NotLoadedError(first_complaint(self.host.journal(cursor)) or "the master has not reloaded")

    def _prove(self, text: str) -> None:
        """Make sure that ``text`` is what serves: its digest, no failed reload, its addresses, no other proxy."""
        digest = declared_digest(text)
        if digest and not _until(lambda: self.running_digest() == digest, self.patience):
            raise NotLoadedError("the running HAProxy does not have the new configuration, though it did not refuse it")
        self._prove_processes()
        elsewhere, silent, more = self._elsewhere(), not_listening(text), self._undeclared(text)
        if elsewhere:
            raise NotLoadedError(elsewhere)
        if silent:
            raise NotLoadedError(f"nothing listens on {', '.join(silent)}")
        if more:
            raise NotLoadedError(f"what serves also has {', '.join(more)}, which {MAIN} does not have")

    def _prove_processes(self) -> None:
        try:
            processes = self.master.processes()
        except UnreachableError:
            return
        if processes.failed or not processes.workers:
            raise NotLoadedError(
                f"the master counts {processes.failed} failed reloads and has workers {processes.workers}"
            )

    def _save_state(self, before: str, after: str) -> None:
        """Save the servers' state for the next worker. Without a socket there is none to save."""
        try:
            state = self.admin.ask("show servers state")
        except UnreachableError:
            state = STATE_HEADER
        _write_state(keep_state_of(state, before, after, edited=not is_intact(before)))

    def raise_limit(self, pid: int, descriptors: int) -> None:
        """Raise the master's limit on open files in place; the workers that it starts from now on inherit it."""
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (descriptors, descriptors))


def _write_state(text: str) -> None:
    """Write the state file, which only root reads, atomically."""
    with space.named(STATE_FILE):
        own_files.make_folder(os.path.dirname(STATE_FILE), 0o700)
        own_files.replace(STATE_FILE, text.encode(), durable=False)


def _until(condition: Callable[[], bool], patience: float) -> bool:
    """Wait until the condition holds, ``patience`` seconds at most; sockets that change hands count as not yet."""
    end = time.monotonic() + patience
    while True:
        try:
            if condition():
                return True
        except (UnreachableError, ValueError):
            pass
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
