# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A configuration whose services ask their clients to end each connection, and the requests that are still under way.

A reload makes the old worker end its connections by itself, each after its answer; those that stay idle are ended here.
What the new worker is asked meanwhile it answers with `Connection: close`, and in HTTP/1.1: HTTP/2 is not offered, for
HAProxy 2.6.12 and 3.0.11 keep such connections in spite of that header (and 3.0.11 in spite of `option httpclose`). The
rule has an end of its own, so that connections are kept again though nobody comes back.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import time
from typing import Callable, NamedTuple, Sequence

from ansible_collections.netstack.datacenter.plugins.module_utils import own_files
from ansible_collections.netstack.datacenter.plugins.module_utils.service.deployment import on_disk

from .answers import parse_information
from .host import MAIN
from .render import declared_digest, is_ours, resealed
from .runtime import UnreachableError
from .service import FAILURES, Service

__all__ = ["Closing", "Drain", "Left", "closing", "listeners_of", "under_way"]

_PARTS = re.compile(r"(?m)^(?=# conf\.d/)")
_NAME = re.compile(r"# conf\.d/(\S+)\.cfg\n")
_SECTIONS = re.compile(r"(?m)^(?=\S)")
_LISTENER = re.compile(r"(?:frontend|listen) (\S+)")
#: Who asks for kept connections may authenticate them (NTLM), and could not log in while each of them is closed.
_KEEPS = re.compile(r"keep-alive|prefer-last-server|httpclose|http-server-close|http-reuse", re.IGNORECASE)
#: A listener that only redirects has nobody's connection to lose.
_SERVES = re.compile(r"(?m)^\s+(?:default_backend|use_backend|server|server-template) ")
_HTTP = re.compile(r"(?m)^\s+mode http$")
_HTTP2 = re.compile(r"(?m)^(\s+bind .*\salpn )h2,(?=http/1\.1)")


class Closing(NamedTuple):
    """A text whose services end their connections; which do so, and which are only waited for."""

    text: str
    closed: list[str]
    kept: list[str]


class Left(NamedTuple):
    """How long was waited, in seconds; the requests under way and the idle connections that there are all the same."""

    waited: float
    requests: int
    idle: int = 0


def closing(text: str, until: int, keep: Sequence[str] = ()) -> Closing:
    """Return our configuration with each service closing its connections that may; ``keep`` names some that may not.

    ``until`` is when that ends by itself, in seconds since 1970 by the host's clock.
    """
    parts: list[str] = []
    closed: list[str] = []
    kept: list[str] = []
    for part in _PARTS.split(text):
        named = _NAME.match(part)
        if named is None:
            parts.append(part)
            continue
        name = named.group(1)
        changed = part if name in keep or _KEEPS.search(part) else _closed(part, until)
        (kept if changed == part else closed).append(name)
        parts.append(changed)
    return Closing(resealed("".join(parts)), closed, kept)


def _closed(part: str, until: int) -> str:
    return "".join(_closed_section(section, until) for section in _SECTIONS.split(part))


def _closed_section(section: str, until: int) -> str:
    head, _end, rest = section.partition("\n")
    if not _LISTENER.match(head) or not _HTTP.search(rest) or not _SERVES.search(rest):
        return section
    rule = f"    http-after-response set-header connection close if {{ date lt {until} }}"
    return f"{head}\n{rule}\n{_HTTP2.sub(lambda found: found.group(1), rest)}"


def listeners_of(text: str) -> set[str]:
    """Return the frontends and listens of the services: all but the load balancer's own."""
    services = "".join(part for part in _PARTS.split(text) if part.startswith("# conf.d/"))
    return {found.group(1) for section in _SECTIONS.split(services) if (found := _LISTENER.match(section))}


def under_way(sessions: str, listeners: set[str]) -> int:
    """Count the requests (in mode tcp: the connections) of these listeners in the answer to ``show sess``.

    A kept connection that waits for its next request has no session.
    """
    return sum(name in listeners for name in re.findall(r"(?m)^0x\S+ .*?\sfe=(\S+)", sessions))


class Drain:
    """The connections of the running HAProxy, ended as gently as their clients let it.

    Args:
        service: the running HAProxy.
        main: its configuration on disk.
        sleep: waits for so many seconds.
        end: sends a signal to a process.
    """

    def __init__(
        self,
        service: Service,
        main: str = MAIN,
        sleep: Callable[[float], object] = time.sleep,
        end: Callable[[int, int], object] = os.kill,
    ) -> None:
        self.service, self.main, self.sleep, self.end = service, main, sleep, end

    def plan(self, keep: Sequence[str], lease: float) -> Closing | None:
        """Return what would close for ``lease`` seconds; None where what runs is not ours, or nothing can be closed.

        A file that was edited since has another digest than it says; it is not for this to load it.
        """
        text = on_disk(self.main)
        digest = declared_digest(text)
        if not is_ours(text) or digest != declared_digest(resealed(text)) or digest != self.service.running_digest():
            return None
        planned = closing(text, int(time.time() + lease), keep)
        return planned if planned.closed else None

    def close(self, planned: Closing) -> str:
        """Load it; return why that did not work, or "". The file is ours again at once, so a killed run leaves none."""
        text = on_disk(self.main)
        try:
            _write(self.main, planned.text)
            self.service.reload(text, planned.text)
        except FAILURES as error:
            return str(error)
        finally:
            _write(self.main, text)
        return ""

    def serve(self) -> str:
        """Load what is on disk where something else runs; return why that did not work, or ""."""
        text = on_disk(self.main)
        if not is_ours(text) or self.service.running_digest() in ("", declared_digest(text)):
            return ""
        try:
            self.service.reload(text, text)
        except FAILURES as error:
            return str(error)
        return ""

    def requests(self) -> int:
        """Count what is under way, in the workers that end too."""
        return self._left()[0]

    def _left(self) -> tuple[int, int]:
        """Count the requests that are under way in all workers, and the idle connections of those that end."""
        listeners = listeners_of(on_disk(self.main))
        try:
            requests, idle = under_way(self.service.admin.ask("show sess"), listeners), 0
            for pid in self.service.master.processes().old_workers:
                active = under_way(self.service.master.ask(f"@!{pid} show sess"), listeners)
                information = parse_information(self.service.master.ask(f"@!{pid} show info"))
                requests, idle = requests + active, idle + max(0, information.get("CurrConns", 0) - active)
        except (UnreachableError, ValueError):
            return 0, 0
        return requests, idle

    def wait(self, at_most: int, timeout: float) -> Left:
        """Wait until at most so many requests are under way and no idle connection is left, or the time has passed."""
        began = time.monotonic()
        while True:
            (requests, idle), waited = self._left(), time.monotonic() - began
            if (requests <= at_most and not idle) or waited >= timeout:
                return Left(round(waited, 1), requests, idle)
            self.sleep(0.2)

    def end_idle(self) -> int:
        """End the workers that have idle connections alone, which tells their clients; return how many that were.

        HAProxy has no command that does it. The clients would else ask a node that has the VIP no more.
        """
        requests, idle = self._left()
        if requests or not idle:
            return 0
        for pid in self.service.master.processes().old_workers:
            with contextlib.suppress(ProcessLookupError):
                self.end(pid, signal.SIGTERM)
        return idle


def _write(path: str, text: str) -> None:
    """Write the configuration atomically, readable by root alone."""
    own_files.replace(path, text.encode())
