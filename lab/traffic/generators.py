# SPDX-License-Identifier: GPL-3.0-or-later
"""Load generators that others wrote, run inside a container of a lab: hey and wrk, from Debian's archive.

They know nothing of this project, and count by themselves. Neither checks a certificate; both need to resolve the name
that they ask for, which is put into the container's /etc/hosts.
"""

from __future__ import annotations

import contextlib
import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from podman import PodmanError, as_root, inside

LONG = 7200  # seconds after which one would end by itself; it is stopped before
STOP_SECONDS = 60  # how long one that was told to stop may need for the requests under way
STOPPED_BY_EOF = "{command} & p=$!; cat >/dev/null; kill -INT $p; wait $p"
STATUS = re.compile(r"^\s+\[(\d{3})\]\s+(\d+) responses", re.M)
ERROR = re.compile(r"^\s+\[(\d+)\]\s+(\D.*)$", re.M)
REQUESTS = re.compile(r"^\s+(\d+) requests in ", re.M)
SOCKETS = re.compile(r"^\s+Socket errors: (.*)$", re.M)
STATUSES = re.compile(r"^\s+Non-2xx or 3xx responses: (\d+)", re.M)


@dataclass
class Counted:
    """What a generator counted: all requests, and why some of them failed."""

    requests: int = 0
    causes: dict[str, int] = field(default_factory=dict)

    @property
    def failed(self) -> int:
        """How many failed."""
        return sum(self.causes.values())


def hey(url: str, workers: int, rate: float, *words: str) -> list[str]:
    """Return hey's command line: `rate` requests a second of each worker; kept connections unless words forbid it."""
    return ["hey", "-z", f"{LONG}s", "-c", str(workers), "-q", f"{rate:g}", "-t", "10", *words, url]


def wrk(url: str, connections: int, *words: str) -> list[str]:
    """Return wrk's command line: each kept connection asks again as soon as it has an answer."""
    return ["wrk", "-t", "1", "-c", str(connections), "-d", f"{LONG}s", "--timeout", "10s", *words, url]


def read_hey(printed: str) -> Counted:
    """Return what hey counted. Whatever is no status 200 has failed. Raises PodmanError where it printed no summary."""
    if "Summary:" not in printed:
        raise PodmanError(f"hey printed no summary: {printed[-2000:]}")
    answers, _, errors = printed.partition("Error distribution:")
    statuses = {int(code): int(number) for code, number in STATUS.findall(answers)}
    causes = {text: int(number) for number, text in ERROR.findall(errors)}
    causes.update({f"status {code}": number for code, number in statuses.items() if code != 200})
    return Counted(sum(statuses.values()) + sum(int(number) for number, _text in ERROR.findall(errors)), causes)


def read_wrk(printed: str) -> Counted:
    """Return what wrk counted; a request that a socket error ended is not among its requests. Raises PodmanError."""
    done = REQUESTS.search(printed)
    if done is None:
        raise PodmanError(f"wrk printed no summary: {printed[-2000:]}")
    sockets = SOCKETS.search(printed)
    told = re.findall(r"(\w+) (\d+)", sockets.group(1)) if sockets else []
    causes = {f"{name} error": int(number) for name, number in told if int(number)}
    if bad := STATUSES.search(printed):
        causes["status"] = int(bad.group(1))
    return Counted(int(done.group(1)) + sum(int(number) for _name, number in told), causes)


READERS = {"hey": read_hey, "wrk": read_wrk}


class Generator:
    """A run of one of them. It ends when told to, or when this process ends: its stdin closes then."""

    def __init__(self, container: str, command: list[str]) -> None:
        """Start it."""
        self.name = command[0]
        self.counted: Counted | None = None
        script = STOPPED_BY_EOF.format(command=shlex.join(command))
        self.process = subprocess.Popen(
            as_root(["podman", "exec", "-i", container, "sh", "-c", script]),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def __enter__(self) -> Generator:
        """Return the run."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it, whatever happened."""
        if self.process.poll() is None:
            self.process.communicate("", timeout=STOP_SECONDS)

    def stop(self) -> Counted:
        """Stop it and return what it counted. Raises PodmanError when it did not tell."""
        if self.counted is None:
            printed, _ = self.process.communicate("", timeout=STOP_SECONDS)
            self.counted = READERS[self.name](printed)
        return self.counted


@contextlib.contextmanager
def crowd(container: str, url: str, busy: str, rate: float, *, http2: bool) -> Iterator[dict[str, Generator]]:
    """Let all of them ask at once, `rate` requests a second of each of hey's workers; give them by their names.

    `busy` is what wrk asks for: an answer that takes a while, so that its connections are hardly ever idle.
    """
    commands = {
        "hey, new connections": hey(url, 4, rate, "-disable-keepalive"),
        "hey, kept connections": hey(url, 4, rate),
        "wrk": wrk(busy, 4),
    }
    if http2:
        commands["hey, HTTP/2"] = hey(url, 4, rate, "-h2")
    with contextlib.ExitStack() as stack:
        yield {name: stack.enter_context(Generator(container, command)) for name, command in commands.items()}


def counted(running: dict[str, Generator]) -> dict[str, dict[str, Any]]:
    """Stop them and return what they counted."""
    found = {name: generator.stop() for name, generator in running.items()}
    return {name: {"requests": one.requests, "failed": one.failed, "causes": one.causes} for name, one in found.items()}


def resolve(container: str, name: str, address: str) -> None:
    """Let a name lead to an address inside a container, and nowhere else."""
    # Not sed -i: podman mounts the file, so it cannot be replaced.
    script = f"f=$(grep -v ' {name}$' /etc/hosts); printf '%s\\n' \"$f\" '{address} {name}' > /etc/hosts"
    inside(container, "sh", "-c", script)
