# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Brings a configuration that is on disk into the running Pound, and proves that it is there. Pound cannot reload."""

from __future__ import annotations

import time
from typing import Callable

from ansible_collections.netstack.datacenter.plugins.module_utils.service.deployment import on_disk
from ansible_collections.netstack.datacenter.plugins.module_utils.service.listening import silent
from ansible_collections.netstack.datacenter.plugins.module_utils.service.loaded import (
    Loaded,
    contents,
    digest_of,
    named_in,
)
from ansible_collections.netstack.datacenter.plugins.module_utils.service.systemd import CommandError

from .host import MAIN, UNIT, Host
from .render import bound_in, declared_digest

__all__ = ["FAILURES", "NotLoadedError", "Service"]


#: Words of a configuration before a path that is not read, and before a directory that is read with its files.
_NOT_READ = ("Control", "PIDFile", "RootJail")
_FOLDERS = ("Cert", "IncludeDir")


class NotLoadedError(Exception):
    """Pound does not run what is on disk; holds its own words."""


#: Whatever can go wrong between the first file and the proof; each of them means that the change is taken back.
FAILURES = (NotLoadedError, CommandError, OSError)


class Service:
    """The running Pound.

    Args:
        host: the programs of this host.
        patience: seconds to wait until it listens.
    """

    def __init__(self, host: Host, patience: float = 15.0) -> None:
        self.host = host
        self.patience = patience
        self.loaded = Loaded("pound")

    def doubt(self, text: str) -> str:
        """Return why ``text``, which may still have to be put in place, may not be what runs; "" where that is proven.

        A digest stays in a file to which a hand has added something, so the process must also have read that text and
        the files that it names. Where this role started it, that is known, and a file that a hand has changed since
        needs no restart to be put right.
        """
        if self.running_digest() != declared_digest(text):
            return "what runs is another configuration"
        unread = self.loaded.unread(self._process(), self.reads(text))
        return f"what runs was started before the last change of {', '.join(unread)}" if unread else ""

    @staticmethod
    def reads(text: str) -> dict[str, str]:
        """Return what a Pound that starts with ``text`` reads: path -> digest. It reads nothing later."""
        included = "".join(on_disk(path) for path in named_in(text, _NOT_READ))
        paths = [*named_in(text, _NOT_READ, _FOLDERS), *named_in(included, _NOT_READ, _FOLDERS)]
        return {MAIN: digest_of(text.encode()), **contents(paths)}

    def _process(self) -> int:
        return self.host.pid(self.host.unit())

    def running_digest(self) -> str:
        """Return the digest of the configuration that serves, "" where nobody says or it is not ours."""
        return declared_digest(self.host.listed())

    def start(self, text: str) -> None:
        """Start or restart the service with ``text``, which is on disk. Raises NotLoadedError; then it is stopped."""
        cursor, read = self.host.journal_cursor(), self.reads(text)
        try:
            self.host.systemctl("restart", UNIT)
            self._prove(text)
            self.loaded.note(self._process(), read)
        except FAILURES as error:
            said = _complaint(self.host.journal(cursor))
            self.host.run(["systemctl", "stop", UNIT])
            self.host.run(["systemctl", "reset-failed", UNIT])
            raise NotLoadedError(said or str(error)) from error

    def _prove(self, text: str) -> None:
        """Make sure that ``text`` is what serves: its digest in the process, all of its addresses bound."""
        digest = declared_digest(text)

        def done() -> bool:
            return self.running_digest() == digest and not silent(bound_in(text))

        if not _until(done, self._ended, self.patience):
            closed = ", ".join(silent(bound_in(text)))
            raise NotLoadedError(
                f"nothing listens on {closed}" if closed else "the running Pound does not have the new configuration"
            )

    def _ended(self) -> bool:
        return not self.host.runs(self.host.unit())


def _complaint(journal: str) -> str:
    """Return the first line of a journal in which Pound complains about its configuration, "" where it does not."""
    return next((line for line in journal.splitlines() if line.startswith(f"{MAIN}:")), "")


def _until(condition: Callable[[], bool], hopeless: Callable[[], bool], patience: float) -> bool:
    """Wait until the condition holds, ``patience`` seconds at most, or until there is nothing to wait for."""
    end = time.monotonic() + patience
    while not condition():
        if hopeless() or time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True
