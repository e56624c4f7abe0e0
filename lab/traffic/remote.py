# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the load client inside a container of a lab and takes its result."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

from podman import PodmanError, as_root

PROGRAM = "/opt/lab/load.py"  # where lab.py mounts this folder
CA_FILE = "/opt/public/ca.pem"
STOP_SECONDS = 60  # how long a run that was told to stop may need for the requests under way


class Load:
    """A run of lab/load.py. It ends when told to, or when this process ends: its stdin closes then.

    Leaving the `with` block stops it, too, so that a failing test leaves no load behind.
    """

    def __init__(self, container: str, mode: str, url: str, **options: object) -> None:
        """Start it; `options` are those of the command line, "_" for "-"."""
        words = [str(word) for name, value in options.items() for word in (f"--{name.replace('_', '-')}", value)]
        program = ["python3", PROGRAM, mode, url, "--ca", CA_FILE, "--until-eof", *words]
        self.result: dict[str, Any] | None = None
        self.process = subprocess.Popen(
            as_root(["podman", "exec", "-i", container, *program]),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.told: list[str] = []
        self.listener = threading.Thread(target=self._listen, daemon=True)
        self.listener.start()

    def _listen(self) -> None:
        assert self.process.stderr is not None  # a pipe was asked for
        for line in self.process.stderr:
            self.told.append(line)

    @property
    def requests(self) -> int:
        """How many requests had ended when it last told (every 5 s)."""
        return self._told(1)

    @property
    def failed(self) -> int:
        """How many of them had failed."""
        return self._told(3)

    def _told(self, word: int) -> int:
        numbers = [int(line.split()[word]) for line in self.told if line.startswith("load: ")]
        return numbers[-1] if numbers else 0

    def until(self, condition: Callable[[Load], bool], seconds: float = 120) -> None:
        """Wait until a condition holds of what it tells. Raises PodmanError when it does not come to pass."""
        end = time.monotonic() + seconds
        while not condition(self):
            if ended := not self.running:
                self.listener.join()  # for what it told last
            if not condition(self) and (ended or time.monotonic() > end):
                raise PodmanError(f"the load client tells only: {''.join(self.told).strip()[-2000:]}")
            time.sleep(0.1)

    def __enter__(self) -> Load:
        """Return the run."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it, whatever happened."""
        if self.process.poll() is None:
            self.stop()

    @property
    def running(self) -> bool:
        """Whether it still makes requests."""
        return self.process.poll() is None

    def stop(self) -> dict[str, Any]:
        """Stop it and return what it counted. Raises PodmanError when it did not tell."""
        return self.wait(STOP_SECONDS, stop=True)

    def wait(self, seconds: float | None = None, *, stop: bool = False) -> dict[str, Any]:
        """Wait for its end and return what it counted.

        Raises:
            PodmanError: it did not tell.
            TimeoutExpired: it did not end in these seconds.
        """
        if self.result is None:
            if stop and self.process.stdin is not None:
                self.process.stdin.close()
            self.process.wait(seconds)
            self.listener.join()
            output = self.process.stdout.read() if self.process.stdout is not None else ""
            if self.process.returncode:
                raise PodmanError(f"the load client failed: {''.join(self.told).strip()[-2000:]}")
            self.result = json.loads(output)
        return self.result


def load(container: str, mode: str, url: str, **options: object) -> dict[str, Any]:
    """Run the load client to its end and return what it counted. Raises PodmanError."""
    with Load(container, mode, url, **options) as running:
        return running.wait()
